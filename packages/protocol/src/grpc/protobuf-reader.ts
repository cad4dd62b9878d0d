import { fromUtf8, MalformedError } from '@blindai/core'
import { MAX_NAME_LENGTH } from '../limits.ts'
import { ProtocolError } from '../protocol-error.ts'

/** How a field is written. Groups, and what is reserved, are refused. Source: Protocol Buffers, "Encoding". */
type WireType = 'varint' | 'fixed64' | 'bytes' | 'fixed32'

const WIRE_TYPES: readonly (WireType | undefined)[] = ['varint', 'fixed64', 'bytes', undefined, undefined, 'fixed32']

/** The longest varint: 64 bits in groups of seven. */
const MAX_VARINT_BYTES = 10

/** A character of a name has at most three bytes for each UTF-16 code unit. */
const MAX_NAME_BYTES = 3 * MAX_NAME_LENGTH

/**
 * Reads a protobuf message in place: the caller moves from field to field and reads those it knows, the others are passed
 * over. Lengths are checked against what is left before anything is made of them; there is no recursion but the caller's.
 *
 * Source: Protocol Buffers, "Encoding".
 */
export class ProtobufReader {
  readonly #name: string
  readonly #bytes: Uint8Array
  readonly #seen: Set<number> = new Set()
  #at = 0
  #wire: WireType | undefined
  #low = 0
  #high = 0

  /** @param name - the message in errors. */
  constructor(name: string, bytes: Uint8Array) {
    this.#name = name
    // Never a Buffer, whose slice shares memory where that of Uint8Array copies.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /**
   * Moves to the next field, past the value of this one if nobody read it.
   *
   * @returns its number; undefined at the end.
   * @throws {ProtocolError} `NOT_PROTOBUF`.
   */
  next(): number | undefined {
    this.#pass()
    if (this.#at === this.#bytes.byteLength) return undefined
    this.#varint()
    // A field number has 29 bits, its tag 32.
    const number = this.#low >>> 3
    const wire = WIRE_TYPES[this.#low & 7]
    if (this.#high !== 0 || number === 0 || wire === undefined) throw this.broken()
    this.#wire = wire
    return number
  }

  /** To be called of a field that has one value. @throws {MalformedError} `DUPLICATE_MEMBER`. */
  once(number: number, member: string): void {
    if (this.#seen.has(number)) throw new MalformedError('DUPLICATE_MEMBER', { field: this.#name, member })
    this.#seen.add(number)
  }

  /** True when the field holds bytes: text, a message, or many numbers in one. */
  get isBytes(): boolean {
    return this.#wire === 'bytes'
  }

  /** The bytes of the field, as a view. */
  bytes(): Uint8Array {
    this.#expect('bytes')
    this.#varint()
    return this.#take(this.#high === 0 ? this.#low : Number.POSITIVE_INFINITY)
  }

  /** @throws {MalformedError} `TOO_LONG`, `NOT_UTF8`. */
  name(member: string): string {
    const field = `${this.#name}.${member}`
    const bytes = this.bytes()
    if (bytes.byteLength > MAX_NAME_BYTES) throw tooLong(field, bytes.byteLength)
    const name = fromUtf8(field, bytes)
    if (name.length > MAX_NAME_LENGTH) throw tooLong(field, name.length)
    return name
  }

  bool(): boolean {
    this.#expect('varint')
    this.#varint()
    return this.#low !== 0 || this.#high !== 0
  }

  /** Not exact where a number cannot be, past 2^53; so with `uint64`. */
  int64(): number {
    this.#expect('varint')
    this.#varint()
    return signedOf(this.#low, this.#high)
  }

  uint64(): number {
    this.#expect('varint')
    this.#varint()
    return this.#high * 2 ** 32 + this.#low
  }

  /** The bytes of a field of four or eight bytes. */
  fixed(length: 4 | 8): Uint8Array {
    this.#expect(length === 4 ? 'fixed32' : 'fixed64')
    return this.#take(length)
  }

  /**
   * The integers of a repeated field: many in one, or this one alone.
   *
   * @param take - is given each as two halves of 32 bits without sign.
   */
  integers(take: (low: number, high: number) => void): void {
    if (this.#wire !== 'bytes') {
      this.#expect('varint')
      this.#varint()
      take(this.#low, this.#high)
      return
    }
    const bytes = this.bytes()
    const packed = new ProtobufReader(this.#name, bytes)
    for (let at = 0; at < bytes.byteLength; at = packed.#at) {
      const first = bytes[at] ?? 0
      if (first < 0x80) {
        // Small numbers are the most of them.
        packed.#at = at + 1
        take(first, 0)
      } else {
        packed.#varint()
        take(packed.#low, packed.#high)
      }
    }
  }

  broken(): ProtocolError {
    return new ProtocolError('NOT_PROTOBUF', { field: this.#name })
  }

  #expect(wire: WireType): void {
    if (this.#wire !== wire) throw this.broken()
    this.#wire = undefined
  }

  #pass(): void {
    switch (this.#wire) {
      case undefined:
        return
      case 'varint':
        this.#varint()
        break
      case 'fixed64':
        this.#take(8)
        break
      case 'fixed32':
        this.#take(4)
        break
      case 'bytes':
        this.bytes()
        break
      default:
        this.#wire satisfies never
    }
    this.#wire = undefined
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.byteLength - this.#at) throw this.broken()
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  /** Into two halves without sign, so that no bigint is made for each. */
  #varint(): void {
    let low = 0
    let high = 0
    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw this.broken()
      const bits = byte & 0x7f
      if (i < 4) low |= bits << (7 * i)
      else if (i === 4) {
        low |= bits << 28
        high = bits >>> 4
      } else high |= bits << (7 * i - 32)
      if (byte < 0x80) {
        // Of the tenth byte one bit is left.
        if (i === MAX_VARINT_BYTES - 1 && byte > 1) throw this.broken()
        this.#low = low >>> 0
        this.#high = high >>> 0
        return
      }
    }
    throw this.broken()
  }
}

/** The signed 64-bit integer of two halves without sign. */
export function signedOf(low: number, high: number): number {
  return (high | 0) * 2 ** 32 + low
}

function tooLong(field: string, length: number): MalformedError {
  return new MalformedError('TOO_LONG', { field, length, limit: MAX_NAME_LENGTH })
}
