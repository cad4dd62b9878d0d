import { ByteReader, fromUtf8 } from '@blindai/core'
import { type EcPublicKey, verifyEcdsa } from '../crypto/public-key.ts'
import { VerifierError } from '../errors/verifier-error.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { NonEmpty } from '../x509/pem.ts'
import { ENCLAVE_REPORT_BYTES, type EnclaveReport, parseEnclaveReport } from './enclave-report.ts'
import { parseChain } from './endorsements.ts'

/** Certification data: a QE report and what certifies it. */
const QE_REPORT_CERTIFICATION_DATA = 6
/** Certification data: the PCK chain in PEM. */
const PCK_CERTIFICATE_CHAIN = 5

/** What ties a quote to its platform: the attestation key, the report that vouches for it, and who signed that. */
export interface QuoteSignature {
  /** r and s over header and body, by the attestation key. */
  readonly quoteSignature: Uint8Array
  /** x and y of a P-256 point. */
  readonly attestationKey: Uint8Array
  readonly qeReport: EnclaveReport
  /** The 384 bytes that were signed. */
  readonly qeReportBytes: Uint8Array
  /** r and s over them, by the PCK. */
  readonly qeReportSignature: Uint8Array
  readonly qeAuthenticationData: Uint8Array
  /** PEM, leaf first. */
  readonly pckChain: Uint8Array
}

/**
 * Parses the signature data of a version 4 or 5 quote. The structures nest, and each must fill its length exactly.
 *
 * Source: Intel TDX DCAP Quoting Library API, A.3.8 to A.3.11. Little-endian.
 *
 * @throws {MalformedError} `TRUNCATED`, `TRAILING_BYTES`; {VerifierError} `UNSUPPORTED_VALUE`, `RESERVED_NOT_ZERO`.
 */
export function parseQuoteSignature(bytes: Uint8Array): QuoteSignature {
  const r = new ByteReader('quote signature', bytes)
  const quoteSignature = r.bytes(0, 64, 'ECDSA_SIGNATURE')
  const attestationKey = r.bytes(64, 64, 'ECDSA_ATTESTATION_KEY')
  const type = r.u16(128, 'CERTIFICATION_DATA_TYPE')
  requireType('CERTIFICATION_DATA_TYPE', QE_REPORT_CERTIFICATION_DATA, type)
  const size = r.u32(130, 'CERTIFICATION_DATA_SIZE')
  const certification = r.bytes(134, size, 'CERTIFICATION_DATA')
  r.end()
  return { quoteSignature, attestationKey, ...parseQeReportCertification(certification) }
}

/**
 * Parses the signature data of a version 3 quote: what later versions nest stands right behind the attestation key.
 *
 * Source: Intel SGX ECDSA QuoteLibReference DCAP API, A.4, "ECDSA 256-bit Quote Signature Data Structure". Little-endian.
 *
 * @throws {MalformedError} `TRUNCATED`, `TRAILING_BYTES`; {VerifierError} `UNSUPPORTED_VALUE`, `RESERVED_NOT_ZERO`.
 */
export function parseSgxQuoteSignature(bytes: Uint8Array): QuoteSignature {
  const r = new ByteReader('quote signature', bytes)
  const quoteSignature = r.bytes(0, 64, 'ISV_ENCLAVE_REPORT_SIGNATURE')
  const attestationKey = r.bytes(64, 64, 'ECDSA_ATTESTATION_KEY')
  return { quoteSignature, attestationKey, ...parseQeReportCertification(r.rest('QE_REPORT_CERTIFICATION')) }
}

/**
 * The certificates that a quote carries, lowest first.
 *
 * @throws {MalformedError} `NOT_UTF8`; {VerifierError} `NOT_PEM`, and the codes of `parseCertificate`.
 */
export function parsePckChain({ pckChain }: QuoteSignature): NonEmpty<Certificate> {
  const pem = fromUtf8('PCK chain', pckChain)
  // The text may end in the NUL of a C string.
  return parseChain('PCK chain', pem.endsWith('\0') ? pem.slice(0, -1) : pem)
}

/** @throws {VerifierError} `QUOTE_SIGNATURE_INVALID` unless the attestation key signed these bytes. */
export async function verifyQuoteSignature(
  format: string,
  { quoteSignature }: QuoteSignature,
  attestationKey: EcPublicKey,
  signed: Uint8Array,
): Promise<void> {
  if (await verifyEcdsa('attestation key', attestationKey, 'SHA-256', quoteSignature, signed)) return
  throw new VerifierError('QUOTE_SIGNATURE_INVALID', { format })
}

function parseQeReportCertification(bytes: Uint8Array): Omit<QuoteSignature, 'quoteSignature' | 'attestationKey'> {
  const r = new ByteReader('QE report certification data', bytes)
  const qeReportBytes = r.bytes(0, ENCLAVE_REPORT_BYTES, 'QE_REPORT')
  const qeReportSignature = r.bytes(384, 64, 'QE_REPORT_SIGNATURE')
  const authenticationSize = r.u16(448, 'QE_AUTHENTICATION_DATA_SIZE')
  const qeAuthenticationData = r.bytes(450, authenticationSize, 'QE_AUTHENTICATION_DATA')
  const type = r.u16(r.offset, 'CERTIFICATION_DATA_TYPE')
  requireType('QE report CERTIFICATION_DATA_TYPE', PCK_CERTIFICATE_CHAIN, type)
  const size = r.u32(r.offset, 'CERTIFICATION_DATA_SIZE')
  const pckChain = r.bytes(r.offset, size, 'CERTIFICATION_DATA')
  r.end()
  const qeReport = parseEnclaveReport('QE report', qeReportBytes)
  return { qeReport, qeReportBytes, qeReportSignature, qeAuthenticationData, pckChain }
}

function requireType(field: string, expected: number, actual: number): void {
  if (actual === expected) return
  throw new VerifierError('UNSUPPORTED_VALUE', { field, expected: String(expected), actual: String(actual) })
}
