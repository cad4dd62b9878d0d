import { ByteReader, isZero } from '@blindai/core'
import { VerifierError } from '../errors/verifier-error.ts'

export const ENCLAVE_REPORT_BYTES = 384

/** The body of an SGX report, as quoting enclaves and SGX quotes carry it. */
export interface EnclaveReport {
  readonly cpuSvn: Uint8Array
  /** 4 bytes. */
  readonly miscSelect: Uint8Array
  readonly isvExtProdId: Uint8Array
  readonly attributes: Uint8Array
  readonly mrEnclave: Uint8Array
  readonly mrSigner: Uint8Array
  readonly configId: Uint8Array
  readonly isvProdId: number
  readonly isvSvn: number
  readonly configSvn: number
  readonly isvFamilyId: Uint8Array
  readonly reportData: Uint8Array
}

/**
 * Parses the body of an SGX report.
 *
 * Source: Intel SDM volume 3D, table 40-21 (REPORT); Intel SGX DCAP Quoting Library API, A.4. Little-endian, 384 bytes.
 *
 * @param name - names the report in errors.
 * @throws {MalformedError} `TRUNCATED`, `TRAILING_BYTES`; {VerifierError} `RESERVED_NOT_ZERO`.
 */
export function parseEnclaveReport(name: string, bytes: Uint8Array): EnclaveReport {
  const r = new ByteReader(name, bytes)
  // biome-ignore format: one row per row of the specification's table
  const report = {
    cpuSvn:        r.bytes(  0, 16, 'CPUSVN'),
    miscSelect:    r.bytes( 16,  4, 'MISCSELECT'),
    reserved1:     r.bytes( 20, 12, 'RESERVED1'),
    isvExtProdId:  r.bytes( 32, 16, 'ISVEXTPRODID'),
    attributes:    r.bytes( 48, 16, 'ATTRIBUTES'),
    mrEnclave:     r.bytes( 64, 32, 'MRENCLAVE'),
    reserved2:     r.bytes( 96, 32, 'RESERVED2'),
    mrSigner:      r.bytes(128, 32, 'MRSIGNER'),
    reserved3:     r.bytes(160, 32, 'RESERVED3'),
    configId:      r.bytes(192, 64, 'CONFIGID'),
    isvProdId:     r.u16  (256,     'ISVPRODID'),
    isvSvn:        r.u16  (258,     'ISVSVN'),
    configSvn:     r.u16  (260,     'CONFIGSVN'),
    reserved4:     r.bytes(262, 42, 'RESERVED4'),
    isvFamilyId:   r.bytes(304, 16, 'ISVFAMILYID'),
    reportData:    r.bytes(320, 64, 'REPORTDATA'),
  }
  r.end()
  for (const [index, reserved] of [report.reserved1, report.reserved2, report.reserved3, report.reserved4].entries()) {
    if (!isZero(reserved)) throw new VerifierError('RESERVED_NOT_ZERO', { field: `${name} RESERVED${index + 1}` })
  }
  return report
}
