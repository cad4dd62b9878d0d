import type { NodeView, Rule } from '../node-view.ts'
import { isSame, numberOf, type Size, size } from '../size.ts'
import { isRowValue, type RowValue, rows, uniform, type Value } from '../value.ts'

/** Operators that pick elements, or tell of a shape: within a row, or the same from each. */

/** Source: ONNX, Shape-15: lengths from `start` to `end`. The one place where rows become countable. */
const shapeOf: Rule = (node) => {
  const value = node.counting(0)
  if (value?.shape === undefined) return [uniform([node.unknown()])]
  const end = node.attribute('end') === undefined ? undefined : node.int('end', 0)
  const sizes = value.shape.slice(node.int('start', 0), end)
  return [uniform([size(sizes.length)], sizes)]
}

const constant: Rule = (node) => {
  const tensor = node.attribute('value')?.tensor
  if (tensor !== undefined) return [uniform(tensor.shape.map(size), tensor.integers?.map(size))]
  if (node.attribute('value_int') !== undefined) return [uniform([], [size(node.int('value_int', 0))])]
  const ints = node.ints('value_ints')
  if (ints !== undefined && ints.length > 0) return [uniform([size(ints.length)], ints.map(size))]
  return [uniform(node.attribute('value_float') === undefined ? undefined : [])]
}

/** Source: ONNX, Gather-13: entries of an axis, as many as there are indices. */
const gather: Rule = (node) => {
  const data = node.counting(0) ?? node.value(0)
  const indices = node.value(1)
  if (data.sizes !== undefined && indices.rowAxis === undefined) return [ofList(node, data.sizes, indices)]
  node.value(0)
  if (data.shape === undefined || indices.shape === undefined) {
    if (isRowValue(data) || isRowValue(indices)) throw node.refuse('shape-unknown')
    return [uniform(undefined)]
  }
  const at = node.axis(node.int('axis', 0), data.shape.length)
  const shape = [...data.shape.slice(0, at), ...indices.shape, ...data.shape.slice(at + 1)]
  if (!isRowValue(data)) return [isRowValue(indices) ? rows(shape, at + indices.rowAxis) : uniform(shape)]
  if (isRowValue(indices) || data.rowAxis === at) throw node.refuse('over-rows')
  return [rows(shape, data.rowAxis < at ? data.rowAxis : data.rowAxis - 1 + indices.shape.length)]
}

/** Lengths out of a list of them. */
function ofList(node: NodeView, list: readonly (Size | undefined)[], indices: Value): Value {
  const places = indices.sizes?.map((index) => index && numberOf(index))
  if (places === undefined) throw node.refuse('not-constant')
  const picked = places.map((place) => {
    if (place === undefined) throw node.refuse('not-constant')
    return list.at(place)
  })
  return uniform(indices.shape, picked)
}

/** Source: ONNX, GatherElements-13: along an axis, with an index for each element that is left. */
const gatherElements: Rule = (node) => {
  const [data, indices] = [node.value(0), node.value(1)]
  if (!isRowValue(data) && !isRowValue(indices)) return [uniform(indices.shape)]
  const own = indices.shape?.[data.rowAxis ?? 0]
  const length = data.shape?.[data.rowAxis ?? 0]
  const isAligned = isRowValue(data) && indices.rowAxis === data.rowAxis && own && length && isSame(own, length)
  if (!isAligned || node.axis(node.int('axis', 0), data.shape.length) === data.rowAxis) throw node.refuse('over-rows')
  return [{ shape: indices.shape, rowAxis: indices.rowAxis }]
}

/** No end of an axis lies beyond this: exporters mean by it the end, whatever it is. */
const BEYOND_ALL = 2 ** 31 - 1

/** Source: ONNX, Slice-13; before operator set 10 all but the data are attributes. */
const slice: Rule = (node) => {
  const value = node.counting(0) ?? node.value(0)
  const starts = node.ints('starts') ?? knownNumbers(node, 1)
  const ends = node.ints('ends') ?? knownNumbers(node, 2)
  const steps = knownNumbers(node, 4)
  const axes: readonly (number | undefined)[] | undefined =
    node.ints('axes') ?? (node.counting(3) === undefined ? starts?.map((_, axis) => axis) : knownNumbers(node, 3))
  if (value.sizes !== undefined) return [ofSizes(node, value.sizes, starts?.[0], ends?.[0], steps?.[0] ?? 1)]
  const { shape } = node.value(0)
  for (const input of [1, 2, 3, 4])
    if (node.optional(input)?.rowAxis !== undefined) throw node.refuse('rows-in-parameter')
  if (shape === undefined) return [uniform(undefined)]
  if (!isRowValue(value)) return [uniform(node.unknowns(shape.length))]
  if (axes === undefined || axes.includes(undefined)) throw node.refuse('not-constant')
  const cut = new Map(axes.map((axis, index) => [node.axis(axis ?? 0, shape.length), index]))
  const along = cut.get(value.rowAxis)
  const isAll =
    along === undefined ||
    (starts?.[along] === 0 &&
      (ends?.[along] ?? 0) >= BEYOND_ALL &&
      (node.counting(4) === undefined || steps?.[along] === 1))
  if (!isAll) throw node.refuse('over-rows')
  return [
    rows(
      shape.map((length, axis) => (cut.has(axis) && axis !== value.rowAxis ? node.unknown() : length)),
      value.rowAxis,
    ),
  ]
}

