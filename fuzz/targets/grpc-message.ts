import { joinBytes } from '@blindai/core'
import { parseGrpcHealthRequest } from '../../packages/protocol/src/grpc/health-messages.ts'
import {
  encodeGrpcInferRequest,
  type GrpcInferRequest,
  parseGrpcInferRequest,
} from '../../packages/protocol/src/grpc/infer-request.ts'
import { encodeGrpcInferResponse, parseGrpcInferResponse } from '../../packages/protocol/src/grpc/infer-response.ts'
import {
  type GrpcReflectionRequest,
  parseGrpcReflectionRequest,
} from '../../packages/protocol/src/grpc/reflection-messages.ts'
import {
  type GrpcRepositoryIndexRequest,
  type GrpcRepositoryModelRequest,
  parseGrpcRepositoryIndexRequest,
  parseGrpcRepositoryModelRequest,
} from '../../packages/protocol/src/grpc/repository-messages.ts'
import { type GrpcModelReference, parseGrpcModelReference } from '../../packages/protocol/src/grpc/service-messages.ts'
import type { InferResponse } from '../../packages/protocol/src/infer-response.ts'
import { written } from '../engine/seeds.ts'
import type { FuzzTarget } from '../engine/target.ts'

type Message =
  | GrpcInferRequest
  | InferResponse
  | GrpcModelReference
  | GrpcRepositoryIndexRequest
  | GrpcRepositoryModelRequest
  | GrpcReflectionRequest
  | { readonly service: string }

/** In the order of the first byte, which says what the others are. */
const PARSERS: readonly ((bytes: Uint8Array) => Message)[] = [
  parseGrpcInferRequest,
  parseGrpcInferResponse,
  parseGrpcModelReference,
  parseGrpcRepositoryIndexRequest,
  parseGrpcRepositoryModelRequest,
  parseGrpcReflectionRequest,
  (bytes) => ({ service: parseGrpcHealthRequest(bytes) }),
]

function parse(bytes: Uint8Array): Message {
  const parser = PARSERS[(bytes[0] ?? 0) % PARSERS.length] ?? parseGrpcInferRequest
  return parser(bytes.subarray(1))
}

/** Inference messages come back from their encoding; of the others only the parser is here. */
function write(message: Message): Uint8Array | undefined {
  if ('inputs' in message) return joinBytes([Uint8Array.of(0), ...encodeGrpcInferRequest(message)])
  if ('outputs' in message) return joinBytes([Uint8Array.of(1), ...encodeGrpcInferResponse(message)])
  return undefined
}

const field = (number: number, ...bytes: readonly (number | string)[]): number[] => {
  const body = bytes.flatMap((byte) => (typeof byte === 'number' ? [byte] : [...new TextEncoder().encode(byte)]))
  return [number * 8 + 2, body.length, ...body]
}
const input = (datatype: string, ...rest: readonly number[]): number[] =>
  field(5, ...field(1, 'x'), ...field(2, datatype), ...field(3, 2), ...rest)

/** Contents of each datatype: the field, and two elements packed. */
const CONTENTS: readonly (readonly [datatype: string, contents: readonly number[]])[] = [
  ['BOOL', field(1, 1, 0)],
  ['INT8', field(2, 5, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1)],
  ['INT32', [16, 1, 16, 2]],
  ['INT64', field(3, 1, 0x80, 1)],
  ['UINT16', field(4, 1, 0xff, 0xff, 3)],
  ['UINT64', field(5, 1, 2)],
  ['FP32', field(6, 0, 0, 128, 63, 0, 0, 0, 64)],
  ['FP32', [53, 0, 0, 128, 63, 53, 0, 0, 0, 64]],
  ['FP64', field(7, 0, 0, 0, 0, 0, 0, 240, 63, 0, 0, 0, 0, 0, 0, 0, 64)],
  ['BYTES', [...field(8, 'ab'), ...field(8)]],
]

export const target: FuzzTarget<Message> = {
  sources: [
    'packages/protocol/src/grpc/health-messages.ts',
    'packages/protocol/src/grpc/infer-request.ts',
    'packages/protocol/src/grpc/infer-response.ts',
    'packages/protocol/src/grpc/parameters.ts',
    'packages/protocol/src/grpc/protobuf-reader.ts',
    'packages/protocol/src/grpc/reflection-messages.ts',
    'packages/protocol/src/grpc/repository-messages.ts',
    'packages/protocol/src/grpc/service-messages.ts',
    'packages/protocol/src/grpc/tensor-contents.ts',
    'packages/protocol/src/grpc/tensor-entries.ts',
  ],
  seeds: [
    written(
      ...CONTENTS.map(([datatype, contents]) =>
        Uint8Array.of(0, ...field(1, 'm'), ...input(datatype, ...field(5, ...contents))),
      ),
      Uint8Array.of(
        0,
        ...field(1, 'm'),
        ...field(2, '1'),
        ...field(3, 'id'),
        ...input('FP16'),
        ...field(7, 0, 60, 0, 188),
      ),
      Uint8Array.of(0, ...field(4, ...field(1, 'p'), ...field(2, 16, 7)), ...field(6, ...field(1, 'y'))),
      Uint8Array.of(1, ...field(1, 'm'), ...input('FP16'), ...field(6, 0, 60, 0, 188)),
      Uint8Array.of(2, ...field(1, 'm'), ...field(2, '1')),
      Uint8Array.of(3, ...field(1, ''), 16, 1),
      Uint8Array.of(4, ...field(2, 'm'), ...field(3, ...field(1, 'config'), ...field(2, ...field(3, '{}')))),
      Uint8Array.of(5, ...field(1, 'h'), ...field(4, 'inference.DataType')),
      Uint8Array.of(5, ...field(5, ...field(1, 'm'), 16, 1)),
      Uint8Array.of(5, ...field(7)),
      Uint8Array.of(6, ...field(1, 's')),
    ),
  ],
  parse,
  write,
  refuses: {
    MalformedError: ['NOT_UTF8', 'TOO_LONG', 'WRONG_TYPE', 'DUPLICATE_MEMBER', 'MISSING_MEMBER'],
    ProtocolError: [
      ...['NOT_PROTOBUF', 'RAW_CONTENTS_MISMATCH', 'USE_BINARY', 'DATATYPE_UNKNOWN', 'SHAPE_INVALID', 'SHAPE_MISMATCH'],
      ...['TENSOR_TOO_LARGE', 'TOO_MANY_ITEMS', 'VALUE_TYPE_MISMATCH', 'VALUE_OUT_OF_RANGE', 'BINARY_SIZE_MISMATCH'],
      ...['BYTES_MALFORMED', 'DUPLICATE_TENSOR', 'DATA_AMBIGUOUS', 'SHARED_MEMORY_UNSUPPORTED'],
    ],
  },
}
