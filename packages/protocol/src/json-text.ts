import { fromUtf8, isMalformedError } from '@blindai/core'
import { ProtocolError, type ProtocolErrorDetails } from './protocol-error.ts'
import type { RawTensor } from './raw-tensor.ts'
import { fromRaw, type Tensor } from './tensor.ts'

/** Why a tensor cannot travel as JSON. */
export type JsonObstacle = ProtocolErrorDetails['USE_BINARY']['reason']

/**
 * Why a tensor cannot travel as JSON; undefined when it can.
 *
 * @throws {ProtocolError} as `checkRawTensor`.
 */
export function jsonObstacle(raw: RawTensor): JsonObstacle | undefined {
  return obstacleOf(fromRaw(raw))
}

/**
 * The JSON array of a tensor's elements, flat and exact: floats as the shortest decimal of the same double, negative
 * zero kept, 64-bit integers with all digits, BYTES as text.
 *
 * @param field - names the tensor in errors.
 * @throws {ProtocolError} `USE_BINARY` for FP16, NaN, infinities, and BYTES that are not UTF-8, and as `checkRawTensor`.
 */
export function jsonDataText(field: string, raw: RawTensor): string {
  const tensor = fromRaw(raw)
  const reason = obstacleOf(tensor)
  if (reason !== undefined) throw new ProtocolError('USE_BINARY', { field, reason })
  switch (tensor.datatype) {
    case 'BOOL':
      return `[${Array.from(tensor.data, (byte) => (byte === 1 ? 'true' : 'false')).join(',')}]`
    case 'FP32':
    case 'FP64':
      return `[${floatsText(tensor.data)}]`
    case 'BYTES':
      return `[${tensor.data.map((element) => JSON.stringify(fromUtf8(field, element))).join(',')}]`
    default:
      return `[${tensor.data.join(',')}]`
  }
}

function obstacleOf(tensor: Tensor): JsonObstacle | undefined {
  switch (tensor.datatype) {
    case 'FP16':
      return 'fp16'
    case 'FP32':
    case 'FP64':
      return tensor.data.every(Number.isFinite) ? undefined : 'not-finite'
    case 'BYTES':
      return tensor.data.every(isText) ? undefined : 'not-text'
    default:
      return undefined
  }
}

function floatsText(values: Float32Array | Float64Array): string {
  // An array writes negative zero as 0.
  return values.some((value) => Object.is(value, -0))
    ? Array.from(values, (value) => (Object.is(value, -0) ? '-0' : String(value))).join(',')
    : values.join(',')
}

function isText(element: Uint8Array): boolean {
  try {
    fromUtf8('element', element)
    return true
  } catch (cause) {
    if (!isMalformedError(cause)) throw cause
    return false
  }
}
