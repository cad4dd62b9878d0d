import type { ChannelErrorDetails } from '@blindai/channel'
import type { MalformedErrorDetails } from '@blindai/core'
import type { ProtocolErrorDetails } from '@blindai/protocol'
import type { AttesterErrorDetails } from '../attester/index.ts'
import type { InferenceErrorDetails } from '../inference/index.ts'
import type { ModelErrorDetails } from '../models/index.ts'
import type { EngineErrorDetails } from '../runtime/host/index.ts'
import type { SchedulerErrorDetails } from '../scheduler/index.ts'
import type { TenantErrorDetails } from '../tenants/index.ts'
import type { ApiErrorDetails } from './api-error.ts'

/** Every code that an answer can carry. */
export type ErrorCode =
  | keyof ApiErrorDetails
  | keyof ModelErrorDetails
  | keyof TenantErrorDetails
  | keyof SchedulerErrorDetails
  | keyof InferenceErrorDetails
  | keyof EngineErrorDetails
  | keyof AttesterErrorDetails
  | keyof ChannelErrorDetails
  | keyof ProtocolErrorDetails
  | keyof MalformedErrorDetails

/**
 * Code → status: the one table. A code without a row does not compile.
 *
 * 499 is no registered status; it is what a log shows for a client that went away, and nobody receives it.
 */
