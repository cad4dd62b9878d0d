import { fromHex } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import pss2048 from '../../../vectors/crypto/wycheproof-rsa-tpm/rsa_pss_2048_sha256_mgf1_32_test.json' with {
  type: 'json',
}
import pss3072 from '../../../vectors/crypto/wycheproof-rsa-tpm/rsa_pss_3072_sha256_mgf1_32_test.json' with {
  type: 'json',
}
import pkcs2048 from '../../../vectors/crypto/wycheproof-rsa-tpm/rsa_signature_2048_sha256_test.json' with {
  type: 'json',
}
import pkcs3072 from '../../../vectors/crypto/wycheproof-rsa-tpm/rsa_signature_3072_sha384_test.json' with {
  type: 'json',
}
import { type PublicKey, type RsaPublicKey, rsaKey, verifyPss } from '../src/crypto/public-key.ts'
import { isSignedBy, readPublicKey } from '../src/x509/algorithms.ts'
import { DerReader } from '../src/x509/der-reader.ts'

/** What the files share; of the results, `acceptable` is a form that is not DER, and is refused here. */
interface Group {
  readonly publicKeyDer: string
  readonly tests: readonly {
    readonly tcId: number
    readonly msg: string
    readonly sig: string
    readonly result: string
  }[]
}

const keyOf = (der: string): PublicKey => readPublicKey(new DerReader('key', fromHex('key', der)), 'key', 'tpm')

async function misjudged(
  { tests }: Group,
  judge: (message: Uint8Array, signature: Uint8Array) => Promise<boolean>,
): Promise<readonly number[]> {
  const wrong: number[] = []
  for (const { tcId, msg, sig, result } of tests) {
    if ((await judge(fromHex('msg', msg), fromHex('sig', sig))) !== (result === 'valid')) wrong.push(tcId)
  }
  return wrong
}

/** The end of a key whose exponent is 3. */
const EXPONENT_3 = '020103'

describe('an RSASSA-PKCS1-v1_5 signature', () => {
  for (const [name, hash, groups] of [
    ['2048 bits with SHA-256', 'SHA-256', pkcs2048.testGroups],
    ['3072 bits with SHA-384', 'SHA-384', pkcs3072.testGroups],
  ] as const) {
    test(`of ${name} is judged as Wycheproof says`, async () => {
      for (const group of groups) {
        if (group.publicKeyDer.endsWith(EXPONENT_3)) continue
        const key = keyOf(group.publicKeyDer)
        const signatureAlgorithm = { scheme: 'RSASSA-PKCS1-v1_5', hash } as const
        const judge = (signed: Uint8Array, signature: Uint8Array) =>
          isSignedBy({ field: 'vector', signed, signature, signatureAlgorithm }, key)
        expect(await misjudged(group, judge)).toEqual([])
      }
    })
  }
})

describe('an RSASSA-PSS signature with SHA-256', () => {
  for (const [name, groups] of [
    ['2048', pss2048.testGroups],
    ['3072', pss3072.testGroups],
  ] as const) {
    test(`of ${name} bits is judged as Wycheproof says`, async () => {
      for (const group of groups) {
        const key = keyOf(group.publicKeyDer)
        if (key.kind !== 'RSA') throw new Error('not a key of RSA')
        const judge = (message: Uint8Array, signature: Uint8Array) =>
          verifyPss('vector', key, signature, message, { hash: 'SHA-256', saltBytes: 32 })
        expect(await misjudged(group, judge)).toEqual([])
      }
    })
  }
})

describe('a key of RSA', () => {
  const [{ publicKeyDer, publicKeyJwk } = { publicKeyDer: '', publicKeyJwk: { n: '' } }] = pss2048.testGroups
  test('of its bare numbers is that of a certificate', () => {
    const base64 = publicKeyJwk.n.replaceAll('-', '+').replaceAll('_', '/')
    const modulus = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
    const key: RsaPublicKey = rsaKey(modulus, 65_537)
    expect(key).toEqual(keyOf(publicKeyDer))
  })
  test('with the exponent 3 is refused', () => {
    const keys = pkcs2048.testGroups.filter((group) => group.publicKeyDer.endsWith(EXPONENT_3))
    expect(keys.length).toBe(1)
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
