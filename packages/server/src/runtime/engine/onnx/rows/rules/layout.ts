import type { NodeView, Rule } from '../node-view.ts'
import { hasRows, isRowsTimes, isSame, numberOf, product, quotient, type Size, size } from '../size.ts'
import { isRowValue, type RowValue, rows, uniform, type Value } from '../value.ts'

/** Operators that put elements elsewhere and compute nothing: those that move whole rows, or parts of them within a row. */

/** The most lengths in a list that is followed element by element. */
const MAX_LENGTHS = 64

/**
 * Source: ONNX, Reshape-14: 0 copies a length unless `allowzero`, -1 is what is left over.
 *
 * Elements stay in their order. So rows stay apart exactly when as many elements lie before them as did, and they stay the
 * outer part of their axis.
 */
const reshape: Rule = (node) => {
  const value = node.counting(0) ?? node.value(0)
  const asked = node.lengths(1)
  if (asked === undefined) {
    if (isRowValue(value)) throw node.refuse('shape-unknown')
    return [uniform(undefined, value.sizes)]
  }
  const lengths = asked.map((length, axis) => {
    const copies = length !== undefined && numberOf(length) === 0 && node.int('allowzero', 0) === 0
    return copies ? value.shape?.[axis] : (length ?? node.unknown())
  })
  const known = lengths.filter((length) => length !== undefined)
  if (known.length !== lengths.length || value.shape === undefined) {
    if (isRowValue(value)) throw node.refuse('shape-unknown')
    return [uniform(undefined, value.sizes)]
  }
  const open = known.findIndex((length) => numberOf(length) === -1)
  const others = product(known.filter((_, axis) => axis !== open))
  if (!isRowValue(value)) {
    if (known.some(hasRows)) throw node.refuse('row-count')
    const left = open < 0 ? undefined : (quotient(product(value.shape), others) ?? node.unknown())
    const shape = known.map((length, axis) => (axis === open && left !== undefined ? left : length))
    return [uniform(shape, value.sizes)]
  }
  return [reshapedRows(node, value, known, open, others)]
}

function reshapedRows(node: NodeView, value: RowValue, asked: readonly Size[], open: number, others: Size): RowValue {
  const shape = [...asked]
  if (open >= 0) {
    // Where another axis holds the rows, what is left over does not depend on how many there are.
    const left = quotient(product(value.shape), others) ?? (hasRows(others) ? node.unknown() : undefined)
    if (left === undefined) throw node.refuse('over-rows')
    shape[open] = left
  }
  const axis = shape.findIndex(hasRows)
  const length = shape[axis]
  if (length === undefined || !isRowsTimes(length)) throw node.refuse('over-rows')
  const [before, after] = [product(value.shape.slice(0, value.rowAxis)), product(shape.slice(0, axis))]
  if (!isSame(before, after)) throw node.refuse('over-rows')
  return rows(shape, axis)
}

/** Source: ONNX, Flatten-13: a matrix, of the axes before one and the axes from it on. */
const flatten: Rule = (node) => {
  const value = node.value(0)
  if (value.shape === undefined) return [uniform([node.unknown(), node.unknown()])]
  const rank = value.shape.length
  const given = node.int('axis', 1)
  const at = given === rank ? rank : node.axis(given, rank)
  const shape = [product(value.shape.slice(0, at)), product(value.shape.slice(at))]
  if (!isRowValue(value)) return [uniform(shape)]
  if (value.rowAxis !== 0 || at === 0) throw node.refuse('over-rows')
  return [rows(shape, 0)]
}

/** Source: ONNX, Transpose-13: the axes in reverse unless `perm` says otherwise. */
const transpose: Rule = (node) => {
  const value = node.value(0)
  const { shape } = value
  if (shape === undefined) return [uniform(undefined)]
  const order = node.ints('perm') ?? shape.map((_, axis) => shape.length - 1 - axis)
  const moved = order.map((axis) => shape[axis] ?? node.unknown())
  if (moved.length !== shape.length || new Set(order).size !== order.length) throw node.refuse('axis')
  return [value.rowAxis === undefined ? uniform(moved) : rows(moved, order.indexOf(value.rowAxis))]
}

