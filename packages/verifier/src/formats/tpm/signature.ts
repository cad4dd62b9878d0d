import { concatBytes, MalformedError } from '@blindai/core'
import { COORDINATE_BYTES, type PublicKey, verifyEcdsa, verifyPkcs1, verifyPss } from '../../crypto/public-key.ts'
import { VerifierError } from '../../errors/verifier-error.ts'
import { HASH_BYTES, readScheme, type TpmScheme } from './algorithms.ts'
import { TpmReader } from './tpm-reader.ts'

const MOST_RSA_BYTES = 512
const MOST_COORDINATE_BYTES = COORDINATE_BYTES['P-384']

/** A signature of a TPM: of RSA one number, of ECDSA two. */
export type TpmSignature =
  | (TpmScheme & { readonly scheme: 'RSASSA' | 'RSAPSS'; readonly signature: Uint8Array })
  | (TpmScheme & { readonly scheme: 'ECDSA'; readonly r: Uint8Array; readonly s: Uint8Array })

/**
 * Parses TPMT_SIGNATURE: RSASSA, RSAPSS or ECDSA, with SHA-256 or SHA-384.
 *
 * Source: TPM 2.0 Library, Part 2, section 11.3.4, with 11.3.1 (RSA) and 11.3.2 (ECC).
 *
 * @param bytes - the structure, and nothing after it.
 * @throws {MalformedError} `TRUNCATED`, `TRAILING_BYTES`, `TOO_LONG`, `WRONG_VALUE`; {VerifierError} `UNSUPPORTED_ALGORITHM`.
 */
export function parseTpmSignature(bytes: Uint8Array): TpmSignature {
  const reader = new TpmReader('TPMT_SIGNATURE', bytes)
  const { scheme, hash } = readScheme(reader, 'sigAlg')
  if (scheme === 'ECDSA') {
    const [r, s] = [readHalf(reader, 'signatureR'), readHalf(reader, 'signatureS')]
    reader.end()
    return { scheme, hash, r, s }
  }
  const signature = reader.sized(MOST_RSA_BYTES, 'sig')
  reader.end()
  return { scheme, hash, signature }
}

/**
 * Checks a signature over exactly these bytes.
 *
 * @param field - names the key in errors.
 * @param message - what was signed, as it arrived: TPMS_ATTEST.
 * @throws {VerifierError} `TPM_SIGNATURE_INVALID`, `PUBLIC_KEY_INVALID`.
 */
export async function verifyTpmSignature(
  field: string,
  key: PublicKey,
  signature: TpmSignature,
  message: Uint8Array,
): Promise<void> {
  if (await isSigned(field, key, signature, message)) return
  throw new VerifierError('TPM_SIGNATURE_INVALID', { signer: field })
}

/** @throws {VerifierError} `TPM_SIGNATURE_SCHEME_MISMATCH` unless the signature is of the scheme that the key is for. */
export function requireSameScheme(key: TpmScheme, signature: TpmScheme): void {
  const [expected, actual] = [schemeName(key), schemeName(signature)]
  if (expected !== actual) throw new VerifierError('TPM_SIGNATURE_SCHEME_MISMATCH', { expected, actual })
}

function schemeName({ scheme, hash }: TpmScheme): string {
  return `${scheme} with ${hash}`
}

async function isSigned(field: string, key: PublicKey, signature: TpmSignature, message: Uint8Array): Promise<boolean> {
  const { hash } = signature
  if (signature.scheme === 'ECDSA') {
    if (key.kind !== 'EC') return false
    const raw = rawSignature(signature.r, signature.s, COORDINATE_BYTES[key.curve])
    return raw !== undefined && verifyEcdsa(field, key, hash, raw, message)
  }
  if (key.kind !== 'RSA') return false
  if (signature.scheme === 'RSASSA') return verifyPkcs1(field, key, hash, signature.signature, message)
  for (const salt of pssSalts(signature.signature.byteLength, HASH_BYTES[hash])) {
    if (await verifyPss(field, key, signature.signature, message, { hash, saltBytes: salt })) return true
  }
  return false
}

/**
 * A salt is as long as the hash, and in TPMs of before revision 1.38 as long as there is room. Source: TPM 2.0 Library,
 * Part 1, annex B.7.
 */
function pssSalts(modulusBytes: number, hashBytes: number): readonly number[] {
  return [hashBytes, Math.max(hashBytes, modulusBytes - hashBytes - 2)]
}

/** r and s side by side, as WebCrypto wants them; undefined when one is no number of the curve. */
function rawSignature(r: Uint8Array, s: Uint8Array, length: number): Uint8Array | undefined {
  if (r.byteLength > length || s.byteLength > length) return undefined
  const pad = (n: Uint8Array): Uint8Array => concatBytes(new Uint8Array(length - n.byteLength), n)
  return concatBytes(pad(r), pad(s))
}

function readHalf(r: TpmReader, field: string): Uint8Array {
  const half = r.sized(MOST_COORDINATE_BYTES, field)
  if (half.byteLength > 0) return half
  throw new MalformedError('WRONG_VALUE', { field: r.path(field), expected: 'not empty' })
}
