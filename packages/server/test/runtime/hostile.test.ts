import { concatBytes } from '@blindai/core'
import { beforeAll, describe, expect, test } from 'vitest'
import { buildWall, startEngine, type Wall } from '../../src/runtime/host/index.ts'
import { endlessModel, field, graph, identityModel, model, node } from './fixtures/onnx-writer.ts'
import { bundle, bytesOf, LIMITS, onnx, PATIENT, sample, sampleFolder } from './fixtures/samples.ts'

let wall: Wall
beforeAll(async () => {
  wall = await buildWall()
})

const MIB = 1024 * 1024
const ONE = { datatype: 'FP32', shape: [1], data: bytesOf(Float32Array.of(1)) } as const

describe('a file of nine kilobytes that wants 650 megabytes', () => {
  test('is refused for its memory when its budget is small', async () => {
    const limits = { ...LIMITS, memoryBudgetBytes: 64 * MIB }
    await expect(startEngine(onnx(sample('models/light/light_vgg19.onnx')), limits, wall)).rejects.toMatchObject({
      code: 'MODEL_NEEDS_MORE_MEMORY',
      details: { memoryBudgetBytes: 64 * MIB },
    })
  })
})

describe('a model that asks for more memory with a larger input', () => {
  test('fails by name, and answers a smaller input after that', async () => {
    // y = x · 1 grown to n × n by broadcasting.
    const bytes = model(
      graph({
        nodes: [node('Mul', ['column', 'row'], ['y'])],
        inputs: [
          { name: 'column', datatype: 'FP32', shape: ['n', 1] },
          { name: 'row', datatype: 'FP32', shape: [1, 'n'] },
        ],
        outputs: [{ name: 'y', datatype: 'FP32', shape: ['n', 'm'] }],
      }),
    )
    const engine = await startEngine(onnx(bytes), { ...LIMITS, memoryBudgetBytes: 64 * MIB }, wall)
    const inputs = (n: number) => {
      const data = new Uint8Array(4 * n)
      return [
        { name: 'column', datatype: 'FP32' as const, shape: [n, 1], data },
        { name: 'row', datatype: 'FP32' as const, shape: [1, n], data },
      ]
    }
    await expect(engine.infer(inputs(30_000), undefined, PATIENT)).rejects.toMatchObject({
      code: 'MODEL_NEEDS_MORE_MEMORY',
    })
    await expect(engine.infer(inputs(3), undefined, PATIENT)).resolves.toMatchObject([{ shape: [3, 3] }])
    // An input for which there is no room at all is passed over.
    await expect(engine.infer(inputs(40_000_000), undefined, PATIENT)).rejects.toMatchObject({
      code: 'MODEL_NEEDS_MORE_MEMORY',
    })
    await expect(engine.infer(inputs(4), undefined, PATIENT)).resolves.toMatchObject([{ shape: [4, 4] }])
    await engine.kill()
  })
})

describe('a model that never ends', () => {
  test('is killed at its deadline; the engine says so, and is gone', async () => {
    const engine = await startEngine(onnx(endlessModel()), LIMITS, wall)
    const start = { name: 'start', datatype: 'BOOL', shape: [], data: Uint8Array.of(1) } as const
    const run = engine.infer([start, { name: 'x', ...ONE }], undefined, { deadlineMs: 300 })
    const next = engine.infer([start, { name: 'x', ...ONE }], undefined, PATIENT)
    await expect(run).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', details: { phase: 'run', deadlineMs: 300 } })
    await expect(next).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    expect(await engine.exited).toMatchObject({ reason: 'deadline' })
  })

  test('ends well when it is told to stop', async () => {
    const engine = await startEngine(onnx(endlessModel()), LIMITS, wall)
    const stop = { name: 'start', datatype: 'BOOL', shape: [], data: Uint8Array.of(0) } as const
    await expect(engine.infer([stop, { name: 'x', ...ONE }], undefined, PATIENT)).resolves.toHaveLength(1)
    await engine.kill()
  })
})

