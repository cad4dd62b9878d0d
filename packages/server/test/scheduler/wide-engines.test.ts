import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { engineError, fakeModel } from '../fixtures/fake-engines.ts'
import { Simulation } from './simulation.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** One caller who waits for each answer. */
async function callAlone(room: Simulation, times: number, tookMs = 50): Promise<void> {
  for (let i = 0; i < times; i++) {
    room.ask({ tenant: 'alice', tookMs })
    await room.pass(tookMs + 10)
  }
}

describe('a caller who is alone for some time', () => {
  test('is answered by an engine of all cores', async () => {
    const room = new Simulation()
    await callAlone(room, 60)
    expect(room.runs.at(0)?.threads).toBe(1)
    expect(room.runs.at(-1)?.threads).toBe(2)
    expect(room.mostThreads).toBe(2)
    expect(room.scheduler.engines).toBe(2)
  })

  test('has it no longer when somebody else comes, and gets it back when they have gone', async () => {
    const room = new Simulation()
    await callAlone(room, 60)
    await room.teach('bob', 20, 'other')
    const before = room.runs.length
    await callAlone(room, 3)
    expect(room.runs.slice(before).map(({ threads }) => threads)).toEqual([1, 1, 1])
    await callAlone(room, 60)
    expect(room.runs.at(-1)?.threads).toBe(2)
  })

  test('has it no longer when it asks for two things at once', async () => {
    const room = new Simulation()
    await callAlone(room, 60)
    const before = room.runs.length
    for (let i = 0; i < 4; i++) room.ask({ tenant: 'alice', tookMs: 50 })
    await room.pass(500)
    // The first was alone when it came.
    expect(room.runs.slice(before).map(({ threads }) => threads)).toEqual([2, 1, 1, 1])
    expect(room.mostThreads).toBe(2)
  })

  test('gets none for runs that are too short to be worth it', async () => {
    const room = new Simulation()
    await callAlone(room, 300, 2)
    expect(room.scheduler.engines).toBe(1)
  })

  test('gives it up where it turns out to bring nothing', async () => {
    const room = new Simulation()
    room.speedup = () => 1.1
    await callAlone(room, 120)
    expect(room.runs.filter(({ threads }) => threads === 2)).toHaveLength(8)
    expect(room.runs.at(-1)?.threads).toBe(1)
  })

  test('gets none where there is one core, or no room but that of others', async () => {
    const one = new Simulation({ cores: 1 })
    await callAlone(one, 60)
    expect(one.scheduler.engines).toBe(1)
    const full = new Simulation({ maxEngines: 1 })
    await callAlone(full, 60)
    expect(full.scheduler.engines).toBe(1)
  })

  test('makes room for an engine that is needed', async () => {
    const room = new Simulation({ maxEngines: 2 })
    await callAlone(room, 60)
    await room.teach('bob', 20, 'other')
    expect(room.of('bob').at(-1)?.code).toBe('answered')
    expect(room.scheduler.engines).toBe(2)
  })
})

describe('a wide engine', () => {
  test('is charged for each of its threads', async () => {
    const room = new Simulation()
    room.speedup = () => 1.25
    await callAlone(room, 9, 100)
    expect(room.charged.at(-1)).toBe(100)
    await callAlone(room, 20, 100)
    expect(room.runs.some(({ threads }) => threads === 2)).toBe(true)
    for (const [index, { threads }] of room.runs.entries()) {
      expect(room.charged[index]).toBe(threads === 2 ? 160 : 100)
    }
  })

  test('that does not start is nobody’s fault, and is not tried again', async () => {
    const room = new Simulation()
    const tried: number[] = []
    room.beforeStart = ({ threads }) => {
      tried.push(threads)
      if (threads > 1) throw engineError('ENGINE_OUT_OF_MEMORY')
    }
    await callAlone(room, 60)
    expect(room.of('alice').map(({ code }) => code)).toEqual(Array(60).fill('answered'))
    expect(tried).toEqual([1, 2])
    expect(room.scheduler.isQuarantined('m', 'alice')).toBe(false)
    await room.scheduler.release('m', gone)
    await callAlone(room, 60)
    expect(tried).toEqual([1, 2, 1, 2])
    await room.scheduler.releaseTenant('alice', gone)
    await callAlone(room, 60)
    expect(tried).toEqual([1, 2, 1, 2, 1, 2])
  })

  const gone = new Error('deleted by the test')

  test.each([
    ['model', (room: Simulation) => room.scheduler.release('m', gone)],
    ['tenant', (room: Simulation) => room.scheduler.releaseTenant('alice', gone)],
  ])('is not started when the %s goes while it runs', async (_what, release) => {
    const room = new Simulation()
    await callAlone(room, 9, 100)
    // Until it has been alone for long enough.
    room.ask({ tenant: 'alice', tookMs: 5000 })
    await room.pass(2000)
    expect(room.scheduler.engines).toBe(1)
    await release(room)
    await room.pass(10_000)
    expect(room.scheduler.engines).toBe(0)
  })

  test.each([
    ['model', (room: Simulation) => room.scheduler.release('m', gone)],
    ['tenant', (room: Simulation) => room.scheduler.releaseTenant('alice', gone)],
  ])('is not started when the %s goes in the turn in which a run is answered', async (_what, release) => {
    const room = new Simulation()
    await callAlone(room, 9, 100)
    let released = Promise.resolve()
    const run = room.scheduler.perform(
      { tenant: 'alice', model: { key: 'm', source: fakeModel('m') }, costBytes: 1000 },
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 2000))
        released = release(room)
      },
    )
    const failed = expect(run).rejects.toBe(gone)
    await room.pass(10_000)
    await failed
    await released
    expect(room.scheduler.engines).toBe(0)
  })

  test('that is starting when its model goes is given up', async () => {
    const room = new Simulation()
    await callAlone(room, 9, 100)
    room.loadMs = 500
    await callAlone(room, 12, 100)
    expect(room.scheduler.census()).toMatchObject({ idle: 1, starting: 1 })
    const released = room.scheduler.release('m', gone)
    await room.pass(1000)
    await released
    expect(room.scheduler.engines).toBe(0)
  })
})

describe('threads that compute', () => {
  test('are never more than cores, whoever comes and goes', async () => {
    const arrival = fc.record({
      afterMs: fc.integer({ min: 0, max: 400 }),
      tenant: fc.constantFrom('alice', 'bob'),
      tookMs: fc.integer({ min: 1, max: 100 }),
      times: fc.integer({ min: 1, max: 6 }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(arrival, { maxLength: 30 }),
        async (cores, arrivals) => {
          const room = new Simulation({ cores })
          room.loadMs = 30
          await callAlone(room, 50)
          for (const { afterMs, times, ...ask } of arrivals) {
            await room.pass(afterMs)
            for (let i = 0; i < times; i++) room.ask(ask)
          }
          await room.pass(30_000)
          expect(room.mostThreads).toBeLessThanOrEqual(cores)
          expect(room.told).toHaveLength(room.runs.length)
        },
      ),
      { numRuns: 20 },
    )
  })
})
