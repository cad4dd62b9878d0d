import { toBase64Url, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import ed25519 from '../../../vectors/crypto/wycheproof/ed25519_test.json' with { type: 'json' }
import { CHANNEL_EXPORTER_LABEL, channelProofMessage, createChannelSigner, verifyChannelProof } from '../src/index.ts'
import { flipped, hex } from './support/messages.ts'

const digest = new Uint8Array(32).fill(1)
const nonce = new Uint8Array(32).fill(2)
const exporter = new Uint8Array(32).fill(3)

describe('the message of a channel proof', () => {
  test('is the domain, the statement digest, the nonce and the exporter', () => {
    expect(channelProofMessage(digest, nonce, exporter)).toEqual(
      Uint8Array.from([...utf8('blindai.channel.v1'), 0, ...digest, ...nonce, ...exporter]),
    )
    expect(CHANNEL_EXPORTER_LABEL).toBe('EXPERIMENTAL blindai channel v1')
  })

  test('has no room for parts of other lengths', () => {
    for (const length of [0, 31, 33, 64]) {
      const wrong = new Uint8Array(length)
      expect(() => channelProofMessage(wrong, nonce, exporter)).toThrowError(RangeError)
      expect(() => channelProofMessage(digest, wrong, exporter)).toThrowError(RangeError)
      expect(() => channelProofMessage(digest, nonce, wrong)).toThrowError(RangeError)
    }
  })
})

describe('a channel proof', async () => {
  const signer = await createChannelSigner()
  const message = channelProofMessage(digest, nonce, exporter)
  const signature = await signer.sign(message)

  test('verifies under the key that made it', async () => {
    expect(signature.byteLength).toBe(64)
    expect(await verifyChannelProof(signer.publicJwk, message, signature)).toBe(true)
  })

  test('does not verify for another statement, nonce or connection', async () => {
    for (const other of [
      channelProofMessage(nonce, nonce, exporter),
      channelProofMessage(digest, digest, exporter),
      channelProofMessage(digest, nonce, digest),
    ]) {
      expect(await verifyChannelProof(signer.publicJwk, other, signature)).toBe(false)
    }
  })

  test('does not verify under another key', async () => {
    const other = await createChannelSigner()
    expect(await verifyChannelProof(other.publicJwk, message, signature)).toBe(false)
  })

  test('does not verify with any bit of it turned, or at another length', async () => {
    for (let bit = 0; bit < 512; bit += 7) {
      expect(await verifyChannelProof(signer.publicJwk, message, flipped(signature, bit))).toBe(false)
    }
    for (const length of [0, 63]) {
      expect(await verifyChannelProof(signer.publicJwk, message, signature.subarray(0, length))).toBe(false)
    }
    expect(await verifyChannelProof(signer.publicJwk, message, Uint8Array.from([...signature, 0]))).toBe(false)
  })

  test('has a key of 32 bytes in base64url, or none', async () => {
    for (const x of ['AA', toBase64Url(new Uint8Array(33))]) {
      await expect(verifyChannelProof({ kty: 'OKP', crv: 'Ed25519', x }, message, signature)).rejects.toThrowError(
        RangeError,
      )
    }
    await expect(verifyChannelProof({ kty: 'OKP', crv: 'Ed25519', x: '=' }, message, signature)).rejects.toMatchObject({
      code: 'NOT_BASE64URL',
    })
  })

  test('is judged as Wycheproof judges Ed25519', async () => {
    for (const { publicKey, tests } of ed25519.testGroups) {
      const jwk = { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(hex(publicKey.pk)) } as const
      for (const { tcId, msg, sig, result } of tests) {
        expect([tcId, await verifyChannelProof(jwk, hex(msg), hex(sig))]).toEqual([tcId, result === 'valid'])
      }
    }
  })
})
