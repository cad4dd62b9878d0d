import { concatBytes } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { MAX_EVENT_LOG_BYTES, parseEventLog } from '../src/formats/event-log/event-log.ts'
import { hashAlgorithm, hashAlgorithmOf } from '../src/formats/event-log/hash-algorithms.ts'
import { parseSpecId } from '../src/formats/event-log/spec-id.ts'
import { fieldsCut } from './support/cuts.ts'
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
  sha1Event,
  specId,
  u16,
  zeros,
} from './support/event-log-writer.ts'

const error = (code: string, details: object): object => expect.objectContaining({ code, details })

describe('an event log', () => {
  test('names the field in which its header ends too early', () => {
    expect(fieldsCut(header(), (cut) => parseEventLog(cut, 'tpm'))).toEqual([
      'event log pcrIndex',
      'event log eventType',
      'event log digest',
      'event log eventDataSize',
      'event log event',
    ])
    const fields = [
      'signature',
      'platformClass',
      'specVersionMinor',
      'specVersionMajor',
      'specErrata',
      'uintnSize',
      'numberOfAlgorithms',
      'digestSizes[0].algorithmId',
      'digestSizes[0].digestSize',
      'vendorInfoSize',
      'vendorInfo',
    ]
    expect(fieldsCut(specId(), parseSpecId)).toEqual(fields.map((field) => `event log header ${field}`))
  })
  test('names the field in which an event ends too early', () => {
    // Without its first byte, so that each cut is one inside the event.
    const [first, ...rest] = event(1, MEASURED, Uint8Array.of(9))
    const cut = (bytes: Uint8Array) => agile('tpm', Uint8Array.of(first ?? 0), bytes)
    expect(fieldsCut(Uint8Array.from(rest), cut)).toEqual([
      'event log pcrIndex',
      'event log eventType',
      'event log digests.count',
      'event log digests.hashAlg',
      'event log digests.digest',
      'event log eventDataSize',
      'event log event',
    ])
  })
  test('is read event by event', () => {
    const sha256 = new Uint8Array(32).fill(7)
    const log = agile('tpm', event(23, MEASURED, Uint8Array.of(9), [concatBytes(u16(SHA256), sha256)]))
    expect(log).toEqual({
      kind: 'tpm',
      banks: ['sha256'],
      events: [{ register: 23, type: MEASURED, digests: new Map([['sha256', sha256]]), data: Uint8Array.of(9) }],
      paddingBytes: 0,
    })
    expect(log).not.toHaveProperty('startupLocality')
  })
  test('of the time before crypto agility has digests of SHA-1, and starts with an event', () => {
    const digest = new Uint8Array(20).fill(7)
    const events = concatBytes(sha1Event(0, NO_ACTION, locality(3)), sha1Event(1, MEASURED, zeros(0), digest))
    expect(parseEventLog(events, 'tpm')).toMatchObject({
      banks: ['sha1'],
      startupLocality: 3,
      events: [{ register: 0 }, { register: 1, digests: new Map([['sha1', digest]]) }],
    })
    expect(() => parseEventLog(events, 'cc')).toThrow(
      error('WRONG_VALUE', { field: 'event log', expected: 'a crypto-agile log' }),
    )
  })
  test('that begins with a header of another kind of event is not crypto-agile', () =>
    expect(parseEventLog(sha1Event(0, MEASURED, specId()), 'tpm').banks).toEqual(['sha1']))
  test('may be as long as the limit, and no longer', () => {
    const [limit, length] = [MAX_EVENT_LOG_BYTES, MAX_EVENT_LOG_BYTES + 1]
    const filled = concatBytes(header(), ones(limit - header().byteLength))
    expect(parseEventLog(filled, 'cc').paddingBytes).toBe(limit - header().byteLength)
    expect(() => parseEventLog(new Uint8Array(length), 'tpm')).toThrow(
      error('TOO_LONG', { field: 'event log', length, limit }),
    )
  })
  test('has a header without digest', () =>
    expect(() => parseEventLog(sha1Event(0, NO_ACTION, specId(), ones(20)), 'tpm')).toThrow(
      error('RESERVED_NOT_ZERO', { field: 'event log header digest' }),
    ))
  test('has no more than 4,096 events', () => {
    const events = Array.from({ length: 4097 }, () => event(1, MEASURED))
    expect(agile('tpm', ...events.slice(1)).events).toHaveLength(4096)
    expect(() => agile('tpm', ...events)).toThrow(
      error('EVENT_LOG_TOO_MANY', { field: 'the events of the log', limit: 4096 }),
    )
  })
  test('has one header, and it comes first', () =>
    expect(() => agile('tpm', event(1, MEASURED), event(0, NO_ACTION, specId()))).toThrow(
      error('EVENT_LOG_HEADER_MISPLACED', { event: 1 }),
    ))
  test('says under any other type what it likes', () =>
    expect(agile('tpm', event(0, MEASURED, specId()), event(1, MEASURED, locality(9))).events).toHaveLength(2))
})

