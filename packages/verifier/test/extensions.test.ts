import {
  concatBytes,
  derBoolean,
  derInteger,
  derNamedBits,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  fromHex,
} from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { parseCertificate } from '../src/x509/certificate.ts'
import { DerReader } from '../src/x509/der-reader.ts'
import {
  type Extensions,
  parseAuthorityInfoAccess,
  parseAuthorityKeyIdentifier,
  parseBasicConstraints,
  parseExtendedKeyUsage,
  parseKeyUsage,
  parseSubjectKeyIdentifier,
  readExtensions,
  refuseUnknownCritical,
} from '../src/x509/extensions.ts'
import { readName } from '../src/x509/name.ts'
import { file } from './support/captures.ts'

const refused = (code: string, details: object): unknown => expect.objectContaining({ code, details })
const notDer = (field: string, expected: string): unknown =>
  refused('NOT_DER', { field, offset: expect.any(Number), expected })
const hex = (text: string): Uint8Array => fromHex('test', text)
const more = (bytes: Uint8Array): Uint8Array => concatBytes(bytes, derNull())

describe('a list of extensions', () => {
  const value = derOctetString(hex('ab'))
  const read = (...items: readonly Uint8Array[]): Extensions =>
    readExtensions(new DerReader('list', concatBytes(...items)))
  test('holds each by its identifier, not critical unless it says so', () => {
    const list = read(
      derSequence(derOid('1.2.3'), value),
      derSequence(derOid('1.2.4'), derBoolean(true), value),
      derSequence(derOid('1.2.5'), derBoolean(false), value),
    )
    expect([...list].map(([oid, one]) => [oid, one.critical, ...one.value])).toEqual([
      ['1.2.3', false, 0xab],
      ['1.2.4', true, 0xab],
      ['1.2.5', false, 0xab],
    ])
  })
  test('is not empty, and names what an item lacks', () => {
    expect(() => read(new Uint8Array())).toThrowError(notDer('list', 'extension'))
    expect(() => read(derSequence())).toThrowError(notDer('list extension', 'identifier'))
    expect(() => read(derSequence(derOid('1.2.3')))).toThrowError(notDer('list extension', 'value'))
    expect(() => read(derSequence(derOid('1.2.3'), hex('010101'), value))).toThrowError(
      notDer('list extension', 'critical 00 or FF'),
    )
    expect(() => read(derSequence(derOid('1.2.3'), value, value))).toThrowError(notDer('list extension', 'the end'))
  })
  test('holds none twice', () => {
    const item = derSequence(derOid('1.2.3'), value)
    expect(() => read(item, item)).toThrowError(refused('DUPLICATE_EXTENSION', { field: 'list', oid: '1.2.3' }))
  })
  test('holds nothing critical that nobody knows', () => {
    const list: Extensions = new Map([
      ['1.2.3', { critical: true, value: hex('') }],
      ['1.2.4', { critical: false, value: hex('') }],
    ])
    expect(() => refuseUnknownCritical('x', list, ['1.2.3'])).not.toThrow()
    expect(() => refuseUnknownCritical('x', list, ['1.2.4'])).toThrowError(
      refused('CRITICAL_EXTENSION_UNKNOWN', { field: 'x', oid: '1.2.3' }),
    )
  })
})

describe('basic constraints', () => {
  const parse = (bytes: Uint8Array): unknown => parseBasicConstraints('x', bytes)
  test('are of no authority unless they say so, without a limit unless they name one', () => {
    expect(parse(derSequence())).toEqual({ ca: false })
    expect(parse(derSequence(derBoolean(true)))).toEqual({ ca: true })
    expect(parse(derSequence(derBoolean(true), derInteger(2)))).toEqual({ ca: true, pathLength: 2 })
    expect(parse(derSequence(derInteger(0)))).toEqual({ ca: false, pathLength: 0 })
  })
  test('name what is wrong with them', () => {
    expect(() => parse(derNull())).toThrowError(notDer('x basicConstraints', 'value with the tag 0x30'))
    expect(() => parse(more(derSequence()))).toThrowError(notDer('x basicConstraints', 'the end'))
    const inside = 'x basicConstraints value'
    expect(() => parse(derSequence(hex('010101')))).toThrowError(notDer(inside, 'cA 00 or FF'))
    expect(() => parse(derSequence(derBoolean(true), derNull()))).toThrowError(
      notDer(inside, 'pathLenConstraint with the tag 0x02'),
    )
    expect(() => parse(derSequence(derBoolean(true), derInteger(1), derNull()))).toThrowError(notDer(inside, 'the end'))
  })
})