describe('an engine that is killed from outside in a run', () => {
  test('is a crash, by name', async () => {
    const child: { pid: number | undefined } = { pid: undefined }
    const watched: Wall = {
      ...wall,
      spawn(program) {
        const spawned = wall.spawn(program)
        child.pid = spawned.pid
        return spawned
      },
    }
    const engine = await startEngine(onnx(endlessModel()), LIMITS, watched)
    const start = { name: 'start', datatype: 'BOOL', shape: [], data: Uint8Array.of(1) } as const
    const run = engine.infer([start, { name: 'x', ...ONE }], undefined, PATIENT)
    run.catch(() => undefined)
    process.kill(child.pid ?? 0, 'SIGKILL')
    await expect(run).rejects.toMatchObject({ code: 'ENGINE_CRASHED', details: { phase: 'run', signal: 'SIGKILL' } })
    expect(await engine.exited).toMatchObject({ reason: 'crashed', signal: 'SIGKILL' })
  })

  test('and one that is stopped is no crash', async () => {
    const engine = await startEngine(onnx(identityModel('FP32', [1])), LIMITS, wall)
    await engine.kill()
    await expect(engine.infer([{ name: 'x', ...ONE }], undefined, PATIENT)).rejects.toMatchObject({
      code: 'ENGINE_STOPPED',
    })
  })
})

describe('what is no model', () => {
  const mnist = sample('models/mnist.onnx')
  test.for<[string, Uint8Array, string, string | undefined]>([
    ['nothing', new Uint8Array(0), 'MODEL_INVALID', 'empty'],
    ['a text', new TextEncoder().encode('hello, this is no model'), 'MODEL_INVALID', undefined],
    ['a model cut short', mnist.subarray(0, mnist.byteLength - 1000), 'MODEL_INVALID', 'not-protobuf'],
    ['a model with bytes behind it', concatBytes(mnist, Uint8Array.of(0, 0)), 'MODEL_INVALID', 'not-protobuf'],
    ['an unknown operator', model(graph({ nodes: [node('Frobnicate', [], ['y'])] })), 'MODEL_INVALID', 'onnx-runtime'],
  ])('is refused: %s', async ([, bytes, code, reason]) => {
    const details = reason === undefined ? {} : { reason }
    await expect(startEngine(onnx(bytes), LIMITS, wall)).rejects.toMatchObject({ code, details })
  })

  test('is refused: weights in another file', async () => {
    const outside = concatBytes(field(8, 'w'), field(13, field(1, 'location'), field(2, '/etc/passwd')))
    const bytes = model(graph({ nodes: [node('Identity', ['w'], ['y'])], initializers: [outside] }))
    await expect(startEngine(onnx(bytes), LIMITS, wall)).rejects.toMatchObject({
      code: 'MODEL_REFUSED',
      details: { reason: 'external-data' },
    })
  })

  test('is refused: a bundle without its graph, or with a task that it is not made for', async () => {
    const files = sampleFolder('models/sms-spam-bert')
    await expect(startEngine(bundle(files, 'image-classification'), LIMITS, wall)).rejects.toMatchObject({
      code: 'TASK_UNSUPPORTED',
    })
    await expect(startEngine(bundle(files, 'text-generation'), LIMITS, wall)).rejects.toMatchObject({
      code: 'TASK_UNSUPPORTED',
      details: { reason: 'task-unknown' },
    })
    files.delete('onnx/model.onnx')
    await expect(startEngine(bundle(files, 'text-classification'), LIMITS, wall)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      details: { reason: 'bundle-without-model' },
    })
  })

  test('is refused: a bare model with a task', async () => {
    await expect(startEngine({ ...onnx(mnist), task: 'image-classification' }, LIMITS, wall)).rejects.toMatchObject({
      code: 'TASK_UNSUPPORTED',
      details: { reason: 'task-needs-a-bundle' },
    })
  })
})

describe('a start that does not come to its end', () => {
  test('leaves nothing when it is aborted', async () => {
    const abort = new AbortController()
    const source = onnx(sample('models/mnist.onnx'))
    const stalled = {
      ...source,
      async *read() {
        for await (const chunk of source.read()) {
          yield chunk.subarray(0, 10)
          abort.abort(new RangeError('nobody wants it any more'))
          await new Promise<never>(() => undefined)
        }
      },
    }
    await expect(startEngine(stalled, LIMITS, wall, abort.signal)).rejects.toThrow('nobody wants it any more')
  })

  test('ends at its deadline when the bytes do not come', async () => {
    const source = onnx(sample('models/mnist.onnx'))
    const silent = {
      ...source,
      async *read(): AsyncGenerator<Uint8Array> {
        await new Promise<never>(() => undefined)
      },
    }
    await expect(startEngine(silent, { ...LIMITS, loadDeadlineMs: 300 }, wall)).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      details: { phase: 'load', deadlineMs: 300 },
    })
  })

  test('is the mistake of a repository that gives other bytes than it said', async () => {
    const source = onnx(sample('models/mnist.onnx'))
    await expect(startEngine({ ...source, sizeBytes: 10 }, LIMITS, wall)).rejects.toThrow(RangeError)
  })
})
