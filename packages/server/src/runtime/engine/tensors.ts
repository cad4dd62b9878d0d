import type { Datatype, RawTensor } from '@blindai/protocol'
import { Tensor } from 'onnxruntime-node'
import { Failure } from './failure.ts'

// onnxruntime-node 1.30 cannot read a Float16Array, and takes a Uint16Array for FP16 only where the other is unknown.
Reflect.deleteProperty(globalThis, 'Float16Array')

/**
 * Between bytes on the wire and ONNX Runtime's tensors. The elements of fixed size are viewed, not copied, wherever their
 * bytes are aligned, which those of a frame are.
 */

/** Datatype of the protocol, ONNX Runtime's name for it, and the array that holds its elements. */
const NUMBERS = {
  BOOL: ['bool', Uint8Array],
  UINT8: ['uint8', Uint8Array],
  UINT16: ['uint16', Uint16Array],
  UINT32: ['uint32', Uint32Array],
  UINT64: ['uint64', BigUint64Array],
  INT8: ['int8', Int8Array],
  INT16: ['int16', Int16Array],
  INT32: ['int32', Int32Array],
  INT64: ['int64', BigInt64Array],
  FP16: ['float16', Uint16Array],
  FP32: ['float32', Float32Array],
  FP64: ['float64', Float64Array],
} as const

const DATATYPES: ReadonlyMap<string, Datatype> = new Map([
  ...Object.entries(NUMBERS).map(([datatype, [type]]) => [type, datatype as keyof typeof NUMBERS] as const),
  ['string', 'BYTES'] as const,
])

/** The protocol's name of a type of ONNX Runtime; undefined for those that it lacks. */
export function datatypeOf(type: string): Datatype | undefined {
  return DATATYPES.get(type)
}

/**
 * A tensor for ONNX Runtime. Its strings are UTF-8: BYTES elements that are not are refused.
 *
 * @throws {Failure} `INPUT_INVALID` `not-utf8`, `not-a-boolean`; `INPUT_UNSUPPORTED`
 * `zero-byte-in-text`.
 */
export function toOrt({ name, datatype, shape, data }: RawTensor): Tensor {
  if (datatype === 'BYTES') return new Tensor('string', decodeStrings(name, data), shape)
  if (datatype === 'BOOL' && data.some((byte) => byte > 1)) throw new Failure('INPUT_INVALID', 'not-a-boolean', name)
  const [type, ElementArray] = NUMBERS[datatype]
  const size = ElementArray.BYTES_PER_ELEMENT
  const aligned = data.byteOffset % size === 0 ? data : data.slice()
  const elements = new ElementArray(plainBuffer(aligned), aligned.byteOffset, data.byteLength / size)
  return Reflect.construct(Tensor, [type, elements, shape])
}

/** The bytes of a tensor that a run gave. */
export function fromOrt(name: string, tensor: Tensor): RawTensor {
  const datatype = datatypeOf(tensor.type)
  if (datatype === undefined) throw new Failure('RUN_FAILED', 'output-datatype', name)
  const { data, dims } = tensor
  if (Array.isArray(data)) return { name, datatype, shape: dims, data: encodeStrings(data) }
  return { name, datatype, shape: dims, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }
}

/** A tensor of zeros, or of empty strings. */
export function zeros(datatype: Datatype, shape: readonly number[]): Tensor {
  const count = shape.reduce((product, dimension) => product * dimension, 1)
  if (datatype === 'BYTES') return new Tensor('string', new Array<string>(count).fill(''), shape)
  const [type, ElementArray] = NUMBERS[datatype]
  return Reflect.construct(Tensor, [type, new ElementArray(count), shape])
}

/** Bytes of an element; strings count as their length prefix. */
export function elementBytes(datatype: Datatype): number {
  return datatype === 'BYTES' ? 4 : NUMBERS[datatype][1].BYTES_PER_ELEMENT
}

function plainBuffer({ buffer }: Uint8Array): ArrayBuffer {
  if (buffer instanceof ArrayBuffer) return buffer
  throw new TypeError('tensors do not lie in shared memory')
}

function decodeStrings(name: string, data: Uint8Array): string[] {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const strings: string[] = []
  for (let at = 0; at < data.byteLength; ) {
    const length = view.getUint32(at, true)
    at += 4
    const element = data.subarray(at, at + length)
    // onnxruntime-node hands strings over as C does, and would cut this one short without a word.
    if (element.includes(0)) throw new Failure('INPUT_UNSUPPORTED', 'zero-byte-in-text', name)
    try {
      strings.push(decoder.decode(element))
    } catch (cause) {
      throw new Failure('INPUT_INVALID', 'not-utf8', name, { cause })
    }
    at += length
  }
  return strings
}

function encodeStrings(strings: readonly string[]): Uint8Array {
  const elements = strings.map((text) => new TextEncoder().encode(text))
  const data = new Uint8Array(elements.reduce((sum, element) => sum + 4 + element.byteLength, 0))
  const view = new DataView(data.buffer)
  let at = 0
  for (const element of elements) {
    view.setUint32(at, element.byteLength, true)
    data.set(element, at + 4)
    at += 4 + element.byteLength
  }
  return data
}
