import {
  combineNonces,
  digest,
  equalBytes,
  type Keyset,
  reportData,
  toHex,
  type UnixSeconds,
  unixSeconds,
} from '@blindai/core'
import type { ParsedDocument } from '../document/document.ts'
import { VerifierError } from '../errors/verifier-error.ts'

/**
 * Checks that a document answers our nonce: alone, or as one of those that share its evidence. The list of those is
 * looked at whether we asked with a nonce or not.
 *
 * @throws {VerifierError} `NONCE_COMBINATION_MISMATCH`, `NONCE_MISMATCH`.
 */
export async function verifyNonce(document: ParsedDocument, ours: Uint8Array | undefined): Promise<void> {
  const { nonce, nonces } = document
  if (nonces !== undefined) {
    const expected = await combineNonces(nonces)
    if (!equalBytes(expected, nonce)) {
      throw new VerifierError('NONCE_COMBINATION_MISMATCH', { expected: toHex(expected), actual: toHex(nonce) })
    }
  }
  if (ours === undefined) return
  const answered = nonces ?? [nonce]
  if (!answered.some((one) => equalBytes(one, ours))) {
    throw new VerifierError('NONCE_MISMATCH', { expected: toHex(ours), actual: toHex(nonce) })
  }
}

/** What evidence carries for the one that asked for it. */
export interface CarriedReportData {
  readonly reportData: Uint8Array
  /** Where there is no room for 64 bytes: the evidence carries this hash of them. */
  readonly reportDataHash?: 'SHA-256'
}

/** @throws {VerifierError} `REPORT_DATA_MISMATCH` unless the evidence is over this statement and nonce. */
export async function verifyReportData(document: ParsedDocument, carried: CarriedReportData): Promise<void> {
  const { reportData: actual, reportDataHash } = carried
  const whole = await reportData(document.nonce, document.statement)
  const expected = reportDataHash === undefined ? whole : await digest(reportDataHash, whole)
  if (equalBytes(expected, actual)) return
  throw new VerifierError('REPORT_DATA_MISMATCH', { expected: toHex(expected), actual: toHex(actual) })
}

/** @throws {VerifierError} `STATEMENT_NOT_YET_VALID`, `STATEMENT_EXPIRED`. */
export function checkKeysetWindow(keyset: Keyset, now: UnixSeconds): void {
  const notBefore = unixSeconds(keyset.notBefore)
  const notAfter = unixSeconds(keyset.notAfter)
  if (now < notBefore) throw new VerifierError('STATEMENT_NOT_YET_VALID', { notBefore, now })
  if (now > notAfter) throw new VerifierError('STATEMENT_EXPIRED', { notAfter, now })
}

/** @throws {VerifierError} `CHANNEL_KEY_MISMATCH` unless a TLS connection ends at a key of the keyset. */
export function checkTlsKey(keyset: Keyset, spkiSha256: Uint8Array): void {
  const actual = toHex(spkiSha256)
  if (!keyset.tls.includes(actual)) throw new VerifierError('CHANNEL_KEY_MISMATCH', { expected: keyset.tls, actual })
}
