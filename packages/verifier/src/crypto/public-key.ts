import {
  concatBytes,
  derBitString,
  derInteger,
  derNull,
  derOid,
  derSequence,
  derUnsigned,
  equalBytes,
} from '@blindai/core'
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

/** An RSA public key; its parser says which sizes it reads. */
export interface RsaPublicKey {
  readonly kind: 'RSA'
  /** DER of the SubjectPublicKeyInfo. */
  readonly spki: Uint8Array
}

/** A key that signs certificates, lists or evidence. */
export type PublicKey = EcPublicKey | RsaPublicKey

/** The hash that goes with a signature. */
export type SignatureHash = 'SHA-256' | 'SHA-384'

/** How RSASSA-PSS is used: the hash, also of its mask, and the bytes of its salt. */
export interface PssParameters {
  readonly hash: SignatureHash
  readonly saltBytes: number
}

/** Those of AMD's certificates. Source: RFC 4055 section 3.1; AMD 57230 chapter 3. */
const CERTIFICATE_PSS: PssParameters = { hash: 'SHA-384', saltBytes: 48 }

/** Source: RFC 3279 section 2.3.1. */
const RSA_ENCRYPTION = '1.2.840.113549.1.1.1'

/** A P-256 key of its bare coordinates x and y, 64 bytes, as quotes carry it. */
export function p256Key(coordinates: Uint8Array): EcPublicKey {
  return { kind: 'EC', curve: 'P-256', point: concatBytes(new Uint8Array([4]), coordinates) }
}

/** An RSA key of its bare numbers. Source: RFC 3279 section 2.3.1. */
export function rsaKey(modulus: Uint8Array, exponent: number): RsaPublicKey {
  const numbers = derSequence(derUnsigned(modulus), derInteger(exponent))
  return { kind: 'RSA', spki: derSequence(derSequence(derOid(RSA_ENCRYPTION), derNull()), derBitString(numbers)) }
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
 * True when the RSASSA-PSS signature over the message is by the key; without parameters, as AMD's certificates have it.
 *
 * @throws {VerifierError} `PUBLIC_KEY_INVALID` when the key cannot be used.
 */
export async function verifyPss(
  field: string,
  key: RsaPublicKey,
  signature: Uint8Array,
  message: Uint8Array,
  { hash, saltBytes }: PssParameters = CERTIFICATE_PSS,
): Promise<boolean> {
  const imported = await importRsa(field, key, { name: 'RSA-PSS', hash })
  const how = { name: 'RSA-PSS', saltLength: saltBytes }
  return crypto.subtle.verify(how, imported, new Uint8Array(signature), new Uint8Array(message))
}

/**
 * True when the RSASSA-PKCS1-v1_5 signature over the message is by the key. Source: RFC 8017 section 8.2.
 *
 * @throws {VerifierError} `PUBLIC_KEY_INVALID` when the key cannot be used.
 */
export async function verifyPkcs1(
  field: string,
  key: RsaPublicKey,
  hash: SignatureHash,
  signature: Uint8Array,
  message: Uint8Array,
): Promise<boolean> {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash }
  const imported = await importRsa(field, key, algorithm)
  return crypto.subtle.verify(algorithm, imported, new Uint8Array(signature), new Uint8Array(message))
}

function importRsa(field: string, { spki }: RsaPublicKey, algorithm: RsaHashedImportParams): Promise<CryptoKey> {
  return orInvalid(field, () => crypto.subtle.importKey('spki', new Uint8Array(spki), algorithm, false, ['verify']))
}

async function orInvalid(field: string, importKey: () => Promise<CryptoKey>): Promise<CryptoKey> {
  try {
    return await importKey()
  } catch (cause) {
    if (!(cause instanceof DOMException) || cause.name !== 'DataError') throw cause
    throw new VerifierError('PUBLIC_KEY_INVALID', { field }, { cause })
  }
}
