import { type Datatype, elementBytes } from './datatype.ts'
import { MAX_BYTES_ELEMENTS } from './limits.ts'
import { ProtocolError } from './protocol-error.ts'
import { elementCount } from './shape.ts'

/**
 * A tensor as bytes: what the hot path carries. Row-major, little-endian, without padding; each BYTES element is a
 * 32-bit length and that many bytes.
 *
 * Source: binary tensor data extension of the Open Inference Protocol. `data` may be a view of a larger buffer, at any
 * alignment.
 */
export interface RawTensor {
  readonly name: string
  readonly datatype: Datatype
  readonly shape: readonly number[]
  readonly data: Uint8Array
}

/**
 * Checks that the bytes of a tensor are exactly the elements of its shape.
 *
 * @param field - names the tensor in errors.
 * @throws {ProtocolError} `SHAPE_INVALID`, `BINARY_SIZE_MISMATCH`, `BYTES_MALFORMED`, `VALUE_OUT_OF_RANGE` for a BOOL
 * other than 0 and 1, `TOO_MANY_ITEMS` for more than 2^20 BYTES.
 */
export function checkRawTensor(field: string, tensor: RawTensor): void {
  const count = elementCount(`${field}.shape`, tensor.shape)
  const size = elementBytes(tensor.datatype)
  if (size === undefined) {
    checkBytesElements(field, tensor.data, count)
    return
  }
  if (tensor.data.byteLength !== count * size) {
    throw new ProtocolError('BINARY_SIZE_MISMATCH', { field, expected: count * size, actual: tensor.data.byteLength })
  }
  if (tensor.datatype === 'BOOL') {
    const index = tensor.data.findIndex((byte) => byte > 1)
    if (index >= 0) throw new ProtocolError('VALUE_OUT_OF_RANGE', { field, datatype: 'BOOL', index })
  }
}

/** The elements of BYTES data as views of it. Only for data that `checkRawTensor` has accepted. */
export function bytesElements(data: Uint8Array): Uint8Array[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const elements: Uint8Array[] = []
  for (let at = 0; at < data.byteLength; ) {
    const length = view.getUint32(at, true)
    elements.push(data.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return elements
}

/** BYTES data of elements. */
export function joinBytesElements(elements: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0
  for (const element of elements) length += 4 + element.byteLength
  const data = new Uint8Array(length)
  const view = new DataView(data.buffer)
  let at = 0
  for (const element of elements) {
    view.setUint32(at, element.byteLength, true)
    data.set(element, at + 4)
    at += 4 + element.byteLength
  }
  return data
}

function checkBytesElements(field: string, data: Uint8Array, count: number): void {
  if (count > MAX_BYTES_ELEMENTS) throw new ProtocolError('TOO_MANY_ITEMS', { field, limit: MAX_BYTES_ELEMENTS })
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  let at = 0
  for (let index = 0; index < count; index++) {
    if (data.byteLength - at < 4) throw new ProtocolError('BYTES_MALFORMED', { field, index })
    const length = view.getUint32(at, true)
    at += 4
    if (data.byteLength - at < length) throw new ProtocolError('BYTES_MALFORMED', { field, index })
    at += length
  }
  if (at !== data.byteLength) {
    throw new ProtocolError('BINARY_SIZE_MISMATCH', { field, expected: at, actual: data.byteLength })
  }
}
