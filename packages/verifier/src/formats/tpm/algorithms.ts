import type { Curve, SignatureHash } from '../../crypto/public-key.ts'
import { VerifierError } from '../../errors/verifier-error.ts'
import type { TpmReader } from './tpm-reader.ts'

/** Numbers of algorithms. Source: TPM 2.0 Library, Part 2, section 6.3, table "TPM_ALG_ID". */
export const TPM_ALG = {
  rsa: 0x0001,
  aes: 0x0006,
  sha256: 0x000b,
  sha384: 0x000c,
  null: 0x0010,
  rsassa: 0x0014,
  rsapss: 0x0016,
  ecdsa: 0x0018,
  ecc: 0x0023,
}

/** The hashes that count here. SHA-1 is one of a TPM's and proves nothing any more. */
const HASHES: ReadonlyMap<number, SignatureHash> = new Map([
  [TPM_ALG.sha256, 'SHA-256'],
  [TPM_ALG.sha384, 'SHA-384'],
])

/** Source: Part 2, section 6.4, "TPM_ECC_CURVE". */
const CURVES: ReadonlyMap<number, Curve> = new Map([
  [0x0003, 'P-256'],
  [0x0004, 'P-384'],
])

/** Bytes of a hash. */
export const HASH_BYTES: { readonly [H in SignatureHash]: number } = { 'SHA-256': 32, 'SHA-384': 48 }

/** The ways to sign that count here. */
export type TpmSignatureScheme = 'RSASSA' | 'RSAPSS' | 'ECDSA'

const SCHEMES: ReadonlyMap<number, TpmSignatureScheme> = new Map([
  [TPM_ALG.rsassa, 'RSASSA'],
  [TPM_ALG.rsapss, 'RSAPSS'],
  [TPM_ALG.ecdsa, 'ECDSA'],
])

/** A scheme with its hash. */
export interface TpmScheme {
  readonly scheme: TpmSignatureScheme
  readonly hash: SignatureHash
}

/** @throws {VerifierError} `UNSUPPORTED_ALGORITHM`. */
export function readHash(r: TpmReader, field: string): SignatureHash {
  return known(r, field, HASHES)
}

/** @throws {VerifierError} `UNSUPPORTED_ALGORITHM`. */
export function readCurve(r: TpmReader, field: string): Curve {
  return known(r, field, CURVES)
}

/** A scheme that signs, and its hash; undefined for TPM_ALG_NULL where that may stand. @throws as `readHash`. */
export function readScheme(r: TpmReader, field: string): TpmScheme
export function readScheme(r: TpmReader, field: string, mayBeNull: true): TpmScheme | undefined
export function readScheme(r: TpmReader, field: string, mayBeNull = false): TpmScheme | undefined {
  const number = r.u16(field)
  if (mayBeNull && number === TPM_ALG.null) return undefined
  const scheme = SCHEMES.get(number)
  if (scheme === undefined) throw unsupported(r, field, number)
  return { scheme, hash: readHash(r, `${field} hash`) }
}

/** @throws {VerifierError} `UNSUPPORTED_ALGORITHM`: a number that stands for nothing here. */
export function unsupported(r: TpmReader, field: string, number: number): VerifierError<'UNSUPPORTED_ALGORITHM'> {
  const actual = `0x${number.toString(16).padStart(4, '0')}`
  return new VerifierError('UNSUPPORTED_ALGORITHM', { field: r.path(field), actual })
}

function known<T>(r: TpmReader, field: string, values: ReadonlyMap<number, T>): T {
  const number = r.u16(field)
  const value = values.get(number)
  if (value === undefined) throw unsupported(r, field, number)
  return value
}
