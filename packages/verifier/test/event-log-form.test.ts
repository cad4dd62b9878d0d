import { concatBytes, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import {
  type EventLog,
  type EventLogKind,
  MAX_EVENT_LOG_BYTES,
  MAX_EVENTS,
  parseEventLog,
} from '../src/formats/event-log/event-log.ts'
import { type HashName, hashAlgorithm, hashAlgorithmOf } from '../src/formats/event-log/hash-algorithms.ts'
import { explainRegisters, replayEventLog } from '../src/formats/event-log/replay.ts'
import { explainTpmLog } from '../src/formats/tpm/event-log.ts'

/** Logs written here octet by octet. TCG PC Client Platform Firmware Profile 1.06, 10.2.1, 10.2.2 and 10.4.5. */

const EV_NO_ACTION = 3
const EV_SEPARATOR = 4
const SHA1 = { id: 4, bytes: 20 }
const SHA256 = { id: 0x0b, bytes: 32 }
const SHA384 = { id: 0x0c, bytes: 48 }

interface Algorithm {
  readonly id: number
  readonly bytes: number
}

const u8 = (value: number): Uint8Array => Uint8Array.of(value)
const u16 = (value: number): Uint8Array => Uint8Array.of(value & 255, value >> 8)
const u32 = (value: number): Uint8Array => concatBytes(u16(value & 0xffff), u16(value >>> 16))
const digest = (bytes: number, fill = 0xd1): Uint8Array => new Uint8Array(bytes).fill(fill)

function sha1Event(register: number, type: number, data: Uint8Array, fill = 0xd1): Uint8Array {
  return concatBytes(u32(register), u32(type), digest(20, fill), u32(data.byteLength), data)
}

interface Header {
  readonly minor?: number
  readonly major?: number
  readonly algorithms?: readonly Algorithm[]
  readonly count?: number
  readonly vendor?: Uint8Array
  readonly after?: Uint8Array
}

function headerData({ minor = 0, major = 2, algorithms = [SHA256], count, vendor, after }: Header = {}): Uint8Array {
  const vendorInfo = vendor ?? new Uint8Array()
  return concatBytes(
    utf8('Spec ID Event03\0'),
    u32(0),
    Uint8Array.of(minor, major, 0, 2),
    u32(count ?? algorithms.length),
    ...algorithms.flatMap(({ id, bytes }) => [u16(id), u16(bytes)]),
    u8(vendorInfo.byteLength),
    vendorInfo,
    after ?? new Uint8Array(),
  )
}

function header(fields: Header = {}, fill = 0): Uint8Array {
  return sha1Event(0, EV_NO_ACTION, headerData(fields), fill)
}

function event(
  register: number,
  type = EV_SEPARATOR,
  data: Uint8Array = utf8('x'),
  of: readonly Algorithm[] = [SHA256],
): Uint8Array {
  const digests = of.flatMap(({ id, bytes }) => [u16(id), digest(bytes)])
  return concatBytes(u32(register), u32(type), u32(of.length), ...digests, u32(data.byteLength), data)
}

const locality = (value: number): Uint8Array => concatBytes(utf8('StartupLocality\0'), u8(value))

function refusal(bytes: Uint8Array, kind: EventLogKind = 'tpm'): { code: unknown; details: unknown } {
  let log: EventLog
  try {
    log = parseEventLog(bytes, kind)
  } catch (error) {
    return { code: Reflect.get(Object(error), 'code'), details: Reflect.get(Object(error), 'details') }
  }
  throw new Error(`accepted, with ${log.events.length} events`)
}

const truncated = (field: string, needed: number, available = needed - 1) => ({
  code: 'TRUNCATED',
  details: { field, needed, available },
})

describe('a log that ends inside a field is refused by its name', () => {
  test.each([
    ['pcrIndex', 4, 4],
    ['eventType', 8, 4],
    ['digest', 28, 20],
    ['eventDataSize', 32, 4],
    ['event', 32 + 33, 33],
  ])('the header event: %s', (field, end, needed) => {
    expect(refusal(header().slice(0, end - 1))).toEqual(truncated(`event log ${field}`, needed))
  })
  test.each([
    ['pcrIndex', 4, 4],
    ['eventType', 8, 4],
    ['digests.count', 12, 4],
    ['digests.hashAlg', 14, 2],
    ['digests.digest', 46, 32],
    ['eventDataSize', 50, 4],
    ['event', 51, 1],
  ])('an event: %s', (field, end, needed) => {
    const log = concatBytes(header(), event(4))
    expect(refusal(log.slice(0, header().byteLength + end - 1))).toEqual(truncated(`event log ${field}`, needed))
  })
  test.each([
    ['platformClass', 20, 4],
    ['specVersionMinor', 21, 1],
    ['specVersionMajor', 22, 1],
    ['specErrata', 23, 1],
    ['uintnSize', 24, 1],
    ['numberOfAlgorithms', 28, 4],
    ['digestSizes[0].algorithmId', 30, 2],
    ['digestSizes[0].digestSize', 32, 2],
    ['vendorInfoSize', 33, 1],
    ['vendorInfo', 36, 3],
  ])('what the header says: %s', (field, end, needed) => {
    const data = headerData({ vendor: utf8('abc') }).slice(0, end - 1)
    expect(refusal(sha1Event(0, EV_NO_ACTION, data, 0))).toEqual(truncated(`event log header ${field}`, needed))
  })
})

describe('the header of a log', () => {
  test('has a digest of zeros', () => {
    expect(refusal(header({}, 1))).toEqual({
      code: 'RESERVED_NOT_ZERO',
      details: { field: 'event log header digest' },
    })
  })
  test.each([
    ['specVersionMajor', 1, { major: 1 }],
    ['specVersionMajor', 3, { major: 3 }],
    ['specVersionMinor', 1, { minor: 1 }],
  ])('has the version 2.0: %s %i', (field, actual, fields) => {
    const details = { field: `event log header ${field}`, actual }
    expect(refusal(header(fields))).toEqual({ code: 'UNKNOWN_VERSION', details })
  })
  test('names one algorithm at least', () => {
    const details = { field: 'event log header numberOfAlgorithms', expected: 'at least 1' }
    expect(refusal(header({ algorithms: [] }))).toEqual({ code: 'WRONG_VALUE', details })
  })
  test('names 16 at most', () => {
    const details = { field: 'the algorithms of the event log', limit: 16 }
    expect(refusal(header({ count: 17 }))).toEqual({ code: 'EVENT_LOG_TOO_MANY', details })
    expect(refusal(header({ count: 16 }))).toMatchObject({ code: 'TRUNCATED' })
  })
  test('names each algorithm once', () => {
    expect(refusal(header({ algorithms: [SHA256, SHA384, SHA256] }))).toEqual({
      code: 'EVENT_LOG_ALGORITHM_REPEATED',
      details: { algorithm: 'sha256' },
    })
  })
  test('names hash algorithms', () => {
    const details = { field: 'event log header digestSizes[1].algorithmId', expected: 'a hash algorithm' }
    expect(refusal(header({ algorithms: [SHA256, { id: 0x10, bytes: 32 }] }))).toEqual({ code: 'WRONG_VALUE', details })
  })
  test('gives each digest its length', () => {
    const details = { field: 'event log header digestSizes[0]', expected: 32, actual: 31 }
    expect(refusal(header({ algorithms: [{ id: 0x0b, bytes: 31 }] }))).toEqual({ code: 'WRONG_LENGTH', details })
  })
  test('ends with what the vendor says', () => {
    const log = parseEventLog(header({ vendor: utf8('abc') }), 'tpm')
    expect(log).toEqual({ kind: 'tpm', banks: ['sha256'], events: [], paddingBytes: 0 })
    expect(refusal(header({ after: u8(0) }))).toEqual({
      code: 'TRAILING_BYTES',
      details: { field: 'event log header', count: 1 },
    })
  })
  test('is one only when nothing is done with it, in a log of a TPM', () => {
    const log = parseEventLog(sha1Event(0, EV_SEPARATOR, headerData()), 'tpm')
    expect(log.banks).toEqual(['sha1'])
    expect(log.events).toHaveLength(1)
  })
  test('comes once', () => {
    const again = concatBytes(header(), event(4), event(0, EV_NO_ACTION, headerData()))
    expect(refusal(again)).toEqual({ code: 'EVENT_LOG_HEADER_MISPLACED', details: { event: 1 } })
    const measured = parseEventLog(concatBytes(header(), event(4, EV_SEPARATOR, headerData())), 'tpm')
    expect(measured.events).toHaveLength(1)
  })
  test('is needed in a log of a trust domain', () => {
    const details = { field: 'event log', expected: 'a crypto-agile log' }
    expect(refusal(sha1Event(1, EV_SEPARATOR, utf8('x')), 'cc')).toEqual({ code: 'WRONG_VALUE', details })
  })
})

describe('a hash algorithm', () => {
  const known: readonly (readonly [HashName, number, number, string | undefined])[] = [
    ['sha1', 0x04, 20, 'SHA-1'],
    ['sha256', 0x0b, 32, 'SHA-256'],
    ['sha384', 0x0c, 48, 'SHA-384'],
    ['sha512', 0x0d, 64, 'SHA-512'],
    ['sm3', 0x12, 32, undefined],
    ['sha3-256', 0x27, 32, undefined],
    ['sha3-384', 0x28, 48, undefined],
    ['sha3-512', 0x29, 64, undefined],
  ]
  test.each(known)('%s has its number, its length and its name', (name, id, bytes, webCrypto) => {
    const algorithm = { id, name, bytes, ...(webCrypto !== undefined && { webCrypto }) }
    expect(hashAlgorithm(name)).toEqual(algorithm)
    expect(hashAlgorithmOf('field', id)).toEqual(algorithm)
  })
  test.each(known)('%s may be a bank of a log', (name, id, bytes) => {
    const of = [SHA256, { id, bytes }].slice(name === 'sha256' ? 1 : 0)
    const log = parseEventLog(concatBytes(header({ algorithms: of }), event(4, EV_SEPARATOR, utf8('x'), of)), 'tpm')
    expect(log.banks).toEqual(name === 'sha256' ? ['sha256'] : ['sha256', name])
    expect(log.events[0]?.digests.get(name)).toEqual(digest(bytes))
  })
  test('that has another name is a mistake of whoever asks', () => {
    const name: HashName = JSON.parse('"md5"')
    expect(() => hashAlgorithm(name)).toThrowError(new RangeError('not a hash algorithm: md5'))
  })
})

describe('the digests of an event', () => {
  const of = [SHA256, SHA384]
  const wrong = (bytes: Uint8Array) =>
    refusal(concatBytes(header({ algorithms: of }), event(1, 4, utf8('x'), of), bytes))
  const facts = (actual: string) => ({
    code: 'EVENT_LOG_DIGESTS_WRONG',
    details: { event: 1, expected: ['sha256', 'sha384'], actual },
  })
  test('are one of each algorithm, in any order', () => {
    const swapped = event(1, 4, utf8('x'), [SHA384, SHA256])
    expect(parseEventLog(concatBytes(header({ algorithms: of }), swapped), 'tpm').events).toHaveLength(1)
  })
  test('are not fewer and not more', () => {
    expect(wrong(event(1, 4, utf8('x'), []))).toEqual(facts('0 digests'))
    expect(wrong(event(1, 4, utf8('x'), [SHA256]))).toEqual(facts('1 digests'))
    expect(wrong(event(1, 4, utf8('x'), [SHA256, SHA384, SHA1]))).toEqual(facts('3 digests'))
  })
  test('are not two of one', () => {
    expect(wrong(event(1, 4, utf8('x'), [SHA384, SHA384]))).toEqual(facts('two of sha384'))
  })
  test('are not of an algorithm that the header does not name', () => {
    expect(wrong(event(1, 4, utf8('x'), [SHA256, SHA1]))).toEqual(facts('one of the algorithm 0x4'))
  })
})

describe('the registers of a log', () => {
  test.each([
    ['tpm', 23],
    ['cc', 4],
  ] as const)('of the kind %s end with %i', (kind, highest) => {
    expect(parseEventLog(concatBytes(header(), event(highest)), kind).events[0]?.register).toBe(highest)
    const details = { event: 1, register: highest + 1, highest }
    expect(refusal(concatBytes(header(), event(1), event(highest + 1)), kind)).toEqual({
      code: 'EVENT_LOG_REGISTER_UNKNOWN',
      details,
    })
  })
  test('are none for what is only noted, in a log of a TPM', () => {
    const none = 0xffff_ffff
    expect(parseEventLog(concatBytes(header(), event(none, EV_NO_ACTION)), 'tpm').events).toHaveLength(1)
    expect(refusal(concatBytes(header(), event(none)))).toMatchObject({ code: 'EVENT_LOG_REGISTER_UNKNOWN' })
    expect(refusal(concatBytes(header(), event(none - 1, EV_NO_ACTION)))).toMatchObject({
      code: 'EVENT_LOG_REGISTER_UNKNOWN',
    })
    expect(refusal(concatBytes(header(), event(none - 1, EV_NO_ACTION)), 'cc')).toMatchObject({
      code: 'EVENT_LOG_REGISTER_UNKNOWN',
    })
  })
})

describe('the start-up locality', () => {
  const noted = (data: Uint8Array, register = 0): Uint8Array => event(register, EV_NO_ACTION, data)
  const wrong = (expected: string, at = 0) => ({ code: 'EVENT_LOG_LOCALITY_WRONG', details: { event: at, expected } })
  test.each([0, 3, 4])('may be %i', (value) => {
    expect(parseEventLog(concatBytes(header(), noted(locality(value))), 'tpm').startupLocality).toBe(value)
  })
  test.each([1, 2, 5])('is not %i', (value) => {
    expect(refusal(concatBytes(header(), noted(locality(value))))).toEqual(wrong('locality 0, 3 or 4'))
  })
  test('is one octet', () => {
    const expected = wrong('one octet after the signature')
    expect(refusal(concatBytes(header(), noted(locality(3).slice(0, -1))))).toEqual(expected)
    expect(refusal(concatBytes(header(), noted(concatBytes(locality(3), u8(0)))))).toEqual(expected)
  })
  test('is noted for register 0', () => {
    expect(refusal(concatBytes(header(), noted(locality(3), 1)))).toEqual(wrong('register 0'))
  })
  test('is noted once', () => {
    const twice = concatBytes(header(), noted(locality(3)), noted(locality(3)))
    expect(refusal(twice)).toEqual(wrong('no earlier event of the kind', 1))
  })
  test('is noted before anything is measured into register 0, and after whatever else', () => {
    const late = concatBytes(header(), event(0), noted(locality(3)))
    expect(refusal(late)).toEqual(wrong('a place before what is measured into register 0', 1))
    const soon = concatBytes(header(), event(1), noted(utf8('a note')), noted(locality(3)), event(0))
    expect(parseEventLog(soon, 'tpm').startupLocality).toBe(3)
  })
  test('is absent where nobody notes it, and in a log of a trust domain', () => {
    expect(parseEventLog(concatBytes(header(), event(1)), 'tpm')).not.toHaveProperty('startupLocality')
    const log = parseEventLog(concatBytes(header(), event(0, EV_NO_ACTION, locality(9))), 'cc')
    expect(log).not.toHaveProperty('startupLocality')
    expect(log.events).toHaveLength(1)
  })
  test('is not what only begins so', () => {
    const log = parseEventLog(concatBytes(header(), noted(utf8('StartupLocality!'), 1)), 'tpm')
    expect(log).not.toHaveProperty('startupLocality')
  })
  test('is not what has another type', () => {
    const log = parseEventLog(concatBytes(header(), event(0, EV_SEPARATOR, locality(9))), 'tpm')
    expect(log).not.toHaveProperty('startupLocality')
  })
})

describe('what follows the last event', () => {
  const padded = (...padding: readonly number[]): Uint8Array =>
    concatBytes(header(), event(1), Uint8Array.from(padding))
  test('is padding in the area of a trust domain', () => {
    expect(parseEventLog(padded(255, 255, 255, 255, 255), 'cc')).toMatchObject({ paddingBytes: 5, kind: 'cc' })
    expect(parseEventLog(padded(255, 255, 255, 255), 'cc')).toMatchObject({ paddingBytes: 4 })
    expect(parseEventLog(padded(255), 'cc')).toMatchObject({ paddingBytes: 1 })
  })
  test('is no padding in a log of a TPM', () => {
    expect(refusal(padded(255, 255, 255, 255))).toEqual(truncated('event log eventType', 4, 0))
  })
  test('is padding, and no event for no register, in a log of a trust domain', () => {
    const log = concatBytes(header(), event(0xffff_ffff, EV_NO_ACTION))
    expect(refusal(log, 'cc')).toMatchObject({ code: 'TRAILING_BYTES' })
  })
  test('is padding to the end', () => {
    const details = { field: 'event log', count: 3 }
    expect(refusal(padded(255, 255, 255, 255, 255, 0, 255, 255), 'cc')).toEqual({ code: 'TRAILING_BYTES', details })
  })
  test('is another event when it does not begin with four octets of padding', () => {
    expect(refusal(concatBytes(padded(), event(0x00ff_ffff)), 'cc')).toMatchObject({
      code: 'EVENT_LOG_REGISTER_UNKNOWN',
    })
  })
})

describe('the bounds of a log', () => {
  test('are those of what is documented', () => {
    expect([MAX_EVENTS, MAX_EVENT_LOG_BYTES]).toEqual([4096, 1_048_576])
  })
  test(`are ${MAX_EVENTS} events`, () => {
    const events = Array.from({ length: MAX_EVENTS }, () => event(1))
    const log = concatBytes(header(), ...events)
    expect(parseEventLog(log, 'tpm').events).toHaveLength(MAX_EVENTS)
    const details = { field: 'the events of the log', limit: MAX_EVENTS }
    expect(refusal(concatBytes(log, event(1)))).toEqual({ code: 'EVENT_LOG_TOO_MANY', details })
  })
  test(`are ${MAX_EVENT_LOG_BYTES} bytes`, () => {
    const start = concatBytes(header(), event(1))
    const full = concatBytes(start, digest(MAX_EVENT_LOG_BYTES - start.byteLength, 0xff))
    expect(parseEventLog(full, 'cc').paddingBytes).toBe(MAX_EVENT_LOG_BYTES - start.byteLength)
    const details = { field: 'event log', length: MAX_EVENT_LOG_BYTES + 1, limit: MAX_EVENT_LOG_BYTES }
    expect(refusal(concatBytes(full, u8(255)), 'cc')).toEqual({ code: 'TOO_LONG', details })
  })
})

describe('a replay', () => {
  const logOf = (...algorithms: readonly Algorithm[]): EventLog =>
    parseEventLog(concatBytes(header({ algorithms }), event(2, 4, utf8('x'), algorithms)), 'tpm')
  test('extends by the hash of the bank', async () => {
    const log = logOf(SHA256, { id: 0x0d, bytes: 64 })
    const extended = concatBytes(new Uint8Array(64), digest(64))
    const expected = new Uint8Array(await crypto.subtle.digest('SHA-512', extended))
    expect(await replayEventLog(log, 'sha512')).toEqual(new Map([[2, expected]]))
  })
  test('of a bank that cannot be computed is a mistake of whoever asks', async () => {
    await expect(replayEventLog(logOf({ id: 0x12, bytes: 32 }), 'sm3')).rejects.toThrowError(
      new RangeError('a sm3 bank cannot be replayed'),
    )
  })
  test('of a log of a trust domain begins with zeros in each register', async () => {
    const log = parseEventLog(concatBytes(header(), event(0), event(4)), 'cc')
    const expected = new Uint8Array(await crypto.subtle.digest('SHA-256', concatBytes(new Uint8Array(32), digest(32))))
    expect(await replayEventLog(log, 'sha256')).toEqual(new Map([0, 4].map((register) => [register, expected])))
  })
  test('explains registers, the lowest first, and says which it knows nothing of', async () => {
    const log = parseEventLog(concatBytes(header(), event(9), event(5), event(7)), 'tpm')
    const replayed = await replayEventLog(log, 'sha256')
    const actual = new Map(
      [9, 7, 5, 3].map((register) => [
        register,
        { name: `PCR${register}`, value: replayed.get(register) ?? new Uint8Array(32) },
      ]),
    )
    expect(await explainRegisters(log, 'sha256', actual)).toEqual([5, 7, 9])
    const others = new Map([...actual].filter(([register]) => register === 3))
    await expect(explainRegisters(log, 'sha256', others)).rejects.toMatchObject({
      code: 'EVENT_LOG_EMPTY',
      details: { registers: ['PCR3'] },
    })
  })
  test('is told of the banks of a quote, with what it does not explain', async () => {
    const bytes = concatBytes(header(), event(1))
    const value = (await replayEventLog(parseEventLog(bytes, 'tpm'), 'sha256')).get(1) ?? new Uint8Array()
    const pcrs = new Map([
      [1, value],
      [2, digest(32, 0)],
      [3, digest(32, 0xff)],
      [4, value],
    ])
    const banks = new Map([['SHA-256', pcrs]] as const)
    const told = { events: 1, registers: ['sha256 PCR 1'], unexplained: ['sha256 PCR 4'] }
    expect(await explainTpmLog(banks, bytes)).toEqual(told)
    const empty = new Map([...banks, ['SHA-384', new Map()]] as const)
    expect(await explainTpmLog(empty, bytes)).toEqual(told)
  })
})
