import { concatBytes } from '@blindai/core'
import { ByteWriter } from '../authority/byte-writer.ts'
import { type KeyPair, signRaw } from '../authority/keys.ts'

/**
 * An SEV-SNP attestation report, written. Source: AMD 56860, "ATTESTATION_REPORT Structure" and "Format of an ECDSA P-384
 * Signature"; little-endian, 1184 bytes.
 */

/** The fields of a report that mean something; reserved ones are zero, and tests set them by their offset. */
export interface SnpReportFields {
  readonly version: number
  readonly guestSvn: number
  /** 8 bytes. */
  readonly policy: Uint8Array
  /** 16 bytes each. */
  readonly familyId: Uint8Array
  readonly imageId: Uint8Array
  readonly vmpl: number
  readonly signatureAlgo: number
  /** AUTHOR_KEY_EN bit 0, MASK_CHIP_KEY bit 1, SIGNING_KEY bits 2 to 4. */
  readonly keyInfo: number
  /** 8 bytes. */
  readonly platformInfo: Uint8Array
  /** 64 bytes. */
  readonly reportData: Uint8Array
  /** 48 bytes. */
  readonly measurement: Uint8Array
  /** 32 bytes. */
  readonly hostData: Uint8Array
  /** 48 bytes each. */
  readonly idKeyDigest: Uint8Array
  readonly authorKeyDigest: Uint8Array
  /** 32 bytes. */
  readonly reportId: Uint8Array
  /** Family, model, stepping. */
  readonly cpuId: Uint8Array
  /** 64 bytes. */
  readonly chipId: Uint8Array
  /** 8 bytes each. */
  readonly reportedTcb: Uint8Array
  readonly committedTcb: Uint8Array
  readonly currentTcb: Uint8Array
  readonly launchTcb: Uint8Array
  /** Build, minor, major. */
  readonly currentFirmware: Uint8Array
  readonly committedFirmware: Uint8Array
  /** 8 bytes each. */
  readonly launchMitigations: Uint8Array
  readonly currentMitigations: Uint8Array
}

/** The 672 bytes that the signature covers. */
export function writeReportBody(f: SnpReportFields): Uint8Array<ArrayBuffer> {
  const w = new ByteWriter('SNP report', 0x2a0)
  w.u32(0x000, f.version)
  w.u32(0x004, f.guestSvn)
  w.bytes(0x008, 8, f.policy)
  w.bytes(0x010, 16, f.familyId)
  w.bytes(0x020, 16, f.imageId)
  w.u32(0x030, f.vmpl)
  w.u32(0x034, f.signatureAlgo)
  w.bytes(0x038, 8, f.currentTcb)
  w.bytes(0x040, 8, f.platformInfo)
  w.u32(0x048, f.keyInfo)
  w.u32(0x04c, 0)
  w.bytes(0x050, 64, f.reportData)
  w.bytes(0x090, 48, f.measurement)
  w.bytes(0x0c0, 32, f.hostData)
  w.bytes(0x0e0, 48, f.idKeyDigest)
  w.bytes(0x110, 48, f.authorKeyDigest)
  w.bytes(0x140, 32, f.reportId)
  w.bytes(0x160, 32, new Uint8Array(32).fill(0xff))
  w.bytes(0x180, 8, f.reportedTcb)
  w.bytes(0x188, 3, f.cpuId)
  w.bytes(0x18b, 21, new Uint8Array(21))
  w.bytes(0x1a0, 64, f.chipId)
  w.bytes(0x1e0, 8, f.committedTcb)
  w.bytes(0x1e8, 3, f.currentFirmware)
  w.bytes(0x1eb, 1, new Uint8Array(1))
  w.bytes(0x1ec, 3, f.committedFirmware)
  w.bytes(0x1ef, 1, new Uint8Array(1))
  w.bytes(0x1f0, 8, f.launchTcb)
  w.bytes(0x1f8, 8, f.launchMitigations)
  w.bytes(0x200, 8, f.currentMitigations)
  w.bytes(0x208, 152, new Uint8Array(152))
  return w.end()
}

/** The body with its signature: r and s little-endian, 72 bytes each, in 512. */
export function signReport(body: Uint8Array, key: KeyPair): Uint8Array<ArrayBuffer> {
  const signature = signRaw(key, body)
  const field = new Uint8Array(512)
  field.set(signature.slice(0, 48).reverse(), 0)
  field.set(signature.slice(48).reverse(), 72)
  return concatBytes(body, field)
}
