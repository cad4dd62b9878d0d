import type { NodeView, Rule } from '../node-view.ts'
import { TRAINING } from '../not-proven.ts'
import { type Size, size } from '../size.ts'
import { isRowValue, rows, uniform, type Value } from '../value.ts'

/** Operators that compute over an axis: not over that of the rows. */

/** Everything from an axis on. Source: ONNX, LayerNormalization-17; Softmax-1 and -11, which flatten there. */
function fromAxis(otherwise: number): Rule {
  return (node) => {
    node.uniformFrom(1)
    const value = node.value(0)
    if (isRowValue(value) && node.axis(node.int('axis', otherwise), value.shape.length) <= value.rowAxis) {
      throw node.refuse('over-rows')
    }
    return [{ shape: value.shape, rowAxis: value.rowAxis }]
  }
}

/** One axis alone, and the shape stays. */
function alongAxis(otherwise: number): Rule {
  return (node) => {
    const value = node.value(0)
    requireOther(node, value, node.int('axis', otherwise))
    return [{ shape: value.shape, rowAxis: value.rowAxis }]
  }
}

function requireOther(node: NodeView, value: Value, axis: number): void {
  if (isRowValue(value) && node.axis(axis, value.shape.length) === value.rowAxis) throw node.refuse('over-rows')
}

/** Source: ONNX, Softmax-13: one axis, the last; before it, all from an axis on, the second. */
const softmax: Rule = (node) => (node.opset >= 13 ? alongAxis(-1) : fromAxis(1))(node)

/** LayerNormalization's other outputs are for training. */
function normalisation(otherwise: number): Rule {
  return (node) => {
    if (node.outputs > 1) throw node.refuse('several-outputs')
    return fromAxis(otherwise)(node)
  }
}

/** Source: ONNX, BatchNormalization-7 to -15: with one output and outside training, a scale and a shift for each channel. */
const batchNormalization: Rule = (node) => {
  node.uniformFrom(1)
  if (node.outputs > 1 || node.int('training_mode', 0) !== 0) throw node.refuse(TRAINING)
  const value = node.value(0)
  if (isRowValue(value) && (value.rowAxis !== 0 || value.shape.length < 2)) throw node.refuse('rows-not-first')
  return [{ shape: value.shape, rowAxis: value.rowAxis }]
}

/** Source: ONNX, GroupNormalization-21: groups of channels of one picture; the rows come first. */
const groupNormalization: Rule = batchNormalization

/** Axes are an attribute, or since operator set 13 or 18 an input; none of them are all of them. */
const reduce: Rule = (node) => {
  const value = node.value(0)
  const axes = node.axes('axes', 1) ?? []
  const { shape } = value
  if (axes.length === 0 && node.int('noop_with_empty_axes', 0) !== 0) return [{ shape, rowAxis: value.rowAxis }]
  if (axes.length === 0 && isRowValue(value)) throw node.refuse('over-rows')
  if (shape === undefined || axes.length === 0) return [uniform(undefined)]
  return [without(node, value, shape, axes, node.int('keepdims', 1) !== 0)]
}

/** Source: ONNX, ArgMax-13: axis, the first unless given. */
const argument: Rule = (node) => {
  const value = node.value(0)
  if (value.shape === undefined) return [uniform(undefined)]
  return [without(node, value, value.shape, [node.int('axis', 0)], node.int('keepdims', 1) !== 0)]
}

/** A tensor whose length along some axes becomes one, or whose axes go. */
function without(
  node: NodeView,
  value: Value,
  shape: readonly Size[],
  axes: readonly number[],
  keepsAxes: boolean,
): Value {
  const gone = new Set(axes.map((axis) => node.axis(axis, shape.length)))
  if (value.rowAxis !== undefined && gone.has(value.rowAxis)) throw node.refuse('over-rows')
  const left: Size[] = []
  let rowAxis: number | undefined
  for (const [axis, length] of shape.entries()) {
    if (axis === value.rowAxis) rowAxis = left.length
    if (!gone.has(axis)) left.push(length)
    else if (keepsAxes) left.push(size(1))
  }
  return rowAxis === undefined ? uniform(left) : rows(left, rowAxis)
}

/** Source: ONNX, TopK-11: axis, the last unless given; values and their places along it. */
const topK: Rule = (node) => {
  const value = node.value(0)
  const { shape, rowAxis } = value
  if (node.value(1).rowAxis !== undefined) throw node.refuse('rows-in-parameter')
  if (shape === undefined) return [uniform(undefined), uniform(undefined)]
  requireOther(node, value, node.int('axis', -1))
  const at = node.axis(node.int('axis', -1), shape.length)
  const kept = shape.map((length, axis) => (axis === at ? (node.optional(1)?.sizes?.[0] ?? node.unknown()) : length))
  const top = rowAxis === undefined ? uniform(kept) : rows(kept, rowAxis)
  return [top, top]
}

/** Source: ONNX, CumSum-14: the axis is an input. */
const cumSum: Rule = (node) => {
  const value = node.value(0)
  const [axis] = node.numbers(1) ?? []
  if (axis === undefined) throw node.refuse('not-constant')
  requireOther(node, value, axis)
  return [{ shape: value.shape, rowAxis: value.rowAxis }]
}

const REDUCTIONS = [
  'ReduceL1', 'ReduceL2', 'ReduceLogSum', 'ReduceLogSumExp', 'ReduceMax', 'ReduceMean', 'ReduceMin', 'ReduceProd',
  'ReduceSum', 'ReduceSumSquare',
] // biome-ignore format: a list of names

export const REDUCTION: readonly (readonly [string, Rule])[] = [
  ...REDUCTIONS.map((name) => [name, reduce] as const),
  ['ArgMax', argument],
  ['ArgMin', argument],
  ['Softmax', softmax],
  ['LogSoftmax', softmax],
  ['Hardmax', softmax],
  ['LpNormalization', alongAxis(-1)],
  ['LayerNormalization', normalisation(-1)],
  ['RMSNormalization', normalisation(-1)],
  ['SimplifiedLayerNormalization', normalisation(-1)],
  ['GroupNormalization', groupNormalization],
  ['BatchNormalization', batchNormalization],
  ['TopK', topK],
  ['CumSum', cumSum],
]
