import { MalformedError } from '@blindai/core'
import { type Datatype, elementBytes } from '../datatype.ts'
import { MAX_BYTES_ELEMENTS } from '../limits.ts'
import { ProtocolError } from '../protocol-error.ts'
import { ProtobufReader } from './protobuf-reader.ts'

/**
 * The typed contents of a tensor, into the bytes of the tensor.
 *
 * Source: Open Inference Protocol v2 over gRPC, `InferTensorContents`.
 */

/** The field that holds each datatype. FP16 has none: it travels as raw bytes. */
// biome-ignore format: one row a field
const FIELDS: Readonly<Record<Exclude<Datatype, 'FP16'>, number>> = {
  BOOL: 1,
  INT8: 2, INT16: 2, INT32: 2,
  INT64: 3,
  UINT8: 4, UINT16: 4, UINT32: 4,
  UINT64: 5,
  FP32: 6,
  FP64: 7,
  BYTES: 8,
}

const LAST_FIELD = 8

/** What the contents belong to. */
export interface ContentsOf {
  /** Names the tensor in errors. */
  readonly field: string
  readonly datatype: Datatype
  /** The elements of its shape. */
  readonly count: number
}

/**
 * Reads typed contents. Nothing is allocated before the message is long enough to hold that many elements.
 *
 * @param limitBytes - bounds contents that are read one by one: integers and BYTES. Floats come as they lie.
 * @throws {ProtocolError} `NOT_PROTOBUF`, `USE_BINARY`, `SHAPE_MISMATCH`, `VALUE_TYPE_MISMATCH`, `VALUE_OUT_OF_RANGE`,
 * `TOO_MANY_ITEMS`; {MalformedError} `TOO_LONG`.
 */
export function readContents(of: ContentsOf, bytes: Uint8Array, limitBytes: number): Uint8Array {
  const { field, datatype, count } = of
  if (datatype === 'FP16') throw new ProtocolError('USE_BINARY', { field, reason: 'fp16' })
  const size = elementBytes(datatype)
  const isFlat = isFloat(datatype)
  if (!isFlat && bytes.byteLength > limitBytes) {
    const details = { field: `${field}.contents`, length: bytes.byteLength, limit: limitBytes }
    throw new MalformedError('TOO_LONG', details)
  }
  if (size === undefined) return readBytesContents(of, bytes)
  if (count * (isFlat ? size : 1) > bytes.byteLength) throw mismatch(of)
  if (isFlat) return readFloats(of, bytes, size === 4 ? 4 : 8)
  const data = new Uint8Array(count * size)
  const write = writerOf(of, new DataView(data.buffer), size)
  let index = 0
  for (const reader of contentsFields(of, bytes)) {
    reader.integers((low, high) => {
      if (index === count) throw mismatch(of)
      if (!write(index, low, high)) throw new ProtocolError('VALUE_OUT_OF_RANGE', { field, datatype, index })
      index++
    })
  }
  if (index !== count) throw mismatch(of)
  return data
}

/** True for what lies in a message as in the tensor. */
export function isFloat(datatype: Datatype): datatype is 'FP32' | 'FP64' {
  return datatype === 'FP32' || datatype === 'FP64'
}

/** Moves from one field of the datatype to the next; refuses fields of other datatypes. */
function* contentsFields(of: ContentsOf, bytes: Uint8Array): Generator<ProtobufReader, void, undefined> {
  const { field, datatype } = of
  const reader = new ProtobufReader(`${field}.contents`, bytes)
  for (let number = reader.next(); number !== undefined; number = reader.next()) {
    if (datatype !== 'FP16' && number === FIELDS[datatype]) yield reader
    else if (number <= LAST_FIELD) throw new ProtocolError('VALUE_TYPE_MISMATCH', { field, datatype, index: 0 })
  }
}

/** Writes one integer, given as two halves of 64 bits; false when the datatype does not hold it. */
function writerOf(
  { datatype }: ContentsOf,
  view: DataView,
  size: number,
): (index: number, low: number, high: number) => boolean {
  if (size === 8) {
    return (index, low, high) => {
      view.setUint32(8 * index, low, true)
      view.setUint32(8 * index + 4, high, true)
      return true
    }
  }
  const isSigned = datatype === 'INT8' || datatype === 'INT16' || datatype === 'INT32'
  const bits = datatype === 'BOOL' ? 1 : 8 * size
  const least = isSigned ? -(2 ** (bits - 1)) : 0
  const greatest = isSigned ? 2 ** (bits - 1) - 1 : 2 ** bits - 1
  return (index, low, high) => {
    // A negative one is written with all of its 64 bits.
    const value = isSigned && high === 0xffff_ffff && low >= 0x8000_0000 ? low - 2 ** 32 : low
    if ((high !== 0 && value >= 0) || value < least || value > greatest) return false
    if (size === 1) view.setUint8(index, value)
    else if (size === 2) view.setUint16(2 * index, value, true)
    else view.setUint32(4 * index, value, true)
    return true
  }
}

/** Floats lie in the message as in the tensor: all in one field are a view of it. */
function readFloats(of: ContentsOf, bytes: Uint8Array, size: 4 | 8): Uint8Array {
  const length = of.count * size
  let data: Uint8Array | undefined
  let at = 0
  for (const reader of contentsFields(of, bytes)) {
    const piece = reader.isBytes ? reader.bytes() : reader.fixed(size)
    if (piece.byteLength % size !== 0) throw reader.broken()
    if (piece.byteLength > length - at) throw mismatch(of)
    if (at === 0 && piece.byteLength === length) {
      data = piece
    } else {
      data ??= new Uint8Array(length)
      data.set(piece, at)
    }
    at += piece.byteLength
  }
  if (at !== length) throw mismatch(of)
  return data ?? new Uint8Array(0)
}

/** Read twice: how long they are together, then into one piece. */
function readBytesContents(of: ContentsOf, bytes: Uint8Array): Uint8Array {
  const { field, count } = of
  if (count > MAX_BYTES_ELEMENTS) throw new ProtocolError('TOO_MANY_ITEMS', { field, limit: MAX_BYTES_ELEMENTS })
  let elements = 0
  let length = 0
  for (const reader of contentsFields(of, bytes)) {
    elements++
    length += 4 + reader.bytes().byteLength
  }
  if (elements !== count) throw mismatch(of)
  const data = new Uint8Array(length)
  const view = new DataView(data.buffer)
  let at = 0
  for (const reader of contentsFields(of, bytes)) {
    const element = reader.bytes()
    view.setUint32(at, element.byteLength, true)
    data.set(element, at + 4)
    at += 4 + element.byteLength
  }
  return data
}

function mismatch({ field, count }: ContentsOf): ProtocolError {
  return new ProtocolError('SHAPE_MISMATCH', { field: `${field}.contents`, expectedElements: count })
}
