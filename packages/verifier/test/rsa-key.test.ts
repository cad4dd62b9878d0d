import { fromHex } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { readPublicKey } from '../src/x509/algorithms.ts'
import { DerReader } from '../src/x509/der-reader.ts'
import { type DerNode, NULL, written } from './support/der-tree.ts'

const error = (code: string, details: object): object => expect.objectContaining({ code, details })
const sequence = (...parts: readonly DerNode[]): DerNode => ({ tag: 0x30, content: new Uint8Array(), parts })
const leaf = (tag: number, content: Uint8Array): DerNode => ({ tag, content, parts: undefined })
const integer = (hex: string): DerNode => leaf(2, fromHex('integer', hex))
const bits = (...nodes: readonly DerNode[]): DerNode =>
  leaf(3, Uint8Array.from([0, ...nodes.flatMap((node) => [...written(node)])]))

/** rsaEncryption. Source: RFC 3279 section 2.3.1. */
const OID = leaf(6, fromHex('oid', '2a864886f70d010101'))
const EXPONENT = '010001'
const modulus = (first: string, bytes: number): string => `00${first}${'a5'.repeat(bytes - 1)}`
const info = (key: DerNode, algorithm = sequence(OID, NULL), ...more: readonly DerNode[]): Uint8Array =>
  written(sequence(algorithm, key, ...more))
const rsa = (n: string, e = EXPONENT, ...more: readonly DerNode[]): DerNode =>
  bits(sequence(integer(n), integer(e), ...more))
const read = (der: Uint8Array, family?: 'tee' | 'tpm') => readPublicKey(new DerReader('C', der), 'key', family)
const notDer = (field: string, expected: string): object =>
  expect.objectContaining({ code: 'NOT_DER', details: expect.objectContaining({ field, expected }) })

describe('an RSA key', () => {
  test('has 4096 bits, the first of them one', () => {
    const der = info(rsa(modulus('80', 512)))
    expect(read(der)).toEqual({ kind: 'RSA', spki: der })
    const expected = '4096 bits and the exponent 65537'
    const unsupported = (actual: string): object => error('UNSUPPORTED_VALUE', { field: 'C key', expected, actual })
    expect(() => read(info(rsa(`7f${'a5'.repeat(511)}`)))).toThrow(unsupported('512 bytes and the exponent 65537'))
    expect(() => read(info(rsa(modulus('80', 513))))).toThrow(unsupported('513 bytes and the exponent 65537'))
    expect(() => read(info(rsa(modulus('80', 511))))).toThrow(unsupported('511 bytes and the exponent 65537'))
    expect(() => read(info(rsa(modulus('80', 512), '03')))).toThrow(unsupported('512 bytes and the exponent 3'))
  })
  test.each([256, 384, 512])('of a TPM may have %i bytes', (bytes) => {
    const der = info(rsa(modulus('ff', bytes)))
    expect(read(der, 'tpm')).toEqual({ kind: 'RSA', spki: der })
  })
  const key = rsa(modulus('80', 512))
  test.each([
    ['an algorithm', written(sequence(NULL)), 'C key', 'algorithm with the tag 0x30'],
    ['the number of an algorithm', info(key, sequence(NULL)), 'C key algorithm', 'algorithm with the tag 0x06'],
    ['NULL as parameters', info(key, sequence(OID, OID)), 'C key algorithm', 'parameters with the tag 0x05'],
    ['no more parameters', info(key, sequence(OID, NULL, NULL)), 'C key algorithm', 'the end'],
    ['the octets of a key', info(NULL), 'C key', 'RSAPublicKey with the tag 0x03'],
    ['nothing behind them', info(key, sequence(OID, NULL), NULL), 'C key', 'the end'],
    ['two numbers', info(bits(NULL)), 'C key', 'RSAPublicKey with the tag 0x30'],
    ['nothing behind the two', info(bits(sequence(integer('01'), integer('01')), NULL)), 'C key', 'the end'],
    ['a modulus', info(bits(sequence(NULL))), 'C key RSAPublicKey', 'modulus with the tag 0x02'],
    [
      'an exponent',
      info(bits(sequence(integer('01'), NULL))),
      'C key RSAPublicKey',
      'publicExponent with the tag 0x02',
    ],
    ['no third number', info(rsa(modulus('80', 512), EXPONENT, NULL)), 'C key RSAPublicKey', 'the end'],
  ])('has %s', (_, der, field, expected) => expect(() => read(der)).toThrow(notDer(field, expected)))
})
