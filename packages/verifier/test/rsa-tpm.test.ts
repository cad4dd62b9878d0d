import { fromHex } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import pkcs1 from '../../../vectors/crypto/wycheproof-rsa-pkcs1/rsa_signature_2048_sha256_test.json' with {
  type: 'json',
}
import pss from '../../../vectors/crypto/wycheproof-rsa-pss/rsa_pss_2048_sha256_mgf1_32_test.json' with { type: 'json' }
import { type PublicKey, type RsaPublicKey, rsaKey } from '../src/crypto/public-key.ts'
import { isSignedBy, readPublicKey } from '../src/x509/algorithms.ts'
import { DerReader } from '../src/x509/der-reader.ts'

const keyOf = (der: string): PublicKey => readPublicKey(new DerReader('key', fromHex('key', der)), 'key', 'tpm')

/** The end of a key whose exponent is 3. */
const EXPONENT_3 = '020103'

describe('an RSASSA-PKCS1-v1_5 signature of a certificate', () => {
  const signatureAlgorithm = { scheme: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const
  const [group] = pkcs1.testGroups.filter(({ publicKeyDer }) => !publicKeyDer.endsWith(EXPONENT_3))
  test.each([
    ['valid', true],
    ['invalid', false],
  ])('that Wycheproof calls %s is by its key: %s', async (expected, isExpected) => {
    const { msg = '', sig = '' } = group?.tests.find(({ result }) => result === expected) ?? {}
    const structure = { field: 'vector', signed: fromHex('msg', msg), signature: fromHex('sig', sig) }
    const key = keyOf(group?.publicKeyDer ?? '')
    expect(await isSignedBy({ ...structure, signatureAlgorithm }, key)).toBe(isExpected)
  })
})

describe('a key of RSA', () => {
  const [{ publicKeyDer, publicKeyJwk } = { publicKeyDer: '', publicKeyJwk: { n: '' } }] = pss.testGroups
  test('of its bare numbers is that of a certificate', () => {
    const base64 = publicKeyJwk.n.replaceAll('-', '+').replaceAll('_', '/')
    const modulus = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
    const key: RsaPublicKey = rsaKey(modulus, 65_537)
    expect(key).toEqual(keyOf(publicKeyDer))
  })
  test('with the exponent 3 is refused', () => {
    const keys = pkcs1.testGroups.filter((one) => one.publicKeyDer.endsWith(EXPONENT_3))
    expect(keys.length).toBe(2)
    for (const key of keys) {
      expect(() => keyOf(key.publicKeyDer)).toThrowError(expect.objectContaining({ code: 'UNSUPPORTED_VALUE' }))
    }
  })
  test('of 2048 bits is not read in the certificate of a TEE', () => {
    expect(() => readPublicKey(new DerReader('key', fromHex('key', publicKeyDer)), 'key')).toThrowError(
      expect.objectContaining({ code: 'UNSUPPORTED_VALUE' }),
    )
  })
})
