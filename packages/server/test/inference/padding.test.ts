import type { Datatype, RawTensor, TensorMetadata } from '@blindai/protocol'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { cropOutputs } from '../../src/inference/padding/crop-outputs.ts'
import { padText } from '../../src/inference/padding/pad-text.ts'
import { provePadding } from '../../src/inference/padding/prove-padding.ts'
import { Session } from '../../src/runtime/engine/session.ts'
import { type EngineDescription, EngineError } from '../../src/runtime/host/index.ts'
import { bytesOf, sample } from '../runtime/fixtures/samples.ts'

const TEXT_INPUTS = ['input_ids', 'attention_mask'] as const
const TAKES_TEXTS: readonly TensorMetadata[] = TEXT_INPUTS.map((name) => ({ name, datatype: 'INT64', shape: [-1, -1] }))

function whole(name: string, rows: readonly (readonly number[])[]): RawTensor {
  const data = BigInt64Array.from(rows.flat(), BigInt)
  return { name, datatype: 'INT64', shape: [rows.length, rows[0]?.length ?? 0], data: bytesOf(data) }
}

function fractions(name: string, shape: readonly number[], values: readonly number[]): RawTensor {
  return { name, datatype: 'FP32', shape, data: bytesOf(Float32Array.from(values)) }
}

function valuesOf({ data, datatype }: RawTensor): number[] {
  const { buffer } = data.slice()
  return datatype === 'INT64' ? [...new BigInt64Array(buffer)].map(Number) : [...new Float32Array(buffer)]
}

/** A text of ids and a mask that says that all of them are there. */
function textOf(rows: readonly (readonly number[])[]): RawTensor[] {
  return [
    whole('input_ids', rows),
    whole(
      'attention_mask',
      rows.map((row) => row.map(() => 1)),
    ),
  ]
}

describe('a text that is filled up', () => {
  test('has zeros behind each of its rows, to the next multiple', () => {
    const padded = padText(
      textOf([
        [5, 6, 7],
        [8, 9, 10],
      ]),
      4,
    )
    expect(padded).toMatchObject({ length: 3, paddedLength: 4 })
    expect(padded?.inputs.map(({ shape }) => shape)).toEqual([
      [2, 4],
      [2, 4],
    ])
    expect(padded?.inputs.map(valuesOf)).toEqual([
      [5, 6, 7, 0, 8, 9, 10, 0],
      [1, 1, 1, 0, 1, 1, 1, 0],
    ])
  })

  const [ids, mask] = textOf([[5, 6, 7]])
  test.for([
    ['has such a length already', 3, [ids, mask]],
    ['has a tensor of another length', 4, [ids, whole('attention_mask', [[1, 1]])]],
    [
      'has a tensor of other rows',
      4,
      [
        ids,
        whole(
          'attention_mask',
          [[1], [1], [1]].map(([one]) => [one ?? 0, 1, 1]),
        ),
      ],
    ],
    ['has a tensor that is no list of rows', 4, [ids, { ...whole('attention_mask', [[1, 1, 1]]), shape: [3] }]],
    ['has fewer bytes than its shape says', 4, [{ ...whole('input_ids', [[5, 6, 7]]), data: new Uint8Array(23) }]],
    [
      'says that it has very many rows, and has none',
      4,
      [{ name: 'input_ids', datatype: 'INT64', shape: [Number.MAX_SAFE_INTEGER, 1], data: new Uint8Array(0) }],
    ],
    ['is of texts of bytes', 4, [{ name: 'input_ids', datatype: 'BYTES', shape: [1, 3], data: new Uint8Array(12) }]],
    ['has no places', 4, textOf([[]])],
    ['has no tensors', 4, []],
    ['would be larger than 64 KiB', 512, textOf(Array.from({ length: 20 }, () => [1]))],
  ] as const)('is left as it is when it %s', ([, multipleOf, inputs]) => {
    expect(padText(inputs as RawTensor[], multipleOf)).toBeUndefined()
  })

  test('comes out again, along every axis that is as long as it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 2, max: 7 }),
        (rows, length, multipleOf) => {
          const text = textOf(
            Array.from({ length: rows }, (_, row) => Array.from({ length }, (_, at) => row * 100 + at)),
          )
          const padded = padText(text, multipleOf)
          fc.pre(padded !== undefined)
          if (padded === undefined) return
          // What attention looks like: for each place of each row, a number for each place.
          const square = (side: number): RawTensor => {
            const numbers = Array.from({ length: rows * side * side }, (_, at) => {
              const [row, i, j] = [Math.floor(at / side / side), Math.floor(at / side) % side, at % side]
              return i < length && j < length ? row * 10_000 + i * 100 + j : -1
            })
            return fractions('attention', [rows, side, side], numbers)
          }
          const outputs = [...padded.inputs, square(padded.paddedLength)]
          const axes = new Map([
            ['input_ids', [1]],
            ['attention_mask', [1]],
            ['attention', [1, 2]],
          ])
          const cropped = cropOutputs(outputs, (name) => axes.get(name) ?? [], padded)
          expect(cropped).toEqual([...text, square(length)])
        },
      ),
      { numRuns: 300 },
    )
  })

  test('whose answer is not as long as it was is a failure, and nobody gets what is not his', () => {
    const padded = { inputs: [], length: 3, paddedLength: 4 }
    const answer = [fractions('y', [1, 5], [0, 0, 0, 0, 0])]
    expect(() => cropOutputs(answer, () => [1], padded)).toThrow(
      expect.objectContaining({ code: 'RUN_FAILED', details: { reason: 'padding-lost' } }),
    )
  })
})

