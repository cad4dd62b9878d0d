import { fromUtf8, isMalformedError, type JsonObject, type JsonValue, joinBytes, parseJson } from '@blindai/core'
import { ERROR_CODE_HEADER, type ErrorBody, parseErrorBody, REQUEST_ID_HEADER } from '@blindai/protocol'
import { BlindAiError } from './errors.ts'
import type { ApiResponse } from './http-exchange.ts'
import { serverCodeOf } from './server-errors.ts'

/** An answer with its whole body. */
export interface ReadResponse {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array<ArrayBuffer>
}

/** The largest error body that is looked at. */
const MAX_ERROR_BYTES = 64 * 1024
/** As much of the server's sentence as an error repeats. */
const MAX_SENTENCE = 400

/**
 * Reads a body to its end.
 *
 * @throws {BlindAiError} `RESPONSE_TOO_LARGE`; then the rest is given up.
 */
export async function readBody(
  what: string,
  body: AsyncIterable<Uint8Array>,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.byteLength
    if (length > limit) throw new BlindAiError('RESPONSE_TOO_LARGE', { what, limit })
    chunks.push(chunk)
  }
  return joinBytes(chunks)
}

/**
 * Reads an API answer to its end; an error status becomes the error that it names.
 *
 * @throws {BlindAiError} the server's code, `RESPONSE_TOO_LARGE`.
 */
export async function readResponse(what: string, response: ApiResponse, limit: number): Promise<ReadResponse> {
  const { status, headers } = response
  if (status < 400) return { status, headers, body: await readBody(what, response.body, limit) }
  throw refusal(status, headers, await readBody(what, response.body, MAX_ERROR_BYTES))
}

/** The JSON of an answer. @throws {BlindAiError} `RESPONSE_MALFORMED`. */
export function readJson(what: string, body: Uint8Array): JsonValue {
  try {
    return parseJson(what, fromUtf8(what, body))
  } catch (cause) {
    if (!isMalformedError(cause)) throw cause
    throw new BlindAiError('RESPONSE_MALFORMED', { what, reason: cause.message }, { cause })
  }
}

/** A JSON object, or the error that there is none. @throws {BlindAiError} `RESPONSE_MALFORMED`. */
export function asObject(what: string, value: JsonValue | undefined): JsonObject {
  if (isJsonObject(value)) return value
  throw new BlindAiError('RESPONSE_MALFORMED', { what, reason: 'an object is missing' })
}

/** Text, or the error that there is none. @throws {BlindAiError} `RESPONSE_MALFORMED`. */
export function asText(what: string, value: JsonValue | undefined): string {
  if (typeof value === 'string') return value
  throw new BlindAiError('RESPONSE_MALFORMED', { what, reason: 'text is missing' })
}

/** A number, or the error that there is none. @throws {BlindAiError} `RESPONSE_MALFORMED`. */
export function asNumber(what: string, value: JsonValue | undefined): number {
  if (typeof value === 'number') return value
  throw new BlindAiError('RESPONSE_MALFORMED', { what, reason: 'a number is missing' })
}

/** A list, or the error that there is none. @throws {BlindAiError} `RESPONSE_MALFORMED`. */
export function asList(what: string, value: JsonValue | undefined): readonly JsonValue[] {
  if (isJsonList(value)) return value
  throw new BlindAiError('RESPONSE_MALFORMED', { what, reason: 'a list is missing' })
}

/** The code of a refusal: the header's, or else the body's. */
export function refusalCode(headers: Headers, body: ErrorBody | undefined): string | undefined {
  const code = headers.get(ERROR_CODE_HEADER) ?? body?.code
  return code !== undefined && /^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? code : undefined
}

/** Checks the status of an attestation document. @throws {BlindAiError} `DOCUMENT_UNAVAILABLE`, `NOT_A_BLINDAI_SERVER`. */
export function checkDocumentStatus(status: number, headers: Headers): void {
  if (status === 200) return
  if (status === 429 || status >= 500) {
    throw new BlindAiError('DOCUMENT_UNAVAILABLE', { status }, { retryAfterMs: retryAfterMs(headers) })
  }
  throw new BlindAiError('NOT_A_BLINDAI_SERVER', {
    resource: 'the attestation resource',
    status,
    reason: 'it gives no attestation document',
  })
}

/** `Retry-After` in milliseconds; only whole seconds are understood. Source: RFC 9110 section 10.2.3. */
export function retryAfterMs(headers: Headers): number | undefined {
  const value = headers.get('retry-after')
  return value !== null && /^[0-9]{1,6}$/.test(value) ? Number(value) * 1000 : undefined
}

function refusal(status: number, headers: Headers, body: Uint8Array): BlindAiError {
  const said = parseErrorBody(body)
  const serverCode = refusalCode(headers, said)
  const requestId = headers.get(REQUEST_ID_HEADER)
  const details = {
    status,
    serverCode: serverCode ?? 'without a code',
    sentence: printable(said?.error ?? 'no reason given'),
    ...(requestId === null ? {} : { requestId: requestId.slice(0, 128) }),
  }
  return new BlindAiError(serverCodeOf(serverCode, status), details, { retryAfterMs: retryAfterMs(headers) })
}

/** As much of a text as an error repeats, without what would move a terminal's cursor. */
function printable(text: string): string {
  return [...text.slice(0, MAX_SENTENCE)].map((c) => (c < ' ' || (c >= '\x7f' && c < '\xa0') ? ' ' : c)).join('')
}

function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isJsonList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value)
}
