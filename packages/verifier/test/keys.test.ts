import { derBitString, derNull, derOctetString, derOid, derSequence } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { isSameKey, type PublicKey, p256Key, requireEcKey, verifyEcdsa, verifyPss } from '../src/crypto/public-key.ts'
import { isSignedBy, readPublicKey, readSignatureAlgorithm, requireSameAlgorithm } from '../src/x509/algorithms.ts'
import { DerReader } from '../src/x509/der-reader.ts'

const refused = (code: string, details: object): unknown => expect.objectContaining({ code, details })
const ec = (fill: number, curve: 'P-256' | 'P-384' = 'P-256'): PublicKey => ({
  kind: 'EC',
  curve,
  point: new Uint8Array(65).fill(fill),
})
const rsa = (fill: number): PublicKey => ({ kind: 'RSA', spki: new Uint8Array(8).fill(fill) })

describe('two keys', () => {
  test('are the same to the byte, of one kind and on one curve', () => {
    expect(isSameKey(ec(1), ec(1))).toBe(true)
    expect(isSameKey(ec(1), ec(2))).toBe(false)
    expect(isSameKey(ec(1), ec(1, 'P-384'))).toBe(false)
    expect(isSameKey(rsa(1), rsa(1))).toBe(true)
    expect(isSameKey(rsa(1), rsa(2))).toBe(false)
    expect(isSameKey(rsa(1), ec(1))).toBe(false)
    expect(isSameKey(ec(1), rsa(1))).toBe(false)
  })
})

describe('a key', () => {
  test('of P-256 is its coordinates behind 04', () => {
    const { kind, curve, point } = p256Key(new Uint8Array(64).fill(7))
    expect([kind, curve, point[0], point[64], point.byteLength]).toEqual(['EC', 'P-256', 4, 7, 65])
  })
  test('of RSA is none of ECDSA', () => {
    expect(() => requireEcKey('key', rsa(1))).toThrowError(
      refused('UNSUPPORTED_ALGORITHM', { field: 'key', actual: 'RSA' }),
    )
  })
  test('that is no point of its curve is refused, with what WebCrypto says of it', async () => {
    const invalid = expect.objectContaining({
      code: 'PUBLIC_KEY_INVALID',
      details: { field: 'key' },
      cause: expect.objectContaining({ name: 'DataError' }),
    })
    const none = new Uint8Array(64)
    await expect(verifyEcdsa('key', p256Key(none.fill(1)), 'SHA-256', none, none)).rejects.toThrowError(invalid)
    await expect(verifyPss('key', { kind: 'RSA', spki: none }, none, none)).rejects.toThrowError(invalid)
  })
  test('of ECDSA signed nothing that is said to be of RSASSA-PSS', async () => {
    const signatureAlgorithm = { scheme: 'RSASSA-PSS', hash: 'SHA-384' } as const
    const structure = { field: 'x', signed: new Uint8Array(1), signature: new Uint8Array(1), signatureAlgorithm }
    expect(await isSignedBy(structure, ec(4))).toBe(false)
  })
})

const EC = '1.2.840.10045.2.1'
const P256 = '1.2.840.10045.3.1.7'
const RSA = '1.2.840.113549.1.1.1'
const POINT = derBitString(new Uint8Array(65).fill(4))

