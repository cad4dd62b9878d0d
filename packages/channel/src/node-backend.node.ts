import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPublicKey,
  decapsulate,
  diffieHellman,
  encapsulate,
  generateKeyPairSync,
  hash,
  KeyObject,
} from 'node:crypto'
import type { HpkeBackend } from './hpke-suites.ts'
import { type SyncPrimitives, syncBackend } from './sync-backend.ts'
import type { HandlePair, KeyHandle } from './sync-kems.ts'

/**
 * HPKE on `node:crypto`, synchronously: an exchange makes fifty calls of WebCrypto, most of whose time is the way to a
 * thread and back. Node only; imported as `@blindai/channel/node`.
 */

const TAG_BYTES = 16
const GCM = { authTagLength: TAG_BYTES }
/** What precedes the raw key in a SubjectPublicKeyInfo. Source: RFC 8410 section 10.1; RFC 9935 section 4. */
const X25519_SPKI = Buffer.from('302a300506032b656e032100', 'hex')
const ML_KEM_SPKI = Buffer.from('308204b2300b0609608648016503040402038204a100', 'hex')

/** The primitives of `node:crypto`, for `syncBackend`. */
export const nodePrimitives: SyncPrimitives = {
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
  sha3_256: (data) => hash('sha3-256', data, 'buffer'),
  x25519: {
    generate: () => pairOf(generateKeyPairSync('x25519'), X25519_SPKI),
    publicKey: (bytes) => publicKeyOf(X25519_SPKI, bytes),
    agree: (own, peer) => diffieHellman({ privateKey: keyOf(own), publicKey: keyOf(peer) }),
  },
  mlKem768: {
    generate: () => pairOf(generateKeyPairSync('ml-kem-768'), ML_KEM_SPKI),
    publicKey: (bytes) => publicKeyOf(ML_KEM_SPKI, bytes),
    encapsulate: (peer) => {
      const { ciphertext, sharedKey } = encapsulate(keyOf(peer))
      return { ciphertext, sharedSecret: sharedKey }
    },
    decapsulate: (own, ciphertext) => decapsulate(keyOf(own), ciphertext),
  },
  seal(name, key, nonce, aad, plaintext) {
    const cipher =
      name === 'aes-128-gcm' ? createCipheriv(name, key, nonce, GCM) : createCipheriv(name, key, nonce, GCM)
    cipher.setAAD(aad, { plaintextLength: plaintext.byteLength })
    const sealed = new Uint8Array(plaintext.byteLength + TAG_BYTES)
    sealed.set(cipher.update(plaintext))
    cipher.final()
    sealed.set(cipher.getAuthTag(), plaintext.byteLength)
    return sealed
  },
  open(name, key, nonce, aad, ciphertext) {
    const end = ciphertext.byteLength - TAG_BYTES
    if (end < 0) throw new RangeError('a ciphertext ends in its tag')
    const decipher =
      name === 'aes-128-gcm' ? createDecipheriv(name, key, nonce, GCM) : createDecipheriv(name, key, nonce, GCM)
    decipher.setAAD(aad, { plaintextLength: end }).setAuthTag(ciphertext.subarray(end))
    const opened = decipher.update(ciphertext.subarray(0, end))
    decipher.final()
    return opened
  },
}

/** The backend for servers and clients on Node. */
export const nodeBackend: HpkeBackend = syncBackend(nodePrimitives)

function pairOf(pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }, prefix: Buffer): HandlePair {
  const spki = pair.publicKey.export({ format: 'der', type: 'spki' })
  return { ...pair, publicBytes: new Uint8Array(spki.subarray(prefix.byteLength)) }
}

function publicKeyOf(prefix: Buffer, bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([prefix, bytes]), format: 'der', type: 'spki' })
}

function keyOf(handle: KeyHandle): KeyObject {
  if (handle instanceof KeyObject) return handle
  throw new TypeError('not a key of this runtime')
}
