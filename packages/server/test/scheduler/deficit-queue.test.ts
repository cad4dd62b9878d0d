import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DeficitQueue } from '../../src/scheduler/deficit-queue.ts'
import type { QueuedJob } from '../../src/scheduler/job-queue.ts'

/** What the queue lets each tenant use in a round. */
const QUANTUM_MS = 0.01

function job(tenant: string, fields: Partial<QueuedJob> = {}): QueuedJob {
  const pool = `m\n${tenant}`
  return { tenant, modelKey: 'm', pool, costBytes: 1, costMs: 1, priority: 5, deadlineAtMs: 1000, ...fields }
}

function queueOf(...jobs: readonly QueuedJob[]): DeficitQueue<QueuedJob> {
  const queue = new DeficitQueue<QueuedJob>()
  for (const each of jobs) queue.add(each)
  return queue
}

/** Serves one job, which takes as long as given, else as expected. */
function serve(queue: DeficitQueue<QueuedJob>, tookMs?: number): QueuedJob {
  const next = queue.next(() => 'run')
  if (next === undefined) throw new Error('nothing waits')
  queue.settle(next.job, tookMs ?? next.job.costMs)
  return next.job
}

describe('the order of service', () => {
  test('within a tenant is priority, then deadline, then first come', () => {
    const late = job('a', { deadlineAtMs: 9000 })
    const first = job('a')
    const second = job('a')
    const urgent = job('a', { priority: 1, deadlineAtMs: 9999 })
    const queue = queueOf(late, first, second, urgent)
    expect([serve(queue), serve(queue), serve(queue), serve(queue)]).toEqual([urgent, first, second, late])
  })

  test('lets a tenant with many short jobs have as many as one long job of another takes', () => {
    const queue = queueOf(...Array.from({ length: 200 }, () => job('small')))
    for (let i = 0; i < 20; i++) queue.add(job('large', { costMs: 10 }))
    const served = Array.from({ length: 110 }, () => serve(queue).tenant)
    expect(served.filter((tenant) => tenant === 'large')).toHaveLength(10)
  })

  test('leaves what a tenant owes to none of the same name that comes after it', () => {
    const queue = queueOf(job('other'), job('other'), job('other'), job('gone'))
    const taken = [queue.next(() => 'run'), queue.next(() => 'run')].map((next) => next?.job ?? job('nobody'))
    expect(taken.map(({ tenant }) => tenant)).toEqual(['other', 'gone'])
    queue.forgetTenant('gone')
    for (const each of taken) queue.settle(each, each.tenant === 'gone' ? 1000 : 1)
    queue.add(job('gone'))
    expect(queue.ahead(job('gone'))).toMatchObject({ othersMs: 1 })
    expect([serve(queue).tenant, serve(queue).tenant, serve(queue).tenant]).toContain('gone')
  })

  test('counts what jobs took, not what they were expected to take', () => {
    const queue = queueOf(...Array.from({ length: 200 }, () => job('honest')))
    for (let i = 0; i < 20; i++) queue.add(job('longer', { costMs: 1 }))
    const took: Record<string, number> = { honest: 0, longer: 0 }
    for (let i = 0; i < 110; i++) {
      const next = queue.next(() => 'run')
      const { tenant } = next?.job ?? job('nobody')
      const tookMs = tenant === 'longer' ? 10 : 1
      if (next !== undefined) queue.settle(next.job, tookMs)
      took[tenant] = (took[tenant] ?? 0) + tookMs
    }
    expect(Math.abs((took.honest ?? 0) - (took.longer ?? 0))).toBeLessThanOrEqual(10 + QUANTUM_MS)
  })

  test('passes over what waits for an engine, and gives no more than a round for it later', () => {
    const queue = queueOf()
    for (let i = 0; i < 100; i++) queue.add(job('ready'))
    for (let i = 0; i < 100; i++) queue.add(job('waits'))
    for (let i = 0; i < 50; i++) {
      const next = queue.next(({ tenant }) => (tenant === 'waits' ? 'wait' : 'run'))
      if (next !== undefined) queue.settle(next.job, 1)
    }
    const served = Array.from({ length: 20 }, () => serve(queue).tenant)
    expect(served.filter((tenant) => tenant === 'waits').length).toBeLessThanOrEqual(11)
  })

  test('leaves a job for which an engine is started where it is', () => {
    const queue = queueOf(job('a'))
    expect(queue.next(() => 'start')).toMatchObject({ verdict: 'start' })
    expect(queue.size).toBe(1)
  })

  test('does not let a tenant off what it owes because it has nothing waiting for a moment', () => {
    const queue = queueOf(job('a', { costMs: 50 }), job('b'), job('b'), job('b'))
    expect(serve(queue, 50).tenant).toBe('a')
    queue.add(job('a', { costMs: 50 }))
    expect([serve(queue).tenant, serve(queue).tenant, serve(queue).tenant]).toEqual(['b', 'b', 'b'])
  })

  test('forgets what is owed once nobody has anything to do', () => {
    const queue = queueOf(job('a', { costMs: 50 }))
    serve(queue, 50)
    queue.add(job('a'))
    queue.add(job('b'))
    expect(serve(queue).tenant).toBe('a')
  })
})

