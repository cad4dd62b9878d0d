import { concatBytes, toBase64Url, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { MAX_HCL_REPORT_BYTES, parseHclReport } from '../src/formats/azure-hcl/hcl-report.ts'
import { parseRuntimeClaims } from '../src/formats/azure-hcl/runtime-claims.ts'
import { requireQuoted } from '../src/formats/azure-hcl/td-report.ts'
import { parseTdReport10 } from '../src/formats/tdx/td-report.ts'

/** Reports of the paravisor written here octet by octet; Microsoft, "attestation report format". */

const u32 = (value: number): Uint8Array => Uint8Array.of(value, value >> 8, value >> 16, value >> 24)
const CLAIMS = utf8('{}')
const HARDWARE = new Uint8Array(1184).fill(0x17)

interface Report {
  readonly signature?: string
  readonly version?: number
  readonly status?: number
  readonly reserved?: number
  readonly reportSize?: number
  readonly dataSize?: number
  readonly dataVersion?: number
  readonly reportType?: number
  readonly hashType?: number
  readonly after?: Uint8Array
}

function report(fields: Report = {}): Uint8Array {
  const { signature = 'HCLA', version = 2, status = 0, reserved = 0, dataVersion = 1, reportType = 2 } = fields
  const { hashType = 1, dataSize = 20 + CLAIMS.byteLength, after = new Uint8Array() } = fields
  const reportSize = fields.reportSize ?? 32 + 1184 + 20 + CLAIMS.byteLength
  return concatBytes(
    utf8(signature),
    ...[version, reportSize, 2, status, 0, 0, reserved].map(u32),
    HARDWARE,
    ...[dataSize, dataVersion, reportType, hashType, CLAIMS.byteLength].map(u32),
    CLAIMS,
    after,
  )
}

function refusal(work: () => unknown): { code: unknown; details: unknown } {
  try {
    work()
  } catch (error) {
    return { code: Reflect.get(Object(error), 'code'), details: Reflect.get(Object(error), 'details') }
  }
  throw new Error('accepted')
}
const refused = (bytes: Uint8Array) => refusal(() => parseHclReport(bytes))

describe('a report of the paravisor', () => {
  test('has the hardware report and the claims', () => {
    const parts = { hardwareReport: HARDWARE, runtimeClaims: CLAIMS }
    expect(parseHclReport(report())).toEqual({ hardware: 'snp', ...parts })
    expect(parseHclReport(report({ version: 1, reportType: 4 }))).toEqual({ hardware: 'tdx', ...parts })
  })
  test.each([
    ['header', 32, 32],
    ['hardware report', 1216, 1184],
    ['runtime data header', 1236, 20],
    ['runtime claims', 1238, 2],
  ])('that ends inside its %s is refused by that name', (field, end, needed) => {
    const details = { field: `HCL report ${field}`, needed, available: needed - 1 }
    expect(refused(report().slice(0, end - 1))).toEqual({ code: 'TRUNCATED', details })
  })
  test(`has ${MAX_HCL_REPORT_BYTES} bytes at most`, () => {
    const after = new Uint8Array(MAX_HCL_REPORT_BYTES - report().byteLength)
    expect(parseHclReport(report({ after })).runtimeClaims).toEqual(CLAIMS)
    expect(refused(report({ after: concatBytes(after, Uint8Array.of(0)) }))).toEqual({
      code: 'TOO_LONG',
      details: { field: 'HCL report', length: MAX_HCL_REPORT_BYTES + 1, limit: MAX_HCL_REPORT_BYTES },
    })
  })
  test.each<[string, Report, string, object]>([
    ['has zeros after it', { after: Uint8Array.of(0, 1) }, 'TRAILING_BYTES', { field: 'HCL report', count: 2 }],
    [
      'begins with HCLA',
      { signature: 'HCLB' },
      'UNSUPPORTED_VALUE',
      { field: 'HCL report signature', expected: '48434c41', actual: '48434c42' },
    ],
    ['is of the version 1 or 2', { version: 3 }, 'UNKNOWN_VERSION', { field: 'HCL report header version', actual: 3 }],
    ['is of no version 0', { version: 0 }, 'UNKNOWN_VERSION', { field: 'HCL report header version', actual: 0 }],
    [
      'was made without an error',
      { status: 7 },
      'UNSUPPORTED_VALUE',
      { field: 'HCL report status', expected: '0', actual: '7' },
    ],
    ['has zeros in reserve', { reserved: 1 }, 'RESERVED_NOT_ZERO', { field: 'HCL report header reserved' }],
    [
      'has runtime data of the version 1',
      { dataVersion: 2 },
      'UNKNOWN_VERSION',
      { field: 'HCL runtime data version', actual: 2 },
    ],
    [
      'has claims hashed by SHA-256',
      { hashType: 2 },
      'UNSUPPORTED_VALUE',
      { field: 'HCL report report data hash type', expected: '1', actual: '2' },
    ],
    [
      'is of SEV-SNP or TDX',
      { reportType: 3 },
      'UNSUPPORTED_VALUE',
      { field: 'HCL runtime data report type', expected: '2 or 4', actual: '3' },
    ],
    [
      'has claims as long as its data says',
      { dataSize: 21 },
      'WRONG_LENGTH',
      { field: 'HCL runtime data size', expected: 22, actual: 21 },
    ],
    [
      'is as long as it says',
      { reportSize: 1237 },
      'WRONG_LENGTH',
      { field: 'HCL report size', expected: 1238, actual: 1237 },
    ],
  ])('%s', (_, fields, code, details) => {
    expect(refused(report(fields))).toEqual({ code, details })
  })
})

describe('runtime claims', () => {
  const modulus = (bytes: number, first = 0x80): string =>
    toBase64Url(new Uint8Array(bytes).fill(0x55).fill(first, 0, 1))
  const key = (members: object = {}): object => ({
    kid: 'HCLAkPub',
    kty: 'RSA',
    e: 'AQAB',
    n: modulus(256),
    key_ops: ['sign'],
    ...members,
  })
  const claims = (...keys: readonly object[]): Uint8Array => utf8(JSON.stringify({ keys }))
  const wrong = (bytes: Uint8Array) => refusal(() => parseRuntimeClaims(bytes))

  test.each([256, 384, 512])('have a key of %i bytes', (bytes) => {
    const { attestationKey } = parseRuntimeClaims(claims({ kid: 'HCLEkPub' }, key({ n: modulus(bytes) })))
    expect(attestationKey).toMatchObject({ kind: 'RSA' })
  })
  test('have one key that attests', () => {
    const details = { key: 'HCLAkPub' }
    expect(wrong(claims({ kid: 'HCLEkPub' }))).toEqual({ code: 'HCL_KEY_MISSING', details })
    expect(wrong(claims(key(), key()))).toEqual({ code: 'HCL_KEY_REPEATED', details })
  })
  test.each<[string, object, string, object]>([
    ['a type', { kty: 'EC' }, 'UNSUPPORTED_VALUE', { field: 'kty', expected: 'RSA', actual: 'EC' }],
    ['an exponent', { e: 'Aw' }, 'UNSUPPORTED_VALUE', { field: 'e', expected: 'AQAB', actual: 'Aw' }],
    [
      'a length',
      { n: modulus(255) },
      'UNSUPPORTED_VALUE',
      { field: 'n', expected: '256, 384, 512 bytes', actual: '255 bytes' },
    ],
    ['a full length', { n: modulus(256, 0x7f) }, 'PUBLIC_KEY_INVALID', { field: 'n' }],
    ...[[], ['verify'], ['sign', 'encrypt']].map((uses): [string, object, string, object] => [
      `a use, which is not ${JSON.stringify(uses)}`,
      { key_ops: uses },
      'WRONG_VALUE',
      { field: 'key_ops', expected: '["sign"], or the older ["encrypt"]' },
    ]),
  ])('have a key with %s', (_, members, code, { field, ...details }: { field?: string }) => {
    expect(wrong(claims(key(members)))).toEqual({
      code,
      details: { field: `runtime claims.keys[0].${field}`, ...details },
    })
  })
  test('have a modulus whose highest bit is set, at least', () => {
    expect(
      parseRuntimeClaims(claims(key({ n: modulus(256, 0x80), key_ops: ['encrypt'] }))).attestationKey,
    ).toBeDefined()
  })
  test('are named in what is wrong with them', () => {
    expect(wrong(utf8('['))).toMatchObject({ details: { field: 'runtime claims' } })
    const configured = utf8(JSON.stringify({ keys: [key()], 'vm-configuration': { 'secure-boot': 1 } }))
    expect(wrong(configured)).toMatchObject({
      code: 'WRONG_TYPE',
      details: { field: 'runtime claims.vm-configuration.secure-boot' },
    })
  })
  test('leave out what they do not say', () => {
    expect(Object.keys(parseRuntimeClaims(claims(key())))).toEqual(['attestationKey'])
  })
})

describe('the TD report beside a quote', () => {
  const quoted = parseTdReport10(new Uint8Array(584))
  const kept = (change: (bytes: Uint8Array) => void = () => undefined): Uint8Array => {
    const bytes = new Uint8Array(1184)
    bytes[0] = 0x81
    change(bytes)
    return bytes
  }
  const set = (at: number, value: number): Uint8Array => kept((bytes) => bytes.set([value], at))
  const wrong = (bytes: Uint8Array) => refusal(() => requireQuoted(bytes, quoted))

  test('says the same', () => {
    expect(() => requireQuoted(kept(), quoted)).not.toThrow()
  })
  test('is of the type of TDX', () => {
    const details = { field: 'TD report REPORTTYPE', expected: '129', actual: '0' }
    expect(wrong(set(0, 0))).toEqual({ code: 'UNSUPPORTED_VALUE', details })
  })
  test('has zeros after it', () => {
    const details = { field: 'TD report padding' }
    expect(wrong(set(1024, 1))).toEqual({ code: 'RESERVED_NOT_ZERO', details })
    expect(wrong(set(1183, 1))).toEqual({ code: 'RESERVED_NOT_ZERO', details })
  })
  test.each<[string, number, number]>([
    ['reportData', 128, 64],
    ['tdAttributes', 512, 8],
    ['xfam', 520, 8],
    ['mrTd', 528, 48],
    ['mrConfigId', 576, 48],
    ['mrOwner', 624, 48],
    ['mrOwnerConfig', 672, 48],
    ['rtmr0', 720, 48],
    ['rtmr1', 768, 48],
    ['rtmr2', 816, 48],
    ['rtmr3', 864, 48],
  ])('says the same of %s, in its first octet and in its last', (field, offset, bytes) => {
    const zeros = '00'.repeat(bytes)
    const code = 'HCL_TD_REPORT_MISMATCH'
    expect(wrong(set(offset, 0xff))).toEqual({
      code,
      details: { field, expected: zeros, actual: `ff${zeros.slice(2)}` },
    })
    expect(wrong(set(offset + bytes - 1, 0xff))).toEqual({
      code,
      details: { field, expected: zeros, actual: `${zeros.slice(2)}ff` },
    })
  })
  test.each([1, 127, 192, 255, 256, 511, 912, 1023])('may say something else at byte %i', (at) => {
    expect(() => requireQuoted(set(at, 0xff), quoted)).not.toThrow()
  })
})
