import { type Datatype, joinBytesElements, type RawTensor } from '@blindai/protocol'

/**
 * Reads the TensorProto files of the operator tests. For tests only: it trusts its input.
 *
 * Source: onnx.proto3 of ONNX 1.12, messages TensorProto and TensorProto.DataType.
 */

const DATATYPES: ReadonlyMap<number, Datatype> = new Map([
  [1, 'FP32'],
  [2, 'UINT8'],
  [3, 'INT8'],
  [4, 'UINT16'],
  [5, 'INT16'],
  [6, 'INT32'],
  [7, 'INT64'],
  [8, 'BYTES'],
  [9, 'BOOL'],
  [10, 'FP16'],
  [11, 'FP64'],
  [12, 'UINT32'],
  [13, 'UINT64'],
])

/** Field numbers of TensorProto. */
const DIMS = 1
const DATA_TYPE = 2
const FLOAT_DATA = 4
const INT32_DATA = 5
const STRING_DATA = 6
const INT64_DATA = 7
const NAME = 8
const RAW_DATA = 9
const DOUBLE_DATA = 10
const UINT64_DATA = 11

/** The tensor of a TensorProto file. @throws {RangeError} for a kind of data that these tests do not have. */
export function parseTensorProto(bytes: Uint8Array): RawTensor {
  const dims: number[] = []
  const strings: Uint8Array[] = []
  const integers: bigint[] = []
  let type = 0
  let name = ''
  let data: Uint8Array | undefined
  for (const { field, value } of fields(bytes)) {
    switch (field) {
      case DIMS:
        dims.push(...varints(value).map(Number))
        break
      case DATA_TYPE:
        type = Number(varints(value)[0])
        break
      case NAME:
        if (typeof value !== 'bigint') name = new TextDecoder().decode(value)
        break
      case RAW_DATA:
      case FLOAT_DATA:
      case DOUBLE_DATA:
        if (typeof value !== 'bigint') data = value
        break
      case STRING_DATA:
        if (typeof value !== 'bigint') strings.push(value)
        break
      case INT32_DATA:
      case INT64_DATA:
      case UINT64_DATA:
        integers.push(...varints(value))
        break
      default:
        throw new RangeError(`a TensorProto with field ${field}`)
    }
  }
  const datatype = DATATYPES.get(type)
  if (datatype === undefined) throw new RangeError(`a TensorProto of type ${type}`)
  if (datatype === 'BYTES') return { name, datatype, shape: dims, data: joinBytesElements(strings) }
  return { name, datatype, shape: dims, data: data ?? integerData(datatype, integers) }
}

function integerData(datatype: Datatype, values: readonly bigint[]): Uint8Array {
  const numbers = values.map((value) => Number(BigInt.asIntN(64, value)))
  switch (datatype) {
    case 'INT64':
      return new Uint8Array(BigInt64Array.from(values).buffer)
    case 'INT32':
      return new Uint8Array(Int32Array.from(numbers).buffer)
    case 'INT16':
    case 'UINT16':
    case 'FP16':
      return new Uint8Array(Uint16Array.from(numbers).buffer)
    case 'INT8':
    case 'UINT8':
    case 'BOOL':
      return Uint8Array.from(numbers)
    default:
      if (values.length === 0) return new Uint8Array(0)
      throw new RangeError(`${datatype} values as integers`)
  }
}

interface Field {
  readonly field: number
  /** A varint, or the bytes of any other wire type. */
  readonly value: bigint | Uint8Array
}

function* fields(bytes: Uint8Array): Generator<Field> {
  for (let at = 0; at < bytes.length; ) {
    const tag = varint(bytes, at)
    const field = Number(tag.value >> 3n)
    switch (Number(tag.value & 7n)) {
      case 0: {
        const number = varint(bytes, tag.end)
        yield { field, value: number.value }
        at = number.end
        break
      }
      case 1:
        yield { field, value: bytes.subarray(tag.end, tag.end + 8) }
        at = tag.end + 8
        break
      case 2: {
        const length = varint(bytes, tag.end)
        at = length.end + Number(length.value)
        yield { field, value: bytes.subarray(length.end, at) }
        break
      }
      case 5:
        yield { field, value: bytes.subarray(tag.end, tag.end + 4) }
        at = tag.end + 4
        break
      default:
        throw new RangeError('a wire type that TensorProto does not use')
    }
  }
}

/** The integers of a repeated field, packed or one at a time. */
function varints(value: bigint | Uint8Array): bigint[] {
  if (typeof value === 'bigint') return [value]
  const values: bigint[] = []
  for (let at = 0; at < value.length; ) {
    const number = varint(value, at)
    values.push(number.value)
    at = number.end
  }
  return values
}

function varint(bytes: Uint8Array, start: number): { readonly value: bigint; readonly end: number } {
  let value = 0n
  for (let at = start, shift = 0n; at < bytes.length; at++, shift += 7n) {
    const byte = bytes[at] ?? 0
    value |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) return { value, end: at + 1 }
  }
  throw new RangeError('a varint that does not end')
}
