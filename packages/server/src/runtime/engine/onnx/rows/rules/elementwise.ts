import type { NodeView, Rule } from '../node-view.ts'
import { TRAINING } from '../not-proven.ts'
import { hasRows, isSame, numberOf, quotient, type Size, size, times } from '../size.ts'
import { isRowValue, type RowValue, rows, uniform, type Value } from '../value.ts'

/** Operators that compute each element from the elements at the same place. */

const UNARY = [
  'Abs', 'Acos', 'Acosh', 'Asin', 'Asinh', 'Atan', 'Atanh', 'BitwiseNot', 'Ceil', 'Celu', 'Cos', 'Cosh', 'Elu', 'Erf',
  'Exp', 'Floor', 'Gelu', 'HardSigmoid', 'HardSwish', 'IsInf', 'IsNaN', 'LeakyRelu', 'Log', 'Mish', 'Neg', 'Not',
  'Reciprocal', 'Relu', 'Round', 'Selu', 'Shrink', 'Sigmoid', 'Sign', 'Sin', 'Sinh', 'Softplus', 'Softsign', 'Sqrt',
  'Tan', 'Tanh', 'ThresholdedRelu',
] // biome-ignore format: a list of names

const BROADCASTING = [
  'And', 'BitShift', 'BitwiseAnd', 'BitwiseOr', 'BitwiseXor', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'Max',
  'Mean', 'Min', 'Mod', 'Or', 'PRelu', 'Pow', 'Sum', 'Xor',
] // biome-ignore format: a list of names

/** The shape and rows of tensors that are computed with element by element. Source: ONNX, "Broadcasting in ONNX". */
export function broadcast(node: NodeView, values: readonly Value[]): Value {
  const first = values.find(isRowValue)
  const shapes = values.map((value) => value.shape)
  if (first === undefined) {
    const known = shapes.filter((shape) => shape !== undefined)
    return uniform(known.length === shapes.length ? joinedShape(node, known) : undefined)
  }
  const shape = joinedShape(node, shapes.map((each) => knownShape(node, each))) // biome-ignore format: one thing
  const rowAxis = shape.length - (first.shape.length - first.rowAxis)
  for (const value of values) requireAligned(node, value, shape.length - rowAxis, lengthOfRows(first))
  return rows(shape, rowAxis)
}

/** Rows of every operand lie along the same axis; what has none has one element there, or no such axis. */
function requireAligned(node: NodeView, value: Value, fromRight: number, length: Size): void {
  const own = knownShape(node, value.shape)
  const at = own.length - fromRight
  if (isRowValue(value)) {
    if (value.rowAxis !== at || !isSame(lengthOfRows(value), length)) throw node.refuse('rows-across')
    return
  }
  const there = own[at]
  if (there !== undefined && numberOf(there) !== 1) throw node.refuse('length-along-rows')
}

function joinedShape(node: NodeView, shapes: readonly (readonly Size[])[]): Size[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length))
  return Array.from({ length: rank }, (_, axis) => {
    let joined: Size = size(1)
    for (const shape of shapes) {
      const length = shape[axis - rank + shape.length]
      if (length !== undefined) joined = joinedLength(node, joined, length)
    }
    return joined
  })
}

function joinedLength(node: NodeView, a: Size, b: Size): Size {
  if (numberOf(a) === 1 || isSame(a, b)) return b
  if (numberOf(b) === 1) return a
  if (hasRows(a)) return a
  if (hasRows(b)) return b
  const [x, y] = [numberOf(a), numberOf(b)]
  if (x !== undefined && y !== undefined) throw node.refuse('shapes-differ')
  // One of them is larger than one, or they are equal: it is that, or nobody knows.
  return x !== undefined ? a : y !== undefined ? b : node.unknown()
}

function knownShape(node: NodeView, shape: readonly Size[] | undefined): readonly Size[] {
  if (shape === undefined) throw node.refuse('shape-unknown')
  return shape
}

function lengthOfRows({ shape, rowAxis }: RowValue): Size {
  return shape[rowAxis] ?? size(0)
}

/** The same places and rows as the first input; parameters are the same in every run. */
export const sameShape: Rule = (node) => {
  node.uniformFrom(1)
  const value = node.value(0)
  const copy = { shape: value.shape, rowAxis: value.rowAxis }
  return Array.from({ length: node.outputs }, () => copy)
}

/** Clip: bounds are scalars. Source: ONNX, Clip-13. */
const clip: Rule = (node) => {
  node.uniformFrom(1)
  const { shape, rowAxis } = node.value(0)
  return [{ shape, rowAxis }]
}

