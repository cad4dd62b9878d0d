import { concatBytes, fromHex, isMalformedError, toHex } from '@blindai/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EV_NO_ACTION, type EventLog, type LoggedEvent, parseEventLog } from '../src/formats/event-log/event-log.ts'
import type { HashName } from '../src/formats/event-log/hash-algorithms.ts'
import { explainRegisters, replayEventLog } from '../src/formats/event-log/replay.ts'
import { isVerifierError } from '../src/index.ts'
import { eventLogCase, eventLogCases, logFile, malformedLogs, measureText } from './support/event-logs.ts'

const hexOf = (registers: ReadonlyMap<number, Uint8Array>): Record<string, string> =>
  Object.fromEntries([...registers].map(([register, value]) => [register, toHex(value)]))

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (isMalformedError(error) || isVerifierError(error)) return error.code
    throw error
  }
  return '(accepted)'
}

describe('an event log of a real machine', () => {
  for (const { name, bytes, kind, expect: expected } of eventLogCases) {
    test(`${name}, replays`, async () => {
      const log = parseEventLog(bytes, kind)
      const { banks, events, startupLocality, paddingBytes } = log
      const registers: Partial<Record<HashName, Record<string, string>>> = {}
      for (const bank of banks) {
        if (expected.registers[bank] === undefined) continue
        registers[bank] = hexOf(await replayEventLog(log, bank))
      }
      expect({
        events: events.length,
        banks,
        ...(startupLocality !== undefined && { startupLocality }),
        ...(kind === 'cc' && { paddingBytes }),
        registers,
      }).toEqual(expected)
    })
  }
})

describe('an event log with one thing wrong', () => {
  for (const { name, base, bytes, kind, code } of malformedLogs) {
    test(`${code}: ${name}`, () => {
      expect(codeOf(() => parseEventLog(base, base[0] === 1 ? 'cc' : 'tpm'))).toBe('(accepted)')
      expect(codeOf(() => parseEventLog(bytes, kind))).toBe(code)
    })
  }
})

describe('the log in the area that a CCEL table names', () => {
  const log = parseEventLog(logFile('measure/ccel.bin'), 'cc')
  test('has the digests that its first reader found', () => {
    const text = measureText('ccel.expected.snap')
    const found: unknown = JSON.parse(text.slice(text.indexOf('[')))
    const [, ...rest] = [{}, ...log.events]
    const read = rest.map(({ register, type, digests, data }) => ({
      imr: register - 1,
      event_type: type,
      digest: toHex(digests.get('sha384') ?? new Uint8Array()),
      event: '',
      event_payload: toHex(data),
    }))
    expect(read).toEqual(found)
  })
  test('reads the same when the area is cut where it ends', () => {
    const bytes = logFile('measure/ccel.bin')
    expect(parseEventLog(bytes.slice(0, bytes.byteLength - log.paddingBytes), 'cc')).toEqual({
      ...log,
      paddingBytes: 0,
    })
  })
})

/** A log that a tool wrote as JSON: `imr` counts RTMRs from 0. */
function jsonLog(text: string): EventLog {
  const entries: readonly { imr: number; event_type: number; digest: string }[] = JSON.parse(text)
  const events = entries.map(({ imr, event_type: type, digest }): LoggedEvent => {
    const digests = new Map<HashName, Uint8Array>([['sha384', fromHex('digest', digest)]])
    return { register: imr + 1, type, digests, data: new Uint8Array() }
  })
  return { kind: 'cc', banks: ['sha384'], events, paddingBytes: 0 }
}

describe('the log beside a quote of a trust domain that runs containers', () => {
  const { quote, event_log }: { quote: string; event_log: string } = JSON.parse(measureText('tdx-lite-getquote.json'))
  const log = jsonLog(event_log)
  // Source: Intel TDX DCAP Quoting Library API, A.3: RTMR0 is at 48 + 328 of the quote.
  const rtmr = (number: number): Uint8Array => fromHex('quote', quote).slice(376 + 48 * number, 424 + 48 * number)
  const registers = (...numbers: readonly number[]): Map<number, { name: string; value: Uint8Array }> =>
    new Map(numbers.map((number) => [number + 1, { name: `rtmr${number}`, value: rtmr(number) }]))
  test('explains RTMR0 to RTMR2', async () => {
    expect(await explainRegisters(log, 'sha384', registers(0, 1, 2))).toEqual([1, 2, 3])
  })
  test('does not explain RTMR3, whose events its runtime digests by a rule of its own', async () => {
    expect(
      log.events.filter(({ register }) => register === 4).every(({ digests }) => digests.get('sha384')?.length === 0),
    ).toBe(true)
    await expect(explainRegisters(log, 'sha384', registers(0, 1, 2, 3))).rejects.toMatchObject({
      code: 'EVENT_LOG_MISMATCH',
      details: { register: 'rtmr3', expected: toHex(rtmr(3)) },
    })
  })
  test('explains nothing where no register is asked for that it measures into', async () => {
    const mrTd = new Map([[0, { name: 'mrTd', value: new Uint8Array(48) }]])
    await expect(explainRegisters(log, 'sha384', mrTd)).rejects.toMatchObject({ code: 'EVENT_LOG_EMPTY' })
  })
  test('has no digests of another bank', async () => {
    await expect(replayEventLog(log, 'sha256')).rejects.toMatchObject({
      code: 'EVENT_LOG_BANK_MISSING',
      details: { bank: 'sha256', banks: ['sha384'] },
    })
  })
})

