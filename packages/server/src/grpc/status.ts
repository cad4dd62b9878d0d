import type { PublicError } from '../http/error-response.ts'

/** The statuses of gRPC that are answered. Source: gRPC, "Status codes and their use in gRPC". */
export const GRPC_STATUS = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const

/** A status of HTTP as one of gRPC, so that the table of codes is one. */
const BY_HTTP_STATUS: ReadonlyMap<number, number> = new Map([
  [400, GRPC_STATUS.INVALID_ARGUMENT],
  [401, GRPC_STATUS.UNAUTHENTICATED],
  [403, GRPC_STATUS.PERMISSION_DENIED],
  [404, GRPC_STATUS.NOT_FOUND],
  [405, GRPC_STATUS.UNIMPLEMENTED],
  [408, GRPC_STATUS.DEADLINE_EXCEEDED],
  [409, GRPC_STATUS.FAILED_PRECONDITION],
  [413, GRPC_STATUS.RESOURCE_EXHAUSTED],
  [415, GRPC_STATUS.INVALID_ARGUMENT],
  [417, GRPC_STATUS.INVALID_ARGUMENT],
  [422, GRPC_STATUS.INVALID_ARGUMENT],
  [429, GRPC_STATUS.RESOURCE_EXHAUSTED],
  [431, GRPC_STATUS.RESOURCE_EXHAUSTED],
  [499, GRPC_STATUS.CANCELLED],
  [500, GRPC_STATUS.INTERNAL],
  [501, GRPC_STATUS.UNIMPLEMENTED],
  [503, GRPC_STATUS.UNAVAILABLE],
  [504, GRPC_STATUS.DEADLINE_EXCEEDED],
  [507, GRPC_STATUS.RESOURCE_EXHAUSTED],
])

/** Codes for which gRPC has a word of its own. Source: gRPC, "Compression", and "Status codes", for unknown methods. */
const BY_CODE: ReadonlyMap<string, number> = new Map([
  ['NOT_FOUND', GRPC_STATUS.UNIMPLEMENTED],
  ['EXTENSION_UNSUPPORTED', GRPC_STATUS.UNIMPLEMENTED],
  ['GRPC_ENCODING_UNSUPPORTED', GRPC_STATUS.UNIMPLEMENTED],
  ['GRPC_COMPRESSION_UNANNOUNCED', GRPC_STATUS.INTERNAL],
])

/** The status of gRPC that goes with an error. */
export function grpcStatusOf({ code, status }: Pick<PublicError, 'code' | 'status'>): number {
  return BY_CODE.get(code) ?? BY_HTTP_STATUS.get(status) ?? GRPC_STATUS.UNKNOWN
}
