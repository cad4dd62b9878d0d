import { type Datatype, elementBytes } from './datatype.ts'
import { MAX_RANK } from './limits.ts'
import { ProtocolError } from './protocol-error.ts'

/**
 * The number of elements of a shape; 1 for a scalar, whose shape is empty.
 *
 * The product of the dimensions other than zero must be exact too, so that `[2^40, 2^40, 0]` is refused.
 *
 * @param field - names the shape in the error.
 * @throws {ProtocolError} `SHAPE_INVALID`.
 */
export function elementCount(field: string, shape: readonly number[]): number {
  if (shape.length > MAX_RANK) throw new ProtocolError('SHAPE_INVALID', { field })
  let product = 1
  let empty = false
  for (const dimension of shape) {
    if (!Number.isSafeInteger(dimension) || dimension < 0) throw new ProtocolError('SHAPE_INVALID', { field })
    if (dimension === 0) empty = true
    else product *= dimension
    if (!Number.isSafeInteger(product)) throw new ProtocolError('SHAPE_INVALID', { field })
  }
  return empty ? 0 : product
}

/**
 * Checks that a tensor of fixed-size elements, or the length prefixes alone of BYTES, stay within a limit.
 *
 * @throws {ProtocolError} `TENSOR_TOO_LARGE`.
 */
export function checkTensorBytes(field: string, datatype: Datatype, count: number, limitBytes: number): void {
  if (count * (elementBytes(datatype) ?? 4) > limitBytes) {
    throw new ProtocolError('TENSOR_TOO_LARGE', { field, limitBytes })
  }
}
