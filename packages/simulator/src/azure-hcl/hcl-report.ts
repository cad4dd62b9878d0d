import { concatBytes, joinBytes } from '@blindai/core'
import { ByteWriter } from '../authority/byte-writer.ts'

/**
 * The report that the paravisor of an Azure confidential virtual machine keeps, written. Every member is written as given, so
 * that a test can write wrong ones.
 *
 * Source: Microsoft, "Azure confidential VMs guest attestation design detail", attestation report format. Little-endian.
 */

/** Header, hardware report and runtime data. */
export interface HclReportFields {
  /** 4 bytes. */
  readonly signature: Uint8Array
  readonly version: number
  readonly reportSize: number
  readonly requestType: number
  readonly status: number
  /** 12 bytes. */
  readonly reserved: Uint8Array
  /** 1,184 bytes. */
  readonly hardwareReport: Uint8Array
  readonly dataSize: number
  readonly dataVersion: number
  /** 2: SEV-SNP, 4: TDX. */
  readonly reportType: number
  /** 1: SHA-256. */
  readonly hashType: number
  readonly claimsSize: number
  readonly claims: Uint8Array
  /** What fills the rest of the index. */
  readonly padding: Uint8Array
}

export const HCL_HARDWARE_REPORT_BYTES = 1184
const HEADER_BYTES = 32
const DATA_HEADER_BYTES = 20
/** Of the index that holds it. */
const INDEX_BYTES = 2600

/** A report that is right. */
export function hclReportFields(
  hardware: 'snp' | 'tdx',
  hardwareReport: Uint8Array,
  claims: Uint8Array,
): HclReportFields {
  const dataSize = DATA_HEADER_BYTES + claims.byteLength
  const reportSize = HEADER_BYTES + HCL_HARDWARE_REPORT_BYTES + dataSize
  return {
    signature: new TextEncoder().encode('HCLA'),
    version: 2,
    reportSize,
    requestType: 2,
    status: 0,
    reserved: new Uint8Array(12),
    hardwareReport,
    dataSize,
    dataVersion: 1,
    reportType: hardware === 'snp' ? 2 : 4,
    hashType: 1,
    claimsSize: claims.byteLength,
    claims,
    padding: new Uint8Array(Math.max(0, INDEX_BYTES - reportSize)),
  }
}

export function writeHclReport(f: HclReportFields): Uint8Array<ArrayBuffer> {
  const header = new ByteWriter('HCL report header', HEADER_BYTES)
  header.bytes(0, 4, f.signature)
  header.u32(4, f.version)
  header.u32(8, f.reportSize)
  header.u32(12, f.requestType)
  header.u32(16, f.status)
  header.bytes(20, 12, f.reserved)
  const data = new ByteWriter('HCL runtime data', DATA_HEADER_BYTES)
  data.u32(0, f.dataSize)
  data.u32(4, f.dataVersion)
  data.u32(8, f.reportType)
  data.u32(12, f.hashType)
  data.u32(16, f.claimsSize)
  return joinBytes([header.end(), f.hardwareReport, data.end(), f.claims, f.padding])
}

/** Where fields of a version 4 quote are that a TD report has too. Source: Intel TDX DCAP Quoting Library API, A.3.2. */
const QUOTE_BODY = 48
const QUOTED = { attributesToOwnerConfig: [120, 328], registers: [328, 520], reportData: [520, 584] } as const

/**
 * The TD report that a quote was made of, filled up to the length of the hardware report: REPORTMACSTRUCT, TEE_TCB_INFO, TDINFO.
 * No module made it, so its MAC is of nobody. Source: Intel TDX Module ABI, TDREPORT_STRUCT.
 */
export function tdReportOf(quote: Uint8Array): Uint8Array<ArrayBuffer> {
  const body = quote.slice(QUOTE_BODY)
  const w = new ByteWriter('TD report', HCL_HARDWARE_REPORT_BYTES)
  w.bytes(0, 128, concatBytes(Uint8Array.of(0x81), new Uint8Array(127)))
  w.bytes(128, 64, body.slice(...QUOTED.reportData))
  w.bytes(192, 64, new Uint8Array(64).fill(0x3a))
  w.bytes(256, 256, new Uint8Array(256))
  w.bytes(512, 208, body.slice(...QUOTED.attributesToOwnerConfig))
  w.bytes(720, 192, body.slice(...QUOTED.registers))
  w.bytes(912, 272, new Uint8Array(272))
  return w.end()
}
