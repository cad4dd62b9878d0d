import { fromHex } from '@blindai/core'
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
const notDer = expect.objectContaining({ name: 'VerifierError', code: 'NOT_DER' })
const wrongValue = expect.objectContaining({ name: 'MalformedError', code: 'WRONG_VALUE' })

/** A value that one reading refuses, and why. */
type Hostile = readonly [hex: string, why: string]

function refuses(what: string, read: (r: DerReader) => unknown, cases: readonly Hostile[], error = notDer): void {
  describe(`${what} is refused`, () => {
    for (const [hex, why] of cases) test(why, () => expect(() => read(reader(hex))).toThrowError(error))
  })
}

refuses('a value', (r) => r.any('value'), [
  ['', 'when there is none'],
  ['30', 'without a length'],
  ['1f0100', 'with a tag of more octets'],
  ['3080', 'of indefinite length'],
  ['308101', 'with a length that one octet would hold'],
  ['30820001', 'with a length that begins with zero'],
  ['3085010000000000', 'with a length of five octets'],
  ['3081', 'whose length is cut'],
  ['300201', 'that is shorter than it says'],
  ['3084ffffffff', 'that claims 4 GiB'],
])
refuses('a BOOLEAN', (r) => readBoolean(r, 'b'), [
  ['010101', 'that is neither 00 nor FF'],
  ['0100', 'without content'],
  ['0102ffff', 'of two octets'],
])
refuses('an INTEGER', (r) => readUnsignedInteger(r, 'i'), [
  ['0200', 'without content'],
  ['0201ff', 'that is negative'],
  ['02020001', 'that is padded'],
])
refuses('a small INTEGER', (r) => readSmallInteger(r, 'i'), [
  ['0205008000000000', 'of 2^31 and more'],
  ['02088000000000000000', 'that is negative and long'],
])
refuses('a BIT STRING', (r) => readBitString(r, 'b'), [
  ['0300', 'without content'],
  ['030207c0', 'of parts of an octet'],
])
refuses('named bits', (r) => readNamedBits(r, 'b'), [
  ['0300', 'without content'],
  ['030108', 'with eight unused bits'],
  ['030101', 'that are none and yet have unused bits'],
  ['030207c0', 'with a one among the unused bits'],
  ['03020080', 'with a trailing zero bit'],
  ['03020600', 'that end in an octet of zeros'],
])
refuses('an OCTET STRING of six bytes', (r) => readOctets(r, 'o', 6), [['04050000000000', 'that has five']])
refuses('an OBJECT IDENTIFIER', (r) => readOid(r, 'o'), [
  ['0600', 'without content'],
  ['06028001', 'that is padded'],
  ['060181', 'that ends inside an arc'],
  ['06068888888888ff', 'with a huge arc'],
])
refuses('a time in generalized form alone', (r) => readTime(r, 't', 'generalized'), [
  ['170d3236313132333034313933305a', 'UTCTime'],
])
refuses('a time', (r) => readTime(r, 't'), [
  ['170b32363131323330343139', 'without seconds and zone'],
  ['17113236313132333034313933302b30313030', 'with an offset'],
  ['180f32303236313132333034313933305a', 'in the long form before 2050'],
  ['170f32303236313132333034313933305a', 'with four digits of a year in the short form'],
  ['18133230353631313233303431393330 2e3030305a'.replace(' ', ''), 'with a fraction'],
  ['0402ffff', 'of another type'],
])
refuses(
  'a date',
  (r) => readTime(r, 't'),
  [
    ['170d3236303233303034313933305a', 'of 30 February'],
    ['170d3236313332333034313933305a', 'of the thirteenth month'],
    ['170d3236313132333234313933305a', 'at hour 24'],
    ['170d3236313132333034313936305a', 'at second 60'],
    ['170d3639313132333034313933305a', 'before 1970'],
  ],
  wrongValue,
)
refuses('a text', (r) => readText(r, 't'), [['1e020041', 'as BMPString']])

describe('values are read', () => {
  test('a long length', () => {
    const content = 'ab'.repeat(200)
    expect(reader(`0481c8${content}`).element(TAG.octetString, 'o').content).toHaveLength(200)
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
    expect(readTime(reader('180f32303235303832313036343730385a'), 't', 'any year')).toBe(1_755_758_828)
    expect(readTime(reader('180f32303235303832313036343730385a'), 't', 'generalized')).toBe(1_755_758_828)
    expect(readTime(reader('170d3236313132333034313933305a'), 't', 'any year')).toBe(1_795_407_570)
  })
  test('and what is left over is refused', () => {
    const r = reader('0500ff')
    r.element(TAG.null, 'null')
    expect(() => r.end()).toThrowError(notDer)
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
