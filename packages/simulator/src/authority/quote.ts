import { concatBytes } from '@blindai/core'
import { ByteWriter } from './byte-writer.ts'
import { writeEnclaveReport } from './enclave-report.ts'

/**
 * The binary structures of a TDX quote of version 4, and what version 5 has otherwise. Every member is written as given, so that a test can write wrong ones.
 *
 * Source: Intel TDX DCAP Quoting Library API, appendix A.3, and A.4 for version 5. Little-endian.
 */

/** A.3.1. */
export interface QuoteHeader {
  readonly version: number
  /** 2: ECDSA-256 with P-256. */
  readonly attestationKeyType: number
  /** 0x81: TDX. */
  readonly teeType: number
  readonly reserved: Uint8Array
  readonly qeVendorId: Uint8Array
  readonly userData: Uint8Array
}

export function writeQuoteHeader(header: QuoteHeader): Uint8Array {
  const w = new ByteWriter('quote header', 48)
  w.u16(0, header.version)
  w.u16(2, header.attestationKeyType)
  w.u32(4, header.teeType)
  w.bytes(8, 4, header.reserved)
  w.bytes(12, 16, header.qeVendorId)
  w.bytes(28, 20, header.userData)
  return w.end()
}

/** A.3.2: TD quote body for TDX 1.0. */
export interface TdReport {
  readonly teeTcbSvn: Uint8Array
  readonly mrSeam: Uint8Array
  readonly mrSignerSeam: Uint8Array
  readonly seamAttributes: Uint8Array
  readonly tdAttributes: Uint8Array
  readonly xfam: Uint8Array
  readonly mrTd: Uint8Array
  readonly mrConfigId: Uint8Array
  readonly mrOwner: Uint8Array
  readonly mrOwnerConfig: Uint8Array
  readonly rtmr0: Uint8Array
  readonly rtmr1: Uint8Array
  readonly rtmr2: Uint8Array
  readonly rtmr3: Uint8Array
  readonly reportData: Uint8Array
  /** These two make it a report of TDX 1.5, which only a version 5 quote can hold. */
  readonly teeTcbSvn2?: Uint8Array
  readonly mrServiceTd?: Uint8Array
}

/** A.4: type and size before the report, which has two members more from TDX 1.5 on. */
export function writeBody5(report: TdReport): Uint8Array {
  const { teeTcbSvn2, mrServiceTd = new Uint8Array(48) } = report
  const body = writeTdReport(report)
  if (teeTcbSvn2 === undefined) return concatBytes(u16(2), u32(body.byteLength), body)
  const body15 = concatBytes(body, teeTcbSvn2, mrServiceTd)
  return concatBytes(u16(3), u32(body15.byteLength), body15)
}

export function writeTdReport(report: TdReport): Uint8Array {
  const w = new ByteWriter('TD report', 584)
  w.bytes(0, 16, report.teeTcbSvn)
  w.bytes(16, 48, report.mrSeam)
  w.bytes(64, 48, report.mrSignerSeam)
  w.bytes(112, 8, report.seamAttributes)
  w.bytes(120, 8, report.tdAttributes)
  w.bytes(128, 8, report.xfam)
  w.bytes(136, 48, report.mrTd)
  w.bytes(184, 48, report.mrConfigId)
  w.bytes(232, 48, report.mrOwner)
  w.bytes(280, 48, report.mrOwnerConfig)
  w.bytes(328, 48, report.rtmr0)
  w.bytes(376, 48, report.rtmr1)
  w.bytes(424, 48, report.rtmr2)
  w.bytes(472, 48, report.rtmr3)
  w.bytes(520, 64, report.reportData)
  return w.end()
}

/** A.3.10: the report of the quoting enclave. */
export interface QeReport {
  readonly cpuSvn: Uint8Array
  readonly miscSelect: number
  readonly attributes: Uint8Array
  readonly mrEnclave: Uint8Array
  readonly mrSigner: Uint8Array
  readonly isvProdId: number
  readonly isvSvn: number
  /** SHA-256(attestation key | authentication data), then 32 zero bytes. */
  readonly reportData: Uint8Array
}

export function writeQeReport(report: QeReport): Uint8Array {
  return writeEnclaveReport({
    ...report,
    isvExtProdId: new Uint8Array(16),
    configId: new Uint8Array(64),
    configSvn: 0,
    isvFamilyId: new Uint8Array(16),
  })
}

/** A.3.8 to A.3.11: what stands behind the body. */
export interface SignatureData {
  /** r | s over header and body, by the attestation key. */
  readonly quoteSignature: Uint8Array
  /** x | y. */
  readonly attestationKey: Uint8Array
  /** 384 bytes. */
  readonly qeReport: Uint8Array
  /** r | s over the QE report, by the PCK. */
  readonly qeReportSignature: Uint8Array
  readonly qeAuthenticationData: Uint8Array
  /** PEM of the PCK certificate and its issuers, leaf first, with the zero byte that Intel's library ends it with. */
  readonly pckChain: Uint8Array
  /** 6: QE report certification data. Not in a version 3 quote. */
  readonly outerType: number
  /** 5: PCK certificate chain. */
  readonly innerType: number
}

/** The length field and the data that it counts. */
export function writeSignatureData(data: SignatureData): Uint8Array {
  const outer = certificationData(data.outerType, writeQeCertification(data))
  const all = concatBytes(data.quoteSignature, data.attestationKey, outer)
  return concatBytes(u32(all.byteLength), all)
}

/**
 * The same of a version 3 quote, which has no outer certification data. Source: Intel SGX ECDSA QuoteLibReference DCAP API,
 * A.4, "ECDSA 256-bit Quote Signature Data Structure".
 */
export function writeSgxSignatureData(data: SignatureData): Uint8Array {
  const all = concatBytes(data.quoteSignature, data.attestationKey, writeQeCertification(data))
  return concatBytes(u32(all.byteLength), all)
}

/** Report, signature and authentication data of the quoting enclave, and what certifies the key that signed. */
function writeQeCertification(data: SignatureData): Uint8Array {
  const authentication = concatBytes(u16(data.qeAuthenticationData.byteLength), data.qeAuthenticationData)
  const inner = certificationData(data.innerType, data.pckChain)
  return concatBytes(data.qeReport, data.qeReportSignature, authentication, inner)
}

/** A.3.9: type, length, data. */
function certificationData(type: number, data: Uint8Array): Uint8Array {
  return concatBytes(u16(type), u32(data.byteLength), data)
}

function u16(value: number): Uint8Array {
  const w = new ByteWriter('number', 2)
  w.u16(0, value)
  return w.end()
}

function u32(value: number): Uint8Array {
  const w = new ByteWriter('number', 4)
  w.u32(0, value)
  return w.end()
}
