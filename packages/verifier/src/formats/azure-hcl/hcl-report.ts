import { ByteReader, isZero, MalformedError, toHex } from '@blindai/core'
import { VerifierError } from '../../errors/verifier-error.ts'

/** The most bytes of a report with what fills up its index of the TPM; Azure's indices have 2,048 or 2,600. */
export const MAX_HCL_REPORT_BYTES = 8192

const SIGNATURE = '48434c41'
const HEADER_BYTES = 32

/** Of the hardware's report, whatever it is: the length of an SEV-SNP report, the longer of the two. */
const HARDWARE_REPORT_BYTES = 1184
const DATA_HEADER_BYTES = 20

/** What the hardware is, by the type of the runtime data. */
const SNP = 2
const TDX = 4
const SHA_256 = 1

/** The hardware that a paravisor runs on. */
export type HclHardware = 'snp' | 'tdx'

/** A report of the paravisor, parsed and not yet believed. */
export interface HclReport {
  readonly hardware: HclHardware
  /** 1,184 bytes: an attestation report of SEV-SNP, or a TD report and zeros. */
  readonly hardwareReport: Uint8Array
  /** The runtime claims, as the exact bytes whose SHA-256 is in the hardware's report. */
  readonly runtimeClaims: Uint8Array
}

/**
 * Parses what the paravisor (host compatibility layer, HCL) of an Azure confidential virtual machine keeps in its virtual TPM:
 * a hardware report, and the claims that it vouches for. Only zeros may follow.
 *
 * Source: Microsoft, "Azure confidential VMs guest attestation design detail", attestation report format. Little-endian:
 * header at 0, hardware report at 32, runtime data at 1216.
 *
 * @throws {MalformedError} `TOO_LONG`, `TRUNCATED`, `TRAILING_BYTES`, `WRONG_LENGTH`; {VerifierError} `UNKNOWN_VERSION`,
 * `UNSUPPORTED_VALUE`, `RESERVED_NOT_ZERO`.
 */
export function parseHclReport(bytes: Uint8Array): HclReport {
  if (bytes.byteLength > MAX_HCL_REPORT_BYTES) {
    throw new MalformedError('TOO_LONG', { field: 'HCL report', length: bytes.byteLength, limit: MAX_HCL_REPORT_BYTES })
  }
  const r = new ByteReader('HCL report', bytes)
  const reportSize = parseHeader(r.bytes(0, HEADER_BYTES, 'header'))
  const hardwareReport = r.bytes(HEADER_BYTES, HARDWARE_REPORT_BYTES, 'hardware report')
  const { hardware, dataSize, claimsSize } = parseDataHeader(
    r.bytes(r.offset, DATA_HEADER_BYTES, 'runtime data header'),
  )
  requireSize('runtime data size', DATA_HEADER_BYTES + claimsSize, dataSize)
  requireSize('report size', HEADER_BYTES + HARDWARE_REPORT_BYTES + dataSize, reportSize)
  const runtimeClaims = r.bytes(r.offset, claimsSize, 'runtime claims')
  const padding = r.rest('padding')
  if (!isZero(padding)) throw new MalformedError('TRAILING_BYTES', { field: 'HCL report', count: padding.byteLength })
  return { hardware, hardwareReport, runtimeClaims }
}

/** @returns the size of the report without its padding. */
function parseHeader(bytes: Uint8Array): number {
  const r = new ByteReader('HCL report header', bytes)
  // biome-ignore format: one row per row of the specification's table
  const header = {
    signature:   r.bytes( 0,  4, 'signature'),
    version:     r.u32  ( 4,     'version'),
    reportSize:  r.u32  ( 8,     'report size'),
    requestType: r.u32  (12,     'request type'),
    status:      r.u32  (16,     'status'),
    reserved:    r.bytes(20, 12, 'reserved'),
  }
  r.end()
  requireValue('signature', SIGNATURE, toHex(header.signature))
  if (header.version !== 1 && header.version !== 2) {
    throw new VerifierError('UNKNOWN_VERSION', { field: 'HCL report header version', actual: header.version })
  }
  requireValue('status', '0', String(header.status))
  if (!isZero(header.reserved)) throw new VerifierError('RESERVED_NOT_ZERO', { field: 'HCL report header reserved' })
  return header.reportSize
}

function parseDataHeader(bytes: Uint8Array): { hardware: HclHardware; dataSize: number; claimsSize: number } {
  const r = new ByteReader('HCL runtime data', bytes)
  // biome-ignore format: one row per row of the specification's table
  const header = {
    dataSize:   r.u32( 0, 'data size'),
    version:    r.u32( 4, 'version'),
    reportType: r.u32( 8, 'report type'),
    hashType:   r.u32(12, 'report data hash type'),
    claimsSize: r.u32(16, 'claims size'),
  }
  r.end()
  const { version, reportType, hashType, dataSize, claimsSize } = header
  if (version !== 1) throw new VerifierError('UNKNOWN_VERSION', { field: 'HCL runtime data version', actual: version })
  requireValue('report data hash type', `${SHA_256}`, String(hashType))
  if (reportType === SNP || reportType === TDX) {
    return { hardware: reportType === SNP ? 'snp' : 'tdx', dataSize, claimsSize }
  }
  const facts = { expected: `${SNP} or ${TDX}`, actual: String(reportType) }
  throw new VerifierError('UNSUPPORTED_VALUE', { field: 'HCL runtime data report type', ...facts })
}

function requireSize(field: string, expected: number, actual: number): void {
  if (actual !== expected) throw new MalformedError('WRONG_LENGTH', { field: `HCL ${field}`, expected, actual })
}

function requireValue(field: string, expected: string, actual: string): void {
  if (actual === expected) return
  throw new VerifierError('UNSUPPORTED_VALUE', { field: `HCL report ${field}`, expected, actual })
}