// biome-ignore format: one row a code
const TABLE: { readonly [Code in ErrorCode]: number } = {
  // the interface
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  EXTENSION_UNSUPPORTED: 404,
  SERVICE_UNKNOWN: 404,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  CHANNEL_NOT_PROVED: 403,
  CHANNEL_NOT_TLS: 400,
  PATH_INVALID: 400,
  PARAMETER_INVALID: 400,
  HEADER_INVALID: 400,
  CONTENT_ENCODING_UNSUPPORTED: 415,
  BODY_ENCODING_INVALID: 400,
  BODY_EXPANDS_TOO_MUCH: 413,
  EXPECTATION_UNSUPPORTED: 417,
  BODY_TOO_LARGE: 413,
  BODY_TOO_LARGE_FOR_MEMORY: 413,
  BODY_TRUNCATED: 400,
  BODY_TOO_SLOW: 408,
  BODY_MEMORY_FULL: 503,
  TENANT_BODY_MEMORY_FULL: 429,
  MEMORY_LOW: 503,
  REQUEST_MALFORMED: 400,
  HEADERS_TOO_LARGE: 431,
  HEADERS_TOO_SLOW: 408,
  OPERATION_ID_NEEDED: 400,
  OPERATION_REPLAYED: 409,
  OPERATION_LIMIT: 429,
  OUTPUT_TOO_LARGE_FOR_JSON: 422,
  OUTPUT_TOO_LARGE_FOR_MEMORY: 422,
  GRPC_EXPECTED: 415,
  GRPC_ENCODING_UNSUPPORTED: 415,
  GRPC_COMPRESSION_UNANNOUNCED: 400,
  GRPC_MESSAGE_INVALID: 400,
  INTERNAL: 500,
  // models
  MODEL_NOT_FOUND: 404,
  VERSION_NOT_FOUND: 404,
  MODEL_HAS_VERSIONS: 409,
  MODEL_EXISTS: 409,
  PADDING_NOT_PROVEN: 422,
  DIGEST_MISMATCH: 422,
  UPLOAD_OFFSET_MISMATCH: 409,
  UPLOAD_LENGTH_MISMATCH: 409,
  UPLOAD_TOO_LONG: 400,
  UPLOAD_BUSY: 409,
  UPLOAD_LIMIT: 429,
  MODEL_TOO_LARGE: 413,
  MODEL_LIMIT: 403,
  GRANT_LIMIT: 403,
  TENANT_STORAGE_FULL: 403,
  STORAGE_FULL: 507,
  DISK_FULL: 507,
  STORE_FAILED: 503,
  MODEL_DAMAGED: 500,
  // tenants
  TENANT_NOT_FOUND: 404,
  TENANT_EXISTS: 409,
  TENANT_CONFIGURED: 409,
  TENANT_LIMIT: 403,
  TENANT_DELETED: 401,
  KEY_NOT_FOUND: 404,
  KEY_EXISTS: 409,
  KEY_LIMIT: 403,
  KEY_IS_LAST: 409,
  TENANT_RATE_LIMITED: 429,
  TENANT_ENGINE_TIME_SPENT: 429,
  // scheduler
  TENANT_BUSY: 429,
  SERVER_BUSY: 503,
  TENANT_BACKLOG: 429,
  SERVER_BACKLOG: 503,
  SERVER_DRAINING: 503,
  DEADLINE_EXCEEDED: 504,
  REQUEST_CANCELLED: 499,
  MODEL_QUARANTINED: 409,
  // inference
  PARAMETER_UNSUPPORTED: 400,
  MODEL_UNLOADED: 409,
  RAW_REQUEST_UNSUPPORTED: 400,
  RAW_REQUEST_SIZE_MISMATCH: 400,
  // engines
  MODEL_REFUSED: 422,
  MODEL_INVALID: 422,
  MODEL_NEEDS_MORE_MEMORY: 422,
  INPUT_INVALID: 400,
  INPUT_UNSUPPORTED: 415,
  OUTPUT_UNKNOWN: 400,
  TASK_UNSUPPORTED: 400,
  RUN_FAILED: 422,
  OUTPUT_TOO_LARGE: 422,
  ENGINE_CRASHED: 500,
  ENGINE_OUT_OF_MEMORY: 500,
  ENGINE_STOPPED: 503,
  WALL_UNAVAILABLE: 503,
  // attester
  ATTESTER_BUSY: 503,
  ATTESTER_CLOSED: 503,
  EVIDENCE_UNAVAILABLE: 503,
  // channel
  BINARY_HTTP_MALFORMED: 400,
  PADDING_INVALID: 400,
  TOO_LARGE: 413,
  KEY_CONFIG_MALFORMED: 400,
  KEY_ID_UNKNOWN: 422,
  SUITE_UNSUPPORTED: 422,
  NO_COMMON_SUITE: 422,
  POST_QUANTUM_REQUIRED: 422,
  MEDIA_TYPE_UNSUPPORTED: 415,
  DECRYPT_FAILED: 422,
  STREAM_TRUNCATED: 400,
  TARGET_REFUSED: 400,
  DATE_INVALID: 400,
  DATE_OUTSIDE_WINDOW: 400,
  REPLAYED: 409,
  REPLAY_SET_FULL: 503,
  // protocol
  USE_BINARY: 422,
  DATATYPE_UNKNOWN: 400,
  SHAPE_INVALID: 400,
  SHAPE_MISMATCH: 400,
  TENSOR_TOO_LARGE: 413,
  TOO_MANY_ITEMS: 400,
  VALUE_TYPE_MISMATCH: 400,
  VALUE_OUT_OF_RANGE: 400,
  BINARY_SIZE_MISMATCH: 400,
  BYTES_MALFORMED: 400,
  DUPLICATE_TENSOR: 400,
  DATA_AMBIGUOUS: 400,
  SHARED_MEMORY_UNSUPPORTED: 400,
  HEADER_LENGTH_INVALID: 400,
  NOT_PROTOBUF: 400,
  RAW_CONTENTS_MISMATCH: 400,
  // what is not as its format says
  TRUNCATED: 400,
  TRAILING_BYTES: 400,
  GAP_OR_OVERLAP: 400,
  TOO_LONG: 413,
  WRONG_LENGTH: 400,
  NOT_HEX: 400,
  NOT_BASE64URL: 400,
  NOT_UTF8: 400,
  NOT_JSON: 400,
  JSON_TOO_DEEP: 400,
  DUPLICATE_MEMBER: 400,
  UNKNOWN_MEMBER: 400,
  MISSING_MEMBER: 400,
  WRONG_TYPE: 400,
  WRONG_VALUE: 400,
}

/** Every code of the table. */
export const ERROR_CODES: readonly string[] = Object.keys(TABLE)

const STATUS: ReadonlyMap<string, number> = new Map(Object.entries(TABLE))

/** The status that goes with a code; undefined for what is no code of this server. */
export function statusOf(code: string): number | undefined {
  return STATUS.get(code)
}