describe('a replay', () => {
  const event = (register: number, type = 1): LoggedEvent => {
    const digests = new Map<HashName, Uint8Array>([['sha256', new Uint8Array(32)]])
    return { register, type, digests, data: new Uint8Array() }
  }
  const log = (events: readonly LoggedEvent[], more: Partial<EventLog> = {}): EventLog => {
    return { kind: 'tpm', banks: ['sha256'], events, paddingBytes: 0, ...more }
  }
  const sha256 = async (bytes: Uint8Array): Promise<string> =>
    toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes))))
  test('begins register 0 with the locality that started the TPM', async () => {
    const start = new Uint8Array(64)
    start[31] = 3
    expect(hexOf(await replayEventLog(log([event(0)], { startupLocality: 3 }), 'sha256'))).toEqual({
      0: await sha256(start),
    })
  })
  test('begins the registers of a dynamic launch with ones, and those beside them with zeros', async () => {
    const replayed = hexOf(await replayEventLog(log([16, 17, 22, 23].map((register) => event(register))), 'sha256'))
    const ones = concatBytes(new Uint8Array(32).fill(0xff), new Uint8Array(32))
    const [zero, one] = [await sha256(new Uint8Array(64)), await sha256(ones)]
    expect(replayed).toEqual({ 16: zero, 17: one, 22: one, 23: zero })
  })
  test('begins every register of a trust domain with zeros', async () => {
    const zero = await sha256(new Uint8Array(64))
    const replayed = await replayEventLog(log([event(0), event(17)], { kind: 'cc', startupLocality: 3 }), 'sha256')
    expect(hexOf(replayed)).toEqual({ 0: zero, 17: zero })
  })
  test('extends nothing for what is only noted', async () => {
    expect(await replayEventLog(log([event(0, EV_NO_ACTION)]), 'sha256')).toEqual(new Map())
  })
  test('differs wherever one bit of one digest is flipped', async () => {
    const { bytes, kind } = eventLogCase('the log of a machine with a SHA-256 bank alone')
    const original = parseEventLog(bytes, kind)
    const expected = hexOf(await replayEventLog(original, 'sha256'))
    for (const [i, { register, type, digests }] of original.events.entries()) {
      if (type === EV_NO_ACTION) continue
      const flipped = (digests.get('sha256') ?? new Uint8Array()).map((byte, at) => (at === i % 32 ? byte ^ 1 : byte))
      const events = original.events.map((one, at) =>
        at === i ? { ...one, digests: new Map<HashName, Uint8Array>([['sha256', flipped]]) } : one,
      )
      expect(hexOf(await replayEventLog({ ...original, events }, 'sha256'))[register], `event ${i}`).not.toBe(
        expected[register],
      )
    }
  })
})

describe('whatever comes in as an event log', () => {
  const { bytes } = eventLogCase('the log of a machine with a SHA-256 bank alone')
  const ends = new Set<number>()
  let at = 0
  for (const event of parseEventLog(bytes, 'tpm').events) {
    if (at === 0) at = 65
    ends.add(at)
    at += 12 + 34 + 4 + event.data.byteLength
  }
  test('is refused wherever it is cut inside an event', () => {
    for (let length = 0; length < bytes.byteLength; length += 7) {
      const code = codeOf(() => parseEventLog(bytes.slice(0, length), 'tpm'))
      expect(code, `${length} bytes`).toBe(ends.has(length) ? '(accepted)' : 'TRUNCATED')
    }
    expect(at).toBe(bytes.byteLength)
  })
  test('is refused with anything after it that is no event', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 49 }), (more) => {
        expect(codeOf(() => parseEventLog(concatBytes(bytes, more), 'tpm'))).not.toBe('(accepted)')
      }),
      { numRuns: 200, seed: 20261127 },
    )
  })
  test('is read or refused by code, and nothing else is thrown', () => {
    const header = bytes.slice(0, 65)
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.boolean(),
        fc.constantFrom('tpm', 'cc'),
        (tail, agile, kind) => {
          expect(codeOf(() => parseEventLog(agile ? concatBytes(header, tail) : tail, kind))).toMatch(
            /^[A-Z_]+$|accepted/,
          )
        },
      ),
      { numRuns: 1000, seed: 20261127 },
    )
  })
})