/** Source: ONNX, Squeeze-13. Without axes it depends on the number of rows what is left. */
const squeeze: Rule = (node) => {
  const value = node.counting(0)
  const axes = node.axes('axes', 1)
  if (value === undefined) throw node.refuse('input-missing')
  if (axes === undefined || axes.length === 0 || value.shape === undefined) {
    if (isRowValue(value)) throw node.refuse('over-rows')
    return [uniform(undefined, value.sizes)]
  }
  const { shape } = value
  const gone = new Set(axes.map((axis) => node.axis(axis, shape.length)))
  if (value.rowAxis !== undefined && gone.has(value.rowAxis)) throw node.refuse('over-rows')
  const left = shape.filter((_, axis) => !gone.has(axis))
  if (value.rowAxis === undefined) return [uniform(left, value.sizes)]
  const { rowAxis } = value
  return [rows(left, rowAxis - [...gone].filter((axis) => axis < rowAxis).length)]
}

/** Source: ONNX, Unsqueeze-13: axes count in the result. */
const unsqueeze: Rule = (node) => {
  const value = node.counting(0)
  const axes = node.axes('axes', 1)
  if (value === undefined || axes === undefined) throw node.refuse('not-constant')
  if (value.shape === undefined) return [uniform(undefined, value.sizes)]
  const rank = value.shape.length + axes.length
  const added = new Set(axes.map((axis) => node.axis(axis, rank)))
  const [shape, from]: [Size[], number[]] = [[], []]
  for (let axis = 0, old = 0; axis < rank; axis++) {
    shape.push(added.has(axis) ? size(1) : (value.shape[old] ?? size(1)))
    from.push(added.has(axis) ? -1 : old++)
  }
  return [value.rowAxis === undefined ? uniform(shape, value.sizes) : rows(shape, from.indexOf(value.rowAxis))]
}

/** Source: ONNX, Expand-13: broadcast to a shape, which may be told to repeat for each row. */
const expand: Rule = (node) => {
  const value = node.value(0)
  const asked = node.lengths(1)?.map((length) => length ?? node.unknown())
  if (asked === undefined || value.shape === undefined) {
    if (isRowValue(value)) throw node.refuse('shape-unknown')
    return [uniform(undefined)]
  }
  const shape = [...asked]
  const missing = value.shape.length - shape.length
  if (missing > 0) shape.unshift(...value.shape.slice(0, missing))
  const offset = shape.length - value.shape.length
  for (const [axis, own] of value.shape.entries()) {
    const length = shape[axis + offset] ?? size(1)
    if (numberOf(length) === 1) shape[axis + offset] = own
    else if (numberOf(own) !== 1 && !isSame(own, length)) {
      if (hasRows(own) || hasRows(length)) throw node.refuse('over-rows')
      shape[axis + offset] = numberOf(own) === undefined ? length : own
    }
  }
  const axis = shape.findIndex(hasRows)
  if (axis < 0) return [uniform(shape)]
  if (isRowValue(value) && value.rowAxis + offset !== axis) throw node.refuse('over-rows')
  const length = shape[axis]
  if (length === undefined || !isRowsTimes(length)) throw node.refuse('over-rows')
  return [rows(shape, axis)]
}

/** Source: ONNX, ConstantOfShape-20. */
const constantOfShape: Rule = (node) => {
  const shape = node.lengths(0)?.map((length) => length ?? node.unknown())
  if (shape === undefined) return [uniform(undefined)]
  const axis = shape.findIndex(hasRows)
  if (axis >= 0) return [rows(shape, axis)]
  const filler = node.attribute('value')?.tensor?.integers?.[0]
  const count = shape.length === 1 && shape[0] !== undefined ? numberOf(shape[0]) : undefined
  if (filler === undefined || count === undefined || count > MAX_LENGTHS) return [uniform(shape)]
  return [uniform(shape, new Array<Size>(count).fill(size(filler)))]
}

