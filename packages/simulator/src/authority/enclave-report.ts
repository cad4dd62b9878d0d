import { ByteWriter } from './byte-writer.ts'

/** The body of an SGX report, reserved bytes excepted. Binary members have the length of their field. */
export interface EnclaveReport {
  readonly cpuSvn: Uint8Array
  readonly miscSelect: number
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

/** 384 bytes. Source: Intel SDM volume 3D, table 40-21 (REPORT). Little-endian. */
export function writeEnclaveReport(report: EnclaveReport): Uint8Array {
  const w = new ByteWriter('enclave report', 384)
  w.bytes(0, 16, report.cpuSvn)
  w.u32(16, report.miscSelect)
  w.bytes(20, 12, new Uint8Array(12))
  w.bytes(32, 16, report.isvExtProdId)
  w.bytes(48, 16, report.attributes)
  w.bytes(64, 32, report.mrEnclave)
  w.bytes(96, 32, new Uint8Array(32))
  w.bytes(128, 32, report.mrSigner)
  w.bytes(160, 32, new Uint8Array(32))
  w.bytes(192, 64, report.configId)
  w.u16(256, report.isvProdId)
  w.u16(258, report.isvSvn)
  w.u16(260, report.configSvn)
  w.bytes(262, 42, new Uint8Array(42))
  w.bytes(304, 16, report.isvFamilyId)
  w.bytes(320, 64, report.reportData)
  return w.end()
}
