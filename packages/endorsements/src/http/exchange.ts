import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { joinBytes } from '@blindai/core'
import { EndorsementError } from '../endorsement-error.ts'

/**
 * One GET of one resource, bounded in every way: no redirect, no proxy, no compression, one media type of a short list, and
 * no more bytes than were announced as the limit. TLS is checked whatever the environment says; it keeps strangers from
 * feeding us, and does not make endorsements true.
 */

/** What is asked for, and what an answer may be. */
export interface Exchange {
  readonly url: URL
  readonly mediaTypes: readonly string[]
  readonly maxBytes: number
  readonly timeoutMs: number
  /** PEM of authorities that may vouch for the service in place of the usual ones. */
  readonly authorities?: string | undefined
  readonly signal: AbortSignal
}

/** An answer of status 200. */
export interface ServiceAnswer {
  readonly body: Uint8Array<ArrayBuffer>
  /** All values of a header, in order. */
  header(name: string): readonly string[]
}

/** An issuer chain of three certificates takes about 6 KiB once its line ends are percent-encoded. */
const MAX_HEADER_BYTES = 32_768
const LONGEST_RETRY_AFTER_SECONDS = 86_400
const DEFAULT_RETRY_AFTER_SECONDS = 30

/**
 * Asks once.
 *
 * @param nowSeconds - for a `Retry-After` that names a date.
 * @throws {EndorsementError} `SERVICE_…`, `ENDORSEMENT_NOT_FOUND`, `RESPONSE_…`; the reason of the signal.
 */
export async function exchange(asked: Exchange, nowSeconds: number): Promise<ServiceAnswer> {
  const resource = resourceOf(asked.url)
  const limit = AbortSignal.timeout(asked.timeoutMs)
  const signal = AbortSignal.any([asked.signal, limit])
  try {
    const response = await send(asked, signal)
    try {
      requireStatus(resource, response, nowSeconds)
      requireType(resource, response, asked.mediaTypes)
      const body = await readBody(resource, response, asked.maxBytes)
      return { body, header: (name) => response.headersDistinct[name.toLowerCase()] ?? [] }
    } finally {
      response.destroy()
    }
  } catch (cause) {
    asked.signal.throwIfAborted()
    if (limit.aborted)
      throw new EndorsementError('SERVICE_TIMED_OUT', { resource, timeoutMs: asked.timeoutMs }, { cause })
    if (cause instanceof EndorsementError) throw cause
    throw new EndorsementError('SERVICE_UNREACHABLE', { resource, reason: reasonOf(cause) }, { cause })
  }
}

/** Origin and path. What is asked for in detail names a platform, and stays out of logs. */
export function resourceOf(url: URL): string {
  return `${url.origin}${url.pathname.replaceAll(/[0-9a-f]{16,}/gi, '…')}`
}

/** Resolves with the head of the answer. */
function send({ url, mediaTypes, authorities }: Exchange, signal: AbortSignal): Promise<IncomingMessage> {
  const common: RequestOptions = {
    method: 'GET',
    headers: { accept: mediaTypes.join(', '), 'accept-encoding': 'identity', 'user-agent': 'blindai' },
    maxHeaderSize: MAX_HEADER_BYTES,
    signal,
  }
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const request =
    url.protocol === 'https:'
      ? httpsRequest(url, {
          ...common,
          // An agent of our own takes no proxy from the environment.
          agent: new HttpsAgent({ keepAlive: false }),
          rejectUnauthorized: true,
          minVersion: 'TLSv1.2',
          ...(authorities === undefined ? {} : { ca: authorities }),
        })
      : httpRequest(url, { ...common, agent: new HttpAgent({ keepAlive: false }) })
  request.once('response', resolve)
  request.on('error', reject)
  // An answer that is none, such as a change of protocol, closes the connection and is no error to Node.
  request.once('close', () => reject(new EndorsementError('RESPONSE_CUT', { resource: resourceOf(url) })))
  request.end()
  return promise
}

function requireStatus(resource: string, response: IncomingMessage, nowSeconds: number): void {
  const { statusCode: status = 0 } = response
  if (status === 200) return
  if (status >= 300 && status < 400) throw new EndorsementError('SERVICE_REDIRECTS', { resource, status })
  if (status === 404 || status === 410) throw new EndorsementError('ENDORSEMENT_NOT_FOUND', { resource, status })
  if (status === 429 || status === 503) {
    const retryAfterSeconds = parseRetryAfter(response.headers['retry-after'], nowSeconds)
    throw new EndorsementError('SERVICE_BUSY', { resource, status, retryAfterSeconds })
  }
  throw new EndorsementError(status >= 500 ? 'SERVICE_FAILED' : 'SERVICE_REFUSED', { resource, status })
}

/** Whole seconds, or a date. Source: RFC 9110 section 10.2.3. Whatever cannot be read is the default. */
function parseRetryAfter(value: string | undefined, nowSeconds: number): number {
  const text = value?.trim() ?? ''
  const isDate = /^[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT$/.test(text)
  const seconds = /^[0-9]{1,9}$/.test(text) ? Number(text) : isDate ? Date.parse(text) / 1000 - nowSeconds : Number.NaN
  if (Number.isNaN(seconds)) return DEFAULT_RETRY_AFTER_SECONDS
  return Math.min(Math.max(seconds, 0), LONGEST_RETRY_AFTER_SECONDS)
}

/** A captive portal answers 200 with a page. */
function requireType(resource: string, response: IncomingMessage, mediaTypes: readonly string[]): void {
  const encoding = response.headers['content-encoding'] ?? 'identity'
  const [type = ''] = (response.headers['content-type'] ?? '').toLowerCase().split(';')
  if (encoding === 'identity' && mediaTypes.includes(type.trim())) return
  const actual = encoding === 'identity' ? type.trim() : `${type.trim()}, encoded`
  throw new EndorsementError('RESPONSE_TYPE_WRONG', { resource, actual: printable(actual) })
}

async function readBody(resource: string, response: IncomingMessage, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const tooLong = (): EndorsementError => new EndorsementError('RESPONSE_TOO_LONG', { resource, limit })
  if (Number(response.headers['content-length'] ?? 0) > limit) throw tooLong()
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of response) {
      length += chunk.byteLength
      if (length > limit) throw tooLong()
      chunks.push(chunk)
    }
  } catch (cause) {
    if (cause instanceof EndorsementError || isAbort(cause)) throw cause
    throw new EndorsementError('RESPONSE_CUT', { resource }, { cause })
  }
  if (!response.complete) throw new EndorsementError('RESPONSE_CUT', { resource })
  return joinBytes(chunks)
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}

/** The code of an error of the system or of TLS; never its text, which can hold what the other side wrote. */
function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? printable(String(error.code)) : 'unknown'
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 64) || '(none)'
}
