import { ByteReader, equalBytes, isZero, MalformedError, utf8 } from '@blindai/core'
import { VerifierError } from '../../errors/verifier-error.ts'
import { type HashAlgorithm, type HashName, hashAlgorithm } from './hash-algorithms.ts'
import { isSpecId, parseSpecId } from './spec-id.ts'

/**
 * The logs in which firmware and boot loaders write down what they measure. A log is nobody's word until its replay
 * equals registers that evidence vouches for. Even then only the digests are proved: that an event's `data` is what was
 * digested is not checked here, and for many types it is only a description.
 */

/** The most bytes of a log; the area of a TDX log has 256 KiB on Google Cloud. */
export const MAX_EVENT_LOG_BYTES = 1_048_576

/** The most events of a log, so that a replay ends soon. Boots of real machines write about a hundred. */
export const MAX_EVENTS = 4096

/** Written down, and extended into no register. Source: TCG PC Client Platform Firmware Profile 1.06, 10.4.1. */
export const EV_NO_ACTION = 0x0000_0003

/**
 * Whose log it is. `tpm`: registers are PCRs 0 to 23. `cc`: that of a trust domain, in the area that the CCEL table names,
 * filled up with 0xff; register 0 is MRTD, 1 to 4 are RTMR0 to RTMR3. Source: UEFI 2.10,
 * chapter 38 (Confidential Computing), "Intel Trust Domain Extension".
 */
export type EventLogKind = 'tpm' | 'cc'

/** One thing that was measured, or only noted (`EV_NO_ACTION`). */
export interface LoggedEvent {
  readonly register: number
  readonly type: number
  /** One of each algorithm of the log. */
  readonly digests: ReadonlyMap<HashName, Uint8Array>
  readonly data: Uint8Array
}

/** A log, parsed and not yet believed. */
export interface EventLog {
  readonly kind: EventLogKind
  /** The digests that each event has; `sha1` alone for a log of the time before crypto agility. */
  readonly banks: readonly HashName[]
  /** In the order of their measurement, without the header. */
  readonly events: readonly LoggedEvent[]
  /** The locality that started the TPM, 0, 3 or 4, where the log tells: PCR 0 began with it. */
  readonly startupLocality?: number
  /** Bytes of 0xff that fill the rest of the area of a `cc` log. */
  readonly paddingBytes: number
}

const HIGHEST: { readonly [Kind in EventLogKind]: number } = { tpm: 23, cc: 4 }
/** What some firmware names where an event is for no register. */
const NO_REGISTER = 0xffff_ffff

const LOCALITY_SIGNATURE = utf8('StartupLocality\0')
const LOCALITIES = [0, 3, 4]

/**
 * Parses a log as the firmware wrote it: a crypto-agile one, or, of a TPM, one that has SHA-1 digests alone.
 *
 * Source: TCG PC Client Platform Firmware Profile 1.06, 10.2.1 (TCG_PCClientPCREvent), 10.2.2 (TCG_PCR_EVENT2).
 *
 * @throws {MalformedError} `TOO_LONG`, `TRUNCATED`, `TRAILING_BYTES`, `WRONG_VALUE`, `WRONG_LENGTH`; {VerifierError}
 * `UNKNOWN_VERSION`, `RESERVED_NOT_ZERO`, `EVENT_LOG_TOO_MANY`, `EVENT_LOG_ALGORITHM_REPEATED`,
 * `EVENT_LOG_HEADER_MISPLACED`, `EVENT_LOG_REGISTER_UNKNOWN`, `EVENT_LOG_DIGESTS_WRONG`, `EVENT_LOG_LOCALITY_WRONG`.
 */
export function parseEventLog(bytes: Uint8Array, kind: EventLogKind): EventLog {
  if (bytes.byteLength > MAX_EVENT_LOG_BYTES) {
    throw new MalformedError('TOO_LONG', { field: 'event log', length: bytes.byteLength, limit: MAX_EVENT_LOG_BYTES })
  }
  const r = new ByteReader('event log', bytes)
  const first = readSha1Event(r)
  if (first.type === EV_NO_ACTION && isSpecId(first.data)) return parseAgile(r, bytes, kind, first)
  if (kind === 'cc') throw new MalformedError('WRONG_VALUE', { field: 'event log', expected: 'a crypto-agile log' })
  const reader = new EventReader(kind, [hashAlgorithm('sha1')])
  reader.add(first)
  while (r.remaining > 0) reader.add(readSha1Event(r))
  return reader.finish(0)
}

function parseAgile(r: ByteReader, bytes: Uint8Array, kind: EventLogKind, header: LoggedEvent): EventLog {
  if (!isZero(header.digests.get('sha1') ?? new Uint8Array())) {
    throw new VerifierError('RESERVED_NOT_ZERO', { field: 'event log header digest' })
  }
  const reader = new EventReader(kind, parseSpecId(header.data))
  while (r.remaining > 0) {
    if (kind === 'cc' && isPadding(bytes, r.offset)) return reader.finish(r.rest('padding').byteLength)
    reader.add(reader.read(r))
  }
  return reader.finish(0)
}

