import type { RawTensor } from '@blindai/protocol'
import { describe, expect, test } from 'vitest'
import { defaultLimits } from '../../src/config-limits.ts'
import { Scheduler, type SchedulerEvent, type SchedulerLimits } from '../../src/scheduler/index.ts'
import { engineError, FakeEngines, fakeModel, settle, TENSOR } from '../fixtures/fake-engines.ts'

const MIB = 1024 * 1024

function room(limits: Partial<SchedulerLimits> = {}, sharedEngines = false, isShared = sharedEngines) {
  const engines = new FakeEngines()
  const events: SchedulerEvent[] = []
  const busy: { readonly tenant: string; readonly ms: number }[] = []
  const scheduler = new Scheduler({
    limits: { ...defaultLimits(), cores: 2, ...limits },
    sharedEngines,
    startEngine: engines.start,
    nowMs: () => performance.now(),
    onEvent: (event) => events.push(event),
    onEngineTime: (tenant, ms) => busy.push({ tenant, ms }),
  })
  const infer = (tenant: string, key: string, signal?: AbortSignal, shares = isShared): Promise<RawTensor[]> => {
    const work = scheduler.perform(
      {
        tenant,
        model: { key, source: fakeModel(key), sharedEngines: shares },
        costBytes: 4,
        ...(signal === undefined ? {} : { signal }),
      },
      (engine, options) => engine.infer([TENSOR], undefined, options),
    )
    work.catch(() => undefined)
    return work
  }
  return { busy, engines, events, scheduler, infer }
}

