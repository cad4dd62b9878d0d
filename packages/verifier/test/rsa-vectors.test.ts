import { fromHex } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import pkcs1With256 from '../../../vectors/crypto/wycheproof-rsa-pkcs1/rsa_signature_2048_sha256_test.json' with {
  type: 'json',
}
import pkcs1With384 from '../../../vectors/crypto/wycheproof-rsa-pkcs1/rsa_signature_3072_sha384_test.json' with {
  type: 'json',
}
import pss2048 from '../../../vectors/crypto/wycheproof-rsa-pss/rsa_pss_2048_sha256_mgf1_32_test.json' with {
  type: 'json',
}
import pss3072 from '../../../vectors/crypto/wycheproof-rsa-pss/rsa_pss_3072_sha256_mgf1_32_test.json' with {
  type: 'json',
}
import { type PublicKey, type RsaPublicKey, verifyPkcs1, verifyPss } from '../src/crypto/public-key.ts'
import { isVerifierError } from '../src/index.ts'
import { readPublicKey } from '../src/x509/algorithms.ts'
import { DerReader } from '../src/x509/der-reader.ts'

interface Vectors {
  readonly testGroups: readonly {
    readonly publicKeyDer: string
    readonly tests: readonly {
      readonly tcId: number
      readonly msg: string
      readonly sig: string
      readonly result: string
      readonly flags: readonly string[]
    }[]
  }[]
}

type Verify = (key: RsaPublicKey, signature: Uint8Array, message: Uint8Array) => Promise<boolean>

/** Cases where the answer is another than the vector's, and those whose key is not read at all. */
async function judge({ testGroups }: Vectors, verify: Verify): Promise<{ wrong: number[]; unread: number }> {
  const wrong: number[] = []
  let unread = 0
  for (const { publicKeyDer, tests } of testGroups) {
    const key = keyOf(publicKeyDer)
    if (key?.kind !== 'RSA') {
      unread += tests.length
      continue
    }
    for (const { tcId, msg, sig, result, flags } of tests) {
      const isValid = await verify(key, fromHex('sig', sig), fromHex('msg', msg))
      // The one that is acceptable leaves out the NULL of the hash's identifier; RFC 8017 lets a verifier refuse it.
      if (result === 'acceptable') expect(flags).toEqual(['MissingNull'])
      if (isValid !== (result === 'valid')) wrong.push(tcId)
    }
  }
  return { wrong, unread }
}

/** The key as a certificate of a TPM's authority has it; undefined when its size or exponent is refused. */
function keyOf(der: string): PublicKey | undefined {
  try {
    return readPublicKey(new DerReader('key', fromHex('key', der)), 'key', 'tpm')
  } catch (error) {
    if (isVerifierError(error) && error.code === 'UNSUPPORTED_VALUE') return undefined
    throw error
  }
}

describe('an RSA signature of a TPM is judged as Wycheproof says', () => {
  for (const [name, hash, vectors, unread] of [
    // Two valid signatures are by keys with the exponent 3, which no family takes.
    ['2048 bits, SHA-256', 'SHA-256', pkcs1With256, 2],
    ['3072 bits, SHA-384', 'SHA-384', pkcs1With384, 0],
  ] as const) {
    test(`RSASSA-PKCS1-v1_5, ${name}`, async () => {
      const verify: Verify = (key, signature, message) => verifyPkcs1('vector', key, hash, signature, message)
      expect(await judge(vectors, verify)).toEqual({ wrong: [], unread })
    })
  }
  for (const [name, vectors] of [
    ['2048 bits, SHA-256', pss2048],
    ['3072 bits, SHA-256', pss3072],
  ] as const) {
    test(`RSASSA-PSS, ${name}`, async () => {
      const parameters = { hash: 'SHA-256', saltBytes: 32 } as const
      const verify: Verify = (key, signature, message) => verifyPss('vector', key, signature, message, parameters)
      expect(await judge(vectors, verify)).toEqual({ wrong: [], unread: 0 })
    })
  }
})