/** A model that adds up the ids of its places, and gives those ids besides; its rounding is as good as the test says. */
function addsUp(options: { readonly looksAtMask: boolean; readonly error?: number }) {
  return async (inputs: readonly RawTensor[]): Promise<RawTensor[]> => {
    const [ids = [], mask = []] = TEXT_INPUTS.map((name) => inputs.find((one) => one.name === name)).map(
      (one) => one && valuesOf(one),
    )
    const seen = options.looksAtMask ? ids.map((id, at) => id * (mask[at] ?? 0)) : ids.map((id) => id + 1)
    const isPadded = mask.includes(0)
    const sum = seen.reduce((total, one) => total + one, 0) / 1000
    return [
      fractions('sum', [1, 1], [isPadded ? sum + (options.error ?? 0) : sum]),
      fractions('each', [1, ids.length, 1], ids),
    ]
  }
}

const ADDS_UP: EngineDescription = {
  inputs: TAKES_TEXTS,
  outputs: [
    { name: 'sum', datatype: 'FP32', shape: [-1, 1] },
    { name: 'each', datatype: 'FP32', shape: [-1, -1, 1] },
  ],
}

describe('a model whose texts are to be filled up', () => {
  test('is tried, and what is as long as the text is found', async () => {
    expect(await provePadding(ADDS_UP, 8, addsUp({ looksAtMask: true }))).toEqual([[], [1]])
  })

  test('may round otherwise by 1e-5, and not by more', async () => {
    expect(await provePadding(ADDS_UP, 8, addsUp({ looksAtMask: true, error: 0.9e-5 }))).toEqual([[], [1]])
    await expect(provePadding(ADDS_UP, 8, addsUp({ looksAtMask: true, error: 1.2e-5 }))).rejects.toMatchObject({
      code: 'PADDING_NOT_PROVEN',
      details: { reason: 'answers' },
    })
    await expect(provePadding(ADDS_UP, 8, addsUp({ looksAtMask: true, error: Number.NaN }))).rejects.toMatchObject({
      details: { reason: 'answers' },
    })
  })

  const changed = (index: number, change: Partial<TensorMetadata>): EngineDescription => ({
    ...ADDS_UP,
    inputs: ADDS_UP.inputs.map((input, at) => (at === index ? { ...input, ...change } : input)),
  })
  const gives = (datatype: Datatype): EngineDescription => ({
    ...ADDS_UP,
    outputs: [{ name: 'sum', datatype, shape: [1] }],
  })
  const sound = addsUp({ looksAtMask: true })
  test.for([
    ['that does not look at its mask', 'answers', ADDS_UP, addsUp({ looksAtMask: false })],
    ['without a mask', 'inputs', changed(1, { name: 'token_type_ids' }), sound],
    ['of fractions', 'inputs', changed(0, { datatype: 'FP32' }), sound],
    ['of texts of one length', 'inputs', changed(0, { shape: [-1, 16] }), sound],
    ['of more axes', 'inputs', changed(0, { shape: [-1, -1, 4] }), sound],
    ['with an input that no tokenizer makes', 'inputs', changed(0, { name: 'pixel_values' }), sound],
    ['whose answers are texts', 'outputs', gives('BYTES'), sound],
    ['whose answers have few digits', 'outputs', gives('FP16'), sound],
    [
      'that takes no text at all',
      'runs',
      ADDS_UP,
      async () => Promise.reject(new EngineError('RUN_FAILED', { reason: 'onnx-runtime' })),
    ],
    [
      'that takes short texts and none that is filled up',
      'runs',
      ADDS_UP,
      async (inputs: readonly RawTensor[]) => {
        if ((inputs[0]?.shape[1] ?? 0) === 8) throw new EngineError('RUN_FAILED', { reason: 'onnx-runtime' })
        return sound(inputs)
      },
    ],
    [
      'whose answer grows by something else',
      'outputs',
      ADDS_UP,
      async (inputs: readonly RawTensor[]) => {
        const places = 2 * (inputs[0]?.shape[1] ?? 0)
        return [
          fractions(
            'each',
            [places],
            Array.from({ length: places }, () => 0),
          ),
        ]
      },
    ],
  ] as const)('%s is refused: %s', async ([, reason, description, run]) => {
    await expect(provePadding(description, 8, run)).rejects.toMatchObject({
      code: 'PADDING_NOT_PROVEN',
      details: { reason },
    })
  })

  test('fails as its engine fails', async () => {
    const gone = new EngineError('ENGINE_CRASHED', { phase: 'run', exitCode: 1, signal: null })
    await expect(provePadding(ADDS_UP, 8, () => Promise.reject(gone))).rejects.toBe(gone)
  })
})