describe('fair shares', () => {
  const costs = fc.array(fc.double({ min: 0.05, max: 100, noNaN: true }), { minLength: 1, maxLength: 40 })

  test('of two tenants that never run dry differ by no more than the longest job and a round, at every moment', () => {
    fc.assert(
      fc.property(costs, costs, costs, (a, b, others) => {
        const most = Math.max(...a, ...b)
        const queue = queueOf()
        const used: Record<string, number> = { a: 0, b: 0 }
        const costOf: Record<string, readonly number[]> = { a, b }
        const at: Record<string, number> = { a: 0, b: 0 }
        const refill = (tenant: string): void => {
          const all = costOf[tenant] ?? []
          const costMs = all[(at[tenant] ?? 0) % all.length]
          at[tenant] = (at[tenant] ?? 0) + 1
          if (costMs !== undefined) queue.add(job(tenant, { costMs }))
        }
        refill('a')
        refill('b')
        for (let step = 0; step < 200; step++) {
          // A third tenant comes and goes.
          const other = others[step]
          if (other !== undefined && step % 3 === 0) queue.add(job('c', { costMs: other }))
          const { tenant, costMs } = serve(queue)
          if (tenant !== 'c') {
            used[tenant] = (used[tenant] ?? 0) + costMs
            refill(tenant)
          }
          expect(Math.abs((used.a ?? 0) - (used.b ?? 0))).toBeLessThanOrEqual(most + QUANTUM_MS + 1e-6)
        }
      }),
    )
  })

  test('leave nobody out: every job is served, however many others keep coming', () => {
    fc.assert(
      fc.property(costs, fc.double({ min: 0.05, max: 100, noNaN: true }), (theirs, mine) => {
        const queue = queueOf(...theirs.map((costMs) => job('busy', { costMs })))
        queue.add(job('quiet', { costMs: mine }))
        let servedMs = 0
        for (let step = 0; queue.sizeOf('quiet') > 0; step++) {
          servedMs += serve(queue).costMs
          queue.add(job('busy', { costMs: theirs[step % theirs.length] ?? 1 }))
        }
        expect(servedMs - mine).toBeLessThanOrEqual(Math.max(...theirs) + QUANTUM_MS)
      }),
    )
  })

  test('are what it says comes before a job: the prediction is never shorter than what is served', () => {
    const backlog = fc.array(
      fc.record({ tenant: fc.constantFrom('a', 'b', 'c'), costMs: fc.integer({ min: 1, max: 50 }) }),
    )
    fc.assert(
      fc.property(backlog, fc.integer({ min: 0, max: 20 }), (jobs, before) => {
        const queue = queueOf(...jobs.map((fields) => job(fields.tenant, fields)))
        for (let i = 0; i < before && queue.size > 0; i++) serve(queue)
        const mine = job('a')
        const { ownMs, othersMs } = queue.ahead(mine)
        queue.add(mine)
        let servedMs = 0
        for (let served = serve(queue); served !== mine; served = serve(queue)) servedMs += served.costMs
        expect(servedMs).toBeLessThanOrEqual(ownMs + othersMs + 1e-6)
      }),
    )
  })
})

describe('jobs that go together', () => {
  test('are those of the pool that are accepted, the own tenant first, and each is charged to its tenant', () => {
    const shared = { pool: 'm\n' }
    const own = [job('a', shared), job('a', shared), job('a', { pool: 'other\n' })]
    const queue = queueOf(...own, job('b', shared), job('b', { ...shared, costMs: 9 }))
    const first = queue.next(() => 'run')?.job
    expect(first).toBe(own[0])
    const taken = queue.companions(own[0] ?? job('nobody'), ({ costMs }) => costMs < 9)
    expect(taken.map(({ tenant }) => tenant)).toEqual(['a', 'b'])
    expect(queue.size).toBe(2)
    queue.add(job('c'))
    expect(serve(queue).tenant).toBe('c')
  })
})
