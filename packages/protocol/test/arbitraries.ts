import {
  DATATYPES,
  type Datatype,
  elementBytes,
  type InferRequest,
  joinBytesElements,
  type RawTensor,
} from '@blindai/protocol'
import fc from 'fast-check'

/** Shapes from scalar to rank 4, some empty. */
const shapes: fc.Arbitrary<number[]> = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })

/** Any valid data of a datatype, as bytes. */
export function dataOf(datatype: Datatype, count: number): fc.Arbitrary<Uint8Array> {
  const size = elementBytes(datatype)
  if (size === undefined) {
    return fc
      .array(fc.uint8Array({ maxLength: 6 }), { minLength: count, maxLength: count })
      .map((elements) => joinBytesElements(elements))
  }
  const bytes = fc.uint8Array({ minLength: count * size, maxLength: count * size })
  return datatype === 'BOOL' ? bytes.map((data) => data.map((byte) => byte & 1)) : bytes
}

/** Any valid tensor. */
export const rawTensors: fc.Arbitrary<RawTensor> = fc
  .record({ name: fc.string({ maxLength: 8 }), datatype: fc.constantFrom(...DATATYPES), shape: shapes })
  .chain(({ name, datatype, shape }) =>
    dataOf(
      datatype,
      shape.reduce((count, dimension) => count * dimension, 1),
    ).map((data) => ({ name, datatype, shape, data })),
  )

/** Any valid request. */
export const requests: fc.Arbitrary<InferRequest> = fc
  .record({
    id: fc.option(fc.string({ maxLength: 8 }), { nil: undefined }),
    inputs: fc.uniqueArray(rawTensors, { maxLength: 4, selector: (tensor) => tensor.name }),
    outputs: fc.option(
      fc.uniqueArray(fc.record({ name: fc.string({ maxLength: 8 }), binary: fc.boolean() }), {
        minLength: 1,
        maxLength: 3,
        selector: (output) => output.name,
      }),
      { nil: undefined },
    ),
    binaryOutputsByDefault: fc.boolean(),
  })
  .map(({ id, outputs, ...rest }) => ({
    ...rest,
    ...(id === undefined ? {} : { id }),
    ...(outputs === undefined ? {} : { outputs }),
  }))
