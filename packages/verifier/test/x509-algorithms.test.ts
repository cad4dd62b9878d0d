import {
  derBitString,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  derUnsigned,
  fromHex,
} from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { type RsaPublicKey, rsaKey } from '../src/crypto/public-key.ts'
import { readDigestAlgorithm, readPublicKey, readSignatureAlgorithm } from '../src/x509/algorithms.ts'
import { DerReader } from '../src/x509/der-reader.ts'

const SHA256_RSA = '1.2.840.113549.1.1.11'
const SHA384_RSA = '1.2.840.113549.1.1.12'
const PSS = '1.2.840.113549.1.1.10'
const PSS_SHA384 = fromHex(
  'parameters',
  '3034a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130',
)

/** NULL with an octet in it, which DER does not allow. */
const FULL_NULL = fromHex('NULL', '050100')

const refused = (code: string, details: object): object => expect.objectContaining({ code, details })
const notDer = (field: string, expected: string): object =>
  refused('NOT_DER', { field, offset: expect.any(Number), expected })
const reader = (...parts: readonly Uint8Array[]): DerReader => new DerReader('C', derSequence(...parts))
const OID = (dotted: string): Uint8Array => derOid(dotted)

describe('the algorithm of a signature', () => {
  const read = (family: 'tee' | 'tpm' | undefined, ...parts: readonly Uint8Array[]) =>
    readSignatureAlgorithm(reader(...parts), 'algorithm', family)
  test.each([
    [SHA256_RSA, 'SHA-256'],
    [SHA384_RSA, 'SHA-384'],
  ])('may be %s, RSASSA-PKCS1-v1_5 with %s, for a TPM', (oid, hash) =>
    expect(read('tpm', OID(oid), derNull())).toEqual({ scheme: 'RSASSA-PKCS1-v1_5', hash }),
  )
  test.each(['tee', undefined] as const)('is no RSASSA-PKCS1-v1_5 for the family %s', (family) =>
    expect(() => read(family, OID(SHA256_RSA), derNull())).toThrow(
      refused('UNSUPPORTED_ALGORITHM', { field: 'C algorithm', actual: SHA256_RSA }),
    ),
  )
  test('of RSASSA-PKCS1-v1_5 has NULL as parameters, and nothing behind it', () => {
    expect(() => read('tpm', OID(SHA256_RSA))).toThrow(notDer('C algorithm', 'parameters'))
    expect(() => read('tpm', OID(SHA256_RSA), derSequence())).toThrow(
      notDer('C algorithm', 'parameters with the tag 0x05'),
    )
    expect(() => read('tpm', OID(SHA256_RSA), FULL_NULL)).toThrow(notDer('C algorithm parameters', 'the end'))
    expect(() => read('tpm', OID(SHA256_RSA), derNull(), derNull())).toThrow(notDer('C algorithm', 'the end'))
  })
  test('of RSASSA-PSS has nothing behind its parameters', () => {
    expect(read('tee', OID(PSS), PSS_SHA384)).toEqual({ scheme: 'RSASSA-PSS', hash: 'SHA-384' })
    expect(() => read('tee', OID(PSS), PSS_SHA384, derNull())).toThrow(notDer('C algorithm', 'the end'))
    expect(() => read('tee', OID(PSS), derSequence(derNull()))).toThrow(
      refused('UNSUPPORTED_ALGORITHM', { field: 'C algorithm', actual: `${PSS} with 30020500` }),
    )
  })
})

describe('the algorithm of a digest', () => {
  const SHA256 = '2.16.840.1.101.3.4.2.1'
  const SHA384 = '2.16.840.1.101.3.4.2.2'
  const read = (...parts: readonly Uint8Array[]) => readDigestAlgorithm(reader(...parts), 'algorithm')
  test.each([
    [SHA256, 'SHA-256'],
    [SHA384, 'SHA-384'],
  ])('may be %s, %s, with NULL and without', (oid, hash) => {
    expect(read(OID(oid))).toBe(hash)
    expect(read(OID(oid), derNull())).toBe(hash)
  })
  test('is none of SHA-1', () =>
    expect(() => read(OID('1.3.14.3.2.26'))).toThrow(
      refused('UNSUPPORTED_ALGORITHM', { field: 'C algorithm', actual: '1.3.14.3.2.26' }),
    ))
  test('has no parameters but an empty NULL', () => {
    expect(() => read(OID(SHA256), derOctetString(new Uint8Array()))).toThrow(notDer('C algorithm', 'the end'))
    expect(() => read(OID(SHA256), derNull(), derNull())).toThrow(notDer('C algorithm', 'the end'))
    expect(() => read(OID(SHA256), FULL_NULL)).toThrow(notDer('C algorithm parameters', 'the end'))
    expect(() => read(OID(SHA256), fromHex('NULL', '0502'))).toThrow(notDer('C algorithm', 'parameters of 2 bytes'))
  })
})

describe('a key of RSA', () => {
  test('has no parameters but an empty NULL', () => {
    const numbers = derSequence(derUnsigned(new Uint8Array(512).fill(0xa5)), derInteger(65_537))
    const info = (parameters: Uint8Array): Uint8Array =>
      derSequence(derSequence(OID('1.2.840.113549.1.1.1'), parameters), derBitString(numbers))
    const read = (der: Uint8Array) => readPublicKey(new DerReader('C', der), 'key')
    expect(read(info(derNull()))).toEqual({ kind: 'RSA', spki: info(derNull()) })
    expect(() => read(info(FULL_NULL))).toThrow(notDer('C key algorithm parameters', 'the end'))
  })
})

describe('a key of RSA of a TPM', () => {
  const modulus = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(0xa5)
  const read = ({ spki }: RsaPublicKey) => readPublicKey(new DerReader('C', spki), 'key', 'tpm')
  test('has one of three sizes, which the refusal of another names', () => {
    const key = rsaKey(modulus(256), 65_537)
    expect(read(key)).toEqual(key)
    expect(() => read(rsaKey(modulus(128), 65_537))).toThrow(
      refused('UNSUPPORTED_VALUE', {
        field: 'C key',
        expected: '2048, 3072, 4096 bits and the exponent 65537',
        actual: '128 bytes and the exponent 65537',
      }),
    )
  })
})
