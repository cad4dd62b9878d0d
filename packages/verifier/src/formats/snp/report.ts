import { ByteReader, isZero, MalformedError } from '@blindai/core'
import { VerifierError } from '../../errors/verifier-error.ts'
import { parseReportSignature } from './report-signature.ts'

/** Bytes of an attestation report. Source: AMD 56860, "ATTESTATION_REPORT Structure". */
export const REPORT_BYTES = 0x4a0

/** Bytes that the signature covers. */
const SIGNED_BYTES = 0x2a0

const ECDSA_P384_SHA384 = 1

/** Which key signed a report. Source: AMD 56860, SIGNING_KEY. */
export type SigningKey = 'VCEK' | 'VLEK' | 'none'

const SIGNING_KEYS: ReadonlyMap<number, SigningKey> = new Map([
  [0, 'VCEK'],
  [1, 'VLEK'],
  [7, 'none'],
])

/** A firmware version. */
export interface FirmwareVersion {
  readonly major: number
  readonly minor: number
  readonly build: number
}

/** Family, model and stepping of the processor, each with its extended part. */
export interface CpuId {
  readonly family: number
  readonly model: number
  readonly stepping: number
}

/** Which vulnerabilities the firmware has verified mitigations of, one bit each. */
export interface MitigationVectors {
  readonly launch: bigint
  readonly current: bigint
}

/** What the AMD Secure Processor says of a guest. TCB versions are as they stand: their layout is the product's. */
export interface SnpReport {
  readonly version: 2 | 3 | 4 | 5
  readonly guestSvn: number
  readonly policy: bigint
  readonly familyId: Uint8Array
  readonly imageId: Uint8Array
  readonly vmpl: number
  readonly currentTcb: Uint8Array
  readonly platformInfo: bigint
  readonly signingKey: SigningKey
  readonly isChipKeyMasked: boolean
  readonly hasAuthorKey: boolean
  readonly reportData: Uint8Array
  readonly measurement: Uint8Array
  readonly hostData: Uint8Array
  readonly idKeyDigest: Uint8Array
  readonly authorKeyDigest: Uint8Array
  readonly reportId: Uint8Array
  readonly reportIdMa: Uint8Array
  readonly reportedTcb: Uint8Array
  /** From version 3 on. */
  readonly cpuId?: CpuId
  readonly chipId: Uint8Array
  readonly committedTcb: Uint8Array
  readonly currentFirmware: FirmwareVersion
  readonly committedFirmware: FirmwareVersion
  readonly launchTcb: Uint8Array
  /** From version 4 on. */
  readonly mitigations?: MitigationVectors
  /** The bytes that the signature covers. */
  readonly signed: Uint8Array
  /** r | s, big-endian. */
  readonly signature: Uint8Array
}

/**
 * Parses an attestation report of version 2 to 5.
 *
 * Source: AMD SEV Secure Nested Paging Firmware ABI Specification (56860), "ATTESTATION_REPORT Structure"; the processor's
 * family, model and stepping since version 3, the mitigation vectors since version 4. Little-endian, 1184 bytes.
 *
 * @param bytes - the report, and nothing after it.
 * @throws {MalformedError} `WRONG_LENGTH`; {VerifierError} `UNKNOWN_VERSION`, `UNSUPPORTED_VALUE`, `RESERVED_NOT_ZERO`.
 */
