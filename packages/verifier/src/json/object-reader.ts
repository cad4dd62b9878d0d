import { fromBase64Url, fromHex, MalformedError, toHex } from '@blindai/core'

/** How many bytes a value has. */
export type ByteSize = { readonly exactly: number } | { readonly most: number }

/**
 * Reads the members of a JSON object one by one; what nobody asked for is an error at `end()`.
 *
 * Every value is checked for type and size where it is read, and errors name it by its path.
 */
export class ObjectReader {
  readonly field: string
  readonly #members: ReadonlyMap<string, unknown>
  readonly #read = new Set<string>()

  /** @throws {MalformedError} `WRONG_TYPE` when the value is no object. */
  constructor(field: string, value: unknown) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new MalformedError('WRONG_TYPE', { field, expected: 'an object' })
    }
    this.field = field
    this.#members = new Map<string, unknown>(Object.entries(value))
  }

  /** True when the member is there, whatever it holds. */
  has(member: string): boolean {
    return this.#members.has(member)
  }

  /** @throws {MalformedError} `MISSING_MEMBER`. */
  value(member: string): unknown {
    const value = this.#members.get(member)
    if (value === undefined) throw new MalformedError('MISSING_MEMBER', { field: this.field, member })
    this.#read.add(member)
    return value
  }

  object(member: string): ObjectReader {
    return new ObjectReader(this.#path(member), this.value(member))
  }

  /** @param limit - the most items that are read. @throws {MalformedError} `WRONG_TYPE`, `TOO_LONG`. */
  array(member: string, limit: number): readonly unknown[] {
    const value = this.value(member)
    const field = this.#path(member)
    if (!Array.isArray(value)) throw new MalformedError('WRONG_TYPE', { field, expected: 'an array' })
    if (value.length > limit) throw new MalformedError('TOO_LONG', { field, length: value.length, limit })
    return value
  }

  /** An array whose every item is an object. */
  objects(member: string, limit: number): readonly ObjectReader[] {
    return this.array(member, limit).map((item, i) => new ObjectReader(`${this.#path(member)}[${i}]`, item))
  }

  /** An array whose every item is a text. */
  strings(member: string, limit: number, itemLimit: number): readonly string[] {
    return this.array(member, limit).map((item, i) => text(`${this.#path(member)}[${i}]`, item, itemLimit))
  }

  /** @param limit - the most UTF-16 units. @throws {MalformedError} `WRONG_TYPE`, `TOO_LONG`. */
  string(member: string, limit: number): string {
    return text(this.#path(member), this.value(member), limit)
  }

  /** One of the words that are allowed. @throws {MalformedError} `WRONG_VALUE`. */
  word<Word extends string>(member: string, words: readonly Word[]): Word {
    return oneOf(this.#path(member), this.value(member), words)
  }

  /** An array of distinct words. */
  words<Word extends string>(member: string, words: readonly Word[]): readonly Word[] {
    const field = this.#path(member)
    const items = this.array(member, words.length).map((item, i) => oneOf(`${field}[${i}]`, item, words))
    if (new Set(items).size !== items.length) {
      throw new MalformedError('WRONG_VALUE', { field, expected: 'a list that names each value once' })
    }
    return items
  }

  /** A whole number, both bounds inclusive. @throws {MalformedError} `WRONG_TYPE`, `WRONG_VALUE`. */
  integer(member: string, least: number, most: number): number {
    const value = this.value(member)
    const field = this.#path(member)
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
      throw new MalformedError('WRONG_TYPE', { field, expected: 'a whole number' })
    }
    if (value < least || value > most) {
      throw new MalformedError('WRONG_VALUE', { field, expected: `from ${least} to ${most}` })
    }
    return value
  }

  boolean(member: string): boolean {
    const value = this.value(member)
    if (typeof value !== 'boolean') {
      throw new MalformedError('WRONG_TYPE', { field: this.#path(member), expected: 'true or false' })
    }
    return value
  }

  /** Hexadecimal of exactly so many bytes, given back in lower case. @throws {MalformedError} `NOT_HEX`, `WRONG_LENGTH`. */
  hex(member: string, bytes: number): string {
    return hex(this.#path(member), this.value(member), bytes)
  }

  /** Bytes of base64url text. @throws {MalformedError} `NOT_BASE64URL`, `TOO_LONG`, `WRONG_LENGTH`. */
  bytes(member: string, size: ByteSize): Uint8Array<ArrayBuffer> {
    return decode(this.#path(member), this.value(member), size)
  }

  /** An array whose every item is base64url text; its bytes. */
  byteStrings(member: string, limit: number, size: { readonly most: number }): readonly Uint8Array<ArrayBuffer>[] {
    return this.array(member, limit).map((item, i) => decode(`${this.#path(member)}[${i}]`, item, size))
  }

  /** Base64url text, checked like `bytes` and given back as it is. */
  base64url(member: string, size: ByteSize): string {
    this.bytes(member, size)
    return String(this.value(member))
  }

  /** @throws {MalformedError} `UNKNOWN_MEMBER` when a member was not read. */
  end(): void {
    for (const member of this.#members.keys()) {
      if (!this.#read.has(member)) throw new MalformedError('UNKNOWN_MEMBER', { field: this.field, member })
    }
  }

  #path(member: string): string {
    return `${this.field}.${member}`
  }
}

/** A JSON text of at most `limit` UTF-16 units. */
export function text(field: string, value: unknown, limit: number): string {
  if (typeof value !== 'string') throw new MalformedError('WRONG_TYPE', { field, expected: 'a text' })
  if (value.length > limit) throw new MalformedError('TOO_LONG', { field, length: value.length, limit })
  return value
}

/** Hexadecimal of exactly so many bytes, in lower case. */
export function hex(field: string, value: unknown, bytes: number): string {
  const digits = fromHex(field, text(field, value, 2 * bytes))
  if (digits.byteLength !== bytes) {
    throw new MalformedError('WRONG_LENGTH', { field, expected: bytes, actual: digits.byteLength })
  }
  return toHex(digits)
}

function decode(field: string, value: unknown, size: ByteSize): Uint8Array<ArrayBuffer> {
  const most = 'exactly' in size ? size.exactly : size.most
  const bytes = fromBase64Url(field, text(field, value, Math.ceil((most * 4) / 3)))
  if ('exactly' in size && bytes.byteLength !== size.exactly) {
    throw new MalformedError('WRONG_LENGTH', { field, expected: size.exactly, actual: bytes.byteLength })
  }
  return bytes
}

function oneOf<Word extends string>(field: string, value: unknown, words: readonly Word[]): Word {
  const word = words.find((candidate) => candidate === value)
  if (word === undefined) throw new MalformedError('WRONG_VALUE', { field, expected: `one of ${words.join(', ')}` })
  return word
}