/** Numbers of an input, each where it is known. */
function knownNumbers(node: NodeView, index: number): (number | undefined)[] | undefined {
  return node.counting(index)?.sizes?.map((element) => element && numberOf(element))
}

function ofSizes(
  node: NodeView,
  list: readonly (Size | undefined)[],
  start: number | undefined,
  end: number | undefined,
  step: number,
): Value {
  if (start === undefined || end === undefined || step !== 1) throw node.refuse('not-constant')
  const left = list.slice(start, end)
  return uniform([size(left.length)], left)
}

/** Source: ONNX, Split-18. */
const split: Rule = (node) => {
  const value = node.counting(0) ?? node.value(0)
  const { shape } = node.value(0)
  node.uniformFrom(1)
  const lengths = node.ints('split') ?? node.optional(1)?.sizes?.map((length) => length && numberOf(length))
  const parts = Array.from({ length: node.outputs }, (_, index) => index)
  if (shape === undefined) return parts.map(() => uniform(undefined))
  const at = node.axis(node.int('axis', 0), shape.length)
  if (at === value.rowAxis) throw node.refuse('over-rows')
  return parts.map((part) => {
    const length = lengths?.[part]
    const own = shape.map((each, axis) => (axis === at ? (length === undefined ? node.unknown() : size(length)) : each))
    return value.rowAxis === undefined ? uniform(own) : rows(own, value.rowAxis)
  })
}

/** Source: ONNX, OneHot-11: a new axis, the last unless given. */
const oneHot: Rule = (node) => {
  const value = node.value(0)
  node.uniformFrom(1)
  if (value.shape === undefined) return [uniform(undefined)]
  const at = node.axis(node.int('axis', -1), value.shape.length + 1)
  const depth = node.value(1).sizes?.[0] ?? node.unknown()
  const shape = [...value.shape.slice(0, at), depth, ...value.shape.slice(at)]
  if (!isRowValue(value)) return [uniform(shape)]
  return [rows(shape, value.rowAxis < at ? value.rowAxis : value.rowAxis + 1)]
}

/** What tells apart what is the same in every run is the same in every run; its shape is not followed. */
function fromUniform(rank: number | undefined): Rule {
  return (node) => {
    node.uniformFrom(0)
    return [uniform(rank === undefined ? undefined : node.unknowns(rank))]
  }
}

/** Source: ONNX, LSTM-14, GRU-14, RNN-14: steps first, rows second; with one initial state for each row, or none. */
const recurrent: Rule = (node) => {
  const value: RowValue = node.rows(0)
  const [steps, length] = value.shape
  if (node.int('layout', 0) !== 0 || value.rowAxis !== 1 || value.shape.length !== 3)
    throw node.refuse('rows-not-second')
  for (const weights of [1, 2, 3, 7])
    if (node.optional(weights)?.rowAxis !== undefined) throw node.refuse('rows-in-parameter')
  const lengths = node.optional(4)
  if (lengths !== undefined && lengths.rowAxis !== 0) throw node.refuse('rows-across')
  for (const state of [5, 6]) {
    const initial = node.optional(state)
    if (initial !== undefined && (initial.rowAxis !== 1 || initial.shape?.length !== 3))
      throw node.refuse('rows-across')
  }
  if (steps === undefined || length === undefined) throw node.refuse('rows-not-second')
  const [directions, hidden] = [node.unknown(), node.unknown()]
  const last = rows([directions, length, hidden], 1)
  return [rows([steps, directions, length, hidden], 2), last, last].slice(0, node.outputs)
}

export const SELECTION: readonly (readonly [string, Rule])[] = [
  ['Shape', shapeOf],
  ['Constant', constant],
  ['Gather', gather],
  ['GatherElements', gatherElements],
  ['Slice', slice],
  ['Split', split],
  ['OneHot', oneHot],
  ['Range', fromUniform(1)],
  ['NonZero', fromUniform(2)],
  ['LSTM', recurrent],
  ['GRU', recurrent],
  ['RNN', recurrent],
]
