import { describe, expect, test } from 'vitest'
import { readCurve, readHash, readScheme } from '../src/formats/tpm/algorithms.ts'
import { TpmReader } from '../src/formats/tpm/tpm-reader.ts'
import { u16 } from './support/tpm-structures.ts'

const reader = (...numbers: readonly number[]): TpmReader =>
  new TpmReader('T', Uint8Array.from(numbers.flatMap((number) => [...u16(number)])))
const unsupported = (field: string, actual: string): unknown =>
  expect.objectContaining({ code: 'UNSUPPORTED_ALGORITHM', details: { field, actual } })

/** Source: TPM 2.0 Library, Part 2, sections 6.3 (TPM_ALG_ID) and 6.4 (TPM_ECC_CURVE). */
describe('the numbers of a TPM', () => {
  test.each([
    [3, 'P-256'],
    [4, 'P-384'],
  ])('%i is the curve %s', (number, curve) => expect(readCurve(reader(number), 'curve')).toBe(curve))
  test.each([
    [0x0b, 'SHA-256'],
    [0x0c, 'SHA-384'],
  ])('%i is the hash %s', (number, hash) => expect(readHash(reader(number), 'hash')).toBe(hash))
  test.each([
    [0x14, 'RSASSA'],
    [0x16, 'RSAPSS'],
    [0x18, 'ECDSA'],
  ])('%i is the scheme %s, and its hash follows', (number, scheme) =>
    expect(readScheme(reader(number, 0x0c), 'scheme')).toEqual({ scheme, hash: 'SHA-384' }),
  )
  test('stand for no other', () => {
    expect(() => readCurve(reader(5), 'curve')).toThrow(unsupported('T curve', '0x0005'))
    expect(() => readHash(reader(4), 'hash')).toThrow(unsupported('T hash', '0x0004'))
    expect(() => readScheme(reader(0x1a, 0x0b), 'scheme')).toThrow(unsupported('T scheme', '0x001a'))
    expect(() => readScheme(reader(0x10), 'scheme')).toThrow(unsupported('T scheme', '0x0010'))
    expect(readScheme(reader(0x10), 'scheme', true)).toBeUndefined()
  })
})
