import { fromHex } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import vectors from '../../../vectors/crypto/wycheproof-rsa-pss/rsa_pss_4096_sha384_mgf1_48_test.json' with {
  type: 'json',
}
import type { PublicKey } from '../src/crypto/public-key.ts'
import { isSignedBy, readPublicKey } from '../src/x509/algorithms.ts'
import { DerReader } from '../src/x509/der-reader.ts'

const PSS = { scheme: 'RSASSA-PSS', hash: 'SHA-384' } as const

describe('an RSASSA-PSS signature of 4096 bits with SHA-384', () => {
  for (const { publicKeyDer, tests } of vectors.testGroups) {
    const key: PublicKey = readPublicKey(new DerReader('key', fromHex('key', publicKeyDer)), 'key')
    test('is judged as Wycheproof says', async () => {
      const wrong: number[] = []
      for (const { tcId, msg, sig, result } of tests) {
        const structure = { field: 'vector', signed: fromHex('msg', msg), signature: fromHex('sig', sig) }
        const valid = await isSignedBy({ ...structure, signatureAlgorithm: PSS }, key)
        if (valid !== (result === 'valid')) wrong.push(tcId)
      }
      expect(wrong).toEqual([])
      expect(tests.length).toBeGreaterThan(90)
    })
    test('is by nobody when it is said to be of ECDSA', async () => {
      const valid = tests.find(({ result }) => result === 'valid')
      const [signed, signature] = [fromHex('msg', valid?.msg ?? ''), fromHex('sig', valid?.sig ?? '')]
      const ecdsa = { scheme: 'ECDSA', hash: 'SHA-384' } as const
      expect(await isSignedBy({ field: 'vector', signed, signature, signatureAlgorithm: PSS }, key)).toBe(true)
      expect(await isSignedBy({ field: 'vector', signed, signature, signatureAlgorithm: ecdsa }, key)).toBe(false)
    })
    test('is not looked at when its key has another exponent', () => {
      const der = fromHex('key', publicKeyDer)
      der[der.byteLength - 1] = 3
      expect(() => readPublicKey(new DerReader('key', der), 'key')).toThrowError(
        expect.objectContaining({ code: 'UNSUPPORTED_VALUE' }),
      )
    })
  }
})
