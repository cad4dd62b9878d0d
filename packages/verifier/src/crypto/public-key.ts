import { concatBytes, equalBytes } from '@blindai/core'
import { VerifierError } from '../errors/verifier-error.ts'

/** The curves in use, by WebCrypto's names. Source: FIPS 186-5, SP 800-186. */
export type Curve = 'P-256' | 'P-384'

/** Bytes of one coordinate, and of each half of a signature. */
export const COORDINATE_BYTES: { readonly [C in Curve]: number } = { 'P-256': 32, 'P-384': 48 }

/** An ECDSA public key. */
export interface EcPublicKey {
  readonly kind: 'EC'
  readonly curve: Curve
  /** The uncompressed point: 04, x, y. */
  readonly point: Uint8Array
}

/** An RSA public key of 4096 bits with the exponent 65537. */
export interface RsaPublicKey {
  readonly kind: 'RSA'
  /** DER of the SubjectPublicKeyInfo. */
  readonly spki: Uint8Array
}

/** A key that signs certificates, lists or evidence. */
export type PublicKey = EcPublicKey | RsaPublicKey

/** The hash that goes with a signature. */
export type SignatureHash = 'SHA-256' | 'SHA-384'

/** Bytes of the salt where the hash is SHA-384. Source: RFC 4055 section 3.1; AMD 57230 chapter 3. */
const PSS_SALT_BYTES = 48

/** A P-256 key of its bare coordinates x and y, 64 bytes, as quotes carry it. */
export function p256Key(coordinates: Uint8Array): EcPublicKey {
  return { kind: 'EC', curve: 'P-256', point: concatBytes(new Uint8Array([4]), coordinates) }
}

/** @throws {VerifierError} `UNSUPPORTED_ALGORITHM` when the key is of RSA. */
export function requireEcKey(field: string, key: PublicKey): EcPublicKey {
  if (key.kind === 'EC') return key
  throw new VerifierError('UNSUPPORTED_ALGORITHM', { field, actual: key.kind })
}

/** True when the keys are the same to the byte. */
export function isSameKey(a: PublicKey, b: PublicKey): boolean {
  if (a.kind === 'EC') return b.kind === 'EC' && a.curve === b.curve && equalBytes(a.point, b.point)
  return b.kind === 'RSA' && equalBytes(a.spki, b.spki)
}

/**
 * True when the signature over the message is by the key.
 *
 * @param signature - r and s, each as long as a coordinate. Source: IEEE P1363; WebCrypto section 23.7.
 * @param field - names the key in the error.
 * @throws {VerifierError} `PUBLIC_KEY_INVALID` when the key is no point of its curve; `UNSUPPORTED_ALGORITHM` when it is
 * of RSA.
 */
export async function verifyEcdsa(
  field: string,
  key: PublicKey,
  hash: SignatureHash,
  signature: Uint8Array,
  message: Uint8Array,
): Promise<boolean> {
  const { curve, point } = requireEcKey(field, key)
  const algorithm = { name: 'ECDSA', namedCurve: curve }
  const imported = await orInvalid(field, () =>
    crypto.subtle.importKey('raw', new Uint8Array(point), algorithm, false, ['verify']),
  )
  return crypto.subtle.verify({ name: 'ECDSA', hash }, imported, new Uint8Array(signature), new Uint8Array(message))
}

/**
 * True when the RSASSA-PSS signature over the message, with SHA-384 and a salt of 48 bytes, is by the key.
 *
 * @throws {VerifierError} `PUBLIC_KEY_INVALID` when the key cannot be used.
 */
export async function verifyPss(
  field: string,
  key: RsaPublicKey,
  signature: Uint8Array,
  message: Uint8Array,
): Promise<boolean> {
  const algorithm = { name: 'RSA-PSS', hash: 'SHA-384' }
  const imported = await orInvalid(field, () =>
    crypto.subtle.importKey('spki', new Uint8Array(key.spki), algorithm, false, ['verify']),
  )
  const how = { name: 'RSA-PSS', saltLength: PSS_SALT_BYTES }
  return crypto.subtle.verify(how, imported, new Uint8Array(signature), new Uint8Array(message))
}

async function orInvalid(field: string, importKey: () => Promise<CryptoKey>): Promise<CryptoKey> {
  try {
    return await importKey()
  } catch (cause) {
    if (!(cause instanceof DOMException) || cause.name !== 'DataError') throw cause
    throw new VerifierError('PUBLIC_KEY_INVALID', { field }, { cause })
  }
}
