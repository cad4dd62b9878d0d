import { MalformedError, type UnixSeconds, unixSeconds } from '@blindai/core'
import { type CborMap, parseCbor } from '../../cbor/cbor-reader.ts'
import { asBytes, MapReader } from '../../cbor/map-reader.ts'
import { parseSign1, type Sign1 } from '../../cose/sign1.ts'
import { VerifierError } from '../../errors/verifier-error.ts'

/** The most bytes of a signed document: headers, signature and payload. Real ones have about 4,600. */
export const MAX_SIGNED_DOCUMENT_BYTES = 20_480

/** Source: section 3.1. */
const MAX_PAYLOAD_BYTES = 16_384

/** The last millisecond of the year 9999. */
const LAST_MILLISECOND = 253_402_300_799_999
const MAX_CHAIN = 10
const REGISTERS = 32
/** Of SHA-256, SHA-384 and SHA-512. */
const REGISTER_BYTES = [32, 48, 64]

/** Numbers of the registers that every enclave has. Source: AWS Nitro Enclaves User Guide, "Where to get measurements". */
const IMAGE_REGISTERS = [0, 1, 2]

/** What the security module says of an enclave. */
export interface NitroDocument {
  /** The enclave: its instance and its own identifier. */
  readonly moduleId: string
  /** When it was signed, milliseconds cut off. */
  readonly signedAt: UnixSeconds
  /** Locked registers by number; 0, 1 and 2 are among them. 32, 48 or 64 bytes each. */
  readonly pcrs: ReadonlyMap<number, Uint8Array>
  /** DER of the certificate whose key signed the document. */
  readonly certificate: Uint8Array
  /** DER of its issuers, root first. */
  readonly cabundle: readonly Uint8Array[]
  readonly publicKey?: Uint8Array
  readonly userData?: Uint8Array
  readonly nonce?: Uint8Array
}

/** A document under its signature, parsed and not yet believed. */
export interface SignedNitroDocument {
  readonly message: Sign1
  readonly document: NitroDocument
}

/**
 * Parses a signed attestation document of an AWS Nitro enclave. Optional members may be null: the security module writes them
 * so, although its specification says that none is. A document of a NitroTPM is refused: it has the same root and other
 * registers, and speaks for what an instance started, not for an enclave.
 *
 * Source: AWS Nitro Enclaves NSM API, `docs/attestation_process.md`, sections 2.2, 3.1 and 3.2.2.
 *
 * @throws {MalformedError} `TOO_LONG`, `MISSING_MEMBER`, `UNKNOWN_MEMBER`, `WRONG_TYPE`, `WRONG_VALUE`; {VerifierError}
 * `UNSUPPORTED_VALUE`; both as `parseSign1` and `parseCbor` do.
 */
export function parseNitroDocument(bytes: Uint8Array): SignedNitroDocument {
  if (bytes.byteLength > MAX_SIGNED_DOCUMENT_BYTES) {
    const length = bytes.byteLength
    throw new MalformedError('TOO_LONG', { field: 'COSE_Sign1', length, limit: MAX_SIGNED_DOCUMENT_BYTES })
  }
  const message = parseSign1('COSE_Sign1', bytes, MAX_PAYLOAD_BYTES)
  return { message, document: parsePayload(message.payload) }
}

function parsePayload(payload: Uint8Array): NitroDocument {
  const field = 'attestation document'
  const r = new MapReader(field, parseCbor(field, payload, { outermostMapMayBeIndefinite: true }))
  const moduleId = r.text('module_id', { least: 1, most: 256 })
  const digest = r.text('digest', { least: 0, most: 64 })
  if (digest !== 'SHA384') {
    throw new VerifierError('UNSUPPORTED_VALUE', { field: r.path('digest'), expected: 'SHA384', actual: digest })
  }
  const signedAt = unixSeconds(Math.floor(r.integer('timestamp', 1, LAST_MILLISECOND) / 1000))
  const pcrs = readRegisters(r.path('pcrs'), r.map('pcrs'))
  const certificate = r.bytes('certificate', { least: 1, most: 1024 })
  const cabundle = r.byteStrings('cabundle', { least: 1, most: MAX_CHAIN }, { least: 1, most: 1024 })
  const publicKey = r.optionalBytes('public_key', { least: 1, most: 1024 })
  const userData = r.optionalBytes('user_data', { least: 0, most: 512 })
  const nonce = r.optionalBytes('nonce', { least: 0, most: 512 })
  r.end()
  const optional = { ...(publicKey && { publicKey }), ...(userData && { userData }), ...(nonce && { nonce }) }
  return { moduleId, signedAt, pcrs, certificate, cabundle, ...optional }
}

function readRegisters(field: string, map: CborMap): ReadonlyMap<number, Uint8Array> {
  const registers = new Map<number, Uint8Array>()
  for (const [key, value] of map) {
    if (typeof key !== 'number' || key < 0 || key >= REGISTERS) {
      throw new MalformedError('UNKNOWN_MEMBER', { field, member: String(key) })
    }
    const register = asBytes(`${field} ${key}`, value, { least: 32, most: 64 })
    if (!REGISTER_BYTES.includes(register.byteLength)) {
      throw new MalformedError('WRONG_VALUE', { field: `${field} ${key}`, expected: 'of 32, 48 or 64 bytes' })
    }
    registers.set(key, register)
  }
  const missing = IMAGE_REGISTERS.find((number) => !registers.has(number))
  if (missing !== undefined) throw new MalformedError('MISSING_MEMBER', { field, member: String(missing) })
  return registers
}
