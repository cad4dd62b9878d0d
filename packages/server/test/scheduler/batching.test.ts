import type { RawTensor } from '@blindai/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defaultLimits } from '../../src/config-limits.ts'
import { Batch } from '../../src/scheduler/batch.ts'
import { type JobTensors, Scheduler, type SchedulerLimits } from '../../src/scheduler/index.ts'
import { DESCRIPTION, engineError, FakeEngines, fakeModel, settle, TENSOR } from '../fixtures/fake-engines.ts'

/** What a test says of the scheduler and the model; batches are allowed unless it says otherwise. */
interface Setting {
  readonly limits?: Partial<SchedulerLimits>
  readonly shared?: boolean
  readonly ownerShares?: boolean
  readonly operatorAllows?: boolean
  readonly ownerAllows?: boolean
  readonly maxRows?: number | 'not proven'
}

function room(setting: Setting = {}) {
  const { limits = {}, shared = false, operatorAllows = false, maxRows = 8 } = setting
  const { ownerShares = shared, ownerAllows = false } = setting
  const engines = new FakeEngines()
  engines.description =
    maxRows === 'not proven'
      ? { ...DESCRIPTION, rows: { reason: 'over-rows', operator: 'Softmax' } }
      : { ...DESCRIPTION, rows: { maxRows } }
  const charged: string[] = []
  const scheduler = new Scheduler({
    limits: { ...defaultLimits(), cores: 1, maxBatchElements: 1000, cancelGraceMs: 0, ...limits },
    sharedEngines: shared,
    crossTenantBatching: operatorAllows,
    startEngine: engines.start,
    nowMs: () => performance.now(),
    onEvent: () => undefined,
    onEngineTime: (tenant) => charged.push(tenant),
  })
  const executions: number[] = []
  const infer = (tenant: string, tensors: JobTensors = numbers([1, 4]), signal?: AbortSignal): Promise<RawTensor[]> => {
    const owner = { sharedEngines: ownerShares, allowsCrossTenantBatches: ownerAllows }
    const model = { key: 'm', source: fakeModel('m'), ...owner }
    const work = scheduler.perform(
      { tenant, model, costBytes: 4, tensors, ...(signal === undefined ? {} : { signal }) },
      (engine, options) => {
        executions.push(options.executions)
        return engine.infer(tensors.inputs, tensors.outputs, options)
      },
    )
    work.catch(() => undefined)
    return work
  }
  /** The next run that has begun, taken off the list. */
  const next = async () => {
    const run = await engines.run(0)
    engines.runs.shift()
    return run
  }
  /** Keeps the one engine busy; what is asked for meanwhile gathers. Lets `use` answer what was gathered. */
  const gather = async (ask: () => readonly Promise<unknown>[]) => {
    const first = infer('alice', numbers([1, 99]))
    const busy = await next()
    const asked = ask()
    busy.answer()
    await first
    return asked
  }
  return { charged, engines, executions, scheduler, infer, next, gather }
}

function numbers(shape: readonly number[], outputs?: readonly string[]): JobTensors {
  const count = shape.reduce((all, length) => all * length, 1)
  return { inputs: [{ name: 'x', datatype: 'FP32', shape, data: new Uint8Array(4 * count) }], outputs }
}

const ANSWER = [TENSOR]

