import { ByteReader } from '@blindai/core'
import { describe, expect, test } from 'vitest'

const BYTES = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8, 9])

describe('a byte reader', () => {
  test('reads both byte orders at the offsets of a table', () => {
    const r = new ByteReader('table', BYTES)
    expect(r.u8(0, 'A')).toBe(1)
    expect(r.u16(1, 'B')).toBe(0x0302)
    expect(r.u16be(3, 'C')).toBe(0x0405)
    expect(r.bytes(5, 2, 'D')).toEqual(new Uint8Array([6, 7]))
    expect(r.remaining).toBe(2)
    expect(r.rest('E')).toEqual(new Uint8Array([8, 9]))
    r.end()
  })
  test('reads wide integers', () => {
    expect(new ByteReader('table', BYTES).u32(0, 'A')).toBe(0x04030201)
    expect(new ByteReader('table', BYTES).u32be(0, 'A')).toBe(0x01020304)
    expect(new ByteReader('table', BYTES).u64(0, 'A')).toBe(0x0807060504030201n)
    expect(new ByteReader('table', BYTES).u64be(0, 'A')).toBe(0x0102030405060708n)
  })
  test('refuses a table with a gap', () => {
    const r = new ByteReader('table', BYTES)
    r.u8(0, 'A')
    expect(() => r.u8(2, 'B')).toThrowError(
      expect.objectContaining({
        code: 'GAP_OR_OVERLAP',
        details: { field: 'table B', expectedOffset: 1, actualOffset: 2 },
      }),
    )
  })
  test('refuses to read past the end', () => {
    expect(() => new ByteReader('table', BYTES).bytes(0, 10, 'A')).toThrowError(
      expect.objectContaining({ code: 'TRUNCATED', details: { field: 'table A', needed: 10, available: 9 } }),
    )
  })
  test('refuses to leave bytes behind', () => {
    const r = new ByteReader('table', BYTES)
    r.bytes(0, 8, 'A')
    expect(() => r.end()).toThrowError(
      expect.objectContaining({ code: 'TRAILING_BYTES', details: { field: 'table', count: 1 } }),
    )
  })
  test('reads a view of a larger buffer where the view stands', () => {
    expect(new ByteReader('view', BYTES.subarray(4)).u16(0, 'A')).toBe(0x0605)
  })
  test('is not changed by what happens to the input later', () => {
    const input = new Uint8Array([1, 2])
    const r = new ByteReader('copy', input)
    input.fill(9)
    expect(r.bytes(0, 2, 'A')).toEqual(new Uint8Array([1, 2]))
  })
})
