import { unixSeconds, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { BUILD_DATE_FLOOR, encapsulateRequest, encapsulateStream, RequestRefused, SteadyClock } from '../src/index.ts'
import { ReplaySet } from '../src/replay-set.ts'
import { admitted, codeOf, gatewayAt, gather, NOW, post } from './support/messages.ts'

const idOf = (n: number): Uint8Array => {
  const id = new Uint8Array(32)
  new DataView(id.buffer).setUint32(7, n)
  return id
}
const at = (seconds: number): typeof NOW => unixSeconds(NOW + seconds)

describe('a replay set', () => {
  test('knows its first identifier after 100,000 others', () => {
    const set = new ReplaySet(100_001)
    let fresh = 0
    for (let n = 0; n <= 100_000; n++) if (set.admit(idOf(n), at(60 + (n % 30)), NOW) === 'fresh') fresh++
    expect([fresh, set.size]).toEqual([100_001, 100_001])
    expect(set.admit(idOf(0), at(60), NOW)).toBe('seen')
    expect(set.admit(idOf(0), at(60), at(60))).toBe('seen')
    expect(set.admit(idOf(100_000), at(70), at(70))).toBe('seen')
  })

  test('forgets nothing for being full', () => {
    const set = new ReplaySet(2)
    set.admit(idOf(1), at(60), NOW)
    set.admit(idOf(2), at(60), NOW)
    expect(set.admit(idOf(3), at(60), NOW)).toBe('full')
    expect(set.admit(idOf(1), at(60), NOW)).toBe('seen')
    expect(set.isFull(at(60))).toBe(true)
  })

  test('forgets an identifier one second after the last at which it counts', () => {
    const set = new ReplaySet(2)
    set.admit(idOf(1), at(10), NOW)
    set.admit(idOf(2), at(20), NOW)
    expect(set.admit(idOf(1), at(10), at(10))).toBe('seen')
    expect(set.isFull(at(11))).toBe(false)
    expect(set.admit(idOf(2), at(20), at(11))).toBe('seen')
    expect(set.admit(idOf(3), at(30), at(11))).toBe('fresh')
    expect(set.size).toBe(2)
  })

  test('has a capacity', () => {
    for (const capacity of [0, -1, 1.5, Number.NaN]) expect(() => new ReplaySet(capacity)).toThrowError(RangeError)
  })
})

describe('a steady clock', () => {
  test('never goes back', () => {
    const time = { now: at(100) }
    const clock = new SteadyClock(() => time.now)
    expect(clock.now()).toBe(at(100))
    time.now = at(5)
    expect(clock.now()).toBe(at(100))
    time.now = at(101)
    expect(clock.now()).toBe(at(101))
  })

  test('shows no time before the build', () => {
    expect(new SteadyClock(() => unixSeconds(0)).now()).toBe(BUILD_DATE_FLOOR)
  })
})

describe('a replayed request', () => {
  test('is refused, and a hundred requests later too', async () => {
    const { gateway, configs } = await gatewayAt({ now: NOW })
    const sent = await encapsulateRequest(configs, post(utf8('once')), { now: NOW })
    expect(await codeOf(admitted(gateway, sent.contentType, sent.body))).toBeUndefined()
    expect(await codeOf(admitted(gateway, sent.contentType, sent.body))).toBe('REPLAYED')
    for (let n = 0; n < 100; n++) {
      const other = await encapsulateRequest(configs.slice(n % 2), post(utf8('other')), { now: NOW })
      await admitted(gateway, other.contentType, other.body)
    }
    expect(await codeOf(admitted(gateway, sent.contentType, sent.body))).toBe('REPLAYED')
  })

  test('is refused when both arrive at once: one is handed out', async () => {
    const { gateway, configs } = await gatewayAt({ now: NOW })
    const sent = await encapsulateRequest(configs, post(utf8('once')), { now: NOW })
    const codes = await Promise.all([1, 2, 3, 4].map(() => codeOf(admitted(gateway, sent.contentType, sent.body))))
    expect(codes.filter((code) => code === undefined)).toHaveLength(1)
    expect(codes.filter((code) => code === 'REPLAYED')).toHaveLength(3)
  })

  test('is refused as a stream', async () => {
    const { gateway, configs } = await gatewayAt({ now: NOW })
    const sent = await encapsulateStream(configs, post(utf8('once')), { now: NOW })
    const bytes = await gather(sent.body)
    expect(await codeOf(admitted(gateway, sent.contentType, bytes))).toBeUndefined()
    expect(await codeOf(admitted(gateway, sent.contentType, bytes))).toBe('REPLAYED')
  })

  test('stays refused through its window and after it', async () => {
    const time = { now: NOW }
    const { gateway, configs } = await gatewayAt(time)
    const sent = await encapsulateRequest(configs, post(utf8('once')), { now: at(60) })
    expect(await codeOf(admitted(gateway, sent.contentType, sent.body))).toBeUndefined()
    time.now = at(120)
    expect(await codeOf(admitted(gateway, sent.contentType, sent.body))).toBe('REPLAYED')
    time.now = at(121)
    expect(await codeOf(admitted(gateway, sent.contentType, sent.body))).toBe('DATE_OUTSIDE_WINDOW')
  })

  test('is not made fresh by setting the clock forward and back', async () => {
    const time = { now: NOW }
    const { gateway, configs } = await gatewayAt(time)
    const sent = await encapsulateRequest(configs, post(utf8('once')), { now: NOW })
    await admitted(gateway, sent.contentType, sent.body)
    time.now = at(1000)
    expect(await codeOf(admitted(gateway, sent.contentType, sent.body))).toBe('DATE_OUTSIDE_WINDOW')
    time.now = NOW
    expect(await codeOf(admitted(gateway, sent.contentType, sent.body))).toBe('DATE_OUTSIDE_WINDOW')
  })
})

describe('a request that was opened and not admitted', () => {
  test('shows its head and nothing of its body', async () => {
    const { gateway, configs } = await gatewayAt({ now: NOW })
    const sent = await encapsulateRequest(configs, post(utf8('once')), { now: NOW })
    const { head } = await gateway.open(sent.contentType, sent.body)
    expect(head).toMatchObject({ method: 'POST', path: '/v2/models/m/infer?trace=1' })
    expect(head).not.toHaveProperty('body')
  })

  test('takes no room in the replay set, however often strangers send one', async () => {
    const { gateway, configs } = await gatewayAt({ now: NOW }, { replayCapacity: 1 })
    for (let n = 0; n < 5; n++) {
      const strange = await encapsulateRequest(configs, post(utf8('')), { now: NOW })
      await gateway.open(strange.contentType, strange.body)
    }
    const sent = await encapsulateRequest(configs, post(utf8('once')), { now: NOW })
    const { request } = await admitted(gateway, sent.contentType, sent.body)
    expect(await gather(request.body)).toEqual(utf8('once'))
  })

  test('is handed out to the first that admits it, and refused, sealed, to every other', async () => {
    const { gateway, configs } = await gatewayAt({ now: NOW })
    const sent = await encapsulateRequest(configs, post(utf8('once')), { now: NOW })
    const [one, two] = [
      await gateway.open(sent.contentType, sent.body),
      await gateway.open(sent.contentType, sent.body),
    ]
    two.admit()
    for (const late of [one, two]) {
      expect(() => late.admit()).toThrowError(RequestRefused)
      expect(() => late.admit()).toThrowError(expect.objectContaining({ code: 'REPLAYED' }))
    }
  })

  test('is refused when its window ends between', async () => {
    const time = { now: NOW }
    const { gateway, configs } = await gatewayAt(time)
    const sent = await encapsulateRequest(configs, post(utf8('once')), { now: NOW })
    const { admit } = await gateway.open(sent.contentType, sent.body)
    time.now = at(61)
    expect(admit).toThrowError(expect.objectContaining({ code: 'DATE_OUTSIDE_WINDOW' }))
  })
})

describe('a full replay set', () => {
  test('refuses what is new until something may be forgotten', async () => {
    const time = { now: NOW }
    const { gateway, configs } = await gatewayAt(time, { replayCapacity: 2 })
    const send = async (): Promise<unknown> => {
      const sent = await encapsulateRequest(configs, post(utf8('')), { now: time.now })
      return codeOf(admitted(gateway, sent.contentType, sent.body))
    }
    expect([await send(), await send(), await send()]).toEqual([undefined, undefined, 'REPLAY_SET_FULL'])
    time.now = at(61)
    expect(await send()).toBeUndefined()
  })

  test('names its capacity, and seals the refusal when it filled up meanwhile', async () => {
    const { gateway, configs } = await gatewayAt({ now: NOW }, { replayCapacity: 1 })
    const requests = await Promise.all([1, 2].map(() => encapsulateRequest(configs, post(utf8('')), { now: NOW })))
    const outcomes = await Promise.allSettled(requests.map((sent) => admitted(gateway, sent.contentType, sent.body)))
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
    expect(refused).toMatchObject([{ code: 'REPLAY_SET_FULL', details: { capacity: 1 } }])
    expect(refused[0]).toBeInstanceOf(RequestRefused)
  })
})
