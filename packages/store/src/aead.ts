import { type Cipheriv, createCipheriv, createDecipheriv, type Decipheriv, hkdfSync } from 'node:crypto'

/**
 * The one suite of this package: AES-256-GCM with 96-bit nonces and 128-bit tags; keys derived with HKDF-SHA-256.
 * There is nothing to negotiate; a second suite would be a second version of the formats.
 *
 * Source: NIST SP 800-38D; RFC 5869.
 */
export const SUITE = 1

export const KEY_BYTES = 32
export const NONCE_BYTES = 12
export const TAG_BYTES = 16

/** Bytes given to the cipher at once: what it allocates for them comes from a heap that is reused, not from the system. */
const STEP_BYTES = 64 * 1024

/** Seals into `target`, which has room for the plaintext and the tag; gives what was written. */
export function sealInto(
  target: Uint8Array,
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(aad)
  throughCipher(cipher, plaintext, target)
  cipher.final()
  target.set(cipher.getAuthTag(), plaintext.byteLength)
  return target.subarray(0, plaintext.byteLength + TAG_BYTES)
}

/** Ciphertext and tag. */
export function seal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
  return sealInto(new Uint8Array(plaintext.byteLength + TAG_BYTES), key, nonce, aad, plaintext)
}

/** The plaintext, or undefined for what was not sealed like this; nothing of it is given before the tag was checked. */
export function open(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  const length = sealed.byteLength - TAG_BYTES
  if (length < 0) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(aad)
  decipher.setAuthTag(sealed.subarray(length))
  const plaintext = new Uint8Array(length)
  throughCipher(decipher, sealed.subarray(0, length), plaintext)
  try {
    decipher.final()
  } catch (cause) {
    // All that `final` of an AEAD can say is that the tag is wrong; the error itself has no code to tell it by.
    if (!(cause instanceof Error)) throw cause
    return undefined
  }
  return plaintext
}

/**
 * Node's ciphers allocate each output anew. Left to the garbage collector a fast upload has 90 MB of them lying about; given
 * back at once, the same few are used again and again, in a sixth of the processor time.
 */
function throughCipher(cipher: Cipheriv | Decipheriv, input: Uint8Array, output: Uint8Array): void {
  for (let at = 0; at < input.byteLength; at += STEP_BYTES) {
    const piece = cipher.update(input.subarray(at, at + STEP_BYTES))
    output.set(piece, at)
    if (piece.byteLength === piece.buffer.byteLength) piece.buffer.transfer(0)
  }
}

/** A key for one purpose. */
export function deriveKey(key: Uint8Array, salt: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, salt, purpose, KEY_BYTES))
}
