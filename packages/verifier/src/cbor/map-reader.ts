import { MalformedError } from '@blindai/core'
import type { CborKey, CborMap, CborValue } from './cbor-reader.ts'

/** How many bytes or characters a value has, both inclusive. */
export interface Span {
  readonly least: number
  readonly most: number
}

/**
 * Reads the members of a CBOR map one by one; what nobody asked for is an error at `end()`. The counterpart of the reader of
 * JSON objects: every value is checked for type and size where it is read.
 */
export class MapReader {
  readonly field: string
  readonly #map: CborMap
  readonly #read = new Set<CborKey>()

  /** @throws {MalformedError} `WRONG_TYPE` when the value is no map. */
  constructor(field: string, value: CborValue) {
    this.field = field
    this.#map = asMap(field, value)
  }

  /** True when the member is there, whatever it holds. */
  has(key: CborKey): boolean {
    return this.#map.has(key)
  }

  /** @throws {MalformedError} `MISSING_MEMBER`. */
  value(key: CborKey): CborValue {
    const value = this.#map.get(key)
    if (value === undefined) throw new MalformedError('MISSING_MEMBER', { field: this.field, member: String(key) })
    this.#read.add(key)
    return value
  }

  /** @throws {MalformedError} `WRONG_TYPE`, `WRONG_VALUE` (too short), `TOO_LONG`. */
  text(key: CborKey, span: Span): string {
    const field = this.path(key)
    const value = this.value(key)
    if (typeof value !== 'string') throw new MalformedError('WRONG_TYPE', { field, expected: 'a text' })
    return within(field, value, value.length, span)
  }

  bytes(key: CborKey, span: Span): Uint8Array {
    return asBytes(this.path(key), this.value(key), span)
  }

  /** Bytes, or undefined where the member is absent or null: some writers leave it out, others say so. */
  optionalBytes(key: CborKey, span: Span): Uint8Array | undefined {
    return this.has(key) && this.value(key) !== null ? this.bytes(key, span) : undefined
  }

  /** A whole number below 2^53, both bounds inclusive. @throws {MalformedError} `WRONG_TYPE`, `WRONG_VALUE`. */
  integer(key: CborKey, least: number, most: number): number {
    const field = this.path(key)
    const value = this.value(key)
    if (typeof value !== 'number' && typeof value !== 'bigint') {
      throw new MalformedError('WRONG_TYPE', { field, expected: 'an integer' })
    }
    if (typeof value === 'bigint' || value < least || value > most) {
      throw new MalformedError('WRONG_VALUE', { field, expected: `from ${least} to ${most}` })
    }
    return value
  }

  map(key: CborKey): CborMap {
    return asMap(this.path(key), this.value(key))
  }

  /** An array of byte strings. @throws {MalformedError} `WRONG_TYPE`, `WRONG_VALUE`, `TOO_LONG`. */
  byteStrings(key: CborKey, count: Span, span: Span): readonly Uint8Array[] {
    const field = this.path(key)
    const items = asArray(field, this.value(key), count)
    return items.map((item, i) => asBytes(`${field}[${i}]`, item, span))
  }

  /** @throws {MalformedError} `UNKNOWN_MEMBER` when a member was not read. */
  end(): void {
    for (const key of this.#map.keys()) {
      if (!this.#read.has(key)) throw new MalformedError('UNKNOWN_MEMBER', { field: this.field, member: String(key) })
    }
  }

  /** How errors name a member. */
  path(key: CborKey): string {
    return `${this.field} ${key}`
  }
}

/** @throws {MalformedError} `WRONG_TYPE`, `WRONG_VALUE` (too short), `TOO_LONG`. */
export function asBytes(field: string, value: CborValue, span: Span): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new MalformedError('WRONG_TYPE', { field, expected: 'a byte string' })
  return within(field, value, value.byteLength, span)
}

/** @throws {MalformedError} `WRONG_TYPE`, `WRONG_VALUE` (too few), `TOO_LONG`. */
export function asArray(field: string, value: CborValue, count: Span): readonly CborValue[] {
  if (!isArray(value)) throw new MalformedError('WRONG_TYPE', { field, expected: 'an array' })
  return within(field, value, value.length, count)
}

/** As `Array.isArray`, which forgets the type of the items. */
function isArray(value: CborValue): value is readonly CborValue[] {
  return Array.isArray(value)
}

function asMap(field: string, value: CborValue): CborMap {
  if (!isMap(value)) throw new MalformedError('WRONG_TYPE', { field, expected: 'a map' })
  return value
}

function isMap(value: CborValue): value is CborMap {
  return value instanceof Map
}

function within<T>(field: string, value: T, length: number, { least, most }: Span): T {
  if (length > most) throw new MalformedError('TOO_LONG', { field, length, limit: most })
  if (length < least) throw new MalformedError('WRONG_VALUE', { field, expected: `of ${least} or more` })
  return value
}
