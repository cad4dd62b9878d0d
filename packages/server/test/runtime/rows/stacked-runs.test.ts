import type { Datatype, RawTensor } from '@blindai/protocol'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Failure } from '../../../src/runtime/engine/failure.ts'
import { compareRows } from '../../../src/runtime/engine/onnx/rows/compare-rows.ts'
import { proveRows } from '../../../src/runtime/engine/onnx/rows/prove-rows.ts'
import { Session } from '../../../src/runtime/engine/session.ts'
import { buildWall, type Engine, stackOf, startEngine } from '../../../src/runtime/host/index.ts'
import { stacked, unstacked } from '../../../src/runtime/host/stack.ts'
import { encodeTensorTable, parseTensorTable } from '../../../src/runtime/wire/tensor-table.ts'
import { KEEPING, MIXING, rowModel } from '../fixtures/row-models.ts'
import { bytesOf, LIMITS, onnx, PATIENT, sample } from '../fixtures/samples.ts'

/** A clock that stands still: a busy machine proves no less. */
const TIMELESS = (): number => 0

function tensor(name: string, datatype: Datatype, shape: readonly number[], data: ArrayBufferView): RawTensor {
  return { name, datatype, shape, data: bytesOf(data) }
}

/** Requests of so many rows each, on the way that they take to an engine and back. */
async function runTogether(session: Session, requests: readonly (readonly RawTensor[])[]): Promise<RawTensor[][]> {
  const { head, parts } = encodeTensorTable({ tensors: stacked(requests), wanted: undefined })
  const { tensors } = parseTensorTable(head, new Uint8Array(Buffer.concat(parts)))
  return unstacked(
    await session.run(tensors, undefined),
    requests.map(([first]) => first?.shape[0] ?? 0),
  )
}

async function expectSame(session: Session, requests: readonly (readonly RawTensor[])[]): Promise<void> {
  const together = await runTogether(session, requests)
  for (const [index, request] of requests.entries()) {
    expect(together[index]).toEqual(await session.run(request, undefined))
  }
}

/** Rows of pseudo-random numbers: a sine is as good as any. */
function numbers(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, at) => Math.sin(seed + at * 12.9898))
}

describe('requests that are computed in one run', () => {
  test.for(KEEPING)('have the answers that they have alone, bit for bit: %s', async ([, recipe]) => {
    const session = await Session.load(rowModel(recipe), 1)
    await compareRows(session, TIMELESS)
    const [, ...rest] = recipe.input ?? ['n', 4]
    const shape = rest.map((length) => (typeof length === 'number' ? length : 3))
    const width = shape.reduce((all, length) => all * length, 1)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 5 }),
        fc.nat(),
        (counts, seed) =>
          expectSame(
            session,
            counts.map((rows, at) => [tensor('x', 'FP32', [rows, ...shape], numbers(rows * width, seed + at))]),
          ),
      ),
      { numRuns: 10 },
    )
  })

  test('have the answers that they have alone: BERT on texts of a dozen lengths', async () => {
    const session = await Session.load(sample('models/sms-spam-bert/onnx/model.onnx'), 1)
    const text = (length: number, seed: number): RawTensor[] => {
      const words = BigInt64Array.from({ length }, (_, at) => BigInt((seed * 7919 + at * 104_729) % 1000))
      const ones = new BigInt64Array(length).fill(1n)
      return [
        tensor('input_ids', 'INT64', [1, length], words),
        tensor('attention_mask', 'INT64', [1, length], ones),
        tensor('token_type_ids', 'INT64', [1, length], new BigInt64Array(length)),
      ]
    }
    for (let length = 1; length < 40; length += 3) {
      await expectSame(
        session,
        Array.from({ length: 5 }, (_, seed) => text(length, seed)),
      )
    }
  })

  test('have the answers that they have alone: a network for pictures', async () => {
    const session = await Session.load(sample('models/fashion-resnet/onnx/model.onnx'), 1)
    const picture = (seed: number): RawTensor[] => [
      tensor('pixel_values', 'FP32', [1, 1 * 3, 28, 28], numbers(3 * 784, seed)),
    ]
    await expectSame(session, [picture(1), picture(2), picture(3)])
  })
})

describe('a proof that finds no memory', () => {
  test.for(KEEPING.slice(0, 1))('is none, and keeps no model from serving: %s', async ([, recipe]) => {
    const bytes = rowModel(recipe)
    const session = await Session.load(bytes, 1)
    const failure = new Failure('MODEL_NEEDS_MORE_MEMORY', 'memory-exhausted')
    vi.spyOn(session, 'run').mockRejectedValue(failure)
    expect(await proveRows(bytes, session)).toEqual({ reason: 'memory-exhausted', operator: null })
  })
})

