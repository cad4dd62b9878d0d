import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Session } from '@blindai/client'
import type { Tensor } from '@blindai/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Served, serve } from '../support/served.ts'

const BERT = new Uint8Array(
  readFileSync(fileURLToPath(new URL('../../samples/models/sms-spam-bert/onnx/model.onnx', import.meta.url))),
)
const LENGTHS = [3, 6, 8, 10, 12, 14, 16, 20, 24, 27, 31]
/** All of these lengths are filled up to one. */
const PLACES = 32
const TOLERANCE = 1e-5

let served: Served
let padding: Session
let plain: Session
beforeAll(async () => {
  served = await serve({ tenants: ['alice', 'bob'], limits: { cores: 1, maxBatchElements: 16_384 } })
  padding = await served.connect('alice')
  plain = await served.connect('bob')
  await padding.models.upload(BERT, { name: 'spam', padToMultipleOf: PLACES })
  await plain.models.upload(BERT, { name: 'spam' })
})
afterAll(() => served?.close())

function text(length: number, rows = 1): Tensor[] {
  const tensor = (name: string, value: (at: number) => number): Tensor => ({
    name,
    datatype: 'INT64',
    shape: [rows, length],
    data: BigInt64Array.from({ length: rows * length }, (_, at) => BigInt(value(at % length))),
  })
  return [
    tensor('input_ids', (at) => 5 + ((at * 37 + length) % 900)),
    tensor('attention_mask', () => 1),
    tensor('token_type_ids', () => 0),
  ]
}

/** The answers to texts that all come while the engine is busy with something that takes it a while. */
async function answersOf(session: Session): Promise<number[][]> {
  const busy = session.infer('spam', text(256, 48))
  await new Promise((resolve) => setTimeout(resolve, 30))
  const answers = await Promise.all(LENGTHS.map((length) => session.infer('spam', text(length))))
  await busy
  return answers.map(({ outputs }) => outputs.flatMap(({ data }) => [...data].map(Number)))
}

/** Requests, and runs of an engine. */
async function countsOf(session: Session) {
  const stats: unknown = await (await session.fetch('/v2/models/spam/stats')).json()
  const [counts] = Object(stats).model_stats
  return { requests: Number(counts.inference_count), runs: Number(counts.execution_count) }
}

describe('short texts of many lengths, of a model whose owner lets them be filled up', () => {
  test('are computed in one run, and answered as they are alone but for rounding', async () => {
    const alone = await answersOf(plain)
    // The first batch of a shape is computed both ways, row by row, too.
    for (let round = 0; round < 3; round++) {
      const before = await countsOf(padding)
      const together = await answersOf(padding)
      const after = await countsOf(padding)
      for (const [index, answer] of together.entries()) {
        expect(answer).toHaveLength(alone[index]?.length ?? 0)
        for (const [at, value] of answer.entries()) {
          expect(Math.abs(value - (alone[index]?.[at] ?? Number.NaN))).toBeLessThan(TOLERANCE)
        }
      }
      expect(after.requests - before.requests).toBe(LENGTHS.length + 1)
      if (round > 0) expect(after.runs - before.runs).toBeLessThanOrEqual(1 + LENGTHS.length / 2)
    }
  })

  test('have the same answer to the last bit in whatever company', async () => {
    const alone: number[][] = []
    for (const length of LENGTHS) {
      const { outputs } = await padding.infer('spam', text(length))
      alone.push(outputs.flatMap(({ data }) => [...data].map(Number)))
    }
    expect(await answersOf(padding)).toEqual(alone)
  })

  test('are each computed alone where its owner does not', async () => {
    const before = await countsOf(plain)
    await answersOf(plain)
    const after = await countsOf(plain)
    expect(after.runs - before.runs).toBe(LENGTHS.length + 1)
  })
})
