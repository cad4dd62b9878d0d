import { concatBytes, fromHex, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { claimsOf } from '../src/formats/nvidia/nvidia-claims-of.ts'
import { parseOpaqueData } from '../src/formats/nvidia/opaque-data.ts'
import { parseNvidiaReport } from '../src/formats/nvidia/report.ts'
import { fieldsCut } from './support/cuts.ts'
import { nvidiaCapture } from './support/nvidia-captures.ts'

const error = (code: string, details: object): object => expect.objectContaining({ code, details })
const { report } = nvidiaCapture('a GPU of its reference versions')
const changed = (at: number, value: number): Uint8Array => report.map((byte, i) => (i === at ? value : byte))

/** Source: DMTF DSP0274 1.1.3, tables 41 to 46. The request has 37 bytes, a block of the record 55. */
const RECORD = 45
const BLOCK = 55
const NONCE = RECORD + 64 * BLOCK

describe('the report of a GPU', () => {
  test('names the field in which it ends too early', () => {
    const block = (number: number): readonly string[] =>
      [
        'Index',
        'MeasurementSpecification',
        'MeasurementSize',
        'DMTFSpecMeasurementValueType',
        'DMTFSpecMeasurementValueSize',
        'DMTFSpecMeasurementValue',
      ].map((field) => `measurement ${number} ${field}`)
    const head = [
      'request SPDMVersion',
      'request RequestResponseCode',
      'request Param1',
      'request Param2',
      'request Nonce',
      'request SlotIDParam',
      'SPDMVersion',
      'RequestResponseCode',
      'Param1',
      'Param2',
      'NumberOfBlocks',
      'MeasurementRecordLength',
      ...block(1),
      ...block(2),
    ]
    const named = (fields: readonly string[]): readonly string[] => fields.map((field) => `GPU report ${field}`)
    expect(fieldsCut(report.slice(0, RECORD + 2 * BLOCK), parseNvidiaReport)).toEqual(named(head))
    const [start, rest] = [report.slice(0, NONCE), report.slice(NONCE)]
    expect(fieldsCut(rest, (cut) => parseNvidiaReport(concatBytes(start, cut)))).toEqual(
      named(['Nonce', 'OpaqueDataLength', 'OpaqueData', 'Signature']),
    )
  })
  test.each([
    ['request SPDMVersion', 0, 0x12, 0x11],
    ['request RequestResponseCode', 1, 0xe1, 0xe0],
    ['request Param1', 2, 0, 1],
    ['request Param2', 3, 0, 0xff],
    ['request SlotIDParam', 36, 1, 0],
    ['SPDMVersion', 37, 0x12, 0x11],
    ['RequestResponseCode', 38, 0x61, 0x60],
    ['Param1', 39, 1, 0],
    ['Param2', 40, 1, 0],
    ['NumberOfBlocks', 41, 63, 64],
    ['measurement 1 Index', RECORD, 2, 1],
    ['measurement 64 Index', RECORD + 63 * BLOCK, 63, 64],
    ['measurement 2 MeasurementSpecification', RECORD + BLOCK + 1, 2, 1],
    ['measurement 2 MeasurementSize', RECORD + BLOCK + 2, 50, 51],
    ['measurement 2 DMTFSpecMeasurementValueType', RECORD + BLOCK + 4, 0x81, 1],
    ['measurement 2 DMTFSpecMeasurementValueSize', RECORD + BLOCK + 5, 47, 48],
  ])('has one %s', (field, at, actual, expected) =>
    expect(() => parseNvidiaReport(changed(at, actual))).toThrow(
      error('UNSUPPORTED_VALUE', { field, expected: String(expected), actual: String(actual) }),
    ),
  )
  test.each([
    [42, 0xff, 3520 - 0xc0 + 0xff],
    [43, 0x0e, 3520 + 0x100],
    [44, 1, 3520 + 0x1_0000],
  ])('counts its record in 24 bits (%i)', (at, value, actual) =>
    expect(() => parseNvidiaReport(changed(at, value))).toThrow(
      error('UNSUPPORTED_VALUE', { field: 'MeasurementRecordLength', expected: '3520', actual: String(actual) }),
    ),
  )
  test('has opaque data of at most 1,024 bytes', () => {
    const length = NONCE + 32
    const withLength = (low: number, high: number): Uint8Array =>
      changed(length, low).map((byte, i) => (i === length + 1 ? high : byte))
    expect(() => parseNvidiaReport(withLength(1, 4))).toThrow(
      error('TOO_LONG', { field: 'OpaqueData', length: 1025, limit: 1024 }),
    )
    const available = report.byteLength - length - 2
    expect(() => parseNvidiaReport(withLength(0, 4))).toThrow(
      error('TRUNCATED', { field: 'GPU report OpaqueData', needed: 1024, available }),
    )
  })
  test('signs request and answer up to the signature', () => {
    const { signed, signature } = parseNvidiaReport(report)
    expect(concatBytes(signed, signature)).toEqual(report)
    expect(signature.byteLength).toBe(96)
  })
  test('ends where it says', () =>
    expect(() => parseNvidiaReport(concatBytes(report, new Uint8Array(2)))).toThrow(
      error('TRAILING_BYTES', { field: 'GPU report', count: 2 }),
    ))
})

type Field = readonly [type: number, value: Uint8Array]
const u16 = (value: number): Uint8Array => Uint8Array.of(value & 0xff, value >> 8)
const opaque = (fields: readonly Field[]): Uint8Array =>
  concatBytes(...fields.map(([type, value]) => concatBytes(u16(type), u16(value.byteLength), value)))

const OFF = Uint8Array.of(0x55)
const ON = Uint8Array.of(0xaa)
const REQUIRED: readonly Field[] = [
  [3, utf8('550.90.07\0\0')],
  [6, fromHex('version', '00 9f 00 96 01 00 00 00'.replaceAll(' ', ''))],
  [11, OFF],
  [15, utf8('882\0')],
  [17, utf8('G520')],
  [18, utf8('0200\0\0')],
]
const SAID = {
  driverVersion: '550.90.07',
  vbiosVersion: '96.00.9f.00.01',
  chipSku: '882',
  project: 'G520',
  projectSku: '0200',
  nvdec0: 'disabled',
  protectedPcie: false,
  otherFields: [],
}
const MEMBERS = ['driverVersion', 'vbiosVersion', 'nvdec0', 'chipSku', 'project', 'projectSku'] as const
const replaced = (type: number, value: Uint8Array): readonly Field[] =>
  REQUIRED.map((field) => (field[0] === type ? [type, value] : field))
const counts = concatBytes(...Array.from({ length: 64 }, (_, i) => Uint8Array.of(i, i % 3, 0, 0)))

describe('the opaque data of a report', () => {
  test('may say what it has to, and nothing more', () => {
    expect(parseOpaqueData(opaque(REQUIRED))).toEqual(SAID)
    expect(Object.keys(parseOpaqueData(opaque(REQUIRED))).sort()).toEqual(Object.keys(SAID).sort())
  })
  test('may say all that is known', () => {
    const fields: readonly Field[] = [
      ...replaced(11, ON),
      [16, utf8('A1')],
      [19, Uint8Array.of(1)],
      [20, new Uint8Array(48).fill(2)],
      [14, Uint8Array.of(3)],
      [4, Uint8Array.of(4)],
      [13, Uint8Array.of(5)],
      [12, counts],
      [21, ON],
      [36, new Uint8Array()],
      [1, new Uint8Array(9)],
    ]
    expect(parseOpaqueData(opaque(fields))).toEqual({
      ...SAID,
      nvdec0: 'enabled',
      protectedPcie: true,
      chipSkuMod: 'A1',
      projectSkuMod: '01',
      fwid: '02'.repeat(48),
      boardId: '03',
      gpuInfo: '04',
      cprInfo: '05',
      measurementCounts: Array.from({ length: 64 }, (_, i) => i + 256 * (i % 3)),
      otherFields: [1, 36],
    })
  })
  test('may have fields that are not read, and no other', () => {
    const known = [1, 2, 5, 7, 8, 9, 10, 22, 23, 24, 25, 32, 33, 34, 35, 36]
    const others = known.map((type): Field => [type, new Uint8Array(1)])
    expect(parseOpaqueData(opaque([...others.reverse(), ...REQUIRED])).otherFields).toEqual(known)
    for (const type of [0, 26, 31, 37, 0xffff]) {
      expect(() => parseOpaqueData(opaque([...REQUIRED, [type, new Uint8Array(1)]]))).toThrow(
        error('UNSUPPORTED_VALUE', {
          field: 'OpaqueData DataType',
          expected: 'a type that is known here',
          actual: String(type),
        }),
      )
    }
  })
  test.each(REQUIRED.map(([type], i) => [MEMBERS[i], type] as const))('has a %s, once', (member, type) => {
    expect(() => parseOpaqueData(opaque(REQUIRED.filter((field) => field[0] !== type)))).toThrow(
      error('MISSING_MEMBER', { field: 'OpaqueData', member }),
    )
    expect(() => parseOpaqueData(opaque([...REQUIRED, [type, ON]]))).toThrow(
      error('DUPLICATE_MEMBER', { field: 'OpaqueData', member: String(type) }),
    )
  })
  test('names the field in which it ends too early', () => {
    const whole = opaque([...REQUIRED, [10, new Uint8Array(3)]])
    const start = opaque(REQUIRED)
    expect(
      fieldsCut(whole.slice(start.byteLength + 1), (cut) =>
        parseOpaqueData(concatBytes(start, u16(10).slice(0, 1), cut)),
      ),
    ).toEqual(['OpaqueData DataType', 'OpaqueData DataSize', 'OpaqueData field 10'])
  })
  test.each([
    ['fwid', 20, 47, 48],
    ['measurementCounts', 12, 252, 256],
    ['protectedPcie', 21, 2, 1],
  ])('has a %s of one length', (name, type, actual, expected) =>
    expect(() => parseOpaqueData(opaque([...REQUIRED, [type, new Uint8Array(actual).fill(0x55)]]))).toThrow(
      error('WRONG_LENGTH', { field: `OpaqueData ${name}`, expected, actual }),
    ),
  )
  test('has switches that are on or off', () => {
    const expected = '0xaa or 0x55'
    expect(() => parseOpaqueData(opaque(replaced(11, Uint8Array.of(0))))).toThrow(
      error('WRONG_VALUE', { field: 'OpaqueData nvdec0', expected }),
    )
    expect(() => parseOpaqueData(opaque(replaced(11, concatBytes(OFF, OFF))))).toThrow(
      error('WRONG_LENGTH', { field: 'OpaqueData nvdec0', expected: 1, actual: 2 }),
    )
    expect(() => parseOpaqueData(opaque([...REQUIRED, [21, Uint8Array.of(1)]]))).toThrow(
      error('WRONG_VALUE', { field: 'OpaqueData protectedPcie', expected }),
    )
    expect(parseOpaqueData(opaque([...REQUIRED, [21, OFF]])).protectedPcie).toBe(false)
  })
  test.each([5, 6, 7])('has a version of five numbers and three zeros (%i)', (at) => {
    const version = Uint8Array.from({ length: 8 }, (_, i) => (i === at ? 1 : 0))
    expect(() => parseOpaqueData(opaque(replaced(6, version)))).toThrow(
      error('WRONG_VALUE', { field: 'OpaqueData vbiosVersion', expected: 'five numbers and zeros' }),
    )
    expect(() => parseOpaqueData(opaque(replaced(6, new Uint8Array(7))))).toThrow(
      error('WRONG_LENGTH', { field: 'OpaqueData vbiosVersion', expected: 8, actual: 7 }),
    )
  })
  const printable = { field: 'OpaqueData project', expected: 'printable text with zeros after it' }
  test.each([
    ['nothing', ''],
    ['zeros alone', '\0\0'],
    ['a space', 'G 520'],
    ['a control character', 'G520\x7f'],
    ['a space before it', ' G520'],
    ['text after a zero', 'G520\0\x01'],
  ])('has no text of %s', (_, text) =>
    expect(() => parseOpaqueData(opaque(replaced(17, utf8(text))))).toThrow(error('WRONG_VALUE', printable)),
  )
  test('has text of printable ASCII up to 64 bytes', () => {
    expect(parseOpaqueData(opaque(replaced(17, utf8('!~'.repeat(32))))).project).toBe('!~'.repeat(32))
    expect(() => parseOpaqueData(opaque(replaced(17, utf8('a'.repeat(65)))))).toThrow(
      error('TOO_LONG', { field: 'OpaqueData project', length: 65, limit: 64 }),
    )
    expect(() => parseOpaqueData(opaque(replaced(18, Uint8Array.of(0xff))))).toThrow(/OpaqueData projectSku/)
    expect(() => parseOpaqueData(opaque([...REQUIRED, [16, Uint8Array.of(0xff)]]))).toThrow(/OpaqueData chipSkuMod/)
  })
})

describe('the claims of a report', () => {
  test('are numbered from 1, and say when a certificate is of unknown status', () => {
    const parsed = {
      ...parseNvidiaReport(report),
      opaque: parseOpaqueData(opaque([...replaced(11, ON), [12, counts]])),
    }
    const source = { format: 'nvidia', report: parsed, deviceChain: [], rootSha256: 'a', rimRootSha256: 'b' } as const
    const claims = claimsOf({ ...source, unknown: undefined })
    expect(claims).toMatchObject({
      uncomparedMeasurements: [],
      revocation: 'good',
      hardwareModel: '',
      deviceSerial: '',
    })
    expect(Object.keys(claims.gpuMeasurements)).toEqual(Array.from({ length: 64 }, (_, i) => String(i + 1)))
    expect(claims.measurementCounts).toMatchObject({ '1': 0, '2': 257, '64': 63 })
    const { measurementCounts: _, ...rest } = parsed.opaque
    expect(claimsOf({ ...source, report: { ...parsed, opaque: rest }, unknown: undefined })).not.toHaveProperty(
      'measurementCounts',
    )
  })
})
