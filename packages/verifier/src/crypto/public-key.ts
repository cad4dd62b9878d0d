import { concatBytes } from '@blindai/core'
import { VerifierError } from '../errors/verifier-error.ts'

/** The curves in use, by WebCrypto's names. Source: FIPS 186-5, SP 800-186. */
export type Curve = 'P-256' | 'P-384'

/** Bytes of one coordinate, and of each half of a signature. */
export const COORDINATE_BYTES: { readonly [C in Curve]: number } = { 'P-256': 32, 'P-384': 48 }

/** An ECDSA public key. */
export interface PublicKey {
  readonly curve: Curve
  /** The uncompressed point: 04, x, y. */
  readonly point: Uint8Array
}

/** The hash that goes with a signature. */
export type SignatureHash = 'SHA-256' | 'SHA-384'

/** A P-256 key of its bare coordinates x and y, 64 bytes, as quotes carry it. */
export function p256Key(coordinates: Uint8Array): PublicKey {
  return { curve: 'P-256', point: concatBytes(new Uint8Array([4]), coordinates) }
}

/**
 * True when the signature over the message is by the key.
 *
 * @param signature - r and s, each as long as a coordinate. Source: IEEE P1363; WebCrypto section 23.7.
 * @param field - names the key in the error.
 * @throws {VerifierError} `PUBLIC_KEY_INVALID` when the key is no point of its curve.
 */
export async function verifyEcdsa(
  field: string,
  key: PublicKey,
  hash: SignatureHash,
  signature: Uint8Array,
  message: Uint8Array,
): Promise<boolean> {
  const imported = await importKey(field, key)
  return crypto.subtle.verify({ name: 'ECDSA', hash }, imported, new Uint8Array(signature), new Uint8Array(message))
}

async function importKey(field: string, key: PublicKey): Promise<CryptoKey> {
  const algorithm = { name: 'ECDSA', namedCurve: key.curve }
  try {
    return await crypto.subtle.importKey('raw', new Uint8Array(key.point), algorithm, false, ['verify'])
  } catch (cause) {
    if (!(cause instanceof DOMException) || cause.name !== 'DataError') throw cause
    throw new VerifierError('PUBLIC_KEY_INVALID', { field }, { cause })
  }
}