describe('the scheduler', () => {
  test('answers from an engine of one thread, and uses it again for the same tenant', async () => {
    const { engines, infer } = room()
    engines.onRun = (run) => run.answer()
    expect(await infer('alice', 'm')).toEqual([TENSOR])
    expect(await infer('alice', 'm')).toEqual([TENSOR])
    expect(engines.engines).toHaveLength(1)
    expect(engines.engines[0]?.limits.threads).toBe(1)
  })

  test('runs as many at once as there are cores, and lets the others wait', async () => {
    const { engines, infer } = room()
    const answers = [infer('alice', 'm'), infer('alice', 'm'), infer('alice', 'm')]
    await engines.run(1)
    await settle()
    expect(engines.runs).toHaveLength(2)
    expect(engines.engines).toHaveLength(2)
    engines.runs[0]?.answer()
    const third = await engines.run(2)
    expect(engines.engines).toHaveLength(2)
    engines.runs[1]?.answer()
    third.answer()
    expect(await Promise.all(answers)).toHaveLength(3)
  })

  test('never computes on more cores than it has, over all models', async () => {
    const { engines, infer } = room()
    for (const model of ['a', 'b', 'c', 'd']) void infer('alice', model)
    await engines.run(1)
    await settle()
    expect(engines.runs).toHaveLength(2)
  })

  test('gives no tenant an engine that has seen the input of another', async () => {
    const { engines, infer } = room()
    engines.onRun = (run) => run.answer()
    await infer('alice', 'm')
    await infer('bob', 'm')
    await infer('alice', 'm')
    expect(engines.runs.map((run) => engines.engines.indexOf(run.engine))).toEqual([0, 1, 0])
  })

  test('replaces an engine of another tenant where there is no room for two', async () => {
    const { engines, infer } = room({ maxEngines: 1 })
    engines.onRun = (run) => run.answer()
    await infer('alice', 'm')
    await infer('bob', 'm')
    expect(engines.engines.map((engine) => engine.isDead)).toEqual([true, false])
  })

  test.each([
    ['shares', 'the configuration and the owner of the model say so', true, true, 1],
    ['does not share', 'only the configuration says so', true, false, 2],
    ['does not share', 'only the owner says so', false, true, 2],
  ])('%s engines between tenants where %s', async (_does, _where, operator, owner, count) => {
    const { engines, infer } = room({}, operator, owner)
    engines.onRun = (run) => run.answer()
    await infer('alice', 'm')
    await infer('bob', 'm')
    expect(engines.engines).toHaveLength(count)
  })

  test('gives nobody for its own an engine that was shared, and shares none that was somebody’s own', async () => {
    const { engines, infer } = room({}, true)
    engines.onRun = (run) => run.answer()
    await infer('alice', 'm')
    await infer('bob', 'm', undefined, false)
    expect(engines.engines).toHaveLength(2)
    await infer('carol', 'm')
    await infer('bob', 'm', undefined, false)
    expect(engines.runs.map((run) => engines.engines.indexOf(run.engine))).toEqual([0, 1, 0, 1])
  })

  test('gives an engine that has only loaded to whoever comes first', async () => {
    const { engines, infer, scheduler } = room({}, true)
    engines.onRun = (run) => run.answer()
    await scheduler.load({ key: 'm', source: fakeModel('m') }, 'alice')
    await infer('bob', 'm', undefined, false)
    expect(engines.engines).toHaveLength(1)
    await infer('alice', 'm')
    expect(engines.engines).toHaveLength(2)
  })

  test('says for whom an engine was busy, also when the run failed', async () => {
    const { busy, engines, infer } = room()
    engines.onRun = (run) => run.answer()
    await infer('alice', 'm')
    engines.onRun = (run) => run.fail(engineError('RUN_FAILED'))
    await expect(infer('bob', 'm')).rejects.toMatchObject({ code: 'RUN_FAILED' })
    await settle()
    expect(busy.map(({ tenant }) => tenant)).toEqual(['alice', 'bob'])
    for (const { ms } of busy) expect(ms).toBeGreaterThanOrEqual(0)
  })

  test("starts another tenant's engine while one tenant's models are slow to load", async () => {
    const { engines, infer } = room()
    engines.onRun = (run) => run.answer()
    const asked: string[] = []
    const { promise: never } = Promise.withResolvers<void>()
    engines.beforeStart = async ({ sha256 }) => {
      asked.push(sha256)
      if (sha256.startsWith('slow')) await never
    }
    for (const model of ['slow-1', 'slow-2', 'slow-3']) void infer('alice', model)
    await settle()
    expect(asked).toEqual(['slow-1'])
    expect(await infer('bob', 'quick')).toEqual([TENSOR])
    await settle()
    expect(asked).toEqual(['slow-1', 'quick'])
  })

  test('lets tenants take turns', async () => {
    const { engines, infer } = room({ cores: 1 }, true)
    for (let i = 0; i < 3; i++) void infer('alice', 'm')
    const bob = infer('bob', 'm')
    ;(await engines.run(0)).answer()
    ;(await engines.run(1)).answer()
    expect(await bob).toEqual([TENSOR])
    expect(engines.runs).toHaveLength(3)
  })

  test('serves a second model although the first never rests', async () => {
    const { engines, infer } = room({ cores: 1 })
    engines.onRun = (run) => {
      if (run.engine.model.sha256 === 'busy') void infer('alice', 'busy')
      setImmediate(() => run.answer())
    }
    void infer('alice', 'busy')
    await engines.run(3)
    expect(await infer('bob', 'quiet')).toEqual([TENSOR])
    engines.onRun = (run) => run.answer()
  })

  test('refuses by name what one tenant has too much of, and what all have too much of', async () => {
    const { engines, infer } = room({ cores: 1, maxQueuedRequestsPerTenant: 2, maxQueuedRequests: 3 })
    const first = infer('alice', 'm')
    await engines.run(0)
    void infer('alice', 'm')
    void infer('alice', 'm')
    await expect(infer('alice', 'm')).rejects.toMatchObject({ code: 'TENANT_BUSY', details: { limit: 2 } })
    void infer('bob', 'm')
    await expect(infer('carol', 'm')).rejects.toMatchObject({
      code: 'SERVER_BUSY',
      details: { limit: 3, retryAfterSeconds: expect.any(Number) },
    })
    engines.runs[0]?.answer()
    await first
  })

  test('gives up a request that has waited past its deadline', async () => {
    const { engines, infer } = room({ cores: 1, requestDeadlineMs: 30 })
    void infer('alice', 'm')
    await engines.run(0)
    await expect(infer('alice', 'm')).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      details: { deadlineMs: 30 },
    })
  })

  test('gives the engine no more time than is left of the deadline', async () => {
    const { engines, infer } = room({ requestDeadlineMs: 5000 })
    void infer('alice', 'm')
    const { deadlineMs } = await engines.run(0)
    expect(deadlineMs).toBeGreaterThan(0)
    expect(deadlineMs).toBeLessThanOrEqual(5000)
  })

  test('takes a waiting request away when its client goes', async () => {
    const { engines, infer } = room({ cores: 1 })
    void infer('alice', 'm')
    const client = new AbortController()
    const waiting = infer('alice', 'm', client.signal)
    await engines.run(0)
    client.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'REQUEST_CANCELLED' })
    engines.runs[0]?.answer()
    await settle()
    expect(engines.runs).toHaveLength(1)
  })

  test('kills the engine of a request whose client went away, and does not count that as a crash', async () => {
    const { engines, infer, scheduler } = room({ cancelGraceMs: 1 })
    for (let i = 0; i < 3; i++) {
      const client = new AbortController()
      const running = infer('alice', 'm', client.signal)
      const { engine } = await engines.run(i)
      client.abort()
      await expect(running).rejects.toMatchObject({ code: 'REQUEST_CANCELLED' })
      await engine.exited
    }
    expect(scheduler.isQuarantined('m', 'alice')).toBe(false)
    engines.onRun = (run) => run.answer()
    expect(await infer('alice', 'm')).toEqual([TENSOR])
  })

  test('lets a run end within the grace although its client went, and keeps the engine', async () => {
    const { engines, infer } = room({ cancelGraceMs: 10_000 })
    const client = new AbortController()
    const running = infer('alice', 'm', client.signal)
    const run = await engines.run(0)
    client.abort()
    await expect(running).rejects.toMatchObject({ code: 'REQUEST_CANCELLED' })
    run.answer()
    await settle()
    engines.onRun = (next) => next.answer()
    await infer('alice', 'm')
    expect(engines.engines).toHaveLength(1)
  })

  test('kills the engine of a run that failed by its deadline', async () => {
    const { engines, infer } = room()
    const running = infer('alice', 'm')
    const run = await engines.run(0)
    run.fail(engineError('DEADLINE_EXCEEDED'))
    await expect(running).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    await settle()
    expect(run.engine.isDead).toBe(true)
  })

  test('keeps an engine that refused an input', async () => {
    const { engines, infer } = room()
    const refused = infer('alice', 'm')
    ;(await engines.run(0)).fail(engineError('INPUT_INVALID'))
    await expect(refused).rejects.toMatchObject({ code: 'INPUT_INVALID' })
    engines.onRun = (run) => run.answer()
    await infer('alice', 'm')
    expect(engines.engines).toHaveLength(1)
  })
})