describe('a SubjectPublicKeyInfo', () => {
  const read = (algorithm: Uint8Array, ...rest: readonly Uint8Array[]): PublicKey =>
    readPublicKey(new DerReader('x', derSequence(algorithm, ...rest)), 'key')
  const notDer = (field: string, expected: string): unknown =>
    refused('NOT_DER', { field, offset: expect.any(Number), expected })

  test('holds an uncompressed point of its curve', () => {
    expect(read(derSequence(derOid(EC), derOid(P256)), POINT)).toMatchObject({ kind: 'EC', curve: 'P-256' })
    const compressed = derBitString(new Uint8Array(65).fill(3))
    for (const point of [
      compressed,
      derBitString(new Uint8Array(64).fill(4)),
      derBitString(new Uint8Array(97).fill(4)),
    ]) {
      expect(() => read(derSequence(derOid(EC), derOid(P256)), point)).toThrowError(
        refused('PUBLIC_KEY_INVALID', { field: 'x key' }),
      )
    }
  })
  test('is of an algorithm and a curve that are known', () => {
    expect(() => read(derSequence(derOid('1.2.3')), POINT)).toThrowError(
      refused('UNSUPPORTED_ALGORITHM', { field: 'x key', actual: '1.2.3' }),
    )
    expect(() => read(derSequence(derOid(EC), derOid('1.3.132.0.35')), POINT)).toThrowError(
      refused('UNSUPPORTED_ALGORITHM', { field: 'x key', actual: '1.3.132.0.35' }),
    )
  })
  test('has nothing beside what it needs, and names what it lacks', () => {
    expect(() => read(derSequence(derOid(EC), derOid(P256), derNull()), POINT)).toThrowError(
      notDer('x key algorithm', 'the end'),
    )
    expect(() => read(derSequence(derOid(EC), derOid(P256)), POINT, derNull())).toThrowError(notDer('x key', 'the end'))
    expect(() => read(derSequence(derOid(EC)), POINT)).toThrowError(notDer('x key algorithm', 'curve'))
    expect(() => read(derSequence(derOid(EC), derOid(P256)))).toThrowError(notDer('x key', 'point'))
    expect(() => read(derSequence())).toThrowError(notDer('x key algorithm', 'algorithm'))
    expect(() => read(derNull())).toThrowError(notDer('x key', 'algorithm with the tag 0x30'))
    expect(() => read(derSequence(derOid(RSA)), POINT)).toThrowError(notDer('x key algorithm', 'parameters'))
    expect(() => read(derSequence(derOid(RSA), derNull(), derNull()), POINT)).toThrowError(
      notDer('x key algorithm', 'the end'),
    )
    expect(() => read(derSequence(derOid(RSA), derNull()))).toThrowError(notDer('x key', 'RSAPublicKey'))
    const list = derBitString(derSequence())
    expect(() => read(derSequence(derOid(RSA), derNull()), list, derNull())).toThrowError(notDer('x key', 'the end'))
    expect(() => read(derSequence(derOid(RSA), derNull()), list)).toThrowError(notDer('x key RSAPublicKey', 'modulus'))
  })
})

describe('the algorithm of a signature', () => {
  const read = (...items: readonly Uint8Array[]): unknown =>
    readSignatureAlgorithm(new DerReader('x', derSequence(...items)), 'algorithm')
  test('is ECDSA without parameters, with the hash that it names', () => {
    expect(read(derOid('1.2.840.10045.4.3.2'))).toEqual({ scheme: 'ECDSA', hash: 'SHA-256' })
    expect(read(derOid('1.2.840.10045.4.3.3'))).toEqual({ scheme: 'ECDSA', hash: 'SHA-384' })
    expect(() => read(derOid('1.2.840.10045.4.3.2'), derNull())).toThrowError(
      refused('NOT_DER', { field: 'x algorithm', offset: 12, expected: 'the end' }),
    )
  })
  test('is none that is not known', () => {
    expect(() => read(derOid('1.2.840.10045.4.3.4'))).toThrowError(
      refused('UNSUPPORTED_ALGORITHM', { field: 'x algorithm', actual: '1.2.840.10045.4.3.4' }),
    )
    const pss = '1.2.840.113549.1.1.10'
    expect(() => read(derOid(pss), derSequence())).toThrowError(
      refused('UNSUPPORTED_ALGORITHM', { field: 'x algorithm', actual: `${pss} with 3000` }),
    )
    expect(() => read(derOid(pss), derOctetString(new Uint8Array()))).toThrowError(
      refused('NOT_DER', { field: 'x algorithm', offset: 13, expected: 'parameters with the tag 0x30' }),
    )
  })
  test('is the same inside and outside', () => {
    const [outer, inner] = [
      { scheme: 'ECDSA', hash: 'SHA-256' } as const,
      { scheme: 'ECDSA', hash: 'SHA-384' } as const,
    ]
    expect(() => requireSameAlgorithm('x', outer, { ...outer })).not.toThrow()
    expect(() => requireSameAlgorithm('x', outer, inner)).toThrowError(
      refused('UNSUPPORTED_VALUE', {
        field: 'x signature',
        expected: 'ECDSA with SHA-256',
        actual: 'ECDSA with SHA-384',
      }),
    )
  })
})
