import { setTimeout } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Datatype, RawTensor } from '@blindai/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildWall, type Engine, startEngine, type Wall } from '../../src/runtime/host/index.ts'
import { graph, identityModel, model, node } from './fixtures/onnx-writer.ts'
import { bytesOf, LIMITS, onnx, PATIENT, sample } from './fixtures/samples.ts'

let wall: Wall
beforeAll(async () => {
  wall = await buildWall()
})

/** Starts an engine, lets `use` have it, and kills it. */
async function withEngine<T>(bytes: Uint8Array, use: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await startEngine(onnx(bytes), LIMITS, wall)
  try {
    return await use(engine)
  } finally {
    await engine.kill()
  }
}

/** Only contexts that are made after the flag was set have the function. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect !== 'function') throw new TypeError('V8 gives no function that collects')
  collect()
}

/** The index of the largest number. */
function argmax(values: ArrayLike<number>): number {
  return Array.from(values).reduce((best, value, index, all) => (value > (all[best] ?? 0) ? index : best), 0)
}

describe('a bare model', () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await startEngine(onnx(sample('models/mnist.onnx')), LIMITS, wall)
  })
  afterAll(() => engine.kill())

  const digit: RawTensor = { name: 'Input3', datatype: 'FP32', shape: [1, 1, 28, 28], data: new Uint8Array(4 * 784) }

  test('says what it takes and gives', () => {
    expect(engine.description).toEqual({
      inputs: [{ name: 'Input3', datatype: 'FP32', shape: [1, 1, 28, 28] }],
      outputs: [{ name: 'Plus214_Output_0', datatype: 'FP32', shape: [1, 10] }],
    })
  })

  test('answers a hundred runs in the order of the calls', async () => {
    const runs = Array.from({ length: 100 }, (_, level) => {
      const pixels = new Float32Array(784).fill(level)
      return engine.infer([{ ...digit, data: bytesOf(pixels) }], undefined, PATIENT)
    })
    const answers = (await Promise.all(runs)).map(([output]) => new Uint8Array(output?.data ?? []).join())
    const again = await engine.infer([{ ...digit, data: bytesOf(new Float32Array(784).fill(41)) }], undefined, PATIENT)
    expect(new Set(answers).size).toBeGreaterThan(90)
    expect(again[0]?.data.join()).toBe(answers[41])
  })

  test.for<[string, RawTensor[], object]>([
    ['without its input', [], { input: 'Input3', reason: 'missing' }],
    ['with an input that it lacks', [{ ...digit, name: 'x' }], { input: 'inputs[0]', reason: 'unknown-name' }],
    ['with an input twice', [digit, digit], { input: 'Input3', reason: 'given-twice' }],
    ['with another datatype', [{ ...digit, datatype: 'INT32' }], { reason: 'datatype-INT32-for-FP32' }],
    ['with another shape', [{ ...digit, shape: [1, 784] }], { reason: 'shape-[1,784]-for-[1,1,28,28]' }],
  ])('is not run %s', async ([, inputs, details]) => {
    await expect(engine.infer(inputs, undefined, PATIENT)).rejects.toMatchObject({ code: 'INPUT_INVALID', details })
  })

  test('is not run with fewer bytes than its shape needs', async () => {
    const short = { ...digit, data: new Uint8Array(4 * 783) }
    await expect(engine.infer([short], undefined, PATIENT)).rejects.toMatchObject({ code: 'BINARY_SIZE_MISMATCH' })
  })

  test('is not run for an output that it lacks', async () => {
    await expect(engine.infer([digit], ['nothing'], PATIENT)).rejects.toMatchObject({ code: 'OUTPUT_UNKNOWN' })
  })

  test('gives an answer up when its caller does, and answers the next', async () => {
    const abort = new AbortController()
    const given = engine.infer([digit], undefined, { ...PATIENT, signal: abort.signal })
    abort.abort(new RangeError('the caller has gone'))
    await expect(given).rejects.toThrow('the caller has gone')
    await expect(engine.infer([digit], undefined, PATIENT)).resolves.toHaveLength(1)
  })

  test('leaves nothing of an answer behind while its engine lives on', async () => {
    const ask = async (): Promise<WeakRef<object>> => {
      const [output] = await engine.infer([digit], undefined, PATIENT)
      return new WeakRef(output?.data.buffer ?? {})
    }
    const answers = [await ask(), await ask(), await ask(), await ask()]
    // A weak reference holds on until its turn is over.
    await setTimeout(0)
    collectGarbage()
    expect(answers.map((answer) => answer.deref())).toEqual(answers.map(() => undefined))
  })
})

describe('a run whose outputs are larger than they may be', () => {
  test('is refused by name, and its engine answers the next', async () => {
    const limits = { ...LIMITS, maxOutputBytes: 4096 }
    const engine = await startEngine(onnx(identityModel('FP32', ['n'])), limits, wall)
    const numbers = (count: number): RawTensor => ({
      name: 'x',
      datatype: 'FP32',
      shape: [count],
      data: new Uint8Array(4 * count),
    })
    try {
      expect(await engine.infer([numbers(1024)], undefined, PATIENT)).toMatchObject([{ shape: [1024] }])
      await expect(engine.infer([numbers(1025)], undefined, PATIENT)).rejects.toMatchObject({
        code: 'OUTPUT_TOO_LARGE',
        details: { limit: 4096 },
      })
      expect(await engine.infer([numbers(1)], undefined, PATIENT)).toMatchObject([{ shape: [1] }])
    } finally {
      await engine.kill()
    }
  })
})