describe('the uses and identifiers of a key', () => {
  test('are the bits that are set, trailing zeros or not', () => {
    expect([...parseKeyUsage('x', derNamedBits(5, 6))]).toEqual([5, 6])
    expect([...parseKeyUsage('x', hex('03020006'))]).toEqual([5, 6])
    expect(() => parseKeyUsage('x', more(derNamedBits(5)))).toThrowError(notDer('x keyUsage', 'the end'))
    expect(() => parseKeyUsage('x', derNull())).toThrowError(notDer('x keyUsage', 'value with the tag 0x03'))
  })
  test('are read as hexadecimal', () => {
    expect(parseSubjectKeyIdentifier('x', derOctetString(hex('AB01')))).toBe('ab01')
    expect(parseAuthorityKeyIdentifier('x', derSequence(hex('8002AB01')))).toBe('ab01')
    expect(parseAuthorityKeyIdentifier('x', derSequence(hex('8002AB01'), derNull(), derNull()))).toBe('ab01')
    expect(parseAuthorityKeyIdentifier('x', derSequence(derNull()))).toBeUndefined()
  })
  test('are found in a certificate under their object identifiers', () => {
    const { keyUsage, ...root } = parseCertificate('root', file('intel-sgx-root-ca.der'))
    expect([...(keyUsage ?? [])]).toEqual([5, 6])
    expect(root.basicConstraints).toEqual({ ca: true, pathLength: 1 })
    // It issued itself.
    expect(root.subjectKeyIdentifier).toMatch(/^[0-9a-f]{40}$/)
    expect(root.authorityKeyIdentifier).toBe(root.subjectKeyIdentifier)
  })
  test('name what is wrong with them', () => {
    const subject = (bytes: Uint8Array) => () => parseSubjectKeyIdentifier('x', bytes)
    expect(subject(derNull())).toThrowError(notDer('x subjectKeyIdentifier', 'value with the tag 0x04'))
    expect(subject(more(derOctetString(hex('ab'))))).toThrowError(notDer('x subjectKeyIdentifier', 'the end'))
    const authority = (bytes: Uint8Array) => () => parseAuthorityKeyIdentifier('x', bytes)
    expect(authority(derNull())).toThrowError(notDer('x authorityKeyIdentifier', 'value with the tag 0x30'))
    expect(authority(more(derSequence()))).toThrowError(notDer('x authorityKeyIdentifier', 'the end'))
    expect(authority(derSequence(hex('8002AB')))).toThrowError(
      notDer('x authorityKeyIdentifier value', 'keyIdentifier of 2 bytes'),
    )
    expect(authority(derSequence(hex('8102AB')))).toThrowError(
      notDer('x authorityKeyIdentifier value', 'authority name or serial of 2 bytes'),
    )
  })
})

describe('the purposes of a key', () => {
  const parse = (bytes: Uint8Array): readonly string[] => [...parseExtendedKeyUsage('x', bytes)]
  const [server, ocsp] = [derOid('1.3.6.1.5.5.7.3.1'), derOid('1.3.6.1.5.5.7.3.9')]
  test('are one or more', () => {
    expect(parse(derSequence(ocsp))).toEqual(['1.3.6.1.5.5.7.3.9'])
    expect(parse(derSequence(server, ocsp))).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.9'])
  })
  test('name what is wrong with them', () => {
    const field = 'x extendedKeyUsage'
    expect(() => parse(derNull())).toThrowError(notDer(field, 'value with the tag 0x30'))
    expect(() => parse(more(derSequence(ocsp)))).toThrowError(notDer(field, 'the end'))
    expect(() => parse(derSequence())).toThrowError(notDer(`${field} value`, 'purpose'))
    expect(() => parse(derSequence(ocsp, derNull()))).toThrowError(
      notDer(`${field} value`, 'purpose with the tag 0x06'),
    )
  })
})

