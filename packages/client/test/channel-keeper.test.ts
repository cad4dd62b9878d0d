import { unixSeconds } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import type { AttestedChannel } from '../src/attested-channel.ts'
import { ChannelKeeper } from '../src/channel-keeper.ts'
import { BlindAiError } from '../src/errors.ts'
import type { ApiRequest, ApiResponse } from '../src/http-exchange.ts'
import { affirmingResult } from './affirming-result.ts'

const REQUEST: ApiRequest = { method: 'GET', path: '/v2', headers: [], body: [], repeatable: true, streams: false }
const NOW = unixSeconds(1_800_000_000)
const quiet = new AbortController().signal

type Log = string[]

/** A channel that does what it is told and writes down what was asked of it. */
function channel(name: string, log: Log, send: () => Promise<ApiResponse> = answered): AttestedChannel {
  return {
    transport: 'ohttp',
    result: affirmingResult({ notAfter: NOW }),
    document: new Uint8Array(),
    send: () => {
      log.push(`${name} sends`)
      return send()
    },
    retire: () => log.push(`${name} retires`),
    close: () => log.push(`${name} closes`),
  }
}

async function answered(): Promise<ApiResponse> {
  return { status: 200, headers: new Headers(), body: nothing() }
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {
  // An empty body.
}

const changed = async (): Promise<ApiResponse> => {
  throw new BlindAiError('OHTTP_KEY_UNKNOWN', { status: 422 })
}

describe('a session whose enclave has other keys now', () => {
  test('attests anew, once for all calls that met them, and sends again', async () => {
    const log: Log = []
    const keeper = new ChannelKeeper(
      channel('old', log, changed),
      async () => {
        log.push('attest')
        return channel('new', log)
      },
      { now: () => NOW },
    )
    const answers = await Promise.all([1, 2, 3].map(() => keeper.send(REQUEST, quiet)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(log).toEqual(['old sends', 'old sends', 'old sends', 'attest', 'old retires', ...Array(3).fill('new sends')])
  })

  test('stops when the new keys are not known either, and stays stopped', async () => {
    const log: Log = []
    const keeper = new ChannelKeeper(channel('old', log, changed), async () => channel('new', log, changed), {
      now: () => NOW,
    })
    await expect(keeper.send(REQUEST, quiet)).rejects.toMatchObject({ family: 'stop', code: 'OHTTP_KEY_UNKNOWN' })
    log.length = 0
    await expect(keeper.send(REQUEST, quiet)).rejects.toMatchObject({ code: 'OHTTP_KEY_UNKNOWN' })
    expect(log).toEqual([])
  })

  test('stops when the new evidence is refused', async () => {
    const log: Log = []
    const refused = new BlindAiError('EVIDENCE_REFUSED', { status: 'none', check: 'x', reason: 'Y' })
    const keeper = new ChannelKeeper(channel('old', log, changed), () => Promise.reject(refused), { now: () => NOW })
    await expect(keeper.send(REQUEST, quiet)).rejects.toBe(refused)
    await expect(keeper.send(REQUEST, quiet)).rejects.toBe(refused)
    expect(log).toEqual(['old sends'])
  })

  test('tries again at the next call when the network failed', async () => {
    const log: Log = []
    const outcomes = [
      () => Promise.reject(new BlindAiError('CONNECTION_FAILED', { reason: 'ECONNREFUSED' })),
      async () => channel('new', log),
    ]
    const keeper = new ChannelKeeper(
      channel('old', log, changed),
      () => outcomes.shift()?.() ?? Promise.reject(new Error('asked too often')),
      { now: () => NOW },
    )
    await expect(keeper.send(REQUEST, quiet)).rejects.toMatchObject({ family: 'retry', code: 'CONNECTION_FAILED' })
    expect((await keeper.send(REQUEST, quiet)).status).toBe(200)
    expect(log).toEqual(['old sends', 'old sends', 'old retires', 'new sends'])
  })
})

describe('a session', () => {
  test('sends nothing under keys past their end, and attests anew', async () => {
    const log: Log = []
    const keeper = new ChannelKeeper(channel('old', log), async () => channel('new', log), {
      now: () => unixSeconds(NOW + 1),
    })
    await expect(keeper.send(REQUEST, quiet)).rejects.toMatchObject({
      code: 'KEYS_EXPIRED',
      details: { notAfter: NOW, now: NOW + 1 },
    })
    expect(log).toEqual(['old retires'])
  })

  test.each([
    ['a wrong signature', new BlindAiError('CHANNEL_PROOF_FAILED', { reason: 'signature' })],
    ['an answer that was not sealed by the enclave', new BlindAiError('RESPONSE_NOT_AUTHENTIC', { reason: 'x' })],
    ['a lost connection', new BlindAiError('CONNECTION_LOST', { what: 'x' })],
  ])('does not attest anew after %s', async (_, error) => {
    const log: Log = []
    const keeper = new ChannelKeeper(
      channel('old', log, () => Promise.reject(error)),
      async () => channel('new', log),
      { now: () => NOW },
    )
    await expect(keeper.send(REQUEST, quiet)).rejects.toBe(error)
    expect(log).toEqual(['old sends'])
  })

  test('closes a channel that was attested while it was being closed', async () => {
    const log: Log = []
    const late = Promise.withResolvers<AttestedChannel>()
    const asked = Promise.withResolvers<void>()
    const keeper = new ChannelKeeper(
      channel('old', log, changed),
      () => {
        asked.resolve()
        return late.promise
      },
      { now: () => NOW },
    )
    const sent = keeper.send(REQUEST, quiet)
    await asked.promise
    keeper.close()
    late.resolve(channel('new', log))
    await expect(sent).rejects.toMatchObject({ code: 'SESSION_CLOSED' })
    await expect(keeper.send(REQUEST, quiet)).rejects.toMatchObject({ code: 'SESSION_CLOSED' })
    expect(log).toEqual(['old sends', 'old closes', 'new closes'])
  })

  test('lets one caller leave without ending the attestation that others wait for', async () => {
    const log: Log = []
    const late = Promise.withResolvers<AttestedChannel>()
    const asked = Promise.withResolvers<void>()
    const keeper = new ChannelKeeper(
      channel('old', log, changed),
      () => {
        asked.resolve()
        return late.promise
      },
      { now: () => NOW },
    )
    const impatient = new AbortController()
    const left = keeper.send(REQUEST, impatient.signal)
    const stayed = keeper.send(REQUEST, quiet)
    await asked.promise
    impatient.abort(new Error('enough'))
    await expect(left).rejects.toThrow('enough')
    late.resolve(channel('new', log))
    expect((await stayed).status).toBe(200)
  })
})

describe('a session under a policy with a maximum evidence age', () => {
  const aged = (name: string, log: Log, judgedAt: number): AttestedChannel => ({
    ...channel(name, log),
    result: { ...affirmingResult({ notAfter: NOW + 3600 }), now: judgedAt },
  })

  test('goes on with evidence of that age, and attests anew a second later, once for all calls', async () => {
    const log: Log = []
    const time = { now: unixSeconds(NOW + 60) }
    const keeper = new ChannelKeeper(
      aged('old', log, NOW),
      async () => {
        log.push('attest')
        return aged('new', log, time.now)
      },
      { now: () => time.now, maximumEvidenceAgeSeconds: 60 },
    )
    await keeper.send(REQUEST, quiet)
    expect(log).toEqual(['old sends'])
    time.now = unixSeconds(NOW + 61)
    await Promise.all([1, 2].map(() => keeper.send(REQUEST, quiet)))
    await keeper.send(REQUEST, quiet)
    expect(log).toEqual(['old sends', 'attest', 'old retires', ...Array(3).fill('new sends')])
  })

  test('sends nothing more over the old channel when new evidence is refused or does not come', async () => {
    for (const error of [
      new BlindAiError('EVIDENCE_REFUSED', { status: 'none', check: 'x', reason: 'Y' }),
      new BlindAiError('CONNECTION_FAILED', { reason: 'ECONNREFUSED' }),
    ]) {
      const log: Log = []
      const keeper = new ChannelKeeper(aged('old', log, NOW), () => Promise.reject(error), {
        now: () => unixSeconds(NOW + 61),
        maximumEvidenceAgeSeconds: 60,
      })
      await expect(keeper.send(REQUEST, quiet)).rejects.toBe(error)
      await expect(keeper.send(REQUEST, quiet)).rejects.toBe(error)
      expect(log).toEqual([])
    }
  })

  test('has no age to mind where the policy names none', async () => {
    const log: Log = []
    const keeper = new ChannelKeeper(aged('old', log, 0), () => Promise.reject(new Error('asked')), { now: () => NOW })
    await keeper.send(REQUEST, quiet)
    expect(log).toEqual(['old sends'])
  })
})
