import { concatBytes, fromHex } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { DerReader, TAG } from '../src/x509/der-reader.ts'
import {
  readBitString,
  readBoolean,
  readNamedBits,
  readOctets,
  readOid,
  readSmallInteger,
  readText,
  readTime,
  readUnsignedInteger,
} from '../src/x509/der-values.ts'

const reader = (hex: string): DerReader => new DerReader('test', fromHex('test', hex))
const notDer = (offset: number, expected: string, field = 'test'): unknown =>
  expect.objectContaining({ name: 'VerifierError', code: 'NOT_DER', details: { field, offset, expected } })

/** A value that one reading refuses, why, where the error points and what it says should be there. */
type Hostile = readonly [hex: string, why: string, offset: number, expected: string]

function refuses(what: string, read: (r: DerReader) => unknown, cases: readonly Hostile[]): void {
  describe(`${what} is refused`, () => {
    for (const [hex, why, offset, expected] of cases) {
      test(why, () => expect(() => read(reader(hex))).toThrowError(notDer(offset, expected)))
    }
  })
}

refuses('a value', (r) => r.any('value'), [
  ['', 'when there is none', 0, 'value'],
  ['30', 'without a length', 1, 'value'],
  ['1f0100', 'with a tag of more octets', 0, 'value with a one-octet tag'],
  ['3080', 'of indefinite length', 1, 'value of a definite length below 4 GiB'],
  ['308101', 'with a length that one octet would hold', 1, 'value with its shortest length'],
  ['30820001', 'with a length that begins with zero', 1, 'value with its shortest length'],
  ['30820090', 'with a long length that begins with zero', 1, 'value with its shortest length'],
  ['3085010000000000', 'with a length of five octets', 1, 'value of a definite length below 4 GiB'],
  ['3081', 'whose length is cut', 2, 'value'],
  ['300201', 'that is shorter than it says', 0, 'value of 2 bytes'],
  ['3084ffffffff', 'that claims 4 GiB', 0, 'value of 4294967295 bytes'],
])
refuses('a BOOLEAN', (r) => readBoolean(r, 'b'), [
  ['010101', 'that is neither 00 nor FF', 2, 'b 00 or FF'],
  ['0100', 'without content', 2, 'b 00 or FF'],
  ['0102ffff', 'of two octets', 2, 'b 00 or FF'],
])
refuses('an INTEGER', (r) => readUnsignedInteger(r, 'i'), [
  ['0200', 'without content', 2, 'i with content'],
  ['0201ff', 'that is negative', 2, 'i that is not negative'],
  ['02020001', 'that is padded', 2, 'i in its shortest form'],
])
refuses('a small INTEGER', (r) => readSmallInteger(r, 'i'), [
  ['0205008000000000', 'of 2^31 and more', 2, 'i below 2^31'],
  ['02088000000000000000', 'that is negative and long', 2, 'i that is not negative'],
])
refuses('a BIT STRING', (r) => readBitString(r, 'b'), [
  ['0300', 'without content', 2, 'b of whole octets'],
  ['030207c0', 'of parts of an octet', 2, 'b of whole octets'],
])
refuses('named bits', (r) => readNamedBits(r, 'b'), [
  ['0300', 'without content', 2, 'b with its number of unused bits'],
  ['030108', 'with eight unused bits', 2, 'b with its number of unused bits'],
  ['03020880', 'with eight unused bits of an octet', 2, 'b with its number of unused bits'],
  ['030101', 'that are none and yet have unused bits', 2, 'b with its number of unused bits'],
  ['030207c0', 'with a one among the unused bits', 2, 'b without trailing zero bits'],
  ['03020080', 'with a trailing zero bit', 2, 'b without trailing zero bits'],
  ['03020600', 'that end in an octet of zeros', 2, 'b without trailing zero bits'],
])
refuses('named bits whose trailing zeros may stand', (r) => readNamedBits(r, 'b', 'trailing zeros'), [
  ['030207c0', 'with a one among the unused bits', 2, 'b without trailing zero bits'],
])
refuses('an OCTET STRING of six bytes', (r) => readOctets(r, 'o', 6), [
  ['04050000000000', 'that has five', 2, 'o of 6 bytes'],
])
refuses('an OBJECT IDENTIFIER', (r) => readOid(r, 'o'), [
  ['0600', 'without content', 2, 'o with whole arcs'],
  ['06028001', 'that is padded', 2, 'o in its shortest form'],
  ['060181', 'that ends inside an arc', 2, 'o with whole arcs'],
  ['06068888888888ff', 'with a huge arc', 2, 'o with arcs below 2^31'],
])
const TIME = 't as UTCTime or GeneralizedTime, in UTC and to the second'
refuses('a time in generalized form alone', (r) => readTime(r, 't', 'generalized'), [
  ['170d3236313132333034313933305a', 'UTCTime', 2, 't as GeneralizedTime'],
])
refuses('a time', (r) => readTime(r, 't'), [
  ['170a32363131323330343139', 'without seconds and zone', 2, TIME],
  ['17113236313132333034313933302b30313030', 'with an offset', 2, TIME],
  ['180f32303236313132333034313933305a', 'in the long form before 2050', 2, 't as UTCTime before 2050'],
  ['170f32303236313132333034313933305a', 'with four digits of a year in the short form', 2, TIME],
  ['181332303536313132333034313933302e3030305a', 'with a fraction', 2, TIME],
  ['170e783236313132333034313933305a', 'with something before it', 2, TIME],
  ['170e3236313132333034313933305a78', 'with something behind it', 2, TIME],
  ['0402ffff', 'of another type', 2, TIME],
])
describe('a date is refused', () => {
  const cases = [
    ['170d3236303233303034313933305a', 'of 30 February'],
    ['170d3236313332333034313933305a', 'of the thirteenth month'],
    ['170d3236303032333034313933305a', 'of month 0'],
    ['170d3236313130303034313933305a', 'of day 0'],
    ['170d3236313132333234313933305a', 'at hour 24'],
    ['170d3236313132333034363033305a', 'at minute 60'],
    ['170d3236313132333034313936305a', 'at second 60'],
    ['170d3639313132333034313933305a', 'before 1970'],
    ['170d3530303130313030303030305a', 'of the year 50, which is 1950'],
  ] as const
  const details = { field: 'test t', expected: 'a date and time from 1970 to 9999' }
  for (const [hex, why] of cases) {
    test(why, () => {
      expect(() => readTime(reader(hex), 't')).toThrowError(
        expect.objectContaining({ name: 'MalformedError', code: 'WRONG_VALUE', details }),
      )
    })
  }
})
refuses('a text', (r) => readText(r, 't'), [
  ['1e020041', 'as BMPString', 2, 't as UTF8String, PrintableString or IA5String'],
])