/** Source: ONNX, Tile-13: how often along each axis; along that of the rows once. */
const tile: Rule = (node) => {
  const value = node.value(0)
  if (!isRowValue(value)) {
    node.uniformFrom(1)
    return [uniform(value.shape?.map(() => node.unknown()))]
  }
  const repeats = node.value(1).sizes
  const along = repeats?.[value.rowAxis]
  if (along === undefined || numberOf(along) !== 1) throw node.refuse('over-rows')
  return [
    rows(
      value.shape.map((length, axis) => (axis === value.rowAxis ? length : node.unknown())),
      value.rowAxis,
    ),
  ]
}

/** Source: ONNX, Pad-21: amounts before each axis, then after each; nothing along the rows. Axes are all in order here. */
const pad: Rule = (node) => {
  const value = node.value(0)
  node.uniformFrom(1)
  if (!isRowValue(value)) return [uniform(value.shape?.map(() => node.unknown()))]
  const { shape, rowAxis } = value
  const amounts = node.ints('pads') ?? node.numbers(1)
  if (node.optional(3) !== undefined || amounts?.length !== 2 * shape.length) throw node.refuse('not-constant')
  if (amounts[rowAxis] !== 0 || amounts[rowAxis + shape.length] !== 0) throw node.refuse('over-rows')
  return [
    rows(
      shape.map((length, axis) => (axis === rowAxis ? length : node.unknown())),
      rowAxis,
    ),
  ]
}

/** Source: ONNX, Concat-13. Lists of lengths are put together element by element. */
const concat: Rule = (node) => {
  const values: Value[] = []
  for (let index = 0; index < node.count; index++) values.push(node.counting(index) ?? node.value(index))
  const lists = values.map((value) => value.sizes)
  if (lists.every((list) => list !== undefined)) {
    const sizes = lists.flat()
    if (sizes.length > MAX_LENGTHS) throw node.refuse('too-many-lengths')
    return [uniform([size(sizes.length)], sizes)]
  }
  const [first] = node.values()
  const rowed = values.find(isRowValue)
  if (rowed === undefined) return [uniform(first?.shape?.map(() => node.unknown()))]
  const at = node.axis(node.int('axis', 0), rowed.shape.length)
  const { rowAxis } = rowed
  const length = rowed.shape[rowAxis]
  if (first === undefined || length === undefined || at === rowAxis) throw node.refuse('over-rows')
  for (const { shape, rowAxis: other } of values) {
    const own = shape?.[rowAxis]
    if (other !== rowAxis || own === undefined || !isSame(own, length)) throw node.refuse('rows-across')
  }
  return [
    rows(
      rowed.shape.map((each, axis) => (axis === at ? node.unknown() : each)),
      rowAxis,
    ),
  ]
}

/** Within the last two axes, which are not those of the rows. */
const triangle: Rule = (node) => {
  node.uniformFrom(1)
  const { shape, rowAxis } = node.value(0)
  if (rowAxis !== undefined && shape !== undefined && rowAxis >= shape.length - 2) throw node.refuse('over-rows')
  return [{ shape, rowAxis }]
}

export const LAYOUT: readonly (readonly [string, Rule])[] = [
  ['Reshape', reshape],
  ['Flatten', flatten],
  ['Transpose', transpose],
  ['Squeeze', squeeze],
  ['Unsqueeze', unsqueeze],
  ['Expand', expand],
  ['ConstantOfShape', constantOfShape],
  ['Tile', tile],
  ['Pad', pad],
  ['Concat', concat],
  ['Trilu', triangle],
]
