import type { Session } from '@blindai/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Served, serve } from '../support/served.ts'
import { type EngineProcess, HAS_PROC, innermost, processesBelow } from './engine-processes.ts'
import { DOUBLES, ENDLESS, loopInputs, loopWhileGo, numbers } from './models.ts'
import { whileServing } from './serving-on.ts'

const TIMEOUT_MS = 120_000
/** A processor at work for this long is in a run, and not on the way to one. */
const BUSY_TICKS = 30

if (!HAS_PROC && (process.env.BLINDAI_REQUIRE ?? '').split(',').includes('faults')) {
  throw new Error('BLINDAI_REQUIRE names faults, and there is no /proc to find engines in')
}

const CRASHED = { family: 'retry', code: 'ENGINE_CRASHED', details: { status: 500 } }
const QUARANTINED = { family: 'fix', code: 'MODEL_QUARANTINED', details: { status: 409 } }

let served: Served
let alice: Session
let bob: Session

beforeAll(async () => {
  served = await serve({ tenants: ['alice', 'bob'], limits: { cores: 2, requestDeadlineMs: 60_000 } })
  alice = await served.connect('alice')
  bob = await served.connect('bob')
})
afterAll(() => served?.close())

/** The processes that are there now, and were not before: those of an engine, while nobody else starts one. */
function watchForEngine(): () => readonly EngineProcess[] {
  const before = new Set(processesBelow().map(({ pid }) => pid))
  return () => processesBelow().filter(({ pid }) => !before.has(pid))
}

/** Resolves when an engine computes. */
async function computing(engine: () => readonly EngineProcess[]): Promise<void> {
  const ticks = (): number => engine().reduce((sum, process) => sum + process.ticks, 0)
  const before = ticks()
  await expect.poll(() => ticks() - before, { timeout: 60_000 }).toBeGreaterThan(BUSY_TICKS)
}

/** Starts a run without end on a model whose engine is at hand, and kills one of its processes in the run. */
async function killInRun(
  model: string,
  choose: (engine: readonly EngineProcess[]) => EngineProcess | undefined,
): Promise<unknown> {
  const engine = watchForEngine()
  await alice.infer(model, loopInputs(false))
  const outcome = alice.infer(model, loopInputs(true)).catch((error: unknown) => error)
  await computing(engine)
  const victim = choose(engine())
  if (victim === undefined) throw new Error('the engine has no process')
  process.kill(victim.pid, 'SIGKILL')
  return outcome
}

/** The engine itself, behind all that surrounds it. */
function itself(engine: readonly EngineProcess[]): EngineProcess | undefined {
  return innermost(engine)[0]
}

/** The process that the server started: the engine's outermost shell, where there is one. */
function shell(engine: readonly EngineProcess[]): EngineProcess | undefined {
  return engine.find(({ parent }) => parent === process.pid)
}

async function uploadLoop(name: string): Promise<string> {
  const { sha256 } = await alice.models.upload(loopWhileGo(name), { name })
  // The engine that loaded it is stopped, so that the next one is known by who starts it.
  await killIdle(innermost(processesBelow()))
  return sha256
}

/**
 * Kills engines that are in no run, and resolves when the server has noticed. A request that came before would be one whose
 * engine died in its run.
 */
async function killIdle(victims: readonly (EngineProcess | undefined)[]): Promise<void> {
  const stopped = (): number => served.events.filter(({ event }) => event === 'engine-stopped').length
  const expected = stopped() + victims.length
  for (const victim of victims) process.kill(victim?.pid ?? Number.NaN, 'SIGKILL')
  await expect.poll(stopped, { timeout: 30_000 }).toBe(expected)
}

