import type { NodeView, Rule } from '../node-view.ts'
import { numberOf, type Size, size } from '../size.ts'
import { isRowValue, rows, uniform, type Value } from '../value.ts'
import { broadcast } from './elementwise.ts'

/** Products of matrices, and convolutions. */

/** Source: ONNX, MatMul-13: as numpy.matmul; the last two axes are matrices, those before are stacks of them. */
const matMul: Rule = (node) => {
  node.uniformFrom(2)
  return [matrixProduct(node, node.value(0), node.value(1))]
}

/** `a` and `b` are the matrices; scales and zero points are one number each, those of the weights one for each column. */
function quantizedMatMul(a: number, b: number, single: readonly number[]): Rule {
  return (node) => {
    const left = node.value(a)
    node.uniformFrom(a + 1)
    for (const index of single) {
      const shape = node.optional(index)?.shape ?? (node.optional(index) === undefined ? [] : undefined)
      if (!shape?.every((length) => numberOf(length) === 1)) throw node.refuse('scale-shape')
    }
    return [matrixProduct(node, left, node.value(b))]
  }
}

function matrixProduct(node: NodeView, a: Value, b: Value): Value {
  if (!isRowValue(a) && !isRowValue(b)) {
    const isKnown = a.shape !== undefined && b.shape !== undefined && a.shape.length >= 2 && b.shape.length >= 2
    return uniform(isKnown ? productShape(node, a.shape, b.shape, []) : undefined)
  }
  if (a.shape === undefined || b.shape === undefined) throw node.refuse('shape-unknown')
  const [left, right] = [a.shape.length, b.shape.length]
  if (left < 2 || right < 2) throw node.refuse('vector')
  // Rows of the left matrix are apart from each other when the right one is the same for all.
  if (isRowValue(a) && a.rowAxis === left - 2 && b.rowAxis === undefined && right === 2) {
    return rows(productShape(node, a.shape, b.shape, a.shape.slice(0, -2)), a.rowAxis)
  }
  const isStacked = (value: Value, rank: number): boolean => value.rowAxis === undefined || value.rowAxis < rank - 2
  if (!isStacked(a, left) || !isStacked(b, right)) throw node.refuse('rows-in-matrix')
  const stack = broadcast(node, [stackOf(a, a.shape), stackOf(b, b.shape)])
  return rows(productShape(node, a.shape, b.shape, stack.shape ?? []), stack.rowAxis ?? 0)
}

function stackOf(value: Value, shape: readonly Size[]): Value {
  return { shape: shape.slice(0, -2), rowAxis: value.rowAxis }
}

function productShape(node: NodeView, a: readonly Size[], b: readonly Size[], stack: readonly Size[]): Size[] {
  const [height, width] = [a.at(-2), b.at(-1)]
  return [...stack, height ?? node.unknown(), width ?? node.unknown()]
}

/** Source: ONNX, Gemm-13: A' B' + C on matrices; C is broadcast to the result. */
const gemm: Rule = (node) => {
  const a = node.value(0)
  const b = node.value(1)
  const c = node.optional(2)
  if (b.rowAxis !== undefined) throw node.refuse('rows-in-matrix')
  const width = b.shape?.[node.int('transB', 0) === 0 ? 1 : 0] ?? node.unknown()
  if (!isRowValue(a)) {
    if (c?.rowAxis !== undefined) throw node.refuse('rows-in-parameter')
    return [uniform([node.unknown(), width])]
  }
  if (a.shape.length !== 2 || a.rowAxis !== 0 || node.int('transA', 0) !== 0) throw node.refuse('rows-in-matrix')
  const product = rows([...a.shape.slice(0, 1), width], 0)
  return [c === undefined ? product : keepsRank(node, broadcast(node, [product, c]), 2)]
}

function keepsRank(node: NodeView, value: Value, rank: number): Value {
  if (value.shape?.length !== rank) throw node.refuse('shapes-differ')
  return value
}

/** Source: ONNX Runtime contrib operators, FusedMatMul. */
const fusedMatMul: Rule = (node) => {
  const isPlain = ['transA', 'transB', 'transBatchA', 'transBatchB'].every((name) => node.int(name, 0) === 0)
  if (!isPlain) throw node.refuse('transposed')
  return matMul(node)
}

/** One picture, sound or text at a time: rows first, then channels, then places. All else are weights. */
function byRow(channels: (node: NodeView, shape: readonly Size[]) => Size): Rule {
  return (node) => {
    node.uniformFrom(1)
    if (node.outputs > 1) throw node.refuse('several-outputs')
    const value = node.value(0)
    if (!isRowValue(value)) return [uniform(value.shape && [...value.shape].map(() => node.unknown()))]
    if (value.rowAxis !== 0 || value.shape.length < 3) throw node.refuse('rows-not-first')
    const [first] = value.shape
    const places = node.unknowns(value.shape.length - 2)
    return [rows([...(first === undefined ? [] : [first]), channels(node, value.shape), ...places], 0)]
  }
}

const conv: Rule = byRow((node) => node.value(1).shape?.[0] ?? node.unknown())

/** Source: ONNX, QLinearConv-10: x, its scale and zero point, the weights and theirs. */
const qLinearConv: Rule = byRow((node) => node.value(3).shape?.[0] ?? node.unknown())

const sameChannels: Rule = byRow((node, shape) => shape[1] ?? node.unknown())

/** A global pool leaves one place. */
const globalPool: Rule = (node) => {
  const [pooled] = sameChannels(node)
  if (pooled === undefined || !isRowValue(pooled)) return [uniform(undefined)]
  const first = pooled.shape.slice(0, 2)
  return [rows([...first, ...pooled.shape.slice(2).map(() => size(1))], 0)]
}

/**
 * Numbers to whole numbers and back, with scales that do not depend on any input: one for all, or one for each place along an
 * axis that is not that of the rows.
 */
const quantize: Rule = (node) => {
  node.uniformFrom(1)
  const value = node.value(0)
  const { shape, rowAxis } = value
  if (isRowValue(value)) {
    const scale = node.value(1).shape
    if (scale === undefined || scale.length > 1 || node.int('block_size', 0) !== 0) throw node.refuse('scale-shape')
    const isOne = scale.every((length) => numberOf(length) === 1)
    if (!isOne && node.axis(node.int('axis', 1), value.shape.length) === rowAxis) throw node.refuse('scale-along-rows')
  }
  return [{ shape, rowAxis }]
}

export const LINEAR: readonly (readonly [string, Rule])[] = [
  ['MatMul', matMul],
  ['MatMulInteger', quantizedMatMul(0, 1, [2])],
  ['QLinearMatMul', quantizedMatMul(0, 3, [1, 2, 6, 7])],
  ['com.microsoft FusedMatMul', fusedMatMul],
  ['Gemm', gemm],
  ['Conv', conv],
  ['ConvInteger', conv],
  ['QLinearConv', qLinearConv],
  ['ConvTranspose', byRow((node) => node.unknown())],
  ['AveragePool', sameChannels],
  ['MaxPool', sameChannels],
  ['LpPool', sameChannels],
  ['LRN', sameChannels],
  ['DepthToSpace', byRow((node) => node.unknown())],
  ['SpaceToDepth', byRow((node) => node.unknown())],
  ['InstanceNormalization', sameChannels],
  ['GlobalAveragePool', globalPool],
  ['GlobalMaxPool', globalPool],
  ['GlobalLpPool', globalPool],
  ['QuantizeLinear', quantize],
  ['DequantizeLinear', quantize],
]
