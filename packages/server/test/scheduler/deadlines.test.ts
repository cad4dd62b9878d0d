import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Simulation } from './simulation.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

async function taught(tookMs = 100, cores = 2): Promise<Simulation> {
  const room = new Simulation({ cores, maxQueuedRequestsPerTenant: 1000, maxQueuedRequests: 10_000 })
  await room.teach('alice', tookMs)
  return room
}

describe('a request whose answer would come too late', () => {
  test('is refused at once, for the tenant’s own backlog, and told when to come back', async () => {
    const room = await taught()
    for (let i = 0; i < 42; i++) room.ask({ tenant: 'alice', tookMs: 100, priority: 1 })
    room.ask({ tenant: 'alice', tookMs: 100, timeoutMs: 500 })
    await room.pass(0)
    expect(room.told.at(-1)).toMatchObject({
      code: 'TENANT_BACKLOG',
      // 42 jobs on two cores are 2100 ms, and 100 for the job itself; 500 are allowed.
      details: { deadlineMs: 500, retryAfterSeconds: 2 },
    })
    await room.pass(2000)
    room.ask({ tenant: 'alice', tookMs: 100, timeoutMs: 500 })
    await room.pass(500)
    expect(room.told.at(-1)?.code).toBe('answered')
  })

  test.each([
    ['is refused, too, where it would be in time only if no run took longer than expected', 8, 'TENANT_BACKLOG'],
    ['is taken where there is some time to spare', 6, 'answered'],
  ])('%s', async (_, before, code) => {
    const room = await taught()
    for (let i = 0; i < before; i++) room.ask({ tenant: 'alice', tookMs: 100, priority: 1 })
    // So many jobs on two cores, and 100 ms for the job itself.
    room.ask({ tenant: 'alice', tookMs: 100, timeoutMs: 500 })
    await room.pass(600)
    expect(room.told.find(({ ask }) => ask.timeoutMs === 500)?.code).toBe(code)
  })

  test('is not refused for a backlog of another tenant, which has to share', async () => {
    const room = await taught()
    await room.teach('bob', 100)
    for (let i = 0; i < 100; i++) room.ask({ tenant: 'alice', tookMs: 100 })
    room.ask({ tenant: 'bob', tookMs: 100, timeoutMs: 500 })
    await room.pass(500)
    expect(room.of('bob').at(-1)?.code).toBe('answered')
  })

  test('is refused for the server when others come first whatever the tenant does', async () => {
    const room = await taught()
    for (let other = 0; other < 30; other++) {
      await room.teach(`other-${other}`, 100)
    }
    for (let other = 0; other < 30; other++) room.ask({ tenant: `other-${other}`, tookMs: 100 })
    room.ask({ tenant: 'alice', tookMs: 100, timeoutMs: 500 })
    await room.pass(0)
    expect(room.told.at(-1)).toMatchObject({ code: 'SERVER_BACKLOG', details: { retryAfterSeconds: 2 } })
  })

  test('is taken while too little is known of such runs', async () => {
    const room = new Simulation({ maxQueuedRequestsPerTenant: 1000 })
    for (let i = 0; i < 50; i++) room.ask({ tenant: 'alice', tookMs: 100 })
    room.ask({ tenant: 'alice', tookMs: 100, timeoutMs: 50 })
    await room.pass(60)
    expect(room.told.at(-1)?.code).toBe('DEADLINE_EXCEEDED')
  })

  test('is always taken when it need not wait, whatever is expected of it', async () => {
    const room = await taught()
    room.ask({ tenant: 'alice', tookMs: 100, timeoutMs: 20 })
    await room.pass(0)
    expect(room.runs.at(-1)?.ask.timeoutMs).toBe(20)
    await room.pass(200)
    expect(room.told.at(-1)?.code).toBe('DEADLINE_EXCEEDED')
  })

  test('is dropped when its turn comes too late, and no engine runs it', async () => {
    const room = await taught(100, 1)
    room.ask({ tenant: 'alice', tookMs: 100 })
    room.ask({ tenant: 'alice', tookMs: 100, timeoutMs: 250, priority: 9 })
    // These came later and go first.
    for (let i = 0; i < 3; i++) room.ask({ tenant: 'alice', tookMs: 100, priority: 1 })
    await room.pass(1000)
    expect(room.told.filter(({ code }) => code === 'DEADLINE_EXCEEDED')).toHaveLength(1)
    expect(room.runs.some(({ ask }) => ask.priority === 9)).toBe(false)
  })

  test('does not take its engine with it when it ends within the grace', async () => {
    const room = await taught(100, 1)
    room.ask({ tenant: 'alice', tookMs: 100, timeoutMs: 50 })
    await room.pass(200)
    room.ask({ tenant: 'alice', tookMs: 100 })
    await room.pass(200)
    expect(room.told.slice(-2).map(({ code }) => code)).toEqual(['DEADLINE_EXCEEDED', 'answered'])
    expect(room.scheduler.engines).toBe(1)
  })
})