/** Passes on what is known, counts of rows included; a cast of integers to integers changes no element that is a length. */
const identity: Rule = (node) => {
  const value = node.counting(0)
  if (value === undefined) throw node.refuse('input-missing')
  return [value]
}

const INT32 = 6
const INT64 = 7

const cast: Rule = (node) => {
  const to = node.int('to', 0)
  if (to === INT64 || to === INT32) return identity(node)
  const { shape, rowAxis } = node.value(0)
  return [{ shape, rowAxis }]
}

/** Dropout does nothing but in training. Source: ONNX, Dropout-13: training_mode is an input, false unless given. */
const dropout: Rule = (node) => {
  if (node.counting(2) !== undefined) throw node.refuse(TRAINING)
  return sameShape(node)
}

/** Integers that may be lengths, element by element: as they are needed to put shapes together. */
function arithmetic(compute: (a: Size, b: Size) => Size | undefined): Rule {
  return (node) => {
    const [a, b] = [node.counting(0), node.counting(1)]
    const inputs = [a, b].filter((value) => value !== undefined)
    const hasCounts = inputs.some(({ sizes }) => sizes?.some((element) => element && hasRows(element)))
    const sizes = a?.sizes && b?.sizes && elements(a.sizes, b.sizes, compute)
    if (hasCounts && (sizes === undefined || sizes.includes(undefined))) throw node.refuse('row-count')
    const joined = broadcast(node, inputs)
    return [sizes === undefined ? joined : { ...joined, sizes }]
  }
}

function elements(
  a: readonly (Size | undefined)[],
  b: readonly (Size | undefined)[],
  compute: (a: Size, b: Size) => Size | undefined,
): (Size | undefined)[] | undefined {
  if (a.length !== b.length && a.length !== 1 && b.length !== 1) return undefined
  return Array.from({ length: a.length === 1 ? b.length : a.length }, (_, index) => {
    const [x, y] = [a[a.length === 1 ? 0 : index], b[b.length === 1 ? 0 : index]]
    return x === undefined || y === undefined ? undefined : compute(x, y)
  })
}

function sum(sign: 1 | -1): (a: Size, b: Size) => Size | undefined {
  return (a, b) => {
    const [x, y] = [numberOf(a), numberOf(b)]
    if (y === 0) return a
    return x === undefined || y === undefined ? undefined : size(x + sign * y)
  }
}

/** Integer division cuts; only what leaves nothing over is the quotient. */
function divided(a: Size, b: Size): Size | undefined {
  return numberOf(b) === 0 ? undefined : quotient(a, b)
}

/** Lengths are not negative, so none is equal to a negative number, which is all that exporters ask. */
function equal(a: Size, b: Size): Size | undefined {
  if (isSame(a, b)) return size(1)
  const [x, y] = [numberOf(a), numberOf(b)]
  if (x !== undefined && y !== undefined) return size(0)
  const [number, unknown] = x === undefined ? [y, a] : [x, b]
  return number !== undefined && number < 0 && unknown.factor >= 0 ? size(0) : undefined
}

const where: Rule = (node) => {
  const inputs = [0, 1, 2].map((index) => node.counting(index))
  const [condition, then, otherwise] = inputs.map((value) => value?.sizes)
  if (condition !== undefined && then !== undefined && otherwise !== undefined) {
    const length = Math.max(condition.length, then.length, otherwise.length)
    const at = (sizes: readonly (Size | undefined)[], index: number): Size | undefined =>
      sizes[sizes.length === 1 ? 0 : index]
    const chosen = Array.from({ length }, (_, index) => {
      const decided = at(condition, index)
      const number = decided && numberOf(decided)
      return number === undefined ? undefined : at(number === 0 ? otherwise : then, index)
    })
    if (!chosen.includes(undefined))
      return [
        {
          ...broadcast(
            node,
            inputs.filter((value) => value !== undefined),
          ),
          sizes: chosen,
        },
      ]
  }
  return [broadcast(node, node.values())]
}

export const ELEMENTWISE: readonly (readonly [string, Rule])[] = [
  ...UNARY.map((name) => [name, sameShape] as const),
  ...BROADCASTING.map((name): readonly [string, Rule] => [name, (node) => [broadcast(node, node.values())]]),
  ['Identity', identity],
  ['Cast', cast],
  ['Clip', clip],
  ['Dropout', dropout],
  ['Where', where],
  ['Add', arithmetic(sum(1))],
  ['Sub', arithmetic(sum(-1))],
  ['Mul', arithmetic(times)],
  ['Div', arithmetic(divided)],
  ['Equal', arithmetic(equal)],
]