describe('requests that wait for the same engine', () => {
  test('are computed together, the first time of their shape alone as well, and answered alike', async () => {
    const { gather, infer, next, executions } = room()
    const asked = await gather(() => [infer('alice'), infer('alice'), infer('alice')])
    const together = await next()
    expect(together.requests).toBe(3)
    together.answer(ANSWER)
    for (let i = 0; i < 3; i++) {
      const alone = await next()
      expect(alone.requests).toBe(1)
      alone.answer(ANSWER)
    }
    expect(await Promise.all(asked)).toEqual([ANSWER, ANSWER, ANSWER])

    const again = await gather(() => [infer('alice'), infer('alice'), infer('alice')])
    const second = await next()
    expect(second.requests).toBe(3)
    second.answer(ANSWER)
    expect(await Promise.all(again)).toEqual([ANSWER, ANSWER, ANSWER])
    expect(executions).toEqual([1, 1, 1, 1, 1, 1, 0, 0])
  })

  test('are never batched again when one bit differs from the answer alone, which is the one that is given', async () => {
    const { gather, infer, next, scheduler } = room()
    const asked = await gather(() => [infer('alice'), infer('alice')])
    ;(await next()).answer(ANSWER)
    const exact = [{ ...TENSOR, data: Uint8Array.of(0, 0, 0, 1) }]
    ;(await next()).answer(exact)
    ;(await next()).answer(exact)
    expect(await Promise.all(asked)).toEqual([exact, exact])
    expect(scheduler.rowsOf('m')).toEqual({ reason: 'rounding' })
    await gather(() => [infer('alice'), infer('alice')])
    expect((await next()).requests).toBe(1)
  })

  test.for<[string, Setting, readonly JobTensors[], number]>([
    ['of another length', {}, [numbers([1, 4]), numbers([1, 5])], 1],
    ['of other outputs', {}, [numbers([1, 4], ['y']), numbers([1, 4])], 1],
    ['with more rows than were compared', { maxRows: 3 }, [numbers([2, 4]), numbers([2, 4])], 1],
    ['with more elements than a batch may have', { limits: { maxBatchElements: 9 } }, [numbers([1, 4]), numbers([1, 4]), numbers([1, 4])], 2],
    ['for a model that was not proven', { maxRows: 'not proven' }, [numbers([1, 4]), numbers([1, 4])], 1],
    ['where there are no batches', { limits: { maxBatchElements: 0 } }, [numbers([1, 4]), numbers([1, 4])], 1],
    ['with several rows each', { maxRows: 5 }, [numbers([2, 4]), numbers([3, 4])], 2],
  ])('are computed apart or together, as they are %s', async ([, setting, tensors, expected]) => {
    const { gather, infer, next } = room(setting)
    await gather(() => tensors.map((each) => infer('alice', each)))
    expect((await next()).requests).toBe(expected)
  }) // biome-ignore format: a table

  test('of similar length go together, whatever came in between', async () => {
    const { gather, infer, next } = room()
    await gather(() => [5, 4, 5, 4, 5].map((length) => infer('alice', numbers([1, length]))))
    expect((await next()).inputs.map(({ shape }) => shape[1])).toEqual([5, 5, 5])
  })

  test('are divided between engines that are free', async () => {
    const { engines, infer } = room({ limits: { cores: 2 } })
    engines.onRun = (run) => run.answer()
    await Promise.all([infer('alice', numbers([1, 99])), infer('alice', numbers([1, 98]))])
    await settle()
    expect(engines.engines).toHaveLength(2)
  })
})

describe('a request in a batch', () => {
  test('fails alone when the batch fails and the engine lives', async () => {
    const { gather, infer, next } = room()
    const asked = await gather(() => [infer('alice'), infer('alice')])
    ;(await next()).fail(engineError('RUN_FAILED'))
    ;(await next()).fail(engineError('RUN_FAILED'))
    ;(await next()).answer(ANSWER)
    expect(await Promise.allSettled(asked)).toMatchObject([
      { reason: { code: 'RUN_FAILED' } },
      { status: 'fulfilled', value: ANSWER },
    ])
  })

  test('fails with all the others when the engine dies, and none is run again', async () => {
    const { engines, gather, infer, next } = room()
    const asked = await gather(() => [infer('alice'), infer('alice')])
    ;(await next()).engine.die()
    expect(await Promise.allSettled(asked)).toMatchObject([
      { reason: { code: 'ENGINE_CRASHED' } },
      { reason: { code: 'ENGINE_CRASHED' } },
    ])
    await settle()
    expect(engines.runs).toHaveLength(0)
  })

  test('may be given up without harm to the others; when all are, the engine is killed', async () => {
    const { engines, gather, infer, next } = room()
    const [leaves, leavesToo] = [new AbortController(), new AbortController()]
    const asked = await gather(() => [
      infer('alice', undefined, leaves.signal),
      infer('alice'),
      infer('alice', undefined, leavesToo.signal),
    ])
    const run = await next()
    leaves.abort()
    leavesToo.abort()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(engines.living).toHaveLength(1)
    run.answer(ANSWER)
    ;(await next()).answer(ANSWER)
    expect(await Promise.allSettled(asked)).toMatchObject([
      { reason: { code: 'REQUEST_CANCELLED' } },
      { value: ANSWER },
      { reason: { code: 'REQUEST_CANCELLED' } },
    ])

    const gone = new AbortController()
    await gather(() => [infer('alice', undefined, gone.signal), infer('alice', undefined, gone.signal)])
    await next()
    gone.abort()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(engines.living).toHaveLength(0)
  })
})

