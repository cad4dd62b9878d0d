import { fromUtf8, MalformedError } from '@blindai/core'
import { VerifierError } from '../errors/verifier-error.ts'

/** What is read of CBOR: no floating point, no `undefined`, no simple values. Byte strings are views of the input. */
export type CborValue =
  | number
  | bigint
  | string
  | boolean
  | null
  | Uint8Array
  | readonly CborValue[]
  | CborMap
  | CborTagged

/** What a map can be read by. Integers past 2^53 are no keys. */
export type CborKey = number | string

/** A map without repeated keys, in the order in which it stood. */
export type CborMap = ReadonlyMap<CborKey, CborValue>

/** A value under a tag, which nobody interpreted. */
export class CborTagged {
  readonly tag: number
  readonly value: CborValue

  constructor(tag: number, value: CborValue) {
    this.tag = tag
    this.value = value
  }
}

/** What a specification allows beside the strict form. */
export interface CborOptions {
  /**
   * The outermost map may have no length of its own and end in a break: AWS's security module of 2025 writes its payload so,
   * that of 2022 did not. Everything inside it still has a length.
   */
  readonly outermostMapMayBeIndefinite?: boolean
}

/** What bounds the reader: nesting that is still read. Counts and lengths are bounded by the bytes that are there. */
const MAX_DEPTH = 8

const BREAK = 0xff
const MAJOR = { unsigned: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, tag: 6, simple: 7 }
const SIMPLE: ReadonlyMap<number, boolean | null> = new Map([
  [20, false],
  [21, true],
  [22, null],
])

/**
 * Reads one CBOR value of exactly these bytes, strictly: shortest arguments, definite lengths, no key twice, UTF-8 text, no
 * nesting past 8 levels. Keys are texts or integers, in any order: who signs CBOR signs its bytes.
 *
 * Source: RFC 8949 sections 3, 4.2.1 (first two points) and 5.6.
 *
 * @param field - names the structure in errors.
 * @param bytes - bounded by the caller.
 * @throws {MalformedError} `TRUNCATED`, `TRAILING_BYTES`, `DUPLICATE_MEMBER`, `NOT_UTF8`; {VerifierError} `NOT_CBOR`,
 * `CBOR_TOO_DEEP`.
 */
export function parseCbor(field: string, bytes: Uint8Array, options: CborOptions = {}): CborValue {
  const reader = new Reader(field, bytes, options)
  const value = reader.value(0)
  reader.end()
  return value
}

class Reader {
  readonly #field: string
  readonly #bytes: Uint8Array
  readonly #mayBeIndefinite: boolean
  #at = 0

  constructor(field: string, bytes: Uint8Array, { outermostMapMayBeIndefinite = false }: CborOptions) {
    this.#field = field
    this.#bytes = bytes
    this.#mayBeIndefinite = outermostMapMayBeIndefinite
  }

  value(depth: number): CborValue {
    if (depth > MAX_DEPTH) throw new VerifierError('CBOR_TOO_DEEP', { field: this.#field, limit: MAX_DEPTH })
    const start = this.#at
    const initial = this.#octet()
    const major = initial >> 5
    const information = initial & 31
    if (information === 31 && major === MAJOR.map && depth === 0 && this.#mayBeIndefinite) return this.#map(depth)
    if (major === MAJOR.simple) return this.#simple(start, information)
    const argument = this.#argument(start, information)
    if (major === MAJOR.unsigned) return argument
    if (major === MAJOR.negative) return typeof argument === 'number' ? -1 - argument : -1n - argument
    const count = this.#small(start, argument)
    if (major === MAJOR.bytes) return this.#take(count)
    if (major === MAJOR.text) return fromUtf8(this.#field, this.#take(count))
    if (major === MAJOR.array) return this.#array(count, depth)
    if (major === MAJOR.map) return this.#map(depth, count)
    return new CborTagged(count, this.value(depth + 1))
  }

  end(): void {
    const count = this.#bytes.byteLength - this.#at
    if (count !== 0) throw new MalformedError('TRAILING_BYTES', { field: this.#field, count })
  }

  /** Each item has at least one byte, so the count costs nothing before its items are there. */
  #array(count: number, depth: number): readonly CborValue[] {
    const items: CborValue[] = []
    for (let i = 0; i < count; i++) items.push(this.value(depth + 1))
    return items
  }

  /** @param count - of pairs; without one, the map ends in a break. */
  #map(depth: number, count?: number): CborMap {
    const map = new Map<CborKey, CborValue>()
    for (let i = 0; count === undefined ? !this.#takeBreak() : i < count; i++) {
      const start = this.#at
      const key = this.value(depth + 1)
      if (typeof key !== 'number' && typeof key !== 'string') throw this.#notCbor(start, 'a text or an integer as key')
      if (map.has(key)) throw new MalformedError('DUPLICATE_MEMBER', { field: this.#field, member: String(key) })
      map.set(key, this.value(depth + 1))
    }
    return map
  }

  #takeBreak(): boolean {
    if (this.#bytes[this.#at] !== BREAK) return false
    this.#at += 1
    return true
  }

  #simple(start: number, information: number): boolean | null {
    const value = SIMPLE.get(information)
    if (value === undefined) throw this.#notCbor(start, 'true, false or null')
    return value
  }

  /** The number that an initial byte carries or announces; a bigint where it is past 2^53. */
  #argument(start: number, information: number): number | bigint {
    if (information < 24) return information
    if (information > 27) throw this.#notCbor(start, 'a definite length')
    let argument = 0n
    for (let i = 0; i < 1 << (information - 24); i++) argument = (argument << 8n) | BigInt(this.#octet())
    const least = information === 24 ? 24n : 1n << (4n << BigInt(information - 24))
    if (argument < least) throw this.#notCbor(start, 'the shortest form of a number')
    return argument <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(argument) : argument
  }

  #small(start: number, argument: number | bigint): number {
    if (typeof argument === 'bigint') throw this.#notCbor(start, 'a length, count or tag below 2^53')
    return argument
  }

  #octet(): number {
    const octet = this.#bytes[this.#at]
    if (octet === undefined) throw new MalformedError('TRUNCATED', { field: this.#field, needed: 1, available: 0 })
    this.#at += 1
    return octet
  }

  #take(needed: number): Uint8Array {
    const available = this.#bytes.byteLength - this.#at
    if (needed > available) throw new MalformedError('TRUNCATED', { field: this.#field, needed, available })
    this.#at += needed
    return this.#bytes.subarray(this.#at - needed, this.#at)
  }

  #notCbor(offset: number, expected: string): VerifierError<'NOT_CBOR'> {
    return new VerifierError('NOT_CBOR', { field: this.#field, offset, expected })
  }
}
