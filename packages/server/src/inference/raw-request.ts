import { checkRawTensor, elementBytes, type RawTensor, type TensorMetadata } from '@blindai/protocol'
import { InferenceError } from './inference-error.ts'

/** Bytes of the length that stands before each element of a BYTES tensor. */
const LENGTH_BYTES = 4

/**
 * The input of a request whose body is one tensor and nothing else. The model says what the body does not: name, datatype
 * and shape, of which one dimension may vary. A BYTES tensor is one element, the whole body.
 *
 * Source: Triton binary tensor data extension, "Raw Binary Request".
 *
 * @param onGrow - told how many bytes will be held beside the body, before they are; may refuse by throwing.
 * @throws {InferenceError} `RAW_REQUEST_UNSUPPORTED`, `RAW_REQUEST_SIZE_MISMATCH`; {ProtocolError} `VALUE_OUT_OF_RANGE`; what
 * `onGrow` throws.
 */
export function rawRequestInput(
  inputs: readonly TensorMetadata[],
  body: Uint8Array,
  onGrow: (bytes: number) => void,
): RawTensor {
  const tensor = tensorOf(inputs, body, onGrow)
  checkRawTensor('body', tensor)
  return tensor
}

function tensorOf(inputs: readonly TensorMetadata[], body: Uint8Array, onGrow: (bytes: number) => void): RawTensor {
  const [input, ...others] = inputs
  if (input === undefined || others.length > 0) {
    throw new InferenceError('RAW_REQUEST_UNSUPPORTED', { reason: 'not-one-input' })
  }
  const { name, datatype, shape } = input
  const open = shape.filter((dimension) => dimension < 0).length
  if (open > 1) throw new InferenceError('RAW_REQUEST_UNSUPPORTED', { reason: 'shape-not-known' })
  const known = shape.reduce((product, dimension) => product * (dimension < 0 ? 1 : dimension), 1)
  const size = elementBytes(datatype)
  if (size === undefined) {
    if (known !== 1) throw new InferenceError('RAW_REQUEST_UNSUPPORTED', { reason: 'shape-not-known' })
    onGrow(LENGTH_BYTES + body.byteLength)
    return { name, datatype, shape: shape.map(() => 1), data: oneElement(body) }
  }
  const step = known * size
  const actual = body.byteLength
  const count = step === 0 ? 0 : actual / step
  if (open === 0 ? actual !== step : !Number.isSafeInteger(count) || (step === 0 && actual !== 0)) {
    throw new InferenceError('RAW_REQUEST_SIZE_MISMATCH', { expected: step, actual, isMultiple: open === 1 })
  }
  return { name, datatype, shape: shape.map((dimension) => (dimension < 0 ? count : dimension)), data: body }
}

function oneElement(body: Uint8Array): Uint8Array {
  const data = new Uint8Array(LENGTH_BYTES + body.byteLength)
  new DataView(data.buffer).setUint32(0, body.byteLength, true)
  data.set(body, LENGTH_BYTES)
  return data
}