export function parseSnpReport(bytes: Uint8Array): SnpReport {
  if (bytes.byteLength !== REPORT_BYTES) {
    const facts = { field: 'SNP report', expected: REPORT_BYTES, actual: bytes.byteLength }
    throw new MalformedError('WRONG_LENGTH', facts)
  }
  const r = new ByteReader('SNP report', bytes)
  const version = r.u32(0, 'VERSION')
  if (version !== 2 && version !== 3 && version !== 4 && version !== 5) {
    throw new VerifierError('UNKNOWN_VERSION', { field: 'SNP report VERSION', actual: version })
  }
  // biome-ignore format: one row per row of the specification's table
  const { signatureAlgo, keyInfo, cpu, current, committed, launchMit, currentMit, signatureField, ...rest } = {
    guestSvn:        r.u32  (0x004,      'GUEST_SVN'),
    policy:          r.u64  (0x008,      'POLICY'),
    familyId:        r.bytes(0x010,  16, 'FAMILY_ID'),
    imageId:         r.bytes(0x020,  16, 'IMAGE_ID'),
    vmpl:            r.u32  (0x030,      'VMPL'),
    signatureAlgo:   r.u32  (0x034,      'SIGNATURE_ALGO'),
    currentTcb:      r.bytes(0x038,   8, 'CURRENT_TCB'),
    platformInfo:    r.u64  (0x040,      'PLATFORM_INFO'),
    keyInfo:         r.u32  (0x048,      'KEY_INFO'),
    reserved4c:      r.bytes(0x04c,   4, 'RESERVED_04C'),
    reportData:      r.bytes(0x050,  64, 'REPORT_DATA'),
    measurement:     r.bytes(0x090,  48, 'MEASUREMENT'),
    hostData:        r.bytes(0x0c0,  32, 'HOST_DATA'),
    idKeyDigest:     r.bytes(0x0e0,  48, 'ID_KEY_DIGEST'),
    authorKeyDigest: r.bytes(0x110,  48, 'AUTHOR_KEY_DIGEST'),
    reportId:        r.bytes(0x140,  32, 'REPORT_ID'),
    reportIdMa:      r.bytes(0x160,  32, 'REPORT_ID_MA'),
    reportedTcb:     r.bytes(0x180,   8, 'REPORTED_TCB'),
    cpu:             r.bytes(0x188,   3, 'CPUID_FAM_ID, CPUID_MOD_ID, CPUID_STEP'),
    reserved18b:     r.bytes(0x18b,  21, 'RESERVED_18B'),
    chipId:          r.bytes(0x1a0,  64, 'CHIP_ID'),
    committedTcb:    r.bytes(0x1e0,   8, 'COMMITTED_TCB'),
    current:         r.bytes(0x1e8,   3, 'CURRENT_BUILD, CURRENT_MINOR, CURRENT_MAJOR'),
    reserved1eb:     r.bytes(0x1eb,   1, 'RESERVED_1EB'),
    committed:       r.bytes(0x1ec,   3, 'COMMITTED_BUILD, COMMITTED_MINOR, COMMITTED_MAJOR'),
    reserved1ef:     r.bytes(0x1ef,   1, 'RESERVED_1EF'),
    launchTcb:       r.bytes(0x1f0,   8, 'LAUNCH_TCB'),
    launchMit:       r.u64  (0x1f8,      'LAUNCH_MIT_VECTOR'),
    currentMit:      r.u64  (0x200,      'CURRENT_MIT_VECTOR'),
    reserved208:     r.bytes(0x208, 152, 'RESERVED_208'),
    signatureField:  r.bytes(0x2a0, 512, 'SIGNATURE'),
  }
  r.end()
  const { reserved4c, reserved18b, reserved1eb, reserved1ef, reserved208, ...fields } = rest
  if (signatureAlgo !== ECDSA_P384_SHA384) {
    const facts = { expected: `${ECDSA_P384_SHA384} (ECDSA P-384 with SHA-384)`, actual: String(signatureAlgo) }
    throw new VerifierError('UNSUPPORTED_VALUE', { field: 'SNP report SIGNATURE_ALGO', ...facts })
  }
  requireZero('RESERVED_04C', reserved4c)
  requireZero('RESERVED_18B', reserved18b)
  requireZero('RESERVED_1EB', reserved1eb)
  requireZero('RESERVED_1EF', reserved1ef)
  requireZero('RESERVED_208', reserved208)
  if (version < 3) requireZero('RESERVED_188', cpu)
  if (version < 4 && (launchMit !== 0n || currentMit !== 0n)) throw reserved('RESERVED_1F8')
  return {
    ...fields,
    version,
    ...parseKeyInfo(keyInfo),
    ...(version >= 3 && { cpuId: parseCpuId(cpu) }),
    currentFirmware: parseFirmware(current),
    committedFirmware: parseFirmware(committed),
    ...(version >= 4 && { mitigations: { launch: launchMit, current: currentMit } }),
    signed: bytes.slice(0, SIGNED_BYTES),
    signature: parseReportSignature(signatureField),
  }
}

/** AUTHOR_KEY_EN is bit 0, MASK_CHIP_KEY bit 1, SIGNING_KEY bits 2 to 4; the others are reserved. */
function parseKeyInfo(value: number): Pick<SnpReport, 'signingKey' | 'isChipKeyMasked' | 'hasAuthorKey'> {
  if (value >>> 5 !== 0) throw reserved('RESERVED_048')
  const number = (value >>> 2) & 7
  const signingKey = SIGNING_KEYS.get(number)
  if (signingKey === undefined) {
    const facts = { expected: '0 (VCEK), 1 (VLEK) or 7 (none)', actual: String(number) }
    throw new VerifierError('UNSUPPORTED_VALUE', { field: 'SNP report SIGNING_KEY', ...facts })
  }
  return { signingKey, isChipKeyMasked: (value & 2) !== 0, hasAuthorKey: (value & 1) !== 0 }
}

function parseCpuId([family = 0, model = 0, stepping = 0]: Uint8Array): CpuId {
  return { family, model, stepping }
}

function parseFirmware([build = 0, minor = 0, major = 0]: Uint8Array): FirmwareVersion {
  return { major, minor, build }
}

function requireZero(field: string, bytes: Uint8Array): void {
  if (!isZero(bytes)) throw reserved(field)
}

function reserved(field: string): VerifierError<'RESERVED_NOT_ZERO'> {
  return new VerifierError('RESERVED_NOT_ZERO', { field: `SNP report ${field}` })
}
