import { concatBytes, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import encaps from '../../../vectors/crypto/wycheproof/mlkem_768_encaps_test.json' with { type: 'json' }
import x25519 from '../../../vectors/crypto/wycheproof/x25519_test.json' with { type: 'json' }
import { encapsulateRequest, webCryptoBackend } from '../src/index.ts'
import { codeOf, gatewayAt, hex, NOW, post } from './support/messages.ts'
import { describeBackend } from './support/vectors.ts'

describeBackend('WebCrypto', webCryptoBackend)

describe('X25519 of this runtime', () => {
  /** PKCS #8 around 32 bytes, which is how WebCrypto takes a private key. */
  const wrapped = (raw: Uint8Array): Uint8Array<ArrayBuffer> =>
    concatBytes(hex('302e020100300506032b656e04220420'), raw)

  test('agrees as Wycheproof does, and with no key that forces a zero secret', async () => {
    for (const { tcId, public: publicKey, private: privateKey, shared } of x25519.testGroups.flatMap((g) => g.tests)) {
      const own = await crypto.subtle.importKey('pkcs8', wrapped(hex(privateKey)), 'X25519', false, ['deriveBits'])
      const peer = await crypto.subtle.importKey('raw', hex(publicKey), 'X25519', false, [])
      const agreed = crypto.subtle.deriveBits({ name: 'X25519', public: peer }, own, 256)
      if (/^0+$/.test(shared)) await expect(agreed, `case ${tcId}`).rejects.toThrowError()
      else expect([tcId, new Uint8Array(await agreed)]).toEqual([tcId, hex(shared)])
    }
  })
})

describe('ML-KEM-768 of this runtime', async () => {
  const { configs } = await gatewayAt({ now: NOW })

  test('takes each public key that Wycheproof calls valid, and none that is not reduced or of another length', async () => {
    const [hybrid] = configs
    if (hybrid === undefined) throw new Error('a key')
    const wrong: number[] = []
    for (const { ek, tcId, result } of encaps.testGroups.flatMap((group) => group.tests)) {
      const publicKey = concatBytes(hex(ek), hybrid.publicKey.subarray(1184))
      const code = await codeOf(encapsulateRequest([{ ...hybrid, publicKey }], post(utf8('')), { now: NOW }))
      if (code !== (result === 'valid' ? undefined : 'KEY_CONFIG_MALFORMED')) wrong.push(tcId)
    }
    expect(wrong).toEqual([])
  })
})