describe('a model with several outputs', () => {
  test('gives those that are wanted, in the order asked for', async () => {
    const port = { datatype: 'FP32', shape: [2] } as const
    const bytes = model(
      graph({
        nodes: [node('Neg', ['x'], ['minus']), node('Abs', ['x'], ['size']), node('Identity', ['x'], ['same'])],
        inputs: [{ name: 'x', ...port }],
        outputs: [
          { name: 'minus', ...port },
          { name: 'size', ...port },
          { name: 'same', ...port },
        ],
      }),
    )
    const x: RawTensor = { name: 'x', datatype: 'FP32', shape: [2], data: bytesOf(Float32Array.of(-1, 2)) }
    await withEngine(bytes, async (engine) => {
      const all = await engine.infer([x], undefined, PATIENT)
      expect(all.map((output) => output.name)).toEqual(['minus', 'size', 'same'])
      const some = await engine.infer([x], ['same', 'minus'], PATIENT)
      expect(some).toMatchObject([{ name: 'same', data: bytesOf(Float32Array.of(-1, 2)) }, { name: 'minus' }])
    })
  })
})

describe('SqueezeNet in half precision', () => {
  test('takes and gives FP16', async () => {
    await withEngine(sample('models/squeezenet_fp16.onnx'), async (engine) => {
      const input = { name: 'data_0', datatype: 'FP16', shape: [1, 3, 224, 224] } as const
      const data = new Uint8Array(2 * 3 * 224 * 224).fill(0x40)
      const [output] = await engine.infer([{ ...input, data }], undefined, PATIENT)
      expect(output).toMatchObject({ name: 'softmaxout_1', datatype: 'FP16', shape: [1, 1000, 1, 1] })
      // Probabilities: not negative, none above one (3C00), one of them the largest.
      const halves = new Uint16Array(new Uint8Array(output?.data ?? []).buffer)
      expect(halves.every((half) => half <= 0x3c00)).toBe(true)
      expect(halves[argmax(halves)]).toBeGreaterThan(0)
    })
  })
})

describe('every datatype', () => {
  const text = new TextEncoder()
  test.for<[Datatype, Uint8Array]>([
    ['BOOL', Uint8Array.of(0, 1, 1)],
    ['UINT8', Uint8Array.of(0, 127, 255)],
    ['INT8', bytesOf(Int8Array.of(-128, 0, 127))],
    ['UINT16', bytesOf(Uint16Array.of(0, 1, 65_535))],
    ['INT16', bytesOf(Int16Array.of(-32_768, 0, 32_767))],
    ['UINT32', bytesOf(Uint32Array.of(0, 1, 4_294_967_295))],
    ['INT32', bytesOf(Int32Array.of(-2_147_483_648, 0, 2_147_483_647))],
    ['UINT64', bytesOf(BigUint64Array.of(0n, 1n, 2n ** 64n - 1n))],
    ['INT64', bytesOf(BigInt64Array.of(-(2n ** 63n), 2n ** 53n + 1n, 2n ** 63n - 1n))],
    ['FP16', bytesOf(Uint16Array.of(0x3c00, 0x7e01, 0xfc00))],
    ['FP32', bytesOf(Float32Array.of(1.5, Number.NaN, -Infinity))],
    ['FP64', bytesOf(Float64Array.of(Math.PI, Number.NaN, -0))],
    ['BYTES', Uint8Array.of(0, 0, 0, 0, 3, 0, 0, 0, ...text.encode('€'), 1, 0, 0, 0, 10)],
  ])('goes in and comes out bit for bit: %s', async ([datatype, data]) => {
    const output = await withEngine(identityModel(datatype, ['n']), async (engine) => {
      // An odd place in memory must not matter.
      const shifted = new Uint8Array(data.byteLength + 1).subarray(1)
      shifted.set(data)
      return engine.infer([{ name: 'x', datatype, shape: [3], data: shifted }], undefined, PATIENT)
    })
    expect(output).toMatchObject([{ name: 'y', datatype, shape: [3] }])
    expect(output[0]?.data.join()).toBe(data.join())
  })

  test('may have no elements, or no dimensions', async () => {
    await withEngine(identityModel('FP32', ['n', 2]), async (engine) => {
      const empty = { name: 'x', datatype: 'FP32', shape: [0, 2], data: new Uint8Array(0) } as const
      expect(await engine.infer([empty], undefined, PATIENT)).toMatchObject([{ shape: [0, 2], data: { length: 0 } }])
    })
    await withEngine(identityModel('INT64', []), async (engine) => {
      const scalar = { name: 'x', datatype: 'INT64', shape: [], data: bytesOf(BigInt64Array.of(7n)) } as const
      expect(await engine.infer([scalar], undefined, PATIENT)).toMatchObject([{ shape: [], datatype: 'INT64' }])
    })
  })

  test('is refused where its bytes are no values of it', async () => {
    await withEngine(identityModel('BOOL', ['n']), async (engine) => {
      const two = { name: 'x', datatype: 'BOOL', shape: [1], data: Uint8Array.of(2) } as const
      await expect(engine.infer([two], undefined, PATIENT)).rejects.toMatchObject({ code: 'VALUE_OUT_OF_RANGE' })
    })
    await withEngine(identityModel('BYTES', ['n']), async (engine) => {
      const broken = { name: 'x', datatype: 'BYTES', shape: [1], data: Uint8Array.of(1, 0, 0, 0, 0xff) } as const
      await expect(engine.infer([broken], undefined, PATIENT)).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        details: { input: 'x', reason: 'not-utf8' },
      })
      const zero = { name: 'x', datatype: 'BYTES', shape: [1], data: Uint8Array.of(1, 0, 0, 0, 0) } as const
      await expect(engine.infer([zero], undefined, PATIENT)).rejects.toMatchObject({ code: 'INPUT_UNSUPPORTED' })
    })
  })
})
