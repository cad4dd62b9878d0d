import type { RawTensor } from '@blindai/protocol'
import type { OutgoingTensor } from '../wire/tensor-table.ts'
import { EngineError } from './engine-error.ts'

/**
 * Stacks requests along the first axis and cuts their answers apart again. On the way in nothing is copied: a tensor goes out
 * in pieces, one for each request. On the way out each gets bytes of its own, so that an answer that is slow to leave does not
 * keep those of its neighbours.
 */

/** What requests must have in common to be stacked, and what one adds. */
export interface Stack {
  /** Names, datatypes and shapes of the inputs but for the first axis, and the outputs that are wanted. */
  readonly key: string
  readonly rows: number
  /** Elements of all inputs. */
  readonly elements: number
}

/** How a request can be stacked; undefined when it cannot be: texts, scalars, inputs with different numbers of rows. */
export function stackOf(inputs: readonly RawTensor[], outputs: readonly string[] | undefined): Stack | undefined {
  const rows = rowsOf(inputs)
  if (!(rows >= 1) || outputs?.length === 0) return undefined
  if (inputs.some(({ datatype, shape }) => datatype === 'BYTES' || shape[0] !== rows)) return undefined
  const key = JSON.stringify([
    outputs ?? null,
    ...inputs.map(({ name, datatype, shape }) => [name, datatype, ...shape.slice(1)]),
  ])
  const elements = inputs.reduce((sum, { shape }) => sum + shape.reduce((all, length) => all * length, 1), 0)
  return { key, rows, elements }
}

/** How many rows a request has; zero without inputs. */
export function rowsOf(inputs: readonly RawTensor[]): number {
  return inputs[0]?.shape[0] ?? 0
}

/** Requests of one key as one. */
export function stacked(requests: readonly (readonly RawTensor[])[]): OutgoingTensor[] {
  const [first = []] = requests
  const rows = requests.reduce((sum, inputs) => sum + rowsOf(inputs), 0)
  return first.map(({ name, datatype, shape }, index) => {
    const data = requests.map((inputs) => inputs[index]?.data ?? new Uint8Array(0))
    return { name, datatype, shape: [rows, ...shape.slice(1)], data }
  })
}

/**
 * The answers of each, in order.
 *
 * @throws {EngineError} `RUN_FAILED` `rows-lost` when an output has not as many rows as went in.
 */
export function unstacked(outputs: readonly RawTensor[], counts: readonly number[]): RawTensor[][] {
  const rows = counts.reduce((sum, count) => sum + count, 0)
  if (outputs.some(({ datatype, shape }) => datatype === 'BYTES' || shape[0] !== rows)) {
    throw new EngineError('RUN_FAILED', { reason: 'rows-lost' })
  }
  let first = 0
  return counts.map((count) => {
    const answer = outputs.map(({ name, datatype, shape, data }): RawTensor => {
      const width = data.byteLength / rows
      return {
        name,
        datatype,
        shape: [count, ...shape.slice(1)],
        data: data.slice(first * width, (first + count) * width),
      }
    })
    first += count
    return answer
  })
}
