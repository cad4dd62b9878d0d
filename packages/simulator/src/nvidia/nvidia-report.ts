import { createHash } from 'node:crypto'
import { concatBytes, fromHex, joinBytes, utf8 } from '@blindai/core'
import { apply, type Change } from '../authority/changes.ts'
import { type KeyPair, signRaw } from '../authority/keys.ts'

/**
 * What a Hopper GPU answers to GET_MEASUREMENTS of SPDM 1.1. What goes in comes out: a mock authority writes wrong reports on
 * purpose. Source: DMTF DSP0274 1.1.3, section 10.11.
 */

/** Versions that the mock GPU names. */
export const MOCK_NVIDIA_VERSIONS = { driverVersion: '550.90.07', vbiosVersion: '96.00.9f.00.01' } as const

const MEASUREMENTS = 64
const HASH_BYTES = 48

/** SHA-384 of the firmware of the mock GPU. */
export const MOCK_FWID: Uint8Array = new Uint8Array(HASH_BYTES).fill(0xfd)

/** Type and value of a field of the opaque data. */
export type OpaqueField = readonly [type: number, value: Uint8Array]

/** The parts of a report before its signature. */
export interface NvidiaReportFields {
  /** 37 bytes. */
  readonly request: Uint8Array
  /** 8 bytes: up to the length of the record. */
  readonly head: Uint8Array
  /** 55 bytes each. */
  readonly blocks: readonly Uint8Array[]
  readonly nonce: Uint8Array
  readonly opaque: readonly OpaqueField[]
}

/** The steps at which a test can make a report wrong, in their order. */
export interface NvidiaReportChanges {
  readonly report?: Change<NvidiaReportFields>
  /** Opaque data as it is written, behind its length. */
  readonly opaqueBytes?: Change<Uint8Array>
  readonly signature?: Change<Uint8Array>
  /** The whole, as it travels. */
  readonly evidence?: Change<Uint8Array>
}

/** Measurement n of the mock GPU, from 1: SHA-384 of its number. */
export function mockMeasurement(number: number): Uint8Array {
  return new Uint8Array(createHash('sha384').update(`measurement ${number}`).digest())
}

/** A signed report about a nonce. */
export function makeNvidiaReport(key: KeyPair, nonce: Uint8Array, changes: NvidiaReportChanges): Uint8Array {
  const { request, head, blocks, nonce: answer, opaque } = apply(changes.report, usualReport(nonce))
  const fields = opaque.map(([type, value]) => concatBytes(u16(type), u16(value.byteLength), value))
  const opaqueBytes = apply(changes.opaqueBytes, joinBytes(fields))
  const signed = concatBytes(request, head, joinBytes(blocks), answer, u16(opaqueBytes.byteLength), opaqueBytes)
  return apply(changes.evidence, concatBytes(signed, apply(changes.signature, signRaw(key, signed))))
}

function usualReport(nonce: Uint8Array): NvidiaReportFields {
  return {
    request: concatBytes(fromHex('request', '11e001ff'), nonce, new Uint8Array(1)),
    head: fromHex('head', '1160000040c00d00'),
    blocks: Array.from({ length: MEASUREMENTS }, (_, i) => measurementBlock(i + 1, mockMeasurement(i + 1))),
    nonce: new Uint8Array(32).fill(0x6e),
    opaque: [
      [6, fromHex('VBIOS', '009f009601000000')],
      [14, fromHex('board', 'b1030000')],
      [15, text('882')],
      [16, text('0')],
      [17, text('1010')],
      [18, text('0200')],
      [19, new Uint8Array(2)],
      [3, text(MOCK_NVIDIA_VERSIONS.driverVersion)],
      [4, fromHex('info', '8001000000000000')],
      [12, new Uint8Array(4 * MEASUREMENTS)],
      [13, fromHex('CPR', '00c00100')],
      [11, new Uint8Array([0xaa])],
      [20, MOCK_FWID],
      [21, new Uint8Array([0x55])],
    ],
  }
}

/** Index, specification, size, kind, size of the value, value. */
export function measurementBlock(index: number, value: Uint8Array): Uint8Array {
  return concatBytes(new Uint8Array([index, 1, 51, 0, 1, 48, 0]), value)
}

function text(value: string): Uint8Array {
  return concatBytes(utf8(value), new Uint8Array(1))
}

function u16(value: number): Uint8Array {
  return new Uint8Array([value & 0xff, value >> 8])
}
