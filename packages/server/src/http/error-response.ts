import { formatHttpDate } from '@blindai/channel'
import { unixSeconds } from '@blindai/core'
import { ERROR_CODE_HEADER, encodeErrorBody } from '@blindai/protocol'
import { type ApiResponse, jsonBytesResponse } from './api.ts'
import { API_CATALOGUE } from './api-error.ts'
import { statusOf } from './status.ts'

/** What an error says to the client: facts of a closed list, nothing of the input, no stack and no path. */
export interface PublicError {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly headers: Readonly<Record<string, string>>
}

/** The errors whose messages are written for clients. */
const PUBLIC_NAMES: ReadonlySet<string> = new Set([
  'ApiError',
  'ModelError',
  'TenantError',
  'SchedulerError',
  'InferenceError',
  'EngineError',
  'AttesterError',
  'ChannelError',
  'ProtocolError',
  'MalformedError',
])

/** Codes whose message would repeat a name that came from the input. */
const UNNAMED: Readonly<Record<string, string>> = {
  UNKNOWN_MEMBER: 'an object has a member that is not known here',
  DUPLICATE_MEMBER: 'an object has a member twice',
}

interface Coded {
  readonly code: string
  readonly hint: string
  readonly details: object
}

/** The public side of an error; anything unknown is `INTERNAL`. */
export function publicError(error: unknown): PublicError {
  if (isPublic(error)) {
    const status = statusOf(error.code)
    if (status !== undefined) {
      const message = UNNAMED[error.code] ?? error.message
      return { status, code: error.code, message, hint: error.hint, headers: headersOf(error) }
    }
  }
  const { message, hint } = API_CATALOGUE.INTERNAL
  return { status: 500, code: 'INTERNAL', message: message({}), hint, headers: {} }
}

/** The answer that carries an error. */
export function errorResponse({ status, code, message, hint, headers }: PublicError): ApiResponse {
  const body = encodeErrorBody({ error: message, code, hint })
  return jsonBytesResponse(status, body, { ...headers, [ERROR_CODE_HEADER]: code })
}

function isPublic(error: unknown): error is Error & Coded {
  return (
    error instanceof Error &&
    PUBLIC_NAMES.has(error.name) &&
    'code' in error &&
    typeof error.code === 'string' &&
    'hint' in error &&
    typeof error.hint === 'string' &&
    'details' in error &&
    typeof error.details === 'object' &&
    error.details !== null
  )
}

/** Header fields that say a fact of the error to programs. */
function headersOf({ code, details }: Coded): Record<string, string> {
  const headers: Record<string, string> = {}
  if ('retryAfterSeconds' in details) headers['retry-after'] = String(details.retryAfterSeconds)
  if (code === 'ATTESTER_BUSY' || code === 'EVIDENCE_UNAVAILABLE' || code === 'REPLAY_SET_FULL') {
    headers['retry-after'] = '1'
  }
  // Lets a client with a wrong clock date its request by ours. Source: RFC 9458 section 6.5.2.
  if (code === 'DATE_OUTSIDE_WINDOW' && 'now' in details)
    headers.date = formatHttpDate(unixSeconds(Number(details.now)))
  if (code === 'UNAUTHENTICATED') headers['www-authenticate'] = 'Bearer'
  if (code === 'METHOD_NOT_ALLOWED' && 'allow' in details) headers.allow = String(details.allow)
  if (code === 'CONTENT_ENCODING_UNSUPPORTED' && 'accepted' in details) {
    headers['accept-encoding'] = String(details.accepted)
  }
  if (code === 'UPLOAD_OFFSET_MISMATCH' && 'expected' in details) headers['upload-offset'] = String(details.expected)
  return headers
}
