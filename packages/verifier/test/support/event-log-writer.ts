import { concatBytes, fromHex, utf8 } from '@blindai/core'
import { type EventLog, type EventLogKind, parseEventLog } from '../../src/formats/event-log/event-log.ts'

/** Little-endian, as all numbers of a log. */
const number = (value: number, bytes: number): Uint8Array =>
  fromHex('number', value.toString(16).padStart(2 * bytes, '0')).reverse()
export const u16 = (value: number): Uint8Array => number(value, 2)
export const u32 = (value: number): Uint8Array => number(value, 4)
export const zeros = (length: number): Uint8Array => new Uint8Array(length)
export const ones = (length: number): Uint8Array => new Uint8Array(length).fill(0xff)

export const NO_ACTION = 3
export const MEASURED = 1
export const [SHA1, SHA256] = [0x0004, 0x000b]

interface HeaderFields {
  readonly major?: number
  readonly minor?: number
  readonly count?: number
  readonly algorithms?: readonly (readonly [id: number, bytes: number])[]
}

/** TCG_EfiSpecIdEvent. Source: TCG PC Client Platform Firmware Profile 1.06, 10.4.5.1. */
export function specId(fields: HeaderFields = {}): Uint8Array {
  const { major = 2, minor = 0, algorithms = [[SHA256, 32]], count = algorithms.length } = fields
  const sizes = algorithms.map(([id, bytes]) => concatBytes(u16(id), u16(bytes)))
  const vendorInfo = Uint8Array.of(1, 0x77)
  const head = concatBytes(utf8('Spec ID Event03\0'), u32(0), Uint8Array.of(minor, major, 0, 2), u32(count))
  return concatBytes(head, ...sizes, vendorInfo)
}

/** TCG_PCClientPCREvent. Source: the same, 10.2.1. */
export const sha1Event = (register: number, type: number, data: Uint8Array, digest = zeros(20)): Uint8Array =>
  concatBytes(u32(register), u32(type), digest, u32(data.byteLength), data)
export const header = (fields?: HeaderFields): Uint8Array => sha1Event(0, NO_ACTION, specId(fields))
/** TCG_PCR_EVENT2. Source: the same, 10.2.2. */
export const event = (
  register: number,
  type: number,
  data = zeros(0),
  digests: readonly Uint8Array[] = [concatBytes(u16(SHA256), zeros(32))],
): Uint8Array => concatBytes(u32(register), u32(type), u32(digests.length), ...digests, u32(data.byteLength), data)
export const agile = (kind: EventLogKind, ...events: readonly Uint8Array[]): EventLog =>
  parseEventLog(concatBytes(header(), ...events), kind)
export const locality = (...rest: readonly number[]): Uint8Array =>
  concatBytes(utf8('StartupLocality\0'), Uint8Array.from(rest))
