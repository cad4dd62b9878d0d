import { NotProven } from './not-proven.ts'
import type { GraphNode } from './read-graph.ts'
import { numberOf, type Size, unknownSize } from './size.ts'
import { countsRows, isRowValue, type RowValue, type Value } from './value.ts'

/** The outputs of a node, as a rule derives them; throws {NotProven} where it cannot. */
export type Rule = (node: NodeView) => readonly Value[]

/** A node and what is known of its inputs, as rules see them. */
export class NodeView {
  readonly #node: GraphNode
  readonly #inputs: readonly (Value | undefined)[]
  readonly #nextSymbol: () => number
  readonly opset: number

  constructor(node: GraphNode, inputs: readonly (Value | undefined)[], opset: number, nextSymbol: () => number) {
    this.#node = node
    this.#inputs = inputs
    this.opset = opset
    this.#nextSymbol = nextSymbol
  }

  get operator(): string {
    return this.#node.operator
  }

  /** The inputs that are there. */
  get count(): number {
    return this.#inputs.filter((input) => input !== undefined).length
  }

  get outputs(): number {
    return this.#node.outputs.length
  }

  /** A length of this node's output that nobody knows; the same for all requests of a batch. */
  unknown(): Size {
    return unknownSize(this.#nextSymbol())
  }

  unknowns(count: number): Size[] {
    return Array.from({ length: count }, () => this.unknown())
  }

  /** An input whose elements do not count rows. */
  value(index: number): Value {
    const value = this.optional(index)
    if (value === undefined) throw this.refuse('input-missing')
    return value
  }

  optional(index: number): Value | undefined {
    const value = this.#inputs[index]
    if (value !== undefined && countsRows(value)) throw this.refuse('row-count')
    return value
  }

  /** Every input in order, none of which counts rows. */
  values(): Value[] {
    return this.#inputs.flatMap((_, index) => this.optional(index) ?? [])
  }

  /** An input that may count rows: what a rule does with it, it does knowing that. */
  counting(index: number): Value | undefined {
    return this.#inputs[index]
  }

  /** An input with rows. */
  rows(index: number): RowValue {
    const value = this.value(index)
    if (!isRowValue(value)) throw this.refuse('rows-expected')
    return value
  }

  /** Refuses rows in the inputs from this one on: weights, scales, biases. */
  uniformFrom(first: number): void {
    for (let index = first; index < this.#inputs.length; index++) {
      if (this.optional(index)?.rowAxis !== undefined) throw this.refuse('rows-in-parameter')
    }
  }

  /** Lengths that an input holds, which may count rows; undefined for what is not followed. The inputs' rows have no say. */
  lengths(index: number): readonly (Size | undefined)[] | undefined {
    const value = this.counting(index)
    if (value?.rowAxis !== undefined) throw this.refuse('rows-in-parameter')
    return value?.sizes
  }

  /** Integers of an input, all known, as numbers. */
  numbers(index: number): number[] | undefined {
    const value = this.counting(index)
    if (value === undefined) return undefined
    const numbers = value.sizes?.map((element) => element && numberOf(element))
    if (numbers === undefined || numbers.includes(undefined)) throw this.refuse('not-constant')
    return numbers.filter((number) => number !== undefined)
  }

  int(name: string, otherwise: number): number {
    return this.#node.attributes.get(name)?.int ?? otherwise
  }

  text(name: string): string | undefined {
    return this.#node.attributes.get(name)?.text
  }

  ints(name: string): readonly number[] | undefined {
    return this.#node.attributes.get(name)?.ints
  }

  attribute(name: string): ReturnType<GraphNode['attributes']['get']> {
    return this.#node.attributes.get(name)
  }

  /** Axes that an attribute has before an operator set and an input has from then on. */
  axes(attribute: string, index: number): readonly number[] | undefined {
    return this.ints(attribute) ?? this.numbers(index)
  }

  /** An axis from 0, of a tensor with that many. */
  axis(axis: number, rank: number): number {
    const positive = axis < 0 ? axis + rank : axis
    if (positive < 0 || positive >= rank) throw this.refuse('axis')
    return positive
  }

  refuse(reason: string): NotProven {
    return new NotProven(reason, this.operator)
  }
}