describe('an engine that dies', () => {
  test('fails the request that it ran, by name, and no other; the next gets a new engine', async () => {
    const { engines, infer } = room({ cores: 1 })
    const died = infer('alice', 'm')
    const waits = infer('alice', 'm')
    const run = await engines.run(0)
    engines.onRun = (next) => next.answer()
    run.engine.die()
    await expect(died).rejects.toMatchObject({ code: 'ENGINE_CRASHED' })
    expect(await waits).toEqual([TENSOR])
    expect(engines.engines).toHaveLength(2)
  })

  test('twice quarantines the model for that tenant until it is lifted', async () => {
    const { engines, events, infer, scheduler } = room()
    engines.onRun = (run) => run.engine.die()
    await expect(infer('alice', 'm')).rejects.toMatchObject({ code: 'ENGINE_CRASHED' })
    await expect(infer('alice', 'm')).rejects.toMatchObject({ code: 'ENGINE_CRASHED' })
    await expect(infer('alice', 'm')).rejects.toMatchObject({ code: 'MODEL_QUARANTINED', details: { crashes: 2 } })
    expect(engines.engines).toHaveLength(2)
    expect(events).toContainEqual({ event: 'model-quarantined', model: 'm' })
    engines.onRun = (run) => run.answer()
    expect(await infer('bob', 'm')).toEqual([TENSOR])
    scheduler.clearQuarantine('m')
    expect(await infer('alice', 'm')).toEqual([TENSOR])
  })

  test('is not what a run with too large an output is: nothing is counted, and the engine goes on', async () => {
    const { engines, infer, scheduler } = room()
    engines.onRun = (run) => run.fail(engineError('OUTPUT_TOO_LARGE'))
    for (let i = 0; i < 3; i++) await expect(infer('alice', 'm')).rejects.toMatchObject({ code: 'OUTPUT_TOO_LARGE' })
    expect(scheduler.isQuarantined('m', 'alice')).toBe(false)
    expect(engines.living).toHaveLength(1)
  })

  test('while it waits for work is only replaced', async () => {
    const { engines, events, infer, scheduler } = room()
    engines.onRun = (run) => run.answer()
    for (let i = 0; i < 3; i++) {
      await infer('alice', 'm')
      engines.engines[i]?.die()
      await settle()
    }
    expect(scheduler.isQuarantined('m', 'alice')).toBe(false)
    expect(events).toContainEqual({ event: 'engine-stopped', model: 'm', reason: 'exited' })
  })

  test('while it starts fails those who wait for it, once each', async () => {
    const { engines, infer } = room()
    engines.beforeStart = async () => {
      throw engineError('ENGINE_CRASHED')
    }
    const waiting = [infer('alice', 'm'), infer('alice', 'm')]
    for (const request of waiting) await expect(request).rejects.toMatchObject({ code: 'ENGINE_CRASHED' })
  })
})

