import { ByteReader, fromUtf8, joinBytes, MalformedError, utf8 } from '@blindai/core'
import type { Datatype, RawTensor } from '@blindai/protocol'

/**
 * Tensors in a frame: the head holds their names, datatypes, shapes and lengths, the body their bytes.
 *
 * | bytes    | field                                                       |
 * | -------- | ----------------------------------------------------------- |
 * | 4        | number of tensors; for each:                                |
 * | 2, n     | length of the name, the name in UTF-8                       |
 * | 1        | datatype, the index in `WIRE_DATATYPES`                     |
 * | 1, 8 × r | number of dimensions, the dimensions                        |
 * | 8        | bytes of the elements                                       |
 * | 4        | number of outputs wanted, or ffffffff for all; for each:    |
 * | 2, n     | length of the name, the name in UTF-8                       |
 *
 * In the body each tensor starts at a multiple of eight, so that the receiver can view its elements in place. An answer
 * wants nothing.
 */

/** Datatypes in the order of their codes. Written out: the engine loads this file, and its root holds no protocol code. */
const WIRE_DATATYPES: readonly Datatype[] = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
]

const CODES: ReadonlyMap<Datatype, number> = new Map(WIRE_DATATYPES.map((datatype, code) => [datatype, code]))

/** The most tensors in a frame, and dimensions of a tensor. */
export const MAX_TENSORS = 1024
const MAX_DIMENSIONS = 32
const ALIGNMENT = 8
const ALL_OUTPUTS = 0xffff_ffff
const PADDING = new Uint8Array(ALIGNMENT)

/** Tensors, and the outputs that are wanted (all when undefined). */
export interface TensorTable {
  readonly tensors: readonly RawTensor[]
  readonly wanted: readonly string[] | undefined
}

/** A tensor on its way out: its bytes in pieces, one after the other, where they do not lie together. */
export interface OutgoingTensor extends Omit<RawTensor, 'data'> {
  readonly data: Uint8Array | readonly Uint8Array[]
}

/** The head and, in parts, the body. The parts are views of the tensors' bytes: nothing is copied. */
export interface EncodedTensors {
  readonly head: Uint8Array
  readonly parts: readonly Uint8Array[]
  readonly bodyBytes: number
}

/** Encodes tensors; sizes are the caller's to check. */
export function encodeTensorTable({
  tensors,
  wanted,
}: {
  readonly tensors: readonly OutgoingTensor[]
  readonly wanted: readonly string[] | undefined
}): EncodedTensors {
  const head: Uint8Array[] = [u32(tensors.length)]
  const parts: Uint8Array[] = []
  let bodyBytes = 0
  for (const { name, datatype, shape, data } of tensors) {
    head.push(...encodeName(name), Uint8Array.of(CODES.get(datatype) ?? 0xff, shape.length))
    for (const dimension of shape) head.push(u64(dimension))
    const pieces = data instanceof Uint8Array ? [data] : data
    const length = pieces.reduce((sum, piece) => sum + piece.byteLength, 0)
    head.push(u64(length))
    const padding = paddingOf(length)
    for (const piece of pieces) if (piece.byteLength > 0) parts.push(piece)
    if (padding > 0) parts.push(PADDING.subarray(0, padding))
    bodyBytes += length + padding
  }
  head.push(u32(wanted === undefined ? ALL_OUTPUTS : wanted.length))
  for (const name of wanted ?? []) head.push(...encodeName(name))
  return { head: joinBytes(head), parts, bodyBytes }
}

/**
 * Parses a head against the body that came with it. The tensors' bytes are views of `body`.
 *
 * What is checked is that the table is whole and covers the body exactly; that the bytes fit shape and datatype is for
 * `checkRawTensor` of the protocol.
 *
 * @throws {MalformedError} `TRUNCATED`, `TRAILING_BYTES`, `TOO_LONG`, `NOT_UTF8`, `WRONG_VALUE`, `WRONG_LENGTH`.
 */
export function parseTensorTable(head: Uint8Array, body: Uint8Array): TensorTable {
  const r = new ByteReader('tensor table', head)
  const count = parseCount(r, 'tensors')
  const tensors: RawTensor[] = []
  let at = 0
  for (let i = 0; i < count; i++) {
    const name = parseName(r)
    const datatype = WIRE_DATATYPES[r.u8(r.offset, 'datatype')]
    if (datatype === undefined) throw new MalformedError('WRONG_VALUE', { field: 'datatype', expected: 'a known code' })
    const rank = r.u8(r.offset, 'rank')
    if (rank > MAX_DIMENSIONS)
      throw new MalformedError('TOO_LONG', { field: 'rank', length: rank, limit: MAX_DIMENSIONS })
    const shape: number[] = []
    for (let axis = 0; axis < rank; axis++) shape.push(parseSize(r, 'dimension'))
    const length = parseSize(r, 'data')
    const padded = length + paddingOf(length)
    if (padded > body.byteLength - at) {
      throw new MalformedError('TRUNCATED', { field: 'tensor data', needed: padded, available: body.byteLength - at })
    }
    tensors.push({ name, datatype, shape, data: body.subarray(at, at + length) })
    at += padded
  }
  if (at !== body.byteLength) {
    throw new MalformedError('TRAILING_BYTES', { field: 'tensor data', count: body.byteLength - at })
  }
  const wanted = parseWanted(r)
  r.end()
  return { tensors, wanted }
}

function parseWanted(r: ByteReader): string[] | undefined {
  const count = r.u32(r.offset, 'outputs')
  if (count === ALL_OUTPUTS) return undefined
  if (count > MAX_TENSORS) throw new MalformedError('TOO_LONG', { field: 'outputs', length: count, limit: MAX_TENSORS })
  const names: string[] = []
  for (let i = 0; i < count; i++) names.push(parseName(r))
  return names
}

function parseCount(r: ByteReader, field: string): number {
  const count = r.u32(r.offset, field)
  if (count > MAX_TENSORS) throw new MalformedError('TOO_LONG', { field, length: count, limit: MAX_TENSORS })
  return count
}

function parseSize(r: ByteReader, field: string): number {
  const size = Number(r.u64(r.offset, field))
  if (!Number.isSafeInteger(size)) throw new MalformedError('WRONG_VALUE', { field, expected: 'a safe integer' })
  return size
}

function parseName(r: ByteReader): string {
  const length = r.u16(r.offset, 'name length')
  return fromUtf8('tensor name', r.bytes(r.offset, length, 'name'))
}

function encodeName(name: string): Uint8Array[] {
  const bytes = utf8(name)
  if (bytes.byteLength > 0xffff) throw new RangeError('a tensor name is longer than 65535 bytes')
  return [Uint8Array.of(bytes.byteLength & 0xff, bytes.byteLength >>> 8), bytes]
}

function paddingOf(length: number): number {
  return (ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true)
  return bytes
}