describe('what was admitted', () => {
  test('is answered in time, where all want it as soon as each other and costs are as learned', async () => {
    const arrival = fc.record({ afterMs: fc.integer({ min: 0, max: 60 }), tookMs: fc.integer({ min: 10, max: 100 }) })
    await fc.assert(
      fc.asyncProperty(
        fc.array(arrival, { maxLength: 60 }),
        fc.integer({ min: 1, max: 3 }),
        async (arrivals, cores) => {
          const room = await taught(100, cores)
          for (const tookMs of [10, 50, 75, 25]) await room.teach('alice', tookMs)
          const before = room.told.length
          for (const { afterMs, tookMs } of arrivals) {
            await room.pass(afterMs)
            room.ask({ tenant: 'alice', tookMs, timeoutMs: 400 })
          }
          await room.pass(30_000)
          const codes = new Set(room.told.slice(before).map(({ code }) => code))
          codes.delete('answered')
          codes.delete('TENANT_BACKLOG')
          expect([...codes]).toEqual([])
        },
      ),
      { numRuns: 40 },
    )
  })
})

describe('ten times as many requests as can be done', () => {
  test('leave as many answers in time as there can be; the others are refused at once, and calm comes back at once', async () => {
    const room = new Simulation({ cores: 2 })
    await room.teach('crowd', 100)
    const before = room.told.length
    const seconds = 15
    for (let i = 0; i < 200 * seconds; i++) {
      room.ask({ tenant: 'crowd', tookMs: 100, timeoutMs: 1000 })
      await room.pass(5)
    }
    await room.pass(1000)
    const told = room.told.slice(before)
    const answered = told.filter(({ code }) => code === 'answered')
    const refused = told.filter(({ code }) => code === 'TENANT_BACKLOG')
    expect(answered.length).toBeGreaterThan(0.95 * 20 * seconds)
    expect(answered.length + refused.length).toBe(200 * seconds)
    expect(refused.every(({ askedAtMs, settledAtMs }) => settledAtMs === askedAtMs)).toBe(true)
    expect(new Set(refused.map(({ details }) => details.retryAfterSeconds))).toEqual(new Set([1]))
    room.ask({ tenant: 'crowd', tookMs: 100 })
    await room.pass(101)
    expect(room.told.at(-1)).toMatchObject({ code: 'answered' })
  })
})

describe('Retry-After', () => {
  test('grows with what waits', async () => {
    const room = await taught(500)
    let last = 0
    for (let i = 0; i < 100; i++) {
      room.ask({ tenant: 'alice', tookMs: 500, priority: 1 })
      const before = room.told.length
      room.ask({ tenant: 'alice', tookMs: 500, timeoutMs: 10 })
      await room.pass(0)
      const seconds = room.told[before]?.details.retryAfterSeconds
      if (seconds === undefined) continue
      expect(seconds).toBeGreaterThanOrEqual(last)
      last = seconds
    }
    expect(last).toBeGreaterThan(20)
  })
})

describe('more tenants than there may be engines', () => {
  test('are all served: no engine is stopped for another before it has run', async () => {
    const room = new Simulation({ maxEngines: 3 })
    for (let round = 0; round < 3; round++) {
      for (let tenant = 0; tenant < 10; tenant++) room.ask({ tenant: `tenant-${tenant}`, tookMs: 20 })
    }
    await room.pass(10_000)
    expect(room.told.filter(({ code }) => code === 'answered')).toHaveLength(30)
  })
})

describe('engine time', () => {
  test('is the same for a tenant with a few long runs and one with many short ones, on every number of cores', async () => {
    const costs = fc.array(fc.integer({ min: 5, max: 200 }), { minLength: 1, maxLength: 10 })
    await fc.assert(
      fc.asyncProperty(costs, costs, fc.integer({ min: 1, max: 3 }), async (alices, bobs, cores) => {
        const room = new Simulation({ cores, maxQueuedRequestsPerTenant: 10_000, maxQueuedRequests: 10_000 })
        for (let i = 0; i < 400; i++) {
          room.ask({ tenant: 'alice', tookMs: alices[i % alices.length] ?? 5 })
          room.ask({ tenant: 'bob', tookMs: bobs[i % bobs.length] ?? 5 })
        }
        await room.pass(900)
        const most = Math.max(...alices, ...bobs)
        // Runs that are under way are given before they are paid for: one on each core.
        const bound = (1 + cores) * most + 1
        expect(Math.abs(room.servedMs('alice') - room.servedMs('bob'))).toBeLessThanOrEqual(bound)
        await room.scheduler.close(0)
      }),
      { numRuns: 40 },
    )
  })
})

describe('a client that goes away', () => {
  test('takes its waiting requests with it, and nobody else’s', async () => {
    const room = await taught(100, 1)
    const client = new AbortController()
    for (let i = 0; i < 5; i++) room.ask({ tenant: 'alice', tookMs: 100, signal: client.signal })
    room.ask({ tenant: 'alice', tookMs: 100 })
    const before = room.runs.length
    client.abort()
    await room.pass(1000)
    expect(room.told.filter(({ code }) => code === 'REQUEST_CANCELLED')).toHaveLength(5)
    expect(room.runs.length - before).toBe(1)
    expect(room.told.at(-1)?.code).toBe('answered')
  })
})