describe('values are read', () => {
  test('a long length', () => {
    const content = 'ab'.repeat(200)
    expect(reader(`0481c8${content}`).element(TAG.octetString, 'o').content).toHaveLength(200)
  })
  test('a length of each form, at its ends', () => {
    for (const [head, length] of [
      ['047f', 0x7f],
      ['048180', 0x80],
      ['0481ff', 0xff],
      ['04820100', 0x100],
      ['0483010000', 0x1_0000],
    ] as const) {
      const bytes = concatBytes(fromHex('head', head), new Uint8Array(length))
      expect(new DerReader('test', bytes).any('o')).toMatchObject({ content: { byteLength: length } })
    }
  })
  test('a value as it stands: its tag, all of it, and where its content starts', () => {
    const r = new DerReader('test', fromHex('test', '0500040201ff'), 10)
    expect(r.nextTag).toBe(TAG.null)
    r.any('null')
    expect(r.any('o')).toEqual({
      tag: TAG.octetString,
      raw: fromHex('raw', '040201ff'),
      content: fromHex('content', '01ff'),
      contentOffset: 14,
    })
    expect(r.done).toBe(true)
    expect(r.nextTag).toBeUndefined()
  })
  test('a value that may be absent, only where its tag is the next', () => {
    const r = reader('0500')
    expect(r.optional(TAG.boolean, 'b')).toBeUndefined()
    expect(r.optional(TAG.null, 'n')).toMatchObject({ tag: TAG.null })
    expect(() => reader('0500').element(TAG.boolean, 'b')).toThrowError(notDer(0, 'b with the tag 0x01'))
  })
  test('booleans', () => {
    expect(readBoolean(reader('0101ff'), 'b')).toBe(true)
    expect(readBoolean(reader('010100'), 'b')).toBe(false)
  })
  test('octets of any length, or of one', () => {
    expect(readOctets(reader('0402abcd'), 'o')).toEqual(fromHex('o', 'abcd'))
    expect(readOctets(reader('0402abcd'), 'o', 2)).toEqual(fromHex('o', 'abcd'))
  })
  test('text of each kind', () => {
    for (const tag of ['0c', '13', '16']) expect(readText(reader(`${tag}024142`), 't')).toBe('AB')
    expect(() => readText(reader('0c01ff'), 't')).toThrowError(
      expect.objectContaining({ code: 'NOT_UTF8', details: expect.objectContaining({ field: 'test t' }) }),
    )
  })
  test('integers up to 2^31 - 1, and as octets without the sign', () => {
    expect(readSmallInteger(reader('02047fffffff'), 'i')).toBe(0x7fff_ffff)
    expect(readSmallInteger(reader('020100'), 'i')).toBe(0)
    expect([...readUnsignedInteger(reader('02020080'), 'i')]).toEqual([0x80])
  })
  test('identifiers of each root', () => {
    expect(readOid(reader('06082a8648ce3d040302'), 'o')).toBe('1.2.840.10045.4.3.2')
    expect(readOid(reader('0603550403'), 'o')).toBe('2.5.4.3')
    expect(readOid(reader('06028837'), 'o')).toBe('2.999')
    expect(readOid(reader('060127'), 'o')).toBe('0.39')
    expect(readOid(reader('06062a87ffffff7f'), 'o')).toBe('1.2.2147483647')
    expect(readOid(reader('06042a818000'), 'o')).toBe('1.2.16384')
  })
  test('zero as one octet', () => {
    expect(readUnsignedInteger(reader('020100'), 'i')).toEqual(Uint8Array.of(0))
    expect(readSmallInteger(reader('020100'), 'i')).toBe(0)
  })
  test('named bits by number', () => {
    expect([...readNamedBits(reader('03020106'), 'b')]).toEqual([5, 6])
    expect([...readNamedBits(reader('0303070080'), 'b')]).toEqual([8])
    expect([...readNamedBits(reader('030100'), 'b')]).toEqual([])
  })
  test('times before and after 2050, leap days included', () => {
    expect(readTime(reader('170d3236313132333034313933305a'), 't')).toBe(1_795_407_570)
    expect(readTime(reader('170d3030303232393030303030305a'), 't')).toBe(951_782_400)
    expect(readTime(reader('180f32303530303130313030303030305a'), 't')).toBe(2_524_608_000)
    expect(readTime(reader('170d3439313233313233353935395a'), 't')).toBe(2_524_607_999)
    expect(readTime(reader('170d3939303130313030303030305a'), 't')).toBe(915_148_800)
    expect(readTime(reader('180f32303235303832313036343730385a'), 't', 'any year')).toBe(1_755_758_828)
    expect(readTime(reader('180f32303235303832313036343730385a'), 't', 'generalized')).toBe(1_755_758_828)
    expect(readTime(reader('170d3236313132333034313933305a'), 't', 'any year')).toBe(1_795_407_570)
  })
  test('and what is left over is refused', () => {
    const r = reader('0500ff')
    r.element(TAG.null, 'null')
    expect(() => r.end()).toThrowError(notDer(2, 'the end'))
  })
  test('and errors name the offset in the outermost structure', () => {
    const inner = reader('3005300302 0180'.replaceAll(' ', ''))
      .enter(TAG.sequence, 'outer')
      .enter(TAG.sequence, 'inner')
    expect(() => readUnsignedInteger(inner, 'i')).toThrowError(
      expect.objectContaining({
        details: { field: 'test outer inner', offset: 6, expected: 'i that is not negative' },
      }),
    )
  })
})
