import { concatBytes, fromUtf8, MalformedError } from '@blindai/core'
import { LegacyError } from './legacy-error.ts'

/**
 * Reads CBOR while it arrives: what the caller expects next, and nothing else. Every length is checked against the caller's
 * bound before anything is allocated, and nothing is buffered but the item at hand.
 *
 * Taken: unsigned and negative integers, byte and text strings, arrays, maps, false, true and null, with definite lengths in
 * their shortest form. That is what clients of BlindAI 0.6 write.
 *
 * Source: RFC 8949 sections 3 and 4.1.
 */
export class CborReader {
  readonly #pieces: AsyncIterator<Uint8Array>
  #piece: Uint8Array = new Uint8Array()
  #at = 0
  /** Where the piece at hand begins in the whole. */
  #base = 0

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]()
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#base + this.#at
  }

  /**
   * Begins an array; gives its number of items.
   *
   * @throws {MalformedError} of every read: `TRUNCATED`, `WRONG_TYPE`, `TOO_LONG`; {LegacyError} `LEGACY_CBOR_UNSUPPORTED`.
   */
  async array(field: string, maxItems: number): Promise<number> {
    return bounded(field, await this.#head(field, MAJOR.array, 'an array'), maxItems)
  }

  /** An unsigned integer of at most `max`. */
  async unsigned(field: string, max: number): Promise<number> {
    return bounded(field, await this.#head(field, MAJOR.unsigned, 'an unsigned integer'), max)
  }

  async boolean(field: string): Promise<boolean> {
    const value = await this.#head(field, MAJOR.simple, 'true or false')
    if (value === NULL) throw new MalformedError('WRONG_TYPE', { field, expected: 'true or false' })
    return value === TRUE
  }

  /** @throws also {MalformedError} `NOT_UTF8`. */
  async text(field: string, maxBytes: number): Promise<string> {
    return this.#textOf(field, await this.#head(field, MAJOR.text, 'text'), maxBytes)
  }

  /** Text or null. @throws as `text`. */
  async textOrNull(field: string, maxBytes: number): Promise<string | null> {
    const { major, value } = await this.#anyHead(field)
    if (major === MAJOR.simple && value === NULL) return null
    if (major !== MAJOR.text) throw new MalformedError('WRONG_TYPE', { field, expected: 'text or null' })
    return this.#textOf(field, value, maxBytes)
  }

  async bytes(field: string, maxBytes: number): Promise<Uint8Array> {
    const length = await this.#head(field, MAJOR.bytes, 'a byte string')
    return this.#take(field, bounded(field, length, maxBytes))
  }

  /**
   * A map whose members are all of a closed list, each at most once, in any order; `read` reads the value of each.
   *
   * @throws also {MalformedError} `UNKNOWN_MEMBER`, `DUPLICATE_MEMBER`, `MISSING_MEMBER`.
   */
  async map<Name extends string>(
    field: string,
    members: { readonly [Member in Name]: 'required' | 'optional' },
    read: (member: Name) => Promise<void>,
  ): Promise<void> {
    const names = Object.keys(members)
    const isMember = (name: string): name is Name => names.includes(name)
    const pairs = bounded(field, await this.#head(field, MAJOR.map, 'a map'), names.length)
    const seen = new Set<string>()
    for (let pair = 0; pair < pairs; pair++) {
      const name = await this.text(`a name in ${field}`, MAX_NAME_BYTES)
      if (!isMember(name)) throw new MalformedError('UNKNOWN_MEMBER', { field, member: 'a name that is not known' })
      if (seen.has(name)) throw new MalformedError('DUPLICATE_MEMBER', { field, member: name })
      seen.add(name)
      await read(name)
    }
    for (const member of names) {
      if (!seen.has(member) && isMember(member) && members[member] === 'required') {
        throw new MalformedError('MISSING_MEMBER', { field, member })
      }
    }
  }

  /**
   * Bytes of any number, in pieces that are each valid until the next is asked for: a byte string, or an array of integers
   * from 0 to 255, which is how Python's client writes a list of bytes.
   *
   * @throws also {MalformedError} `WRONG_VALUE` for another number.
   */
  async *octets(field: string, maxBytes: number): AsyncGenerator<Uint8Array> {
    const { major, value } = await this.#anyHead(field)
    if (major !== MAJOR.bytes && major !== MAJOR.array) {
      throw new MalformedError('WRONG_TYPE', { field, expected: 'a byte string or an array of integers from 0 to 255' })
    }
    let left = bounded(field, value, maxBytes)
    const numbers = major === MAJOR.array ? new Uint8Array(Math.min(left, OUTPUT_BYTES)) : undefined
    while (left > 0) {
      await this.#arrived(field, left)
      const octets = numbers === undefined ? this.#view(left) : await this.#numbers(field, numbers, left)
      left -= octets.byteLength
      yield octets
    }
  }

  /** Reads over an item of any shape, up to `MAX_SKIPPED_ITEMS` items within it. @throws also `LEGACY_CBOR_TOO_DEEP`. */
  async skip(field: string): Promise<void> {
    let items = 0
    /** How many items are still to come at each level. */
    const left = [1]
    for (let level = left.pop(); level !== undefined; level = left.pop()) {
      if (level === 0) continue
      left.push(level - 1)
      items += 1
      if (items > MAX_SKIPPED_ITEMS)
        throw new MalformedError('TOO_LONG', { field, length: items, limit: MAX_SKIPPED_ITEMS })
      const { major, value } = await this.#anyHead(field)
      if (major === MAJOR.bytes || major === MAJOR.text)
        await this.#take(field, bounded(field, value, MAX_SKIPPED_BYTES))
      if (major !== MAJOR.array && major !== MAJOR.map) continue
      left.push(bounded(field, value, MAX_SKIPPED_ITEMS) * (major === MAJOR.map ? 2 : 1))
      if (left.length > MAX_DEPTH) throw new LegacyError('LEGACY_CBOR_TOO_DEEP', { limit: MAX_DEPTH })
    }
  }

  /** @throws {MalformedError} `TRAILING_BYTES`. */
  async end(field: string): Promise<void> {
    if (await this.#more())
      throw new MalformedError('TRAILING_BYTES', { field, count: this.#piece.byteLength - this.#at })
  }

  /** The argument of an item that must be of that major type. */
  async #head(field: string, expected: number, type: string): Promise<number> {
    const { major, value } = await this.#anyHead(field)
    if (major !== expected) throw new MalformedError('WRONG_TYPE', { field, expected: type })
    return value
  }

  async #anyHead(field: string): Promise<{ readonly major: number; readonly value: number }> {
    const offset = this.offset
    const initial = await this.#byte(field)
    const major = initial >> 5
    const info = initial & 0x1f
    const unsupported = (): LegacyError => new LegacyError('LEGACY_CBOR_UNSUPPORTED', { offset })
    if (major === MAJOR.tag || info > ARGUMENT_OF_8_BYTES) throw unsupported()
    if (major === MAJOR.simple) {
      if (info !== FALSE && info !== TRUE && info !== NULL) throw unsupported()
      return { major, value: info }
    }
    if (info < ARGUMENT_OF_1_BYTE) return { major, value: info }
    const bytes = 1 << (info - ARGUMENT_OF_1_BYTE)
    let value = 0
    for (let index = 0; index < bytes; index++) value = value * 256 + (await this.#byte(field))
    // Shorter forms hold everything below; above 2^53 no length and no number means anything here.
    const least = bytes === 1 ? ARGUMENT_OF_1_BYTE : 256 ** (bytes / 2)
    if (value < least) throw unsupported()
    return { major, value }
  }

  async #textOf(field: string, length: number, maxBytes: number): Promise<string> {
    return fromUtf8(field, await this.#take(field, bounded(field, length, maxBytes)))
  }

  /** A copy of the next bytes; it is allocated as they arrive where it is large. */
  async #take(field: string, length: number): Promise<Uint8Array> {
    if (this.#piece.byteLength - this.#at >= length) return new Uint8Array(this.#view(length))
    const parts: Uint8Array[] = []
    for (let left = length; left > 0; ) {
      await this.#arrived(field, left)
      const part = new Uint8Array(this.#view(left))
      left -= part.byteLength
      parts.push(part)
    }
    return concatBytes(...parts)
  }

  /** Up to that many bytes of the piece at hand. */
  #view(length: number): Uint8Array {
    const view = this.#piece.subarray(this.#at, this.#at + length)
    this.#at += view.byteLength
    return view
  }

  /** Decodes as many numbers as are at hand and fit, at least one. */
  async #numbers(field: string, output: Uint8Array, left: number): Promise<Uint8Array> {
    const wanted = Math.min(left, output.byteLength)
    const piece = this.#piece
    let at = this.#at
    let count = 0
    while (count < wanted && at < piece.byteLength) {
      const initial = piece[at] ?? 0
      const next = piece[at + 1] ?? 0
      if (initial < ARGUMENT_OF_1_BYTE) {
        output[count] = initial
        at += 1
      } else if (initial === ARGUMENT_OF_1_BYTE && next >= ARGUMENT_OF_1_BYTE && at + 1 < piece.byteLength) {
        output[count] = next
        at += 2
      } else break
      count += 1
    }
    this.#at = at
    // Cut in two by the end of a piece, or refused: the slow way knows.
    if (count === 0) {
      const value = await this.#head(field, MAJOR.unsigned, 'an array of integers')
      if (value > 255)
        throw new MalformedError('WRONG_VALUE', { field, expected: 'an array of integers from 0 to 255' })
      output[0] = value
      count = 1
    }
    return output.subarray(0, count)
  }

  async #byte(field: string): Promise<number> {
    if (this.#at >= this.#piece.byteLength) await this.#arrived(field, 1)
    const byte = this.#piece[this.#at] ?? 0
    this.#at += 1
    return byte
  }

  /** Waits until there is a byte. @throws {MalformedError} `TRUNCATED`. */
  async #arrived(field: string, needed: number): Promise<void> {
    if (!(await this.#more())) throw new MalformedError('TRUNCATED', { field, needed, available: 0 })
  }

  async #more(): Promise<boolean> {
    while (this.#at >= this.#piece.byteLength) {
      const { done, value } = await this.#pieces.next()
      if (done === true) return false
      this.#base += this.#piece.byteLength
      this.#piece = value
      this.#at = 0
    }
    return true
  }
}

// biome-ignore format: one major type a row
const MAJOR = {
  unsigned: 0,
  bytes:    2,
  text:     3,
  array:    4,
  map:      5,
  tag:      6,
  simple:   7,
} as const

const FALSE = 20
const TRUE = 21
const NULL = 22
const ARGUMENT_OF_1_BYTE = 24
const ARGUMENT_OF_8_BYTES = 27

/** Names of members are short. */
const MAX_NAME_BYTES = 64
/** What is read over holds a dozen short texts. */
const MAX_SKIPPED_ITEMS = 256
const MAX_SKIPPED_BYTES = 4096
const MAX_DEPTH = 8
/** Numbers are gathered in pieces of this size. */
const OUTPUT_BYTES = 64 * 1024

function bounded(field: string, length: number, limit: number): number {
  if (length > limit) throw new MalformedError('TOO_LONG', { field, length, limit })
  return length
}