describe('where to ask about a certificate', () => {
  const parse = (bytes: Uint8Array): readonly string[] => [...parseAuthorityInfoAccess('x', bytes)]
  const [issuers, ocsp] = [derOid('1.3.6.1.5.5.7.48.2'), derOid('1.3.6.1.5.5.7.48.1')]
  /** A URI of one letter. */
  const place = hex('860161')
  test('is told by one method or more', () => {
    expect(parse(derSequence(derSequence(ocsp, place)))).toEqual(['1.3.6.1.5.5.7.48.1'])
    expect(parse(derSequence(derSequence(issuers, place), derSequence(ocsp, place)))).toEqual([
      '1.3.6.1.5.5.7.48.2',
      '1.3.6.1.5.5.7.48.1',
    ])
  })
  test('names what is wrong with it', () => {
    const field = 'x authorityInfoAccess'
    const described =
      (...parts: readonly Uint8Array[]) =>
      () =>
        parse(derSequence(derSequence(...parts)))
    expect(() => parse(derNull())).toThrowError(notDer(field, 'value with the tag 0x30'))
    expect(() => parse(more(derSequence(derSequence(ocsp, place))))).toThrowError(notDer(field, 'the end'))
    expect(() => parse(derSequence())).toThrowError(notDer(`${field} value`, 'description'))
    expect(described(place)).toThrowError(notDer(`${field} value description`, 'method with the tag 0x06'))
    expect(described(ocsp)).toThrowError(notDer(`${field} value description`, 'location'))
    expect(described(ocsp, place, place)).toThrowError(notDer(`${field} value description`, 'the end'))
    expect(() => parse(derSequence(derSequence(ocsp, place), derNull()))).toThrowError(
      notDer(`${field} value`, 'description with the tag 0x30'),
    )
  })
})

describe('a distinguished name', () => {
  const attribute = (oid: string, text: string): Uint8Array =>
    derSequence(derOid(oid), concatBytes(hex('0c'), new Uint8Array([text.length]), new TextEncoder().encode(text)))
  const set = (...items: readonly Uint8Array[]): Uint8Array => {
    const content = concatBytes(...items)
    return concatBytes(hex('31'), new Uint8Array([content.byteLength]), content)
  }
  const read = (bytes: Uint8Array) => readName(new DerReader('x', bytes), 'issuer')
  const CN = '2.5.4.3'
  test('is its octets, and the first of its common names', () => {
    const name = derSequence(
      set(attribute('2.5.4.10', 'O')),
      set(attribute('2.5.4.6', 'C'), attribute(CN, 'A')),
      set(attribute(CN, 'B')),
    )
    expect(read(name).commonName).toBe('A')
    expect(read(name).raw).toBe([...name].map((byte) => byte.toString(16).padStart(2, '0')).join(''))
    expect(read(derSequence())).toEqual({ raw: '3000', commonName: '' })
  })
  test('names what is wrong with it', () => {
    expect(() => read(derNull())).toThrowError(notDer('x', 'issuer with the tag 0x30'))
    expect(() => read(derSequence(derNull()))).toThrowError(notDer('x issuer', 'relative name with the tag 0x31'))
    expect(() => read(derSequence(set()))).toThrowError(notDer('x issuer relative name', 'attribute'))
    const inside = 'x issuer relative name attribute'
    expect(() => read(derSequence(set(derSequence())))).toThrowError(notDer(inside, 'type'))
    expect(() => read(derSequence(set(derSequence(derOid(CN)))))).toThrowError(notDer(inside, 'value'))
    expect(() => read(derSequence(set(derSequence(derOid(CN), hex('0c0141'), derNull()))))).toThrowError(
      notDer(inside, 'the end'),
    )
  })
})
