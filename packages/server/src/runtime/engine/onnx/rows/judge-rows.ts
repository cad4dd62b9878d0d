import { asFailure } from '../../failure.ts'
import { NodeView, type Rule } from './node-view.ts'
import { NotProven, TRAINING } from './not-proven.ts'
import { type Graph, type GraphNode, readGraph } from './read-graph.ts'
import { ELEMENTWISE } from './rules/elementwise.ts'
import { LAYOUT } from './rules/layout.ts'
import { LINEAR } from './rules/linear.ts'
import { REDUCTION } from './rules/reduction.ts'
import { SELECTION } from './rules/selection.ts'
import { TRANSFORMER } from './rules/transformer.ts'
import { isSame, ROWS, size, unknownSize } from './size.ts'
import { countsRows, rows, uniform, type Value } from './value.ts'

/** True only where it was shown; otherwise why not, in a fixed word, and at which type of operator. */
export type RowVerdict =
  | { readonly independent: true }
  | { readonly independent: false; readonly reason: string; readonly operator?: string }

/**
 * Shows from the graph alone that row i of every output depends on row i of the inputs and on nothing else, so that requests
 * can be stacked along the first axis and their answers cut apart again.
 *
 * Each tensor is followed through the graph: along which axis the rows lie, and which lengths count them. Operators are a
 * closed list, each with a rule that says where rows may lie so that it keeps them apart; whatever has no rule, or a rule
 * that does not hold, ends the proof. `DynamicQuantizeLinear`, for one, has no rule: it takes one scale from all rows.
 *
 * The proof is about real numbers. That sums are also rounded alike is for `compareRows` to find out.
 */
export function judgeRows(model: Uint8Array): RowVerdict {
  try {
    follow(readGraph(model))
    return { independent: true }
  } catch (error) {
    if (error instanceof NotProven) return refusal(error)
    // The screen has read the same bytes before, so that protobuf errors are not expected; they prove nothing either.
    return refusal(new NotProven(asFailure(error, 'MODEL_INVALID', 'not-read').reason))
  }
}

const RULES: ReadonlyMap<string, Rule> = new Map([
  ...ELEMENTWISE,
  ...LAYOUT,
  ...LINEAR,
  ...REDUCTION,
  ...SELECTION,
  ...TRANSFORMER,
])

/** The operator sets whose operators the rules were written for. */
const OPSETS: readonly [number, number] = [7, 23]

/** More axes than any real tensor has: a graph may add some at every node. */
const MAX_RANK = 64

function refusal({ reason, operator }: NotProven): RowVerdict {
  return { independent: false, reason, ...(operator === undefined ? {} : { operator }) }
}

function follow(graph: Graph): void {
  if (graph.opset < OPSETS[0] || graph.opset > OPSETS[1]) throw new NotProven('opset')
  let symbols = 0
  const next = (): number => ++symbols
  const values: Map<string, Value> = new Map()
  for (const [name, { shape, integers }] of graph.initializers) {
    values.set(name, uniform(shape.map(size), integers?.map(size)))
  }
  let inputs = 0
  for (const { name, shape } of graph.inputs) {
    // An input with an initializer has a value that no request gives.
    if (graph.initializers.has(name)) continue
    if (values.has(name)) throw new NotProven('name-twice')
    if (shape === undefined || shape.length === 0) throw new NotProven('input-without-rows')
    const [first, ...rest] = shape
    if (first !== undefined) throw new NotProven('fixed-rows')
    // Two inputs may call a length by one name; that they are equal in a request is not relied on.
    const lengths = rest.map((length) => (length === undefined ? unknownSize(next()) : size(length)))
    values.set(name, rows([ROWS, ...lengths], 0))
    inputs++
  }
  if (inputs === 0) throw new NotProven('no-inputs')
  for (const node of graph.nodes) evaluate(node, values, graph.opset, next)
  for (const name of graph.outputs) {
    const value = values.get(name)
    const length = value?.rowAxis === 0 ? value.shape?.[0] : undefined
    if (length === undefined || !isSame(length, ROWS)) throw new NotProven('output-without-rows')
  }
}

function evaluate(node: GraphNode, values: Map<string, Value>, opset: number, next: () => number): void {
  const { domain, operator } = node
  const rule = RULES.get(domain === '' ? operator : `${domain} ${operator}`)
  if (rule === undefined) throw new NotProven('operator', operator)
  const inputs = node.inputs.map((name) => {
    const value = values.get(name)
    if (name !== '' && value === undefined) throw new NotProven('not-in-order', operator)
    return value
  })
  let results: readonly Value[]
  try {
    results = rule(new NodeView(node, inputs, opset, next))
  } catch (error) {
    // Computed without the inputs: whatever it is, it is the same in every run.
    const isConstant = inputs.every((value) => value?.rowAxis === undefined && !(value && countsRows(value)))
    if (!(error instanceof NotProven) || error.reason === TRAINING || !isConstant) throw error
    results = node.outputs.map(() => uniform(undefined))
  }
  // Whatever a rule says: what is computed from rows has rows. Only lengths can be told without looking into any.
  const isFromRows = inputs.some((value) => value?.rowAxis !== undefined) && operator !== 'Shape'
  if (isFromRows && results.some((value) => value.rowAxis === undefined)) throw new NotProven('rows-lost', operator)
  for (const [index, name] of node.outputs.entries()) {
    if (name === '') continue
    if (values.has(name)) throw new NotProven('name-twice')
    const value = results[index] ?? missing(operator)
    if ((value.shape?.length ?? 0) > MAX_RANK) throw new NotProven('rank', operator)
    values.set(name, value)
  }
}

function missing(operator: string): never {
  throw new NotProven('several-outputs', operator)
}
