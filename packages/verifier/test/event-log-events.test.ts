import { concatBytes, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { parseEventLog } from '../src/formats/event-log/event-log.ts'
import { explainRegisters } from '../src/formats/event-log/replay.ts'
import { explainTpmLog } from '../src/formats/tpm/event-log.ts'
import {
  agile,
  event,
  header,
  locality,
  MEASURED,
  NO_ACTION,
  ones,
  SHA1,
  SHA256,
  u16,
  zeros,
} from './support/event-log-writer.ts'

const error = (code: string, details: object): object => expect.objectContaining({ code, details })

describe('an event', () => {
  const digest = concatBytes(u16(SHA256), zeros(32))
  test.each([
    ['no digest', [], '0 digests'],
    ['a digest too many', [digest, digest], '2 digests'],
    ['a digest of another algorithm', [concatBytes(u16(0x000c), zeros(48))], 'one of the algorithm 0xc'],
  ])('with %s is refused', (_, digests, actual) =>
    expect(() => agile('tpm', event(1, MEASURED), event(1, MEASURED, zeros(0), digests))).toThrow(
      error('EVENT_LOG_DIGESTS_WRONG', { event: 1, expected: ['sha256'], actual }),
    ),
  )
  test('with the same digest twice is refused, and each in any order is read', () => {
    const algorithms = [
      [SHA1, 20],
      [SHA256, 32],
    ] as const
    const log = (...digests: readonly Uint8Array[]) =>
      parseEventLog(concatBytes(header({ algorithms }), event(1, MEASURED, zeros(0), digests)), 'tpm')
    const sha1 = concatBytes(u16(SHA1), zeros(20))
    expect(log(digest, sha1)).toEqual(log(sha1, digest))
    expect(() => log(digest, digest)).toThrow(
      error('EVENT_LOG_DIGESTS_WRONG', { event: 0, expected: ['sha1', 'sha256'], actual: 'two of sha256' }),
    )
  })
  test.each([
    ['tpm', 24, 23],
    ['cc', 5, 4],
  ] as const)('of a log of the kind %s is not for register %i', (kind, register, highest) => {
    expect(agile(kind, event(highest, MEASURED)).events).toHaveLength(1)
    expect(() => agile(kind, event(1, MEASURED), event(register, MEASURED))).toThrow(
      error('EVENT_LOG_REGISTER_UNKNOWN', { event: 1, register, highest }),
    )
  })
  test('may be for no register where it is only noted, in the log of a TPM', () => {
    const register = 0xffff_ffff
    expect(agile('tpm', event(register, NO_ACTION)).events).toHaveLength(1)
    const refused = error('EVENT_LOG_REGISTER_UNKNOWN', { event: 0, register, highest: 23 })
    expect(() => agile('tpm', event(register, MEASURED))).toThrow(refused)
    expect(() => agile('tpm', event(register - 1, NO_ACTION))).toThrow(
      error('EVENT_LOG_REGISTER_UNKNOWN', { event: 0, register: register - 1, highest: 23 }),
    )
    // In the other kind this is how the padding begins.
    expect(() => agile('cc', event(register, NO_ACTION))).toThrow(expect.objectContaining({ code: 'TRAILING_BYTES' }))
  })
})

describe('the padding of a log', () => {
  test('is of ones to the end', () => {
    for (const length of [1, 4, 5]) expect(agile('cc', ones(length)).paddingBytes).toBe(length)
    expect(agile('cc', event(1, MEASURED), ones(4)).paddingBytes).toBe(4)
  })
  test('is not followed by anything, and says of how much', () =>
    expect(() => agile('cc', ones(4), Uint8Array.of(0, 0xff, 0xff))).toThrow(
      error('TRAILING_BYTES', { field: 'event log', count: 3 }),
    ))
  test('begins with four of them', () =>
    expect(() => agile('cc', ones(3), zeros(1))).toThrow(
      error('TRUNCATED', { field: 'event log eventType', needed: 4, available: 0 }),
    ))
  test('has no place in the log of a TPM', () =>
    expect(() => agile('tpm', ones(4))).toThrow(
      error('TRUNCATED', { field: 'event log eventType', needed: 4, available: 0 }),
    ))
})

describe('the locality that started a TPM', () => {
  test.each([0, 3, 4])('may be %i', (number) =>
    expect(agile('tpm', event(0, NO_ACTION, locality(number))).startupLocality).toBe(number),
  )
  const measured = event(0, MEASURED)
  const noted = event(0, NO_ACTION)
  const elsewhere = event(1, MEASURED)
  const stated = event(0, NO_ACTION, locality(3))
  test('may stand behind what is only noted, or measured elsewhere', () =>
    expect(agile('tpm', noted, elsewhere, stated).startupLocality).toBe(3))
  test.each([
    ['no octet', 0, [event(0, NO_ACTION, locality())], 'one octet after the signature'],
    ['two octets', 0, [event(0, NO_ACTION, locality(3, 0))], 'one octet after the signature'],
    ['another register', 0, [event(1, NO_ACTION, locality(3))], 'register 0'],
    ['another locality', 0, [event(0, NO_ACTION, locality(1))], 'locality 0, 3 or 4'],
    ['a second one', 1, [stated, stated], 'no earlier event of the kind'],
    ['a place too late', 2, [noted, measured, stated], 'a place before what is measured into register 0'],
  ])('is refused with %s', (_, at, events, expected) =>
    expect(() => agile('tpm', ...events)).toThrow(error('EVENT_LOG_LOCALITY_WRONG', { event: at, expected })),
  )
  test('is nothing in the log of a trust domain', () =>
    expect(agile('cc', event(1, NO_ACTION, locality(9)))).not.toHaveProperty('startupLocality'))
  test('is not what only begins so', () =>
    expect(agile('tpm', event(1, NO_ACTION, utf8('StartupLocality!')))).not.toHaveProperty('startupLocality'))
})

describe('what a log explains', () => {
  const sha256 = async (bytes: Uint8Array): Promise<Uint8Array> =>
    new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes)))
  test('is told by register, lowest first, whatever the order of the question', async () => {
    const value = await sha256(zeros(64))
    const log = agile('tpm', event(9, MEASURED), event(2, MEASURED))
    const asked = new Map([9, 2, 5].map((register) => [register, { name: `PCR ${register}`, value }]))
    expect(await explainRegisters(log, 'sha256', asked)).toEqual([2, 9])
  })
  test('is nothing where it measures into none of them, which are named', async () => {
    const asked = new Map([3, 4].map((register) => [register, { name: `PCR ${register}`, value: zeros(32) }]))
    await expect(explainRegisters(agile('tpm', event(1, MEASURED)), 'sha256', asked)).rejects.toEqual(
      error('EVENT_LOG_EMPTY', { registers: ['PCR 3', 'PCR 4'] }),
    )
  })
  test('is told of the banks of a quote, with what it does not explain', async () => {
    const value = await sha256(zeros(64))
    const banks = new Map([
      [
        'SHA-256',
        new Map([
          [1, value],
          [2, zeros(32)],
          [3, ones(32)],
          [4, value],
        ]),
      ],
    ] as const)
    const bytes = concatBytes(header(), event(1, MEASURED))
    expect(await explainTpmLog(banks, bytes)).toEqual({
      events: 1,
      registers: ['sha256 PCR 1'],
      unexplained: ['sha256 PCR 4'],
    })
    const empty = new Map([...banks, ['SHA-384', new Map()]] as const)
    expect(await explainTpmLog(empty, bytes)).toEqual(await explainTpmLog(banks, bytes))
  })
})