describe('models whose rows meet', () => {
  // Only what can be told from the answers of one row and of several: most of the catalogue.
  const telling = ['softmax over the rows', 'sums along the rows', 'the first row for all', 'rows by their number'] // biome-ignore format: a list
  test.for(MIXING.filter(([name]) => telling.includes(name)))('are found by comparison too: %s', async ([, recipe]) => {
    const session = await Session.load(rowModel(recipe), 1)
    await expect(compareRows(session, TIMELESS)).rejects.toMatchObject({
      reason: expect.stringMatching(/rounding|failed/),
    })
  })

  test('are not compared at all once the graph has shown it', async () => {
    const [, recipe] = MIXING[0] ?? ['', { nodes: [] }]
    const bytes = rowModel(recipe)
    const proof = await proveRows(bytes, await Session.load(bytes, 1))
    expect(proof).toEqual({ reason: 'operator', operator: 'DynamicQuantizeLinear' })
  })

  test('are too slow where two rows do not fit into the time that there is', async () => {
    const session = await Session.load(rowModel(KEEPING[0]?.[1] ?? { nodes: [] }), 1)
    let nowMs = 0
    const slowly = (): number => (nowMs += 200)
    await expect(compareRows(session, slowly)).rejects.toMatchObject({ reason: 'too-slow' })
  })

  test('include those that round otherwise in company', async () => {
    const session = await Session.load(sample('models/magika_v3_3/model.onnx'), 1)
    await expect(compareRows(session, TIMELESS)).rejects.toMatchObject({ reason: 'rounding' })
  })
})

describe('what a request can be stacked by', () => {
  const x = tensor('x', 'FP32', [2, 4], new Float32Array(8))
  test('is its shape but for the rows, the outputs that it wants, and what it weighs', () => {
    expect(stackOf([x], ['y'])).toEqual({ key: '[["y"],["x","FP32",4]]', rows: 2, elements: 8 })
    expect(stackOf([x], undefined)?.key).toBe(
      stackOf([tensor('x', 'FP32', [1, 4], new Float32Array(4))], undefined)?.key,
    )
    expect(stackOf([x], undefined)?.key).not.toBe(
      stackOf([tensor('x', 'INT32', [2, 4], new Int32Array(8))], undefined)?.key,
    )
  })

  test.for<[string, RawTensor[]]>([
    ['nothing', []],
    ['a scalar', [tensor('x', 'FP32', [], new Float32Array(1))]],
    ['no rows', [tensor('x', 'FP32', [0, 4], new Float32Array(0))]],
    ['inputs of different rows', [x, tensor('z', 'FP32', [3, 4], new Float32Array(12))]],
    ['texts', [{ name: 'x', datatype: 'BYTES', shape: [1], data: new Uint8Array(4) }]],
  ])('is nothing for %s', ([, inputs]) => {
    expect(stackOf(inputs, undefined)).toBeUndefined()
  })

  test('is checked on the way back: outputs with other rows than went in are refused', () => {
    const y = tensor('y', 'FP32', [3, 1], Float32Array.of(1, 2, 3))
    expect(unstacked([y], [1, 2]).map(([part]) => part?.shape)).toEqual([[1, 1], [2, 1]]) // biome-ignore format: short
    for (const counts of [[1, 1], [2, 2]]) {
      expect(() => unstacked([y], counts)).toThrow(expect.objectContaining({ code: 'RUN_FAILED', details: { reason: 'rows-lost' } }))
    } // biome-ignore format: short
  })
})

describe('an engine behind its wall', () => {
  let engine: Engine
  beforeAll(async () => {
    const model = onnx(rowModel(KEEPING[1]?.[1] ?? { nodes: [] }))
    engine = await startEngine(model, { ...LIMITS, proveRows: true }, await buildWall())
  })
  afterAll(() => engine.kill())

  test('says that its rows are apart, and answers a batch as it answers each alone', async () => {
    // A machine that is busy enough makes it too slow to find out.
    expect([{ maxRows: 32 }, { reason: 'too-slow' }]).toContainEqual(engine.description.rows)
    const requests = [1, 2, 3].map((rows) => [tensor('x', 'FP32', [rows, 4], numbers(4 * rows, rows))])
    const together = await engine.inferTogether(requests, undefined, PATIENT)
    for (const [index, request] of requests.entries()) {
      expect(together[index]).toEqual(await engine.infer(request, undefined, PATIENT))
    }
  })
})
