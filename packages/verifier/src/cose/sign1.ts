import { concatBytes, fromHex, MalformedError, utf8 } from '@blindai/core'
import { CborTagged, type CborValue, parseCbor } from '../cbor/cbor-reader.ts'
import { asArray, asBytes, MapReader } from '../cbor/map-reader.ts'
import { type PublicKey, requireEcKey, verifyEcdsa } from '../crypto/public-key.ts'
import { VerifierError } from '../errors/verifier-error.ts'

/** Source: RFC 9052 section 4.2. */
const SIGN1_TAG = 18

/** The label of `alg`, and ES384. Source: RFC 9052 section 3.1; RFC 9053 section 2.1. */
const ALG = 1
const ES384 = -35

/** Headers, payload and signature. */
const PARTS = { least: 4, most: 4 }

/** r and s on P-384. */
const SIGNATURE_BYTES = 96

/** The protected header has nothing but `alg`. */
const MAX_HEADER_BYTES = 64

/** A message with one signature, parsed and not yet believed. */
export interface Sign1 {
  /** The protected header's bytes, which are signed. */
  readonly protectedHeader: Uint8Array
  readonly payload: Uint8Array
  readonly signature: Uint8Array
}

/**
 * Parses a COSE_Sign1 message that is signed by ES384, says nothing else of itself and carries its payload. The tag may be
 * left out.
 *
 * Source: RFC 9052 section 4.2; RFC 9053 section 2.1.
 *
 * @param field - names the message in errors.
 * @param maxPayloadBytes - the most bytes of a payload.
 * @throws {MalformedError} `WRONG_TYPE`, `WRONG_VALUE`, `WRONG_LENGTH`, `TOO_LONG`, `MISSING_MEMBER`, `UNKNOWN_MEMBER`;
 * {VerifierError} `UNSUPPORTED_ALGORITHM`, `UNSUPPORTED_VALUE`; both as `parseCbor` does.
 */
export function parseSign1(field: string, bytes: Uint8Array, maxPayloadBytes: number): Sign1 {
  const parts = untagged(field, parseCbor(field, bytes))
  const [first = null, unprotectedHeader = null, third = null, fourth = null] = asArray(field, parts, PARTS)
  const protectedHeader = asBytes(`${field} protected`, first, { least: 1, most: MAX_HEADER_BYTES })
  requireEs384(`${field} protected`, protectedHeader)
  new MapReader(`${field} unprotected`, unprotectedHeader).end()
  const payload = asBytes(`${field} payload`, third, { least: 1, most: maxPayloadBytes })
  const signature = asBytes(`${field} signature`, fourth, { least: 0, most: bytes.byteLength })
  if (signature.byteLength !== SIGNATURE_BYTES) {
    const sizes = { expected: SIGNATURE_BYTES, actual: signature.byteLength }
    throw new MalformedError('WRONG_LENGTH', { field: `${field} signature`, ...sizes })
  }
  return { protectedHeader, payload, signature }
}

function untagged(field: string, value: CborValue): CborValue {
  if (!(value instanceof CborTagged)) return value
  if (value.tag === SIGN1_TAG) return value.value
  throw new VerifierError('UNSUPPORTED_VALUE', {
    field: `${field} tag`,
    expected: String(SIGN1_TAG),
    actual: String(value.tag),
  })
}

function requireEs384(field: string, bytes: Uint8Array): void {
  const header = new MapReader(field, parseCbor(field, bytes))
  const alg = header.value(ALG)
  if (alg !== ES384) throw new VerifierError('UNSUPPORTED_ALGORITHM', { field: `${field} alg`, actual: nameOf(alg) })
  header.end()
}

function nameOf(alg: CborValue): string {
  return typeof alg === 'number' || typeof alg === 'string' ? String(alg) : 'no identifier of an algorithm'
}

/**
 * True when the message is signed by the key.
 *
 * @throws {VerifierError} `UNSUPPORTED_ALGORITHM` when the key is not on P-384; `PUBLIC_KEY_INVALID`.
 */
export async function isSign1By(field: string, message: Sign1, key: PublicKey): Promise<boolean> {
  const { curve } = requireEcKey(field, key)
  if (curve !== 'P-384') throw new VerifierError('UNSUPPORTED_ALGORITHM', { field, actual: curve })
  return verifyEcdsa(field, key, 'SHA-384', message.signature, signedBytes(message))
}

/** An array of 4, and the text of the first. */
const CONTEXT = concatBytes(fromHex('context', '846a'), utf8('Signature1'))
/** No external data. */
const NO_BYTES = new Uint8Array([0x40])

/** Sig_structure: [context, protected header, external data, payload]. Source: RFC 9052 section 4.4. */
function signedBytes({ protectedHeader, payload }: Sign1): Uint8Array {
  return concatBytes(CONTEXT, byteString(protectedHeader), NO_BYTES, byteString(payload))
}

/** A byte string of fewer than 65,536 bytes, its length in the shortest form. Source: RFC 8949 section 3.1. */
function byteString(bytes: Uint8Array): Uint8Array {
  const length = bytes.byteLength
  const head = length < 24 ? [0x40 | length] : length < 256 ? [0x58, length] : [0x59, length >> 8, length & 0xff]
  return concatBytes(new Uint8Array(head), bytes)
}
