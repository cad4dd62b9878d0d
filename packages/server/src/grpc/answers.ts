import { ERROR_CODE_HEADER } from '@blindai/protocol'
import { framed } from '@blindai/receipts'
import type { ApiResponse } from '../http/api.ts'
import type { PublicError } from '../http/error-response.ts'
import { GRPC_STATUS, grpcStatusOf } from './status.ts'

/**
 * Source: gRPC over HTTP/2, "Responses". What is taken; answers are never compressed: the length of a compressed answer says
 * something of its content.
 */
export const GRPC_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'application/grpc',
  'grpc-accept-encoding': 'identity,gzip,deflate',
}

/** The answer to a call that succeeded: one message. */
export function grpcAnswer(
  message: readonly Uint8Array[],
  metadata: Readonly<Record<string, string>> = {},
): ApiResponse & { readonly body: readonly Uint8Array[] } {
  const trailers = { ...OK_TRAILERS, ...metadata }
  return { status: 200, headers: GRPC_HEADERS, body: framed(message), trailers: () => trailers }
}

/** The answer to a call that failed: no message, and trailers that say why. */
export function grpcError(error: PublicError): ApiResponse {
  const trailers = errorTrailers(error)
  return { status: 200, headers: GRPC_HEADERS, body: [], trailers: () => trailers }
}

export const OK_TRAILERS: Readonly<Record<string, string>> = { 'grpc-status': String(GRPC_STATUS.OK) }

/** The trailers of a failure: status, message and code; for programs also how long to wait. */
export function errorTrailers(error: PublicError): Record<string, string> {
  const retryAfter = error.headers['retry-after']
  return {
    'grpc-status': String(grpcStatusOf(error)),
    'grpc-message': percentEncoded(`${error.message} (${error.hint})`),
    [ERROR_CODE_HEADER]: error.code,
    ...(retryAfter === undefined
      ? {}
      : { 'retry-after': retryAfter, 'grpc-retry-pushback-ms': String(1000 * Number(retryAfter)) }),
  }
}

/** Source: gRPC over HTTP/2, "Status-Message": printable ASCII but "%" as it is, all other bytes of UTF-8 encoded. */
function percentEncoded(text: string): string {
  return text.replace(/[^ -$&-~]+/gu, (others) =>
    Buffer.from(others, 'utf8').toString('hex').toUpperCase().replace(/../g, '%$&'),
  )
}
