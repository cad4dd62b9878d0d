import { concatBytes, joinBytes } from '@blindai/core'

/**
 * Structures of a TPM 2.0 as it marshals them: big-endian, byte strings behind a length of 16 bits. What goes in comes out: a
 * mock authority writes wrong ones on purpose. Source: TPM 2.0 Library, Part 2.
 */

/** Numbers of algorithms and curves. Source: Part 2, sections 6.3 and 6.4. */
export const TPM_IDS = {
  rsa: 0x0001,
  sha1: 0x0004,
  aes: 0x0006,
  sha256: 0x000b,
  sha384: 0x000c,
  null: 0x0010,
  rsassa: 0x0014,
  rsapss: 0x0016,
  ecdsa: 0x0018,
  ecc: 0x0023,
  p256: 0x0003,
  p384: 0x0004,
}

/** TPMA_OBJECT of an attestation key: fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, restricted, sign. */
export const AK_ATTRIBUTES = 0x0005_0072

/** TPMT_PUBLIC. Source: section 12.2.4. */
export interface TpmPublicFields {
  readonly type: number
  readonly nameAlg: number
  readonly objectAttributes: number
  readonly authPolicy: Uint8Array
  /** The number, and what follows it unless it is `null`. */
  readonly symmetric: readonly number[]
  /** The scheme, and its hash unless it is `null`. */
  readonly scheme: readonly number[]
  readonly parameters:
    | { readonly keyBits: number; readonly exponent: number }
    | { readonly curveId: number; readonly kdf: readonly number[] }
  /** The modulus; or x and y. */
  readonly unique: readonly Uint8Array[]
}

/** TPMS_ATTEST of a quote. Source: section 10.12.12. */
export interface TpmAttestFields {
  readonly magic: number
  readonly type: number
  readonly qualifiedSigner: Uint8Array
  readonly extraData: Uint8Array
  readonly clock: bigint
  readonly resetCount: number
  readonly restartCount: number
  readonly safe: number
  readonly firmwareVersion: bigint
  readonly selections: readonly TpmSelectionFields[]
  readonly pcrDigest: Uint8Array
}

/** TPMS_PCR_SELECTION. Source: section 10.6.2. */
export interface TpmSelectionFields {
  readonly hash: number
  /** Bit n of octet m is register 8m + n. */
  readonly select: Uint8Array
}

/** TPMT_SIGNATURE: of RSA one number, of ECDSA two. Source: section 11.3.4. */
export interface TpmSignatureFields {
  readonly sigAlg: number
  readonly hash: number
  readonly numbers: readonly Uint8Array[]
}

export function writeTpmPublic(fields: TpmPublicFields): Uint8Array<ArrayBuffer> {
  const { parameters } = fields
  return joinBytes([
    u16(fields.type),
    u16(fields.nameAlg),
    u32(fields.objectAttributes),
    sized(fields.authPolicy),
    ...fields.symmetric.map(u16),
    ...fields.scheme.map(u16),
    ...('keyBits' in parameters
      ? [u16(parameters.keyBits), u32(parameters.exponent)]
      : [u16(parameters.curveId), ...parameters.kdf.map(u16)]),
    ...fields.unique.map(sized),
  ])
}

export function writeTpmAttest(fields: TpmAttestFields): Uint8Array<ArrayBuffer> {
  return joinBytes([
    u32(fields.magic),
    u16(fields.type),
    sized(fields.qualifiedSigner),
    sized(fields.extraData),
    u64(fields.clock),
    u32(fields.resetCount),
    u32(fields.restartCount),
    new Uint8Array([fields.safe]),
    u64(fields.firmwareVersion),
    u32(fields.selections.length),
    ...fields.selections.flatMap(({ hash, select }) => [u16(hash), new Uint8Array([select.byteLength]), select]),
    sized(fields.pcrDigest),
  ])
}

export function writeTpmSignature({ sigAlg, hash, numbers }: TpmSignatureFields): Uint8Array<ArrayBuffer> {
  return joinBytes([u16(sigAlg), u16(hash), ...numbers.map(sized)])
}

/** A byte string behind its length: TPM2B. Source: section 10.4. */
export function sized(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return concatBytes(u16(bytes.byteLength), bytes)
}

/** A selection of registers as the bits that stand for them. */
export function selectPcrs(pcrs: readonly number[]): Uint8Array<ArrayBuffer> {
  const select = new Uint8Array(3)
  for (const pcr of pcrs) select[pcr >> 3] = (select[pcr >> 3] ?? 0) | (1 << (pcr & 7))
  return select
}

function u16(value: number): Uint8Array {
  return new Uint8Array([value >> 8, value & 0xff])
}

function u32(value: number): Uint8Array {
  return u64(BigInt(value)).slice(4)
}

function u64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, value, false)
  return bytes
}
