import type { Random } from './random.ts'

/** What mutations draw on. */
export interface Material {
  readonly random: Random
  /** Inputs to borrow pieces from; one or more. */
  readonly inputs: readonly Uint8Array[]
  readonly isText: boolean
  readonly maxBytes: number
}

/** Numbers on the edges of formats: signs, powers of two, one beside them. */
const EDGES: readonly bigint[] = [0n, 1n, 0x7fn, 0x80n, 0xffn, 0x100n, 0x7fffn, 0x8000n, 0xffffn, 0x1_0000n].concat([
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
])

/** Pieces of JSON and of text that readers treat apart. */
const WORDS: readonly Uint8Array[] = [
  ...['{', '}', '[', ']', '"', ':', ',', '\\', '\\u0000', '\\ud800', 'null', 'true', 'false', '-0', '1e999', '1.5'],
  ...['9007199254740993', '"__proto__"', '"constructor"', '{}', '[]', '""', ' ', '\n', '\ufeff', '\u2028', '[[[[[[[['],
].map((word) => new TextEncoder().encode(word))

type Mutation = (bytes: Uint8Array, material: Material) => Uint8Array

const flipBit: Mutation = (bytes, { random }) => replaceAt(bytes, random, (byte) => byte ^ (1 << random.below(8)))
const setByte: Mutation = (bytes, { random }) => replaceAt(bytes, random, () => random.below(256))
const step: Mutation = (bytes, { random }) => replaceAt(bytes, random, (byte) => byte + 1 + random.below(34) - 17)

const edge: Mutation = (bytes, { random }) => {
  const width = random.pick([1, 2, 4, 8])
  if (bytes.byteLength < width) return bytes
  const changed = bytes.slice()
  const at = random.below(bytes.byteLength - width + 1)
  const value = random.pick(EDGES)
  const littleEndian = random.oneIn(2)
  for (let i = 0; i < width; i++) {
    changed[at + i] = Number((value >> BigInt(8 * (littleEndian ? i : width - 1 - i))) & 0xffn)
  }
  return changed
}

/** Lengths and counts: a number of 1, 2 or 4 bytes moves a little. */
const nudge: Mutation = (bytes, { random }) => {
  const width = random.pick([1, 2, 4])
  if (bytes.byteLength < width) return bytes
  const changed = bytes.slice()
  const view = new DataView(changed.buffer)
  const at = random.below(bytes.byteLength - width + 1)
  const by = random.below(35) - 17
  const littleEndian = random.oneIn(2)
  if (width === 1) view.setUint8(at, view.getUint8(at) + by)
  else if (width === 2) view.setUint16(at, view.getUint16(at, littleEndian) + by, littleEndian)
  else view.setUint32(at, view.getUint32(at, littleEndian) + by, littleEndian)
  return changed
}

const remove: Mutation = (bytes, { random }) => {
  const [at, length] = span(bytes, random)
  return join(bytes.subarray(0, at), bytes.subarray(at + length))
}

const cut: Mutation = (bytes, { random }) => bytes.slice(0, random.below(bytes.byteLength + 1))

const insert: Mutation = (bytes, { random }) => {
  const at = random.below(bytes.byteLength + 1)
  const added = Uint8Array.from({ length: 1 + random.below(8) }, () => random.below(256))
  return join(bytes.subarray(0, at), added, bytes.subarray(at))
}

const repeat: Mutation = (bytes, { random }) => {
  const [at, length] = span(bytes, random)
  const piece = bytes.subarray(at, at + length)
  const copies = random.oneIn(8) ? 2 + random.below(64) : 1
  return join(bytes.subarray(0, at), ...Array.from({ length: copies }, () => piece), bytes.subarray(at))
}

const overwrite: Mutation = (bytes, { random }) => {
  const [from, length] = span(bytes, random)
  const changed = bytes.slice()
  const piece = bytes.subarray(from, from + length)
  const to = random.below(bytes.byteLength)
  changed.set(piece.subarray(0, bytes.byteLength - to), to)
  return changed
}

/** The head of one input and the tail of another. */
const splice: Mutation = (bytes, { random, inputs }) => {
  const other = random.pick(inputs)
  return join(bytes.subarray(0, random.below(bytes.byteLength + 1)), other.subarray(random.below(other.byteLength + 1)))
}

const borrow: Mutation = (bytes, { random, inputs }) => {
  const other = random.pick(inputs)
  const [from, length] = span(other, random)
  const at = random.below(bytes.byteLength + 1)
  const kept = random.oneIn(2) ? at : Math.min(bytes.byteLength, at + length)
  return join(bytes.subarray(0, at), other.subarray(from, from + length), bytes.subarray(kept))
}

const word: Mutation = (bytes, { random }) => {
  const [at, length] = span(bytes, random)
  const replaced = random.oneIn(2) ? 0 : length
  return join(bytes.subarray(0, at), random.pick(WORDS), bytes.subarray(at + replaced))
}

/** From one quotation mark, comma or bracket to another: a member or an item, taken out or doubled. */
const member: Mutation = (bytes, { random }) => {
  const marks: number[] = []
  for (const [at, byte] of bytes.entries())
    if (byte === 0x2c || byte === 0x22 || byte === 0x7b || byte === 0x5b) marks.push(at)
  if (marks.length < 2) return bytes
  const first = random.below(marks.length - 1)
  const from = marks[first] ?? 0
  const to = marks[Math.min(marks.length - 1, first + 1 + random.below(8))] ?? from
  const tail = bytes.subarray(random.oneIn(2) ? to : from)
  return join(bytes.subarray(0, to), tail)
}

const digit: Mutation = (bytes, { random }) => {
  const digits = [...bytes.keys()].filter((at) => (bytes[at] ?? 0) >= 0x30 && (bytes[at] ?? 0) <= 0x39)
  if (digits.length === 0) return bytes
  const changed = bytes.slice()
  changed[random.pick(digits)] = 0x30 + random.below(10)
  return changed
}

const ANY: readonly Mutation[] = [
  ...[flipBit, setByte, step, edge, edge, nudge, nudge, remove, cut, insert, repeat, overwrite, splice, borrow],
]
const TEXT: readonly Mutation[] = [...ANY, word, word, word, member, member, member, digit, digit]

/** A new input from one that did something: from one to a dozen small changes. */
export function mutate(bytes: Uint8Array, material: Material): Uint8Array {
  const { random, isText, maxBytes } = material
  let changed = bytes
  do changed = random.pick(isText ? TEXT : ANY)(changed, material)
  while (!random.oneIn(3))
  return changed.byteLength > maxBytes ? changed.slice(0, maxBytes) : changed
}

function replaceAt(bytes: Uint8Array, random: Random, by: (byte: number) => number): Uint8Array {
  const changed = bytes.slice()
  const at = random.below(bytes.byteLength)
  const byte = bytes[at]
  if (byte !== undefined) changed[at] = by(byte)
  return changed
}

/** Where a piece begins and how long it is; mostly short. */
function span(bytes: Uint8Array, random: Random): readonly [number, number] {
  const at = random.below(bytes.byteLength)
  const left = bytes.byteLength - at
  return [at, Math.min(left, 1 + random.below(random.oneIn(4) ? left : 16))]
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.byteLength
  }
  return joined
}
