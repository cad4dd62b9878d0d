import { concatBytes } from '@blindai/core'
import type { AEAD, AEADFactory, KDF } from 'hpke'
import { AEAD_AES_128_GCM_ID, AEAD_CHACHA20_POLY1305_ID, type HpkeBackend, KDF_HKDF_SHA256_ID } from './hpke-suites.ts'
import { hybridKem, type KemPrimitives, x25519Kem } from './sync-kems.ts'

/** The ciphers in use, by OpenSSL's names. */
export type CipherName = 'aes-128-gcm' | 'chacha20-poly1305'

/**
 * Cryptography that answers at once. A server on Node makes it of `node:crypto`, which this package must not know:
 * WebCrypto spends more time on the way to its threads and back than on a kilobyte.
 */
export interface SyncPrimitives extends KemPrimitives {
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array
  /** Ciphertext with the 16-byte tag behind it. */
  seal(cipher: CipherName, key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array
  /** The plaintext; throws when the tag is wrong. */
  open(cipher: CipherName, key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array): Uint8Array
}

const HASH_BYTES = 32

/** A backend whose every algorithm is the caller's. */
export function syncBackend(primitives: SyncPrimitives): HpkeBackend {
  const aes = aeadOf(primitives, AEAD_AES_128_GCM_ID, 'aes-128-gcm', 16)
  const chacha = aeadOf(primitives, AEAD_CHACHA20_POLY1305_ID, 'chacha20-poly1305', 32)
  const hkdf = hkdfSha256(primitives)
  const kems = [hybridKem(primitives), x25519Kem(primitives, hkdf)]
  return {
    kem: (id) => {
      const kem = kems.find((candidate) => candidate.id === id)
      return kem === undefined ? undefined : () => kem
    },
    hkdfSha256: () => hkdf,
    aead: (id) => [aes, chacha].find((factory) => factory().id === id),
  }
}

/** Source: RFC 5869 section 2. */
function hkdfSha256({ hmacSha256 }: SyncPrimitives): KDF {
  return {
    id: KDF_HKDF_SHA256_ID,
    type: 'KDF',
    name: 'HKDF-SHA256',
    Nh: HASH_BYTES,
    stages: 2,
    Extract: async (salt, ikm) => hmacSha256(salt.byteLength === 0 ? new Uint8Array(HASH_BYTES) : salt, ikm),
    Expand: async (prk, info, length) => {
      if (length > 255 * HASH_BYTES) throw new RangeError(`HKDF-SHA256 gives at most ${255 * HASH_BYTES} bytes`)
      const output = new Uint8Array(Math.ceil(length / HASH_BYTES) * HASH_BYTES)
      let block: Uint8Array = new Uint8Array()
      for (let count = 1; (count - 1) * HASH_BYTES < length; count++) {
        block = hmacSha256(prk, concatBytes(block, info, Uint8Array.of(count)))
        output.set(block, (count - 1) * HASH_BYTES)
      }
      return output.slice(0, length)
    },
    Derive: () => Promise.reject(new TypeError('HKDF-SHA256 has two stages')),
  }
}

function aeadOf(primitives: SyncPrimitives, id: number, cipher: CipherName, keyBytes: number): AEADFactory {
  const aead: AEAD = {
    id,
    type: 'AEAD',
    name: cipher,
    Nk: keyBytes,
    Nn: 12,
    Nt: 16,
    Seal: async (key, nonce, aad, plaintext) => primitives.seal(cipher, key, nonce, aad, plaintext),
    Open: async (key, nonce, aad, ciphertext) => primitives.open(cipher, key, nonce, aad, ciphertext),
  }
  return () => aead
}
