import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type Engine, startEngine, unwalled, type Wall } from '../../src/runtime/host/index.ts'
import { LIMITS, onnx, PATIENT } from './fixtures/samples.ts'

const PROGRAM = fileURLToPath(new URL('./fixtures/lying-engine.ts', import.meta.url))
const lying: Wall = {
  ...unwalled(),
  spawn: (program) => unwalled().spawn({ ...program, program: PROGRAM }),
}

function startLiar(lie: string): Promise<Engine> {
  return startEngine({ ...onnx(new Uint8Array(8)), task: lie }, LIMITS, lying)
}

/** The fixture's input is of one shape unless a lie is told of it. */
const LARGE = { name: 'x', datatype: 'FP32', shape: [4 * 1024 * 1024] } as const
const HASTY = { deadlineMs: 1500 }
const INPUT = { name: 'x', datatype: 'FP32', shape: [2], data: new Uint8Array(8) } as const

describe('an engine that answers with', () => {
  test.for([
    'another output',
    'another datatype',
    'too few outputs',
    'too many outputs',
    'too few bytes',
    'a shape beyond all numbers',
    'a frame of a terabyte',
    'a frame of another kind',
    'a frame of no kind',
    'labels for tensors',
    'a failure of no kind',
    'a failure that quotes',
  ])('%s is killed, and its caller told', async (lie) => {
    const engine = await startLiar(lie)
    await expect(engine.infer([INPUT], undefined, PATIENT)).rejects.toMatchObject({
      code: 'ENGINE_CRASHED',
      details: { phase: 'run', signal: 'SIGKILL' },
    })
    expect(await engine.exited).toMatchObject({ reason: 'protocol' })
  })

  test('two answers is killed for the second', async () => {
    const engine = await startLiar('two answers')
    await expect(engine.infer([INPUT], undefined, PATIENT)).resolves.toHaveLength(1)
    expect(await engine.exited).toMatchObject({ reason: 'protocol' })
  })

  test('no answer has crashed', async () => {
    const engine = await startLiar('no answer')
    await expect(engine.infer([INPUT], undefined, PATIENT)).rejects.toMatchObject({
      code: 'ENGINE_CRASHED',
      details: { exitCode: 0, signal: null },
    })
  })

  test('an answer to what it has not read is killed at the deadline, and nothing is kept for it', async () => {
    const engine = await startLiar('an answer to what it has not read')
    const large = { ...LARGE, data: new Uint8Array(16 * 1024 * 1024) }
    await expect(engine.infer([large], undefined, HASTY)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    expect(await engine.exited).toMatchObject({ reason: 'deadline' })
  })

  test('a flood of last words is killed at the deadline all the same', async () => {
    const engine = await startLiar('a flood of last words')
    await expect(engine.infer([INPUT], undefined, HASTY)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    expect(await engine.exited).toMatchObject({ reason: 'deadline' })
  })

  test('its last words on memory has run out of it', async () => {
    const engine = await startLiar('its last words')
    await expect(engine.infer([INPUT], undefined, PATIENT)).rejects.toMatchObject({
      code: 'ENGINE_OUT_OF_MEMORY',
      details: { phase: 'run', memoryBudgetBytes: LIMITS.memoryBudgetBytes },
    })
  })

  test.for(['a name twice', 'a datatype of its own', 'more rows than any', 'a reason that quotes'])(
    '%s in its description is not started',
    async (lie) => {
      await expect(startLiar(lie)).rejects.toMatchObject({ code: 'ENGINE_CRASHED', details: { phase: 'load' } })
    },
  )
})
