import type { Datatype } from './datatype.ts'
import { bytesElements, checkRawTensor, joinBytesElements, type RawTensor } from './raw-tensor.ts'

/**
 * The array that holds the elements of each datatype. BOOL: 0 and 1. FP16: the bits of each half; `packHalf` and
 * `unpackHalf` convert. BYTES: the elements in row-major order.
 */
export interface TensorData {
  BOOL: Uint8Array
  UINT8: Uint8Array
  UINT16: Uint16Array
  UINT32: Uint32Array
  UINT64: BigUint64Array
  INT8: Int8Array
  INT16: Int16Array
  INT32: Int32Array
  INT64: BigInt64Array
  FP16: Uint16Array
  FP32: Float32Array
  FP64: Float64Array
  BYTES: readonly Uint8Array[]
}

/** A tensor with typed elements; a switch over `datatype` narrows `data`. */
export type Tensor = {
  readonly [D in Datatype]: {
    readonly name: string
    readonly datatype: D
    readonly shape: readonly number[]
    readonly data: TensorData[D]
  }
}[Datatype]

/**
 * The tensor as bytes: a view of the same memory, except for BYTES.
 *
 * @throws {ProtocolError} `SHAPE_INVALID`, `BINARY_SIZE_MISMATCH`, `BYTES_MALFORMED`, `VALUE_OUT_OF_RANGE`.
 */
export function toRaw(tensor: Tensor): RawTensor {
  const { name, datatype, shape } = tensor
  const data =
    tensor.datatype === 'BYTES'
      ? joinBytesElements(tensor.data)
      : new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength)
  const raw: RawTensor = { name, datatype, shape, data }
  checkRawTensor(name, raw)
  return raw
}

/**
 * The tensor with typed elements: a view of the same memory where its alignment allows, a copy otherwise.
 *
 * @throws {ProtocolError} as `toRaw`.
 */
export function fromRaw(raw: RawTensor): Tensor {
  checkRawTensor(raw.name, raw)
  const { name, shape } = raw
  const { buffer, byteOffset, byteLength } = raw.data
  const aligned = (size: number): { buffer: ArrayBufferLike; offset: number; length: number } =>
    byteOffset % size === 0
      ? { buffer, offset: byteOffset, length: byteLength / size }
      : { buffer: new Uint8Array(raw.data).buffer, offset: 0, length: byteLength / size }
  switch (raw.datatype) {
    case 'BOOL':
    case 'UINT8':
      return { name, datatype: raw.datatype, shape, data: new Uint8Array(buffer, byteOffset, byteLength) }
    case 'INT8':
      return { name, datatype: 'INT8', shape, data: new Int8Array(buffer, byteOffset, byteLength) }
    case 'UINT16':
    case 'FP16': {
      const a = aligned(2)
      return { name, datatype: raw.datatype, shape, data: new Uint16Array(a.buffer, a.offset, a.length) }
    }
    case 'INT16': {
      const a = aligned(2)
      return { name, datatype: 'INT16', shape, data: new Int16Array(a.buffer, a.offset, a.length) }
    }
    case 'UINT32': {
      const a = aligned(4)
      return { name, datatype: 'UINT32', shape, data: new Uint32Array(a.buffer, a.offset, a.length) }
    }
    case 'INT32': {
      const a = aligned(4)
      return { name, datatype: 'INT32', shape, data: new Int32Array(a.buffer, a.offset, a.length) }
    }
    case 'FP32': {
      const a = aligned(4)
      return { name, datatype: 'FP32', shape, data: new Float32Array(a.buffer, a.offset, a.length) }
    }
    case 'UINT64': {
      const a = aligned(8)
      return { name, datatype: 'UINT64', shape, data: new BigUint64Array(a.buffer, a.offset, a.length) }
    }
    case 'INT64': {
      const a = aligned(8)
      return { name, datatype: 'INT64', shape, data: new BigInt64Array(a.buffer, a.offset, a.length) }
    }
    case 'FP64': {
      const a = aligned(8)
      return { name, datatype: 'FP64', shape, data: new Float64Array(a.buffer, a.offset, a.length) }
    }
    case 'BYTES':
      return { name, datatype: 'BYTES', shape, data: bytesElements(raw.data) }
    default:
      return raw.datatype satisfies never
  }
}