describe('a BERT that was trained', () => {
  let session: Session
  beforeAll(async () => {
    session = await Session.load(sample('models/sms-spam-bert/onnx/model.onnx'), 1)
  })
  const bertText = (length: number): RawTensor[] => [
    ...textOf([Array.from({ length }, (_, at) => 5 + ((at * 37) % 900))]),
    whole('token_type_ids', [Array.from({ length }, () => 0)]),
  ]

  test.for([8, 32, 48])('may have its texts filled up to multiples of %s places', async (multipleOf) => {
    const run = (inputs: readonly RawTensor[]): Promise<RawTensor[]> => session.run(inputs, undefined)
    expect(await provePadding(session, multipleOf, run)).toEqual(session.outputs.map(() => []))
    for (const length of [2, 6, 13, 21, 50]) {
      const padded = padText(bertText(length), multipleOf)
      if (padded === undefined) throw new Error('this length is to be filled up')
      const [alone, filled] = [await run(bertText(length)), await run(padded.inputs)]
      const [expected = [], actual = []] = [alone, filled].map((outputs) => outputs.flatMap(valuesOf))
      expect(actual).toHaveLength(expected.length)
      for (const [at, value] of actual.entries()) expect(Math.abs(value - (expected[at] ?? 0))).toBeLessThan(1e-5)
    }
  })
})
