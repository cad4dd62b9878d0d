import { ByteReader, isZero, MalformedError, toHex } from '@blindai/core'
import { ENCLAVE_REPORT_BYTES, type EnclaveReport, parseEnclaveReport } from '../../dcap/enclave-report.ts'
import { INTEL_QE_VENDOR_ID, MAX_QUOTE_BYTES } from '../../dcap/quote-constants.ts'
import { parseSgxQuoteSignature, type QuoteSignature } from '../../dcap/quote-signature.ts'
import { VerifierError } from '../../errors/verifier-error.ts'

const HEADER_BYTES = 48
const ECDSA_P256 = 2

/** An SGX quote, parsed and not yet believed. */
export interface SgxQuote {
  readonly version: 3
  readonly report: EnclaveReport
  /** Header and report: what the attestation key signed. */
  readonly signed: Uint8Array
  readonly signature: QuoteSignature
  /** Zero bytes after the quote: the rest of the buffer that it came in. Nobody signed them. */
  readonly paddingBytes: number
}

/**
 * Parses an SGX quote of version 3. Only zero bytes may follow it.
 *
 * Source: Intel SGX ECDSA QuoteLibReference DCAP API, A.4, "Version 3 Quote Format". Little-endian.
 *
 * @throws {MalformedError} `TOO_LONG`, `TRUNCATED`, `TRAILING_BYTES`; {VerifierError} `UNKNOWN_VERSION`,
 * `UNSUPPORTED_VALUE`, `RESERVED_NOT_ZERO`.
 */
export function parseSgxQuote(bytes: Uint8Array): SgxQuote {
  if (bytes.byteLength > MAX_QUOTE_BYTES) {
    throw new MalformedError('TOO_LONG', { field: 'quote', length: bytes.byteLength, limit: MAX_QUOTE_BYTES })
  }
  const r = new ByteReader('quote', bytes)
  parseHeader(r.bytes(0, HEADER_BYTES, 'HEADER'))
  const report = parseEnclaveReport('enclave report', r.bytes(HEADER_BYTES, ENCLAVE_REPORT_BYTES, 'REPORT'))
  const signed = bytes.slice(0, r.offset)
  const signatureSize = r.u32(r.offset, 'SIGNATURE_DATA_SIZE')
  const signature = parseSgxQuoteSignature(r.bytes(r.offset, signatureSize, 'SIGNATURE_DATA'))
  const padding = r.rest('PADDING')
  if (!isZero(padding)) throw new MalformedError('TRAILING_BYTES', { field: 'quote', count: padding.byteLength })
  return { version: 3, report, signed, signature, paddingBytes: padding.byteLength }
}

/** The versions of QE and PCE are read for their form: the ones that count are certified, in QE report and PCK. */
function parseHeader(bytes: Uint8Array): void {
  const r = new ByteReader('quote header', bytes)
  // biome-ignore format: one row per row of the specification's table
  const header = {
    version:            r.u16  ( 0,     'VERSION'),
    attestationKeyType: r.u16  ( 2,     'ATT_KEY_TYPE'),
    reserved:           r.bytes( 4,  4, 'RESERVED'),
    qeSvn:              r.u16  ( 8,     'QE_SVN'),
    pceSvn:             r.u16  (10,     'PCE_SVN'),
    qeVendorId:         r.bytes(12, 16, 'QE_VENDOR_ID'),
    userData:           r.bytes(28, 20, 'USER_DATA'),
  }
  r.end()
  if (header.version !== 3) {
    throw new VerifierError('UNKNOWN_VERSION', { field: 'quote header VERSION', actual: header.version })
  }
  requireValue('ATT_KEY_TYPE', String(ECDSA_P256), String(header.attestationKeyType))
  if (!isZero(header.reserved)) throw new VerifierError('RESERVED_NOT_ZERO', { field: 'quote header RESERVED' })
  requireValue('QE_VENDOR_ID', INTEL_QE_VENDOR_ID, toHex(header.qeVendorId))
}

function requireValue(field: string, expected: string, actual: string): void {
  if (actual === expected) return
  throw new VerifierError('UNSUPPORTED_VALUE', { field: `quote header ${field}`, expected, actual })
}
