import { concatBytes, fromHex, type JsonObject, toBase64Url, toHex, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { parseHclEvidence } from '../src/formats/azure-hcl/evidence.ts'
import { MAX_HCL_REPORT_BYTES, parseHclReport } from '../src/formats/azure-hcl/hcl-report.ts'
import { parseRuntimeClaims } from '../src/formats/azure-hcl/runtime-claims.ts'
import { requireQuoted } from '../src/formats/azure-hcl/td-report.ts'
import { parseTdReport10, type TdReport } from '../src/formats/tdx/td-report.ts'
import { fieldsCut } from './support/cuts.ts'
import { hclEvidence, hclParts } from './support/hcl-captures.ts'

const error = (code: string, details: object): object => expect.objectContaining({ code, details })
/** Little-endian. */
const u32 = (value: number): Uint8Array => fromHex('number', value.toString(16).padStart(8, '0')).reverse()
const at = (bytes: Uint8Array, offset: number, changed: Uint8Array): Uint8Array => {
  const copy = bytes.slice()
  copy.set(changed, offset)
  return copy
}

interface ReportFields {
  readonly version?: number
  readonly status?: number
  readonly requestType?: number
  readonly reserved?: Uint8Array
  readonly signature?: string
  readonly reportType?: number
  readonly dataVersion?: number
  readonly hashType?: number
  readonly claims?: Uint8Array
}

/** Source: Microsoft, "Azure confidential VMs guest attestation design detail", attestation report format. */
function report(fields: ReportFields = {}): Uint8Array {
  const { version = 2, status = 0, requestType = 2, reserved = new Uint8Array(12), signature = 'HCLA' } = fields
  const { reportType = 2, dataVersion = 1, hashType = 1, claims = utf8('{}') } = fields
  const size = 1236 + claims.byteLength
  const head = concatBytes(utf8(signature), u32(version), u32(size), u32(requestType), u32(status), reserved)
  const numbers = [20 + claims.byteLength, dataVersion, reportType, hashType, claims.byteLength]
  return concatBytes(head, new Uint8Array(1184).fill(7), ...numbers.map(u32), claims)
}

describe('the report of a paravisor', () => {
  test('names the part in which it ends too early', () =>
    expect(fieldsCut(report(), parseHclReport)).toEqual([
      'HCL report header',
      'HCL report hardware report',
      'HCL report runtime data header',
      'HCL report runtime claims',
    ]))
  test.each([
    ['snp', 2, 1],
    ['tdx', 4, 2],
  ])('of %s is read', (hardware, reportType, version) =>
    expect(parseHclReport(report({ reportType, version }))).toEqual({
      hardware,
      hardwareReport: new Uint8Array(1184).fill(7),
      runtimeClaims: utf8('{}'),
    }),
  )
  test('may be filled up to the limit with zeros, and no further', () => {
    const filled = (length: number): Uint8Array => at(new Uint8Array(length), 0, report())
    expect(parseHclReport(filled(MAX_HCL_REPORT_BYTES)).runtimeClaims).toEqual(utf8('{}'))
    const length = MAX_HCL_REPORT_BYTES + 1
    expect(() => parseHclReport(filled(length))).toThrow(
      error('TOO_LONG', { field: 'HCL report', length, limit: MAX_HCL_REPORT_BYTES }),
    )
    expect(() => parseHclReport(concatBytes(report(), Uint8Array.of(0, 0, 1)))).toThrow(
      error('TRAILING_BYTES', { field: 'HCL report', count: 3 }),
    )
  })
  const value = (field: string, expected: string, actual: string): object =>
    error('UNSUPPORTED_VALUE', { field: `HCL report ${field}`, expected, actual })
  test.each([
    ['signature', report({ signature: 'HCLB' }), value('signature', '48434c41', '48434c42')],
    ['status', report({ status: 1 }), value('status', '0', '1')],
    ['hash', report({ hashType: 2 }), value('report data hash type', '1', '2')],
    ['version', report({ version: 0 }), error('UNKNOWN_VERSION', { field: 'HCL report header version', actual: 0 })],
    ['version', report({ version: 3 }), error('UNKNOWN_VERSION', { field: 'HCL report header version', actual: 3 })],
    [
      'data version',
      report({ dataVersion: 2 }),
      error('UNKNOWN_VERSION', { field: 'HCL runtime data version', actual: 2 }),
    ],
    [
      'kind of hardware',
      report({ reportType: 3 }),
      error('UNSUPPORTED_VALUE', { field: 'HCL runtime data report type', expected: '2 or 4', actual: '3' }),
    ],
    [
      'reserved octets',
      report({ reserved: at(new Uint8Array(12), 11, Uint8Array.of(1)) }),
      error('RESERVED_NOT_ZERO', { field: 'HCL report header reserved' }),
    ],
    [
      'data size',
      at(report(), 1216, u32(21)),
      error('WRONG_LENGTH', { field: 'HCL runtime data size', expected: 22, actual: 21 }),
    ],
    [
      'report size',
      at(report(), 8, u32(1239)),
      error('WRONG_LENGTH', { field: 'HCL report size', expected: 1238, actual: 1239 }),
    ],
  ])('is refused for another %s than there is', (_, bytes, refused) =>
    expect(() => parseHclReport(bytes)).toThrow(refused),
  )
})

const MODULUS = new Uint8Array(256).fill(0xa5)
const KEY: JsonObject = { kid: 'HCLAkPub', key_ops: ['sign'], kty: 'RSA', e: 'AQAB', n: toBase64Url(MODULUS) }
const OTHER: JsonObject = { kid: 'HCLEkPub' }
const claims = (members: JsonObject): Uint8Array => utf8(JSON.stringify({ keys: [OTHER, KEY], ...members }))
const withKey = (members: JsonObject): Uint8Array => claims({ keys: [{ ...KEY, ...members }] })
const long = (length: number): string => 'x'.repeat(length)

describe('the claims of a paravisor', () => {
  test('may name the key alone', () => {
    const { attestationKey, ...rest } = parseRuntimeClaims(claims({}))
    expect(attestationKey.kind).toBe('RSA')
    expect(Object.keys(rest)).toEqual([])
    expect(Object.keys(parseRuntimeClaims(claims({ 'vm-configuration': {} })))).toEqual(['attestationKey'])
  })
  test('are read member by member, and what means nothing here is left', () => {
    const configuration = { vmUniqueId: long(256), 'secure-boot': false, 'console-enabled': true, more: 1 }
    const read = parseRuntimeClaims(
      claims({ 'vm-configuration': configuration, 'user-data': 'AB'.repeat(64), more: 1 }),
    )
    expect(read).toMatchObject({
      vmUniqueId: long(256),
      secureBoot: false,
      consoleEnabled: true,
      userData: 'ab'.repeat(64),
    })
  })
  test('are named where they are no text, and no JSON', () => {
    expect(() => parseRuntimeClaims(Uint8Array.of(0xff))).toThrow(/runtime claims/)
    expect(() => parseRuntimeClaims(utf8('{'))).toThrow(/runtime claims/)
  })
  test.each([256, 384, 512])('may name a key of %i bytes', (length) => {
    const { attestationKey } = parseRuntimeClaims(withKey({ n: toBase64Url(new Uint8Array(length).fill(0x80)) }))
    expect(toHex(attestationKey.spki)).toContain('80'.repeat(length))
  })
  test.each(['sign', 'encrypt'])('may name a key to %s', (use) =>
    expect(parseRuntimeClaims(withKey({ key_ops: [use] })).attestationKey.kind).toBe('RSA'),
  )
  const key = 'runtime claims.keys[0]'
  const uses = error('WRONG_VALUE', { field: `${key}.key_ops`, expected: '["sign"], or the older ["encrypt"]' })
  const unsupported = (member: string, expected: string, actual: string): object =>
    error('UNSUPPORTED_VALUE', { field: `${key}.${member}`, expected, actual })
  const tooLong = (field: string, length: number, limit: number): object =>
    error('TOO_LONG', { field: `runtime claims.${field}`, length, limit })
  const bytes = (length: number): string => toBase64Url(new Uint8Array(length).fill(0xa5))
  test.each([
    ['no key', claims({ keys: [OTHER] }), error('HCL_KEY_MISSING', { key: 'HCLAkPub' })],
    ['two keys', claims({ keys: [KEY, KEY] }), error('HCL_KEY_REPEATED', { key: 'HCLAkPub' })],
    ['17 keys', claims({ keys: Array.from({ length: 17 }, () => OTHER) }), tooLong('keys', 17, 16)],
    ['a long name', claims({ keys: [{ kid: long(257) }] }), tooLong('keys[0].kid', 257, 256)],
    ['an elliptic key', withKey({ kty: 'EC' }), unsupported('kty', 'RSA', 'EC')],
    ['a long kind', withKey({ kty: long(257) }), tooLong('keys[0].kty', 257, 256)],
    ['another exponent', withKey({ e: 'Aw' }), unsupported('e', 'AQAB', 'Aw')],
    ['a short modulus', withKey({ n: bytes(255) }), unsupported('n', '256, 384, 512 bytes', '255 bytes')],
    ['a long modulus', withKey({ n: bytes(513) }), tooLong('keys[0].n', 684, 683)],
    [
      'a modulus whose first bit is clear',
      withKey({ n: toBase64Url(new Uint8Array(256).fill(0x7f)) }),
      error('PUBLIC_KEY_INVALID', { field: `${key}.n` }),
    ],
    ['a key for nothing', withKey({ key_ops: [] }), uses],
    ['a key to verify', withKey({ key_ops: ['verify'] }), uses],
    ['a key for both', withKey({ key_ops: ['sign', 'encrypt'] }), uses],
    ['nine uses', withKey({ key_ops: Array.from({ length: 9 }, () => 'sign') }), tooLong('keys[0].key_ops', 9, 8)],
    ['a long use', withKey({ key_ops: [long(257)] }), tooLong('keys[0].key_ops[0]', 257, 256)],
    [
      'a long name of the machine',
      claims({ 'vm-configuration': { vmUniqueId: long(257) } }),
      tooLong('vm-configuration.vmUniqueId', 257, 256),
    ],
    [
      'a switch that is no switch',
      claims({ 'vm-configuration': { 'console-enabled': 1 } }),
      error('WRONG_TYPE', { field: 'runtime claims.vm-configuration.console-enabled', expected: 'true or false' }),
    ],
    [
      'user data of another length',
      claims({ 'user-data': 'ab'.repeat(63) }),
      error('WRONG_LENGTH', { field: 'runtime claims.user-data', expected: 64, actual: 63 }),
    ],
  ])('are refused with %s', (_, text, refused) => expect(() => parseRuntimeClaims(text)).toThrow(refused))
})

/** Source: Intel TDX Module ABI, TDREPORT_STRUCT. */
const TD_FIELDS = [
  ['REPORTTYPE', 0, 1],
  ['REPORTMACSTRUCT', 1, 127],
  ['REPORTDATA', 128, 64, 'reportData'],
  ['MAC', 192, 64],
  ['TEE_TCB_INFO', 256, 256],
  ['ATTRIBUTES', 512, 8, 'tdAttributes'],
  ['XFAM', 520, 8, 'xfam'],
  ['MRTD', 528, 48, 'mrTd'],
  ['MRCONFIGID', 576, 48, 'mrConfigId'],
  ['MROWNER', 624, 48, 'mrOwner'],
  ['MROWNERCONFIG', 672, 48, 'mrOwnerConfig'],
  ['RTMR0', 720, 48, 'rtmr0'],
  ['RTMR1', 768, 48, 'rtmr1'],
  ['RTMR2', 816, 48, 'rtmr2'],
  ['RTMR3', 864, 48, 'rtmr3'],
  ['SERVTD_HASH', 912, 112],
] as const

describe('the TD report that a paravisor keeps', () => {
  const bytes = Uint8Array.from({ length: 1024 }, (_, i) => (i === 0 ? 0x81 : i % 251))
  const compared = TD_FIELDS.flatMap(([, offset, length, member]) =>
    member === undefined ? [] : [{ member, value: bytes.slice(offset, offset + length), offset }],
  )
  const quoted: TdReport = {
    ...parseTdReport10(new Uint8Array(584)),
    ...Object.fromEntries(compared.map(({ member, value }) => [member, value])),
  }
  const padded = at(new Uint8Array(1184), 0, bytes)
  test('is what was quoted, with zeros after it or none', () => {
    expect(() => requireQuoted(bytes, quoted)).not.toThrow()
    expect(() => requireQuoted(padded, quoted)).not.toThrow()
  })
  test('names the field in which it ends too early', () =>
    expect(fieldsCut(bytes, (cut) => requireQuoted(cut, quoted))).toEqual(
      TD_FIELDS.map(([field]) => `TD report ${field}`),
    ))
  test.each(compared.map(({ member, value, offset }) => [member, offset, value] as const))(
    'is refused when it differs in %s',
    (field, offset, value) => {
      const wrong = value.map((byte, i) => (i === value.byteLength - 1 ? byte ^ 1 : byte))
      expect(() => requireQuoted(at(padded, offset, wrong), quoted)).toThrow(
        error('HCL_TD_REPORT_MISMATCH', { field, expected: toHex(value), actual: toHex(wrong) }),
      )
    },
  )
  test('is of a trust domain', () =>
    expect(() => requireQuoted(at(padded, 0, Uint8Array.of(0)), quoted)).toThrow(
      error('UNSUPPORTED_VALUE', { field: 'TD report REPORTTYPE', expected: '129', actual: '0' }),
    ))
  test('is followed by zeros alone', () =>
    expect(() => requireQuoted(at(padded, 1183, Uint8Array.of(1)), quoted)).toThrow(
      error('RESERVED_NOT_ZERO', { field: 'TD report padding' }),
    ))
})

describe('evidence of an Azure machine', () => {
  const parts = hclParts('azure-tdx-evidence-v1.json')
  const text = new TextDecoder().decode(hclEvidence(parts))
  const members: JsonObject = JSON.parse(text)
  const evidence = (changed: JsonObject): Uint8Array => utf8(JSON.stringify({ ...members, ...changed }))
  const LIMIT = 65_536
  test('may be as long as the limit, and no longer', () => {
    expect(parseHclEvidence(utf8(text.padEnd(LIMIT))).tdQuote).toEqual(parts.tdQuote)
    const length = LIMIT + 1
    expect(() => parseHclEvidence(utf8(text.padEnd(length)))).toThrow(
      error('TOO_LONG', { field: 'Azure evidence', length, limit: LIMIT }),
    )
  })
  test('is named where it is no text, and no JSON', () => {
    expect(() => parseHclEvidence(Uint8Array.of(0xff))).toThrow(/Azure evidence/)
    expect(() => parseHclEvidence(utf8('{'))).toThrow(/Azure evidence/)
  })
  test.each([
    ['report', MAX_HCL_REPORT_BYTES],
    ['quoted', 512],
    ['tdQuote', 32_768],
    ['signature', 1024],
  ])('has no %s of more than %i bytes', (member, most) => {
    const limit = Math.ceil((most * 4) / 3)
    const most64 = toBase64Url(new Uint8Array(most + 3))
    expect(() => parseHclEvidence(evidence({ [member]: most64 }))).toThrow(
      error('TOO_LONG', { field: `Azure evidence.${member}`, length: most64.length, limit }),
    )
  })
  test('has a member that nobody knows in none of its parts', () => {
    expect(() => parseHclEvidence(evidence({ more: 1 }))).toThrow(
      error('UNKNOWN_MEMBER', { field: 'Azure evidence', member: 'more' }),
    )
    expect(() => parseHclEvidence(evidence({ version: 2 }))).toThrow(
      error('WRONG_VALUE', { field: 'Azure evidence.version', expected: 'from 1 to 1' }),
    )
  })
})
