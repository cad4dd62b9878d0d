import { ByteReader, isZero, MalformedError, toHex } from '@blindai/core'
import { INTEL_QE_VENDOR_ID, MAX_QUOTE_BYTES } from '../../dcap/quote-constants.ts'
import { parseQuoteSignature, type QuoteSignature } from '../../dcap/quote-signature.ts'
import { VerifierError } from '../../errors/verifier-error.ts'
import { parseTdReport10, parseTdReport15, TD_REPORT_10_BYTES, TD_REPORT_15_BYTES, type TdReport } from './td-report.ts'

const HEADER_BYTES = 48
const ECDSA_P256 = 2
const TEE_TDX = 0x81

/** Body types of version 5. */
const BODY_TD_10 = 2
const BODY_TD_15 = 3

/** A TDX quote, parsed and not yet believed. */
export interface TdxQuote {
  readonly version: 4 | 5
  readonly report: TdReport
  /** Header and body: what the attestation key signed. */
  readonly signed: Uint8Array
  readonly signature: QuoteSignature
  /** Zero bytes after the quote: the rest of the buffer that it came in. Nobody signed them. */
  readonly paddingBytes: number
}

/**
 * Parses a TDX quote of version 4 or 5. Only zero bytes may follow it.
 *
 * Source: Intel TDX DCAP Quoting Library API, A.3 (version 4) and A.4 (version 5). Little-endian.
 *
 * @throws {MalformedError} `TOO_LONG`, `TRUNCATED`, `TRAILING_BYTES`, `WRONG_LENGTH`; {VerifierError} `UNKNOWN_VERSION`,
 * `UNSUPPORTED_VALUE`, `RESERVED_NOT_ZERO`.
 */
export function parseTdxQuote(bytes: Uint8Array): TdxQuote {
  if (bytes.byteLength > MAX_QUOTE_BYTES) {
    throw new MalformedError('TOO_LONG', { field: 'quote', length: bytes.byteLength, limit: MAX_QUOTE_BYTES })
  }
  const r = new ByteReader('quote', bytes)
  const version = parseHeader(r.bytes(0, HEADER_BYTES, 'HEADER'))
  const report = version === 4 ? parseTdReport10(r.bytes(HEADER_BYTES, TD_REPORT_10_BYTES, 'BODY')) : readBody5(r)
  const signed = bytes.slice(0, r.offset)
  const signatureSize = r.u32(r.offset, 'SIGNATURE_DATA_SIZE')
  const signature = parseQuoteSignature(r.bytes(r.offset, signatureSize, 'SIGNATURE_DATA'))
  const padding = r.rest('PADDING')
  if (!isZero(padding)) throw new MalformedError('TRAILING_BYTES', { field: 'quote', count: padding.byteLength })
  return { version, report, signed, signature, paddingBytes: padding.byteLength }
}

/** @returns the version. Source: A.3.1. */
function parseHeader(bytes: Uint8Array): 4 | 5 {
  const r = new ByteReader('quote header', bytes)
  // biome-ignore format: one row per row of the specification's table
  const header = {
    version:            r.u16  ( 0,     'VERSION'),
    attestationKeyType: r.u16  ( 2,     'ATT_KEY_TYPE'),
    teeType:            r.u32  ( 4,     'TEE_TYPE'),
    reserved:           r.bytes( 8,  4, 'RESERVED'),
    qeVendorId:         r.bytes(12, 16, 'QE_VENDOR_ID'),
    userData:           r.bytes(28, 20, 'USER_DATA'),
  }
  r.end()
  const { version } = header
  if (version !== 4 && version !== 5) {
    throw new VerifierError('UNKNOWN_VERSION', { field: 'quote header VERSION', actual: version })
  }
  requireValue('ATT_KEY_TYPE', String(ECDSA_P256), String(header.attestationKeyType))
  requireValue('TEE_TYPE', String(TEE_TDX), String(header.teeType))
  requireValue('QE_VENDOR_ID', INTEL_QE_VENDOR_ID, toHex(header.qeVendorId))
  if (!isZero(header.reserved)) throw new VerifierError('RESERVED_NOT_ZERO', { field: 'quote header RESERVED' })
  return version
}

/** Version 5 says which body follows, and how long it is. Source: A.4.2. */
function readBody5(r: ByteReader): TdReport {
  const type = r.u16(HEADER_BYTES, 'BODY_TYPE')
  if (type !== BODY_TD_10 && type !== BODY_TD_15) {
    const expected = `${BODY_TD_10} or ${BODY_TD_15}`
    throw new VerifierError('UNSUPPORTED_VALUE', { field: 'quote BODY_TYPE', expected, actual: String(type) })
  }
  const size = r.u32(r.offset, 'BODY_SIZE')
  const expected = type === BODY_TD_10 ? TD_REPORT_10_BYTES : TD_REPORT_15_BYTES
  if (size !== expected) throw new MalformedError('WRONG_LENGTH', { field: 'quote BODY', expected, actual: size })
  const body = r.bytes(r.offset, size, 'BODY')
  return type === BODY_TD_10 ? parseTdReport10(body) : parseTdReport15(body)
}

function requireValue(field: string, expected: string, actual: string): void {
  if (actual === expected) return
  throw new VerifierError('UNSUPPORTED_VALUE', { field: `quote header ${field}`, expected, actual })
}
