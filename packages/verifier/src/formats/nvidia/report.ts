import { ByteReader, MalformedError } from '@blindai/core'
import { VerifierError } from '../../errors/verifier-error.ts'
import { type OpaqueData, parseOpaqueData } from './opaque-data.ts'

/** Measurements of a report, numbered from 1. */
export const MEASUREMENTS = 64

/** Bytes of one measurement: SHA-384. */
export const HASH_BYTES = 48

const REQUEST_BYTES = 37
const NONCE_BYTES = 32
const SIGNATURE_BYTES = 96
const BLOCK_BYTES = 7 + HASH_BYTES
const RECORD_BYTES = MEASUREMENTS * BLOCK_BYTES
const MOST_OPAQUE_BYTES = 1024

/** SPDM 1.1, its codes, and the operation that asks for all measurements. Source: DSP0274 1.1.3, tables 4, 5 and 42. */
const SPDM_1_1 = 0x11
const GET_MEASUREMENTS = 0xe0
const MEASUREMENTS_CODE = 0x60
const WITH_SIGNATURE = 0x01
const ALL_MEASUREMENTS = 0xff

/** Of the DMTF measurement specification. Source: DSP0274 1.1.3, section 10.11.1.1 and table 46. */
const DMTF_SPECIFICATION = 0x01
const MUTABLE_FIRMWARE_DIGEST = 0x01

/** What was asked of a GPU, and what it answered. Parsed and not yet believed. */
export interface NvidiaReport {
  /** What the one who asked chose: 32 bytes. */
  readonly nonce: Uint8Array
  /** SHA-384 each; the first is measurement 1. */
  readonly measurements: readonly Uint8Array[]
  readonly opaque: OpaqueData
  /** Request and answer up to the signature: what it covers. */
  readonly signed: Uint8Array
  /** r and s on P-384. */
  readonly signature: Uint8Array
}

/**
 * Parses a report of a Hopper GPU as its driver hands it out: the SPDM request GET_MEASUREMENTS for all measurements, and the
 * response MEASUREMENTS with a signature over both.
 *
 * Source: DMTF DSP0274 1.1.3, sections 10.11.1 and 10.11.2, tables 41 to 46. Little-endian.
 *
 * @param bytes - both messages, and nothing after them.
 * @throws {MalformedError} `TRUNCATED`, `TRAILING_BYTES`, `TOO_LONG`; {VerifierError} `UNSUPPORTED_VALUE`; both as
 * `parseOpaqueData` does.
 */
export function parseNvidiaReport(bytes: Uint8Array): NvidiaReport {
  const r = new ByteReader('GPU report', bytes)
  requireByte(r, 'request SPDMVersion', SPDM_1_1)
  requireByte(r, 'request RequestResponseCode', GET_MEASUREMENTS)
  requireByte(r, 'request Param1', WITH_SIGNATURE)
  requireByte(r, 'request Param2', ALL_MEASUREMENTS)
  const nonce = r.bytes(4, NONCE_BYTES, 'request Nonce')
  requireByte(r, 'request SlotIDParam', 0)
  const answer = REQUEST_BYTES
  requireByte(r, 'SPDMVersion', SPDM_1_1)
  requireByte(r, 'RequestResponseCode', MEASUREMENTS_CODE)
  requireByte(r, 'Param1', 0)
  requireByte(r, 'Param2', 0)
  requireByte(r, 'NumberOfBlocks', MEASUREMENTS)
  const low = r.u16(answer + 5, 'MeasurementRecordLength')
  requireValue('MeasurementRecordLength', low + 0x1_0000 * r.u8(answer + 7, 'MeasurementRecordLength'), RECORD_BYTES)
  const measurements = Array.from({ length: MEASUREMENTS }, (_, i) => readBlock(r, i + 1))
  r.bytes(r.offset, NONCE_BYTES, 'Nonce')
  const opaqueLength = r.u16(r.offset, 'OpaqueDataLength')
  if (opaqueLength > MOST_OPAQUE_BYTES) {
    throw new MalformedError('TOO_LONG', { field: 'OpaqueData', length: opaqueLength, limit: MOST_OPAQUE_BYTES })
  }
  const opaque = r.bytes(r.offset, opaqueLength, 'OpaqueData')
  const signed = bytes.slice(0, r.offset)
  const signature = r.bytes(r.offset, SIGNATURE_BYTES, 'Signature')
  r.end()
  return { nonce, measurements, opaque: parseOpaqueData(opaque), signed, signature }
}

/** Source: DSP0274 1.1.3, tables 44 and 45: index, specification, size, then kind, size and value of the measurement. */
function readBlock(r: ByteReader, index: number): Uint8Array {
  const block = `measurement ${index}`
  const at = r.offset
  requireByte(r, `${block} Index`, index)
  requireByte(r, `${block} MeasurementSpecification`, DMTF_SPECIFICATION)
  requireValue(`${block} MeasurementSize`, r.u16(at + 2, `${block} MeasurementSize`), 3 + HASH_BYTES)
  requireByte(r, `${block} DMTFSpecMeasurementValueType`, MUTABLE_FIRMWARE_DIGEST)
  const size = r.u16(at + 5, `${block} DMTFSpecMeasurementValueSize`)
  requireValue(`${block} DMTFSpecMeasurementValueSize`, size, HASH_BYTES)
  return r.bytes(at + 7, HASH_BYTES, `${block} DMTFSpecMeasurementValue`)
}

/** The next byte, which has one value only. */
function requireByte(r: ByteReader, field: string, expected: number): void {
  requireValue(field, r.u8(r.offset, field), expected)
}

function requireValue(field: string, actual: number, expected: number): void {
  if (actual === expected) return
  throw new VerifierError('UNSUPPORTED_VALUE', { field, expected: String(expected), actual: String(actual) })
}
