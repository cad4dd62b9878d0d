import { fromHex } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import p256Raw from '../../../vectors/crypto/wycheproof-ecdsa/ecdsa_secp256r1_sha256_p1363_test.json' with {
  type: 'json',
}
import p256 from '../../../vectors/crypto/wycheproof-ecdsa/ecdsa_secp256r1_sha256_test.json' with { type: 'json' }
import p384Sha256 from '../../../vectors/crypto/wycheproof-ecdsa/ecdsa_secp384r1_sha256_test.json' with { type: 'json' }
import p384Raw from '../../../vectors/crypto/wycheproof-ecdsa/ecdsa_secp384r1_sha384_p1363_test.json' with {
  type: 'json',
}
import p384 from '../../../vectors/crypto/wycheproof-ecdsa/ecdsa_secp384r1_sha384_test.json' with { type: 'json' }
import { type PublicKey, verifyEcdsa } from '../src/crypto/public-key.ts'
import { isVerifierError } from '../src/index.ts'
import { isSignedBy, readPublicKey } from '../src/x509/algorithms.ts'
import { DerReader } from '../src/x509/der-reader.ts'

interface Vectors {
  readonly testGroups: readonly {
    readonly publicKeyDer: string
    readonly tests: readonly {
      readonly tcId: number
      readonly msg: string
      readonly sig: string
      readonly result: string
    }[]
  }[]
}

type Verify = (key: PublicKey, message: Uint8Array, signature: Uint8Array) => Promise<boolean>

/** Cases where the answer is another than the vector's. A refusal of the form counts as a refusal. */
async function disagreements({ testGroups }: Vectors, verify: Verify): Promise<readonly number[]> {
  const wrong: number[] = []
  for (const group of testGroups) {
    const key = readPublicKey(new DerReader('key', fromHex('key', group.publicKeyDer)), 'key')
    for (const { tcId, msg, sig, result } of group.tests) {
      const valid = await verify(key, fromHex('msg', msg), fromHex('sig', sig)).catch((error: unknown) => {
        if (isVerifierError(error) && error.code === 'NOT_DER') return false
        throw error
      })
      if (valid !== (result === 'valid')) wrong.push(tcId)
    }
  }
  return wrong
}

describe('an ECDSA signature is judged as Wycheproof says', () => {
  for (const [name, hash, vectors] of [
    ['P-256, DER', 'SHA-256', p256],
    ['P-384, DER', 'SHA-384', p384],
    ['P-384 with SHA-256, DER', 'SHA-256', p384Sha256],
  ] as const) {
    test(name, async () => {
      const verify: Verify = (key, signed, signature) =>
        isSignedBy({ field: 'vector', signed, signature, signatureAlgorithm: { scheme: 'ECDSA', hash } }, key)
      expect(await disagreements(vectors, verify)).toEqual([])
    })
  }
  for (const [name, hash, vectors] of [
    ['P-256, r and s', 'SHA-256', p256Raw],
    ['P-384, r and s', 'SHA-384', p384Raw],
  ] as const) {
    test(name, async () => {
      const verify: Verify = (key, message, signature) => verifyEcdsa('vector', key, hash, signature, message)
      expect(await disagreements(vectors, verify)).toEqual([])
    })
  }
})
