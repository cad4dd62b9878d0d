import {
  concatBytes,
  equalBytes,
  fromBase64Url,
  fromHex,
  fromUtf8,
  isZero,
  joinBytes,
  toBase64Url,
  toHex,
  u32be,
  utf8,
} from '@blindai/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

describe('base64url', () => {
  test('brings any bytes back', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(fromBase64Url('value', toBase64Url(bytes))).toEqual(new Uint8Array(bytes))
      }),
    )
  })
  test.each([
    ['a padded text', '_w=='],
    ['the plain base64 alphabet', '+/8'],
    ['unused bits that are not zero', '-_9'],
    ['a length that no bytes have', 'AAAAA'],
    ['white space', 'AA AA'],
    ['a character outside ASCII', 'AAAł'],
  ])('refuses %s', (_name, text) => {
    expect(() => fromBase64Url('nonce', text)).toThrowError(
      expect.objectContaining({ code: 'NOT_BASE64URL', details: { field: 'nonce', length: text.length } }),
    )
  })
})

describe('hexadecimal', () => {
  test('brings any bytes back', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(fromHex('value', toHex(bytes))).toEqual(new Uint8Array(bytes))
      }),
    )
  })
  test('accepts either case', () => expect(fromHex('value', 'aAfF')).toEqual(new Uint8Array([0xaa, 0xff])))
  test.each(['0', 'zz', '0x00', ' 00'])('refuses %j', (text) => {
    expect(() => fromHex('digest', text)).toThrowError(expect.objectContaining({ code: 'NOT_HEX' }))
  })
})

describe('comparing bytes', () => {
  test('tells every one-bit difference', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), (bytes, position) => {
        const other = new Uint8Array(bytes)
        const at = position % bytes.length
        other[at] = (other[at] ?? 0) ^ (1 << (position % 8))
        expect(equalBytes(bytes, other)).toBe(false)
        expect(equalBytes(bytes, new Uint8Array(bytes))).toBe(true)
      }),
    )
  })
  test('tells a prefix from the whole', () => {
    expect(equalBytes(new Uint8Array([1]), new Uint8Array([1, 0]))).toBe(false)
  })
  test('knows zero', () => {
    expect(isZero(new Uint8Array(3))).toBe(true)
    expect(isZero(new Uint8Array([0, 1]))).toBe(false)
  })
})

describe('small pieces', () => {
  test('join in order', () => {
    expect(concatBytes(new Uint8Array([1]), new Uint8Array(), new Uint8Array([2, 3]))).toEqual(
      new Uint8Array([1, 2, 3]),
    )
  })
  test('join however many there are, where the stack would not hold them', () => {
    const pieces = Array.from({ length: 500_000 }, (_, i) => Uint8Array.of(i))
    expect(joinBytes(pieces)).toEqual(Uint8Array.from({ length: 500_000 }, (_, i) => i))
  })
  test('are big-endian lengths', () => expect(u32be(0x01020304)).toEqual(new Uint8Array([1, 2, 3, 4])))
  test.each([-1, 2 ** 32, 0.5, Number.NaN])('refuse %d as a length', (value) => {
    expect(() => u32be(value)).toThrowError(RangeError)
  })
  test('are text only when they are UTF-8', () => {
    expect(fromUtf8('text', utf8('é\ufeff'))).toBe('é\ufeff')
    expect(() => fromUtf8('text', new Uint8Array([0xc3]))).toThrowError(expect.objectContaining({ code: 'NOT_UTF8' }))
  })
})