/** The register of an event is never 0xffffffff in such a log, so what begins so has to be padding to the end. */
function isPadding(bytes: Uint8Array, offset: number): boolean {
  const start = bytes.subarray(offset, offset + 4)
  if (!start.every((byte) => byte === 0xff)) return false
  const end = bytes.findIndex((byte, i) => i >= offset && byte !== 0xff)
  if (end < 0) return true
  throw new MalformedError('TRAILING_BYTES', { field: 'event log', count: bytes.byteLength - end })
}

/** An event with a SHA-1 digest: 32 bytes and its data. */
function readSha1Event(r: ByteReader): LoggedEvent {
  const register = r.u32(r.offset, 'pcrIndex')
  const type = r.u32(r.offset, 'eventType')
  const digest = r.bytes(r.offset, hashAlgorithm('sha1').bytes, 'digest')
  return { register, type, digests: new Map([['sha1', digest]]), data: readData(r) }
}

function readData(r: ByteReader): Uint8Array {
  const size = r.u32(r.offset, 'eventDataSize')
  return r.bytes(r.offset, size, 'event')
}

/** Gathers the events of one log and holds each against those before it. */
class EventReader {
  readonly #kind: EventLogKind
  readonly #algorithms: readonly HashAlgorithm[]
  readonly #events: LoggedEvent[] = []
  #startupLocality: number | undefined

  constructor(kind: EventLogKind, algorithms: readonly HashAlgorithm[]) {
    this.#kind = kind
    this.#algorithms = algorithms
  }

  /** An event with a digest of each algorithm of the log, in any order. */
  read(r: ByteReader): LoggedEvent {
    const register = r.u32(r.offset, 'pcrIndex')
    const type = r.u32(r.offset, 'eventType')
    const count = r.u32(r.offset, 'digests.count')
    if (count !== this.#algorithms.length) throw this.#wrongDigests(`${count} digests`)
    const digests = new Map<HashName, Uint8Array>()
    for (let i = 0; i < count; i++) {
      const id = r.u16(r.offset, 'digests.hashAlg')
      const algorithm = this.#algorithms.find((one) => one.id === id)
      if (algorithm === undefined) throw this.#wrongDigests(`one of the algorithm 0x${id.toString(16)}`)
      if (digests.has(algorithm.name)) throw this.#wrongDigests(`two of ${algorithm.name}`)
      digests.set(algorithm.name, r.bytes(r.offset, algorithm.bytes, 'digests.digest'))
    }
    return { register, type, digests, data: readData(r) }
  }

  add(event: LoggedEvent): void {
    if (this.#events.length === MAX_EVENTS) {
      throw new VerifierError('EVENT_LOG_TOO_MANY', { field: 'the events of the log', limit: MAX_EVENTS })
    }
    this.#checkRegister(event)
    if (event.type === EV_NO_ACTION) this.#note(event)
    this.#events.push(event)
  }

  finish(paddingBytes: number): EventLog {
    const locality = this.#startupLocality
    return {
      kind: this.#kind,
      banks: this.#algorithms.map(({ name }) => name),
      events: this.#events,
      ...(locality !== undefined && { startupLocality: locality }),
      paddingBytes,
    }
  }

  #checkRegister({ register, type }: LoggedEvent): void {
    const highest = HIGHEST[this.#kind]
    if (register <= highest) return
    if (this.#kind === 'tpm' && type === EV_NO_ACTION && register === NO_REGISTER) return
    throw new VerifierError('EVENT_LOG_REGISTER_UNKNOWN', { event: this.#events.length, register, highest })
  }

  /** Source: TCG PC Client Platform Firmware Profile 1.06, 10.4.5 (the events of EV_NO_ACTION). */
  #note({ register, data }: LoggedEvent): void {
    const event = this.#events.length
    if (isSpecId(data)) throw new VerifierError('EVENT_LOG_HEADER_MISPLACED', { event })
    if (this.#kind !== 'tpm' || !isLocality(data)) return
    const locality = data[LOCALITY_SIGNATURE.byteLength]
    const wrong = (expected: string): VerifierError =>
      new VerifierError('EVENT_LOG_LOCALITY_WRONG', { event, expected })
    if (data.byteLength !== LOCALITY_SIGNATURE.byteLength + 1) throw wrong('one octet after the signature')
    if (register !== 0) throw wrong('register 0')
    if (locality === undefined || !LOCALITIES.includes(locality)) throw wrong('locality 0, 3 or 4')
    if (this.#startupLocality !== undefined) throw wrong('no earlier event of the kind')
    if (this.#events.some((one) => one.register === 0 && one.type !== EV_NO_ACTION)) {
      throw wrong('a place before what is measured into register 0')
    }
    this.#startupLocality = locality
  }

  #wrongDigests(actual: string): VerifierError {
    const expected = this.#algorithms.map(({ name }) => name)
    return new VerifierError('EVENT_LOG_DIGESTS_WRONG', { event: this.#events.length, expected, actual })
  }
}

function isLocality(data: Uint8Array): boolean {
  return equalBytes(data.subarray(0, LOCALITY_SIGNATURE.byteLength), LOCALITY_SIGNATURE)
}