describe('memory for engines', () => {
  const SLOT = 112 * MIB + 256 * MIB + 3000

  test('is made by stopping the engine that was idle longest', async () => {
    const { engines, infer, scheduler } = room({ enginesMemoryBytes: 2 * SLOT })
    engines.onRun = (run) => run.answer()
    for (const model of ['a', 'b', 'a', 'c']) {
      await infer('alice', model)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    expect(engines.living.map((engine) => engine.model.sha256)).toEqual(['a', 'c'])
    expect(scheduler.engines).toBe(2)
  })

  test('never suffices for a model that alone needs more', async () => {
    const { infer } = room({ enginesMemoryBytes: SLOT - 1 })
    await expect(infer('alice', 'm')).rejects.toMatchObject({ code: 'MODEL_NEEDS_MORE_MEMORY' })
  })

  test('is given back when an engine has been idle for long', async () => {
    const { engines, infer } = room({ engineIdleMs: 20 })
    engines.onRun = (run) => run.answer()
    await infer('alice', 'm')
    await engines.engines[0]?.exited
    expect(engines.living).toHaveLength(0)
  })
})

describe('a model that is loaded to see whether it works', () => {
  const model = { key: 'm', source: fakeModel('m') }

  test('is described, and its engine serves whoever asks first', async () => {
    const { engines, infer, scheduler } = room()
    engines.onRun = (run) => run.answer()
    expect(await scheduler.load(model, 'alice')).toMatchObject({ inputs: [{ name: 'x' }] })
    await infer('bob', 'm')
    expect(engines.engines).toHaveLength(1)
    await infer('alice', 'm')
    expect(engines.engines).toHaveLength(2)
  })

  test('fails with what the engine says of it', async () => {
    const { engines, scheduler } = room()
    engines.beforeStart = async () => {
      throw engineError('MODEL_REFUSED')
    }
    await expect(scheduler.load(model, 'alice')).rejects.toMatchObject({ code: 'MODEL_REFUSED' })
    expect(scheduler.engines).toBe(0)
  })
})

describe('a model that is deleted', () => {
  test('takes its engines and its requests with it', async () => {
    const { engines, infer, scheduler } = room({ cores: 1 })
    const running = infer('alice', 'm')
    const waiting = infer('alice', 'm')
    await engines.run(0)
    const error = new RangeError('gone')
    await scheduler.release('m', error)
    await expect(running).rejects.toBe(error)
    await expect(waiting).rejects.toBe(error)
    expect(engines.living).toHaveLength(0)
  })

  test('while its engine starts leaves none behind', async () => {
    const { engines, infer, scheduler } = room()
    const { promise, resolve } = Promise.withResolvers<void>()
    engines.beforeStart = () => promise
    const waiting = infer('alice', 'm')
    const released = scheduler.release('m', new RangeError('gone'))
    resolve()
    await released
    await expect(waiting).rejects.toThrow('gone')
    expect(engines.living).toHaveLength(0)
    expect(scheduler.engines).toBe(0)
  })
})

describe('a tenant that is deleted', () => {
  test('takes the engines that served it and its requests with it, and nobody else’s', async () => {
    const { engines, infer, scheduler } = room({ cores: 2 })
    engines.onRun = (run) => run.answer()
    await infer('bob', 'm')
    engines.onRun = () => undefined
    const running = infer('alice', 'm')
    const waiting = infer('alice', 'other')
    await engines.run(1)
    const error = new RangeError('gone')
    await scheduler.releaseTenant('alice', error)
    await expect(running).rejects.toBe(error)
    await expect(waiting).rejects.toBe(error)
    expect(engines.living).toHaveLength(1)
    engines.onRun = (run) => run.answer()
    await infer('bob', 'm')
    expect(engines.runs.map((run) => engines.engines.indexOf(run.engine))).toContain(0)
    expect(engines.runs.at(-1)?.engine).toBe(engines.engines[0])
  })
})

describe('a tenant that is deleted, where engines are shared,', () => {
  test('takes those with it on which only it runs, and nobody else’s', async () => {
    const { engines, infer, scheduler } = room({ cores: 2 }, true)
    const others = infer('bob', 'm')
    const its = infer('alice', 'm')
    await engines.run(1)
    const error = new RangeError('gone')
    await scheduler.releaseTenant('alice', error)
    await expect(its).rejects.toBe(error)
    expect(engines.living).toEqual([engines.runs[0]?.engine])
    expect(scheduler.engines).toBe(1)
    engines.runs[0]?.answer()
    expect(await others).toEqual([TENSOR])
  })

  test('leaves no quarantine to the next of its name', async () => {
    const { engines, infer, scheduler } = room()
    for (const tenant of ['alice', 'bob']) {
      for (let crash = 0; crash < 2; crash++) {
        engines.onRun = (run) => run.engine.die()
        await expect(infer(tenant, 'm')).rejects.toMatchObject({ code: 'ENGINE_CRASHED' })
        await settle()
      }
    }
    await scheduler.releaseTenant('alice', new RangeError('gone'))
    expect(scheduler.isQuarantined('m', 'alice')).toBe(false)
    expect(scheduler.isQuarantined('m', 'bob')).toBe(true)
  })
})

describe('a tenant that is deleted and made again', () => {
  test('is charged for no run, no load and no crash of the one before', async () => {
    const { busy, engines, infer, scheduler } = room({ cores: 3 }, true)
    const loading = Promise.withResolvers<void>()
    const its = infer('alice', 'm')
    await engines.run(0)
    engines.beforeStart = () => loading.promise
    const loads = ['n', 'o'].map((key) => scheduler.load({ key, source: fakeModel(key) }, 'alice'))
    await settle()
    await scheduler.releaseTenant('alice', new RangeError('gone'))
    await expect(its).rejects.toThrow('gone')
    loading.resolve()
    await Promise.all(loads)
    for (let crash = 0; crash < 3; crash++) {
      engines.beforeStart = async () => {
        await scheduler.releaseTenant('alice', new RangeError('gone'))
        throw engineError('ENGINE_CRASHED')
      }
      const load = scheduler.load({ key: 'p', source: fakeModel('p') }, 'alice')
      await expect(load).rejects.toMatchObject({ code: 'ENGINE_CRASHED' })
    }
    expect(busy).toEqual([])
    expect(scheduler.isQuarantined('p', 'alice')).toBe(false)
  })
})

describe('a scheduler that is closed', () => {
  test('finishes what it has, takes nothing new and leaves no engine', async () => {
    const { engines, infer, scheduler } = room()
    const running = infer('alice', 'm')
    const run = await engines.run(0)
    const closed = scheduler.close(10_000)
    await expect(infer('alice', 'm')).rejects.toMatchObject({ code: 'SERVER_DRAINING' })
    run.answer()
    expect(await running).toEqual([TENSOR])
    await closed
    expect(engines.living).toHaveLength(0)
  })

  test('fails what does not end in time', async () => {
    const { engines, infer, scheduler } = room()
    const running = infer('alice', 'm')
    await engines.run(0)
    await scheduler.close(1)
    await expect(running).rejects.toMatchObject({ code: 'SERVER_DRAINING' })
    expect(engines.living).toHaveLength(0)
  })
})
