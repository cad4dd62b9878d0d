import { concatBytes, utf8 } from '@blindai/core'

/**
 * Writes CBOR as it is told, right or wrong: a map may name a key twice, and bytes may stand in for any value. Numbers are in
 * their shortest form. Source: RFC 8949 section 3.
 */
export type CborItem =
  | number
  | string
  | boolean
  | null
  | Uint8Array
  | readonly CborItem[]
  | CborEntries
  | { readonly tag: number; readonly value: CborItem }
  /** Bytes that are written as they are. */
  | { readonly raw: Uint8Array }

/** A map as the list of its pairs. */
export interface CborEntries {
  readonly entries: readonly CborEntry[]
  /** Ends in a break, and says no length. */
  readonly indefinite?: boolean
}

/** A key and its value. */
export type CborEntry = readonly [key: CborItem, value: CborItem]

const MAJOR = { unsigned: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, tag: 6 }
const SIMPLE = { false: 0xf4, true: 0xf5, null: 0xf6 }

/** The bytes of a value. */
export function writeCbor(item: CborItem): Uint8Array<ArrayBuffer> {
  if (item === null) return new Uint8Array([SIMPLE.null])
  if (typeof item === 'boolean') return new Uint8Array([item ? SIMPLE.true : SIMPLE.false])
  if (typeof item === 'number') return item < 0 ? head(MAJOR.negative, -1 - item) : head(MAJOR.unsigned, item)
  if (typeof item === 'string') return counted(MAJOR.text, utf8(item))
  if (item instanceof Uint8Array) return counted(MAJOR.bytes, item)
  if ('entries' in item && !isArray(item)) return writeMap(item)
  if ('raw' in item) return concatBytes(item.raw)
  if ('tag' in item) return concatBytes(head(MAJOR.tag, item.tag), writeCbor(item.value))
  return concatBytes(head(MAJOR.array, item.length), ...item.map(writeCbor))
}

/** As `Array.isArray`, which forgets that an array may be read-only. */
function isArray(item: object): item is readonly CborItem[] {
  return Array.isArray(item)
}

function writeMap({ entries, indefinite = false }: CborEntries): Uint8Array<ArrayBuffer> {
  const pairs = entries.flatMap(([key, value]) => [writeCbor(key), writeCbor(value)])
  if (!indefinite) return concatBytes(head(MAJOR.map, entries.length), ...pairs)
  return concatBytes(new Uint8Array([(MAJOR.map << 5) | 31]), ...pairs, new Uint8Array([0xff]))
}

function counted(major: number, content: Uint8Array): Uint8Array<ArrayBuffer> {
  return concatBytes(head(major, content.byteLength), content)
}

/** @throws {RangeError} when the argument is no whole number from 0 to 2^53 - 1. */
function head(major: number, argument: number): Uint8Array<ArrayBuffer> {
  if (!Number.isSafeInteger(argument) || argument < 0) throw new RangeError(`not an argument of CBOR: ${argument}`)
  const initial = major << 5
  if (argument < 24) return new Uint8Array([initial | argument])
  const size = argument < 0x100 ? 0 : argument < 0x1_0000 ? 1 : argument < 0x1_0000_0000 ? 2 : 3
  const bytes = new Uint8Array(1 + (1 << size))
  bytes[0] = initial | (24 + size)
  let left = argument
  for (let i = bytes.length - 1; i > 0; i--) {
    bytes[i] = left % 256
    left = Math.floor(left / 256)
  }
  return bytes
}
