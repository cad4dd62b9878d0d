import {
  derBitString,
  derBoolean,
  derEnumerated,
  derExplicit,
  derGeneralizedTime,
  derImplicit,
  derInteger,
  derNamedBits,
  derNull,
  derOctetString,
  derOid,
  derPrintableString,
  derSequence,
  derSetOf,
  derTime,
  derUnsigned,
  derUtf8String,
  toHex,
  toPem,
  unixSeconds,
} from '@blindai/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const hex = (der: Uint8Array): string => toHex(der)
const time = (iso: string): Uint8Array => derTime(unixSeconds(Date.parse(iso) / 1000))

describe('DER', () => {
  test('writes each type with the octets of X.690', () => {
    expect(hex(derBoolean(true))).toBe('0101ff')
    expect(hex(derGeneralizedTime(unixSeconds(1_755_758_828)))).toBe('180f32303235303832313036343730385a')
    expect(hex(derBoolean(false))).toBe('010100')
    expect(hex(derNull())).toBe('0500')
    expect(hex(derEnumerated(1))).toBe('0a0101')
    expect(hex(derOctetString(new Uint8Array([1, 2])))).toBe('04020102')
    expect(hex(derBitString(new Uint8Array([0x06, 0xc0]), 6))).toBe('03030606c0')
    expect(hex(derUtf8String('CA'))).toBe('0c024341')
    expect(hex(derPrintableString('US'))).toBe('13025553')
    expect(hex(derSequence(derNull(), derNull()))).toBe('300405000500')
    expect(hex(derExplicit(0, derInteger(2)))).toBe('a003020102')
    expect(hex(derImplicit(6, new Uint8Array([0x61])))).toBe('860161')
  })

  test('writes integers in their shortest form, positive however high the first bit', () => {
    expect(hex(derInteger(0))).toBe('020100')
    expect(hex(derInteger(127))).toBe('02017f')
    expect(hex(derInteger(128))).toBe('02020080')
    expect(hex(derInteger(2n ** 64n))).toBe('0209010000000000000000')
    expect(hex(derUnsigned(new Uint8Array([0, 0, 0x95])))).toBe('02020095')
    expect(hex(derUnsigned(new Uint8Array([])))).toBe('020100')
  })

  test("writes object identifiers, Intel's long arc included", () => {
    expect(hex(derOid('2.5.29.35'))).toBe('0603551d23')
    expect(hex(derOid('1.2.840.113741.1.13.1.2.18'))).toBe('060b2a864886f84d010d010212')
    expect(hex(derOid('2.999'))).toBe('06028837')
  })

  test('writes lengths in their shortest form', () => {
    expect(hex(derOctetString(new Uint8Array(127))).slice(0, 4)).toBe('047f')
    expect(hex(derOctetString(new Uint8Array(128))).slice(0, 6)).toBe('048180')
    expect(hex(derOctetString(new Uint8Array(65_536))).slice(0, 10)).toBe('0483010000')
  })

  test('puts named bits from the left and drops trailing zeros', () => {
    expect(hex(derNamedBits(0, 1))).toBe('030206c0')
    expect(hex(derNamedBits(5, 6))).toBe('03020106')
    expect(hex(derNamedBits(8))).toBe('0303070080')
    expect(hex(derNamedBits())).toBe('030100')
  })

  test('sorts a set', () => {
    expect(hex(derSetOf(derInteger(300), derInteger(2), derInteger(1)))).toBe('310a0201010201020202012c')
  })

  test('changes from UTCTime to GeneralizedTime with the year 2050', () => {
    expect(new TextDecoder().decode(time('2049-12-31T23:59:59Z'))).toBe('\x17\x0d491231235959Z')
    expect(new TextDecoder().decode(time('2050-01-01T00:00:00Z'))).toBe('\x18\x0f20500101000000Z')
  })

  test('refuses what has no encoding', () => {
    expect(() => derInteger(-1)).toThrow(RangeError)
    expect(() => derInteger(1.5)).toThrow(RangeError)
    expect(() => derOid('1')).toThrow(RangeError)
    expect(() => derOid('1.40')).toThrow(RangeError)
    expect(() => derOid('1.2.03')).toThrow(RangeError)
    expect(() => derPrintableString('a@b')).toThrow(RangeError)
    expect(() => derBitString(new Uint8Array(), 1)).toThrow(RangeError)
    expect(() => derExplicit(31)).toThrow(RangeError)
  })

  test('keeps every number', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 300n }), (value) => {
        const der = derInteger(value)
        const content = hex(der.subarray(2))
        expect(BigInt(`0x${content}`)).toBe(value)
        expect(content.startsWith('00') && content.length > 2 && Number.parseInt(content.slice(2, 4), 16) < 0x80).toBe(
          false,
        )
      }),
    )
  })
})

describe('PEM', () => {
  test('breaks lines at 64 characters and ends with a newline', () => {
    const lines = toPem('X509 CRL', new Uint8Array(50)).split('\n')
    expect(lines).toEqual(['-----BEGIN X509 CRL-----', 'A'.repeat(64), 'AAA=', '-----END X509 CRL-----', ''])
  })

  test('is base64 of the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const body = toPem('X', bytes).split('\n').slice(1, -2).join('')
        expect(Uint8Array.from(atob(body), (c) => c.charCodeAt(0))).toEqual(bytes)
      }),
    )
  })
})
