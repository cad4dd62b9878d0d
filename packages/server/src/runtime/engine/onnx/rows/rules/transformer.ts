import type { NodeView, Rule } from '../node-view.ts'
import { type RowValue, rows, type Value } from '../value.ts'
import { broadcast, sameShape } from './elementwise.ts'

/**
 * Operators that ONNX Runtime's own tools put in the place of several. Source: ONNX Runtime, "Contrib operators".
 */

/** A sum of the first two, normalised over the last axis, with weights for that axis. */
const skipNormalization: Rule = (node) => {
  const input = node.rows(0)
  node.uniformFrom(2)
  if (node.outputs > 1) throw node.refuse('several-outputs')
  if (input.rowAxis >= input.shape.length - 1) throw node.refuse('over-rows')
  const sum = broadcast(node, [input, node.value(1)])
  if (sum.shape?.length !== input.shape.length) throw node.refuse('shapes-differ')
  return [sum]
}

/** The bias lies along the last axis, which is not that of the rows. */
const withBias: Rule = (node) => {
  node.uniformFrom(1)
  return [broadcast(node, node.values())]
}

/** Attention of each text to itself: rows, places, features; weights and bias the same for all; no mask but one for each row. */
const attention: Rule = (node) => {
  const input = texts(node, node.rows(0))
  for (const weights of [1, 2])
    if (node.optional(weights)?.rowAxis !== undefined) throw node.refuse('rows-in-parameter')
  const mask = node.optional(3)
  const isOwn = mask === undefined || (mask.rowAxis === 0 && mask.shape?.length === 2)
  // Masks of one axis have lengths and starts of all rows, one after the other.
  if (!isOwn) throw node.refuse('mask-shape')
  for (let index = 4; index < 12; index++) if (node.optional(index) !== undefined) throw node.refuse('past')
  if (node.outputs > 1) throw node.refuse('several-outputs')
  const [length, places] = input.shape
  return [rows([length ?? node.unknown(), places ?? node.unknown(), node.unknown()], 0)]
}

function texts(node: NodeView, value: RowValue): RowValue {
  if (value.rowAxis !== 0 || value.shape.length !== 3) throw node.refuse('rows-not-first')
  return value
}

const unary = (node: NodeView): readonly Value[] => sameShape(node)

export const TRANSFORMER: readonly (readonly [string, Rule])[] = [
  ['com.microsoft Gelu', unary],
  ['com.microsoft QuickGelu', unary],
  ['com.microsoft FastGelu', withBias],
  ['com.microsoft BiasGelu', withBias],
  ['com.microsoft SkipLayerNormalization', skipNormalization],
  ['com.microsoft SkipSimplifiedLayerNormalization', skipNormalization],
  ['com.microsoft Attention', attention],
]