describe.skipIf(!HAS_PROC)('an engine that is killed with SIGKILL in a run', () => {
  test.each([
    ['by itself', itself],
    ['with the shell around it', shell],
  ])(
    '%s fails its caller by name; the next request works, and nobody else notices',
    { timeout: TIMEOUT_MS },
    async (name, choose) => {
      const model = `killed-${name.replaceAll(' ', '-')}`
      await uploadLoop(model)
      await whileServing(bob, async (other) => {
        expect(await killInRun(model, choose)).toMatchObject(CRASHED)
        await other.more(3)
        expect((await alice.infer(model, loopInputs(false))).outputs).toMatchObject([{ data: Float32Array.of(7) }])
      })
    },
  )

  test('between two runs fails nobody', { timeout: TIMEOUT_MS }, async () => {
    await uploadLoop('idle')
    await whileServing(bob, async () => {
      for (let n = 0; n < 3; n++) {
        const engine = watchForEngine()
        await alice.infer('idle', loopInputs(false))
        await killIdle([itself(engine())])
      }
      expect((await alice.infer('idle', loopInputs(false))).outputs).toMatchObject([{ data: Float32Array.of(7) }])
    })
  })
})

describe.skipIf(!HAS_PROC)('an engine that is killed with SIGKILL while it loads', () => {
  test('fails the upload by name, and leaves nothing of the model', { timeout: TIMEOUT_MS }, async () => {
    await whileServing(bob, async () => {
      const before = await alice.models.list()
      const engine = watchForEngine()
      const upload = alice.models.upload(ENDLESS).catch((error: unknown) => error)
      await computing(engine)
      for (const { pid } of engine()) process.kill(pid, 'SIGKILL')
      expect(await upload).toMatchObject(CRASHED)
      expect(await alice.models.list()).toEqual(before)
    })
  })
})

describe.skipIf(!HAS_PROC)('a run without end whose client goes away', () => {
  test('is ended with its engine, so that the next request finds room', { timeout: TIMEOUT_MS }, async () => {
    await uploadLoop('forsaken')
    await whileServing(bob, async () => {
      const engine = watchForEngine()
      await alice.infer('forsaken', loopInputs(false))
      const controller = new AbortController()
      const run = alice
        .infer('forsaken', loopInputs(true), { signal: controller.signal })
        .catch((error: unknown) => error)
      await computing(engine)
      controller.abort(new Error('gone'))
      expect(await run).toMatchObject({ message: 'gone' })
      await expect.poll(engine, { timeout: 30_000 }).toEqual([])
      expect((await alice.infer('forsaken', loopInputs(false))).outputs).toMatchObject([{ data: Float32Array.of(7) }])
    })
  })
})

describe.skipIf(!HAS_PROC)('a model whose engine dies twice', () => {
  test('is set aside by name for its caller; other models, and other callers of it, are not', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const sha256 = await uploadLoop('unlucky')
    await alice.models.upload(DOUBLES, { name: 'doubles' })
    await alice.models.grant('unlucky', 'bob')
    await whileServing(bob, async (other) => {
      for (let n = 0; n < 2; n++) expect(await killInRun('unlucky', itself)).toMatchObject(CRASHED)
      await expect(alice.infer('unlucky', loopInputs(false))).rejects.toMatchObject(QUARANTINED)
      await expect(alice.infer(sha256, loopInputs(false))).rejects.toMatchObject(QUARANTINED)
      const ready = await alice.fetch('/v2/models/unlucky/ready')
      expect({ status: ready.status, body: await ready.json() }).toMatchObject({ status: 503, body: { ready: false } })

      expect((await alice.infer('doubles', [numbers(4)])).outputs).toMatchObject([{ data: Float32Array.of(8) }])
      expect((await bob.infer(sha256, loopInputs(false))).outputs).toMatchObject([{ data: Float32Array.of(7) }])
      await other.more(3)
    })
    expect(served.events).toContainEqual({ event: 'model-quarantined', model: sha256 })
  })

  test('serves again when its owner uploads it again and it loads', { timeout: TIMEOUT_MS }, async () => {
    await uploadLoop('second-chance')
    for (let n = 0; n < 2; n++) expect(await killInRun('second-chance', itself)).toMatchObject(CRASHED)
    await expect(alice.infer('second-chance', loopInputs(false))).rejects.toMatchObject(QUARANTINED)
    await alice.models.upload(loopWhileGo('second-chance'))
    expect((await alice.infer('second-chance', loopInputs(false))).outputs).toMatchObject([
      { data: Float32Array.of(7) },
    ])
  })
})
