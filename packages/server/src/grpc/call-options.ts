import type { ApiHeaders } from '../http/api.ts'
import { ApiError } from '../http/api-error.ts'
import type { ContentCoding } from '../http/content-coding.ts'
import { header } from '../http/request-fields.ts'

/** Milliseconds of each unit of time. Source: gRPC over HTTP/2, "Timeout". */
const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 }

const TIMEOUT = /^([0-9]{1,8})([HMSmun])$/

/** What the metadata of a call asks for. */
export interface CallOptions {
  /** How long the client waits; undefined when it does not say. */
  readonly timeoutMs: number | undefined
  /** How messages that say they are compressed are; undefined when none may be. */
  readonly encoding: ContentCoding | undefined
}

/** Source: gRPC, "Compression". */
const ENCODINGS: ReadonlyMap<string, ContentCoding | undefined> = new Map<string, ContentCoding | undefined>([
  ['identity', undefined],
  ['gzip', 'gzip'],
  ['deflate', 'deflate'],
])

/**
 * Reads the metadata of a call.
 *
 * Source: gRPC over HTTP/2, "Requests".
 *
 * @throws {ApiError} `HEADER_INVALID`, `GRPC_ENCODING_UNSUPPORTED`.
 */
export function readCallOptions(headers: ApiHeaders): CallOptions {
  // Whatever stands between would not pass trailers on.
  if (header(headers, 'te') !== 'trailers') throw new ApiError('HEADER_INVALID', { header: 'te', expected: 'trailers' })
  const name = header(headers, 'grpc-encoding') ?? 'identity'
  if (!ENCODINGS.has(name)) throw new ApiError('GRPC_ENCODING_UNSUPPORTED', {})
  const encoding = ENCODINGS.get(name)
  const timeout = header(headers, 'grpc-timeout')
  if (timeout === undefined) return { timeoutMs: undefined, encoding }
  const [, digits, unit = ''] = TIMEOUT.exec(timeout) ?? []
  const unitMs = UNIT_MS[unit]
  if (digits === undefined || unitMs === undefined) {
    throw new ApiError('HEADER_INVALID', {
      header: 'grpc-timeout',
      expected: 'at most eight digits and a unit of time',
    })
  }
  return { timeoutMs: Number(digits) * unitMs, encoding }
}
