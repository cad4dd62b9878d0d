import type { ByteSource } from './byte-source.ts'
import type { EnclaveApi } from './enclave-api.ts'
import { BlindAiError, type BlindAiErrorCode, isBlindAiError } from './errors.ts'
import type { AnsweredBy } from './http-exchange.ts'
import { ASKS_FOR_RECEIPT } from './receipt.ts'
import type { ReadResponse } from './response.ts'

/** How far an upload is. Within a phase `sentBytes` only grows: bytes digested, then bytes that the server holds. */
export interface UploadProgress {
  readonly phase: 'digesting' | 'sending' | 'done'
  readonly sentBytes: number
  readonly totalBytes: number
}

/** What to send where. */
export interface Upload {
  readonly source: ByteSource
  readonly sha256: string
  /** Query of the model's resource: name, task, kind. */
  readonly query: string
  readonly partBytes: number
  /** Ask for a receipt with the last part. */
  readonly receipt: boolean
  readonly onProgress: (progress: UploadProgress) => void
  readonly signal: AbortSignal | undefined
}

/** Failures in a row, without a byte more at the server, after which an upload gives up. */
const MAX_ATTEMPTS = 4
/** Failures that a later attempt may not meet. What the engine says of a model is none of them. */
const PASSING: readonly BlindAiErrorCode[] = [
  'CONNECTION_FAILED',
  'CONNECTION_LOST',
  'TIMED_OUT',
  'RESPONSE_TRUNCATED',
  'OHTTP_BUSY',
  'TOO_MANY_CALLS',
  'BODY_TRUNCATED',
  'BODY_TOO_SLOW',
  'BODY_MEMORY_FULL',
  'TENANT_BODY_MEMORY_FULL',
  'MEMORY_LOW',
  'TENANT_RATE_LIMITED',
  'STORE_FAILED',
  'OPERATION_LIMIT',
  'UPLOAD_OFFSET_MISMATCH',
  'UPLOAD_BUSY',
  'SERVER_BUSY',
  'SERVER_DRAINING',
  'SERVER_UNAVAILABLE',
  'REPLAYED',
  'REPLAY_SET_FULL',
]
const OFFSET_HEADER = 'upload-offset'
const LENGTH_HEADER = 'upload-length'
const CONTENT_TYPE = ['content-type', 'application/octet-stream'] as const

/**
 * Sends a model in numbered parts, beginning where an earlier attempt ended, and answers what the server says of the whole.
 * After a failure that may pass it asks where to go on. An abort leaves the parts that arrived at the server.
 *
 * @throws {BlindAiError} the server's codes, `UPLOAD_STALLED`, `SOURCE_CHANGED`, `SOURCE_UNREADABLE`.
 */
export async function sendModel(api: EnclaveApi, upload: Upload): Promise<ReadResponse & AnsweredBy> {
  if (upload.source.size <= upload.partBytes) return sendWhole(api, upload)
  let furthest = 0
  let attempts = 0
  let offset: number | undefined
  for (;;) {
    try {
      offset ??= await resumeOffset(api, upload)
      const { response, held } = await sendPart(api, upload, offset)
      if (response !== undefined) return response
      offset = held
    } catch (cause) {
      if (!isBlindAiError(cause) || !PASSING.includes(cause.code)) throw cause
      attempts = (offset ?? 0) > furthest ? 1 : attempts + 1
      furthest = Math.max(furthest, offset ?? 0)
      if (attempts >= MAX_ATTEMPTS) throw new BlindAiError('UPLOAD_STALLED', { offset: furthest, attempts }, { cause })
      await pause(cause.retryAfterMs ?? 100 * 2 ** attempts, upload.signal)
      offset = undefined
    }
  }
}

async function sendWhole(api: EnclaveApi, upload: Upload): Promise<ReadResponse & AnsweredBy> {
  const { source } = upload
  const response = await api.call({
    what: 'the upload',
    method: 'PUT',
    path: modelPath(upload),
    headers: [CONTENT_TYPE, ...asksOf(upload)],
    body: [await source.read(0, source.size)],
    signal: upload.signal,
  })
  upload.onProgress({ phase: 'sending', sentBytes: source.size, totalBytes: source.size })
  return response
}

interface PartAnswer {
  /** The answer to the last part. */
  readonly response?: ReadResponse & AnsweredBy
  /** Bytes that the server holds. */
  readonly held: number
}

async function sendPart(api: EnclaveApi, upload: Upload, offset: number): Promise<PartAnswer> {
  const { source, partBytes, onProgress } = upload
  const part = await source.read(offset, Math.min(partBytes, source.size - offset))
  const response = await api.call({
    what: 'an upload part',
    method: 'PUT',
    path: modelPath(upload),
    headers: [CONTENT_TYPE, [OFFSET_HEADER, String(offset)], [LENGTH_HEADER, String(source.size)], ...asksOf(upload)],
    body: [part],
    signal: upload.signal,
  })
  const isLast = response.status !== 202
  const held = isLast ? source.size : parseOffset(response.headers, source.size)
  if (held < offset) throw malformed('it goes back')
  onProgress({ phase: 'sending', sentBytes: held, totalBytes: source.size })
  return isLast ? { response, held } : { held }
}

/** Where the server wants to go on: 0 when it holds nothing. Of a model that it has whole, the last part is empty. */
async function resumeOffset(api: EnclaveApi, upload: Upload): Promise<number> {
  try {
    const { headers } = await api.call({
      what: 'the question where to resume',
      method: 'HEAD',
      path: `/v1/models/${upload.sha256}`,
      signal: upload.signal,
    })
    if (!headers.has(OFFSET_HEADER)) return 0
    return parseOffset(headers, upload.source.size)
  } catch (error) {
    if (isBlindAiError(error) && 'status' in error.details && error.details.status === 404) return 0
    throw error
  }
}

function parseOffset(headers: Headers, size: number): number {
  const text = headers.get(OFFSET_HEADER) ?? ''
  const offset = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (offset <= size) return offset
  throw malformed('it is not within the model')
}

function asksOf({ receipt }: Upload): readonly (readonly [string, string])[] {
  return receipt ? [ASKS_FOR_RECEIPT] : []
}

function malformed(reason: string): BlindAiError {
  return new BlindAiError('RESPONSE_MALFORMED', { what: 'the upload offset', reason })
}

function modelPath({ sha256, query }: Upload): string {
  return `/v1/models/${sha256}${query}`
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onAbort = (): void => reject(signal?.reason)
  const timer = setTimeout(resolve, milliseconds)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    await promise
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}