describe('the header of an event log', () => {
  test.each([
    ['specVersionMajor', 1, { major: 1 }],
    ['specVersionMajor', 3, { major: 3 }],
    ['specVersionMinor', 1, { minor: 1 }],
  ])('has no other %s: %i', (field, actual, fields) =>
    expect(() => parseSpecId(specId(fields))).toThrow(
      error('UNKNOWN_VERSION', { field: `event log header ${field}`, actual }),
    ),
  )
  test('names each hash algorithm with its length, in the order of the events', () => {
    const algorithms = [
      ['sha1', 0x0004, 20],
      ['sha256', 0x000b, 32],
      ['sha384', 0x000c, 48],
      ['sha512', 0x000d, 64],
      ['sm3', 0x0012, 32],
      ['sha3-256', 0x0027, 32],
      ['sha3-384', 0x0028, 48],
      ['sha3-512', 0x0029, 64],
    ] as const
    const read = parseSpecId(specId({ algorithms: algorithms.map(([, id, bytes]) => [id, bytes]) }))
    expect(read.map(({ name, id, bytes }) => [name, id, bytes])).toEqual(algorithms)
    expect(read.map(({ webCrypto }) => webCrypto)).toEqual([
      'SHA-1',
      'SHA-256',
      'SHA-384',
      'SHA-512',
      ...Array.from({ length: 4 }, () => undefined),
    ])
    for (const [name, id] of algorithms) {
      expect(hashAlgorithm(name).id).toBe(id)
      expect(hashAlgorithmOf('test', id).name).toBe(name)
    }
  })
  test('has no algorithm of another name', () =>
    expect(() => Reflect.apply(hashAlgorithm, undefined, ['md5'])).toThrow(new RangeError('not a hash algorithm: md5')))
  test('names a number that stands for no hash algorithm', () =>
    expect(() => parseSpecId(specId({ algorithms: [[0x0010, 32]] }))).toThrow(
      error('WRONG_VALUE', { field: 'event log header digestSizes[0].algorithmId', expected: 'a hash algorithm' }),
    ))
  test('names a length that is not that of the algorithm', () => {
    const algorithms = [
      [SHA1, 20],
      [SHA256, 31],
    ] as const
    expect(() => parseSpecId(specId({ algorithms }))).toThrow(
      error('WRONG_LENGTH', { field: 'event log header digestSizes[1]', expected: 32, actual: 31 }),
    )
  })
  test('names each algorithm once', () => {
    const algorithms = [
      [SHA256, 32],
      [SHA256, 32],
    ] as const
    expect(() => parseSpecId(specId({ algorithms }))).toThrow(
      error('EVENT_LOG_ALGORITHM_REPEATED', { algorithm: 'sha256' }),
    )
  })
  test('names from 1 to 16 algorithms', () => {
    expect(() => parseSpecId(specId({ count: 0 }))).toThrow(
      error('WRONG_VALUE', { field: 'event log header numberOfAlgorithms', expected: 'at least 1' }),
    )
    expect(() => parseSpecId(specId({ count: 17 }))).toThrow(
      error('EVENT_LOG_TOO_MANY', { field: 'the algorithms of the event log', limit: 16 }),
    )
    expect(() => parseSpecId(specId({ count: 16 }))).toThrow(expect.objectContaining({ code: 'WRONG_VALUE' }))
  })
  test('ends where it says', () =>
    expect(() => parseSpecId(concatBytes(specId(), zeros(3)))).toThrow(
      error('TRAILING_BYTES', { field: 'event log header', count: 3 }),
    ))
})
