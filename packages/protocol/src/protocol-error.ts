import { type Catalogue, CodedError } from '@blindai/core'
import type { Datatype } from './datatype.ts'

/** The facts that go with each code of `ProtocolError`. `field` is a place such as `inputs[0].data`, never a content. */
export interface ProtocolErrorDetails {
  USE_BINARY: { readonly field: string; readonly reason: 'not-finite' | 'fp16' | 'not-text' }
  DATATYPE_UNKNOWN: { readonly field: string }
  SHAPE_INVALID: { readonly field: string }
  SHAPE_MISMATCH: { readonly field: string; readonly expectedElements: number }
  TENSOR_TOO_LARGE: { readonly field: string; readonly limitBytes: number }
  TOO_MANY_ITEMS: { readonly field: string; readonly limit: number }
  VALUE_TYPE_MISMATCH: { readonly field: string; readonly datatype: Datatype; readonly index: number }
  VALUE_OUT_OF_RANGE: { readonly field: string; readonly datatype: Datatype; readonly index: number }
  BINARY_SIZE_MISMATCH: { readonly field: string; readonly expected: number; readonly actual: number }
  BYTES_MALFORMED: { readonly field: string; readonly index: number }
  DUPLICATE_TENSOR: { readonly field: string; readonly first: string }
  DATA_AMBIGUOUS: { readonly field: string }
  SHARED_MEMORY_UNSUPPORTED: { readonly field: string }
  HEADER_LENGTH_INVALID: { readonly bodyBytes: number | undefined }
  NOT_PROTOBUF: { readonly field: string }
  RAW_CONTENTS_MISMATCH: { readonly expected: number; readonly actual: number }
}

const USE_BINARY_REASONS: Readonly<Record<ProtocolErrorDetails['USE_BINARY']['reason'], string>> = {
  'not-finite': 'holds NaN or an infinity, which JSON cannot',
  fp16: 'has the datatype FP16, which travels only as binary data',
  'not-text': 'holds bytes that are not UTF-8, which JSON cannot',
}

/** Messages and hints of `ProtocolError`. */
export const PROTOCOL_CATALOGUE: Catalogue<ProtocolErrorDetails> = {
  USE_BINARY: {
    message: (d) => `${d.field} ${USE_BINARY_REASONS[d.reason]}`,
    hint: 'Use the binary tensor data extension for this tensor.',
  },
  DATATYPE_UNKNOWN: {
    message: (d) => `${d.field} names no datatype that is served`,
    hint: 'Use BOOL, UINT8 to UINT64, INT8 to INT64, FP16, FP32, FP64 or BYTES, in upper case.',
  },
  SHAPE_INVALID: {
    message: (d) => `${d.field} is not a list of whole, non-negative dimensions whose product can be counted`,
    hint: 'Give the full shape of the tensor, every dimension known.',
  },
  SHAPE_MISMATCH: {
    message: (d) => `${d.field} does not hold the ${d.expectedElements} elements of its shape`,
    hint: 'Send the elements flat in row-major order, or nested exactly as the shape says.',
  },
  TENSOR_TOO_LARGE: {
    message: (d) => `${d.field} is larger than ${d.limitBytes} bytes`,
    hint: 'Send a smaller batch.',
  },
  TOO_MANY_ITEMS: {
    message: (d) => `${d.field} has more than ${d.limit} items`,
    hint: 'Send fewer items in one request.',
  },
  VALUE_TYPE_MISMATCH: {
    message: (d) => `element ${d.index} of ${d.field} cannot be written to a ${d.datatype} tensor`,
    hint: 'Send whole numbers without fraction or exponent for integers, true or false for BOOL, strings for BYTES.',
  },
  VALUE_OUT_OF_RANGE: {
    message: (d) => `element ${d.index} of ${d.field} is outside the range of ${d.datatype}`,
    hint: 'Send values that the datatype can hold, or use a wider datatype if the model takes one.',
  },
  BINARY_SIZE_MISMATCH: {
    message: (d) => `${d.field} has ${d.actual} bytes of data; its shape and datatype need ${d.expected}`,
    hint: 'Send exactly the little-endian elements of the tensor, without padding.',
  },
  BYTES_MALFORMED: {
    message: (d) => `element ${d.index} of ${d.field} is not a length and that many bytes`,
    hint: 'Write each BYTES element as a 32-bit little-endian length followed by its bytes.',
  },
  DUPLICATE_TENSOR: {
    message: (d) => `${d.field} has the same name as ${d.first}`,
    hint: 'Name each tensor once.',
  },
  DATA_AMBIGUOUS: {
    message: (d) => `${d.field} has its data twice: as values and as binary data`,
    hint: 'Give the data once: as values (`data` in JSON, `contents` over gRPC), or as binary data.',
  },
  SHARED_MEMORY_UNSUPPORTED: {
    message: (d) => `${d.field} has its data in memory that would have to be shared with the server`,
    hint: 'Send the data in the request: nobody outside can share memory with an enclave.',
  },
  HEADER_LENGTH_INVALID: {
    message: (d) =>
      d.bodyBytes === undefined
        ? 'Inference-Header-Content-Length is not a number of bytes'
        : `Inference-Header-Content-Length does not lie within the body of ${d.bodyBytes} bytes`,
    hint: 'Give the length in bytes of the JSON part that starts the body.',
  },
  NOT_PROTOBUF: {
    message: (d) => `${d.field} is not a protobuf message of its type`,
    hint: 'Send messages as inference.proto of the package @blindai/protocol defines them.',
  },
  RAW_CONTENTS_MISMATCH: {
    message: (d) => `the message has ${d.expected} tensors, and raw contents for ${d.actual}`,
    hint: 'Give raw contents for every tensor in their order, or for none.',
  },
}

/** A request or response that is well-formed and yet not what the Open Inference Protocol allows. */
export class ProtocolError<Code extends keyof ProtocolErrorDetails = keyof ProtocolErrorDetails> extends CodedError<
  ProtocolErrorDetails,
  Code
> {
  constructor(code: Code, details: ProtocolErrorDetails[Code], options?: ErrorOptions) {
    super('ProtocolError', PROTOCOL_CATALOGUE, code, details, options)
  }
}

/** `ProtocolError` as a union, so that a switch over `code` narrows `details`. */
export type AnyProtocolError = {
  readonly [Code in keyof ProtocolErrorDetails]: ProtocolError<Code>
}[keyof ProtocolErrorDetails]

/** True for a `ProtocolError` of any copy of this package. */
export function isProtocolError(error: unknown): error is AnyProtocolError {
  return error instanceof Error && error.name === 'ProtocolError' && 'code' in error
}