describe('requests of two tenants', () => {
  const all = { shared: true, operatorAllows: true, ownerAllows: true }
  test.for<[string, Setting, number]>([
    ['together where operator, owner and proof allow it', all, 2],
    ['apart where the operator does not', { ...all, operatorAllows: false }, 1],
    ['apart where tenants do not share engines', { ...all, shared: false }, 1],
    ['apart where the owner does not', { ...all, ownerAllows: false }, 1],
    ['apart where the owner lets nobody share engines', { ...all, ownerShares: false }, 1],
    ['apart where the model is not proven', { ...all, maxRows: 'not proven' }, 1],
  ])('are computed %s', async ([, setting, expected]) => {
    const { engines, gather, infer } = room({ ...setting, limits: { maxEngines: 1 } })
    await gather(() => [infer('bob'), infer('carol')])
    expect((await engines.run(0)).requests).toBe(expected)
  })

  test('go on when one is deleted, and cost the next of its name nothing', async () => {
    const { charged, gather, infer, next, scheduler } = room(all)
    const asked = await gather(() => [infer('bob'), infer('carol')])
    const together = await next()
    charged.length = 0
    const error = new RangeError('gone')
    await scheduler.releaseTenant('bob', error)
    await expect(asked[0]).rejects.toBe(error)
    together.answer(ANSWER)
    const alone = await next()
    const again = infer('bob')
    alone.answer(ANSWER)
    expect(await asked[1]).toEqual(ANSWER)
    await settle()
    expect(charged).toEqual(['carol'])
    const its = await next()
    its.answer(ANSWER)
    await again
    await settle()
    expect(charged).toEqual(['carol', 'bob'])
  })

  test('count a run each, as if they were alone', async () => {
    const { executions, gather, infer, next } = room(all)
    const ask = () => ['bob', 'carol', 'bob', 'carol'].map((tenant) => infer(tenant))
    const asked = await gather(ask)
    for (let i = 0; i < 5; i++) (await next()).answer(ANSWER)
    await Promise.all(asked)
    executions.length = 0
    const again = await gather(ask)
    const together = await next()
    expect(together.requests).toBe(4)
    together.answer(ANSWER)
    await Promise.all(again)
    // One more for whoever kept the engine busy.
    expect(executions.reduce((sum, runs) => sum + runs)).toBe(3)
  })

  test('are kept apart once an engine died of a batch, and neither is blamed', async () => {
    const { gather, infer, next, scheduler } = room(all)
    const asked = await gather(() => [infer('bob'), infer('carol')])
    ;(await next()).engine.die()
    await Promise.allSettled(asked)
    for (const tenant of ['bob', 'carol']) expect(scheduler.isQuarantined('m', tenant)).toBe(false)
    await gather(() => [infer('bob'), infer('carol')])
    expect((await next()).requests).toBe(1)
  })
})

describe('a batch of any requests', () => {
  const member = fc.record({
    tenant: fc.constantFrom('a', 'b', 'c'),
    allowsCrossTenantBatches: fc.boolean(),
    stack: fc.option(
      fc.record({ key: fc.constantFrom('k', 'l'), rows: fc.integer({ min: 1, max: 4 }), elements: fc.nat(40) }),
      { nil: undefined },
    ),
  })

  test('holds one tenant unless all three allow more, one shape, and no more than it may', () => {
    const rules = fc.record({ maxElements: fc.nat(100), crossTenant: fc.boolean() })
    const proofs = fc.constantFrom(undefined, { reason: 'over-rows' }, { maxRows: 2 }, { maxRows: 8 })
    fc.assert(
      fc.property(
        member,
        fc.array(member),
        rules,
        proofs,
        fc.integer({ min: 1, max: 9 }),
        (first, queue, rule, proof, most) => {
          const batch = new Batch(first, rule, proof, most)
          const joined = batch.isFull ? [] : queue.filter((job) => batch.accepts(job))
          if (joined.length === 0) return
          const jobs = [first, ...joined]
          const sum = (of: 'rows' | 'elements'): number => jobs.reduce((all, { stack }) => all + (stack?.[of] ?? 0), 0)
          if (jobs.some(({ tenant }) => tenant !== first.tenant)) {
            expect(rule.crossTenant).toBe(true)
            const others = joined.filter(({ tenant }) => tenant !== first.tenant)
            expect([first, ...others].every((job) => job.allowsCrossTenantBatches)).toBe(true)
          }
          expect(new Set(jobs.map(({ stack }) => stack?.key)).size).toBe(1)
          expect(proof).toHaveProperty('maxRows')
          expect(sum('rows')).toBeLessThanOrEqual(proof !== undefined && 'maxRows' in proof ? (proof.maxRows ?? 0) : 0)
          expect(sum('elements')).toBeLessThanOrEqual(rule.maxElements)
          expect(jobs.length).toBeLessThanOrEqual(most)
        },
      ),
      { numRuns: 2000 },
    )
  })
})
