import { ByteCollector } from './byte-collector.ts'
import { ChannelError } from './channel-error.ts'

/** A body in one piece or as it comes. */
export type HttpBody = Uint8Array | AsyncIterable<Uint8Array>

/** Field lines in order; names in lower case, values of visible ASCII, spaces and tabs. */
export type HttpHeaders = readonly (readonly [name: string, value: string])[]

/** A request as Binary HTTP carries it. */
export interface BinaryRequest<Body extends HttpBody = HttpBody> {
  /** Upper case; never CONNECT. */
  readonly method: string
  readonly scheme: 'https'
  readonly authority: string
  /** Origin form: starts with one "/", and keeps its query string. */
  readonly path: string
  readonly headers: HttpHeaders
  readonly body: Body
}

/** A response as Binary HTTP carries it. */
export interface BinaryResponse<Body extends HttpBody = HttpBody> {
  /** From 200 to 599. */
  readonly status: number
  readonly headers: HttpHeaders
  /** Empty where the status allows no content: 204, 205 and 304. */
  readonly body: Body
}

const METHOD = /^[A-Z][A-Z0-9-]{0,31}$/
const AUTHORITY = /^[a-z0-9.:[\]-]{0,255}$/
const PATH = /^\/(?!\/)[!$-;=?-[\]-~]*$/
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/
const VALUE = /^(?:[!-~](?:[\t -~]*[!-~])?)?$/
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
])
const NO_CONTENT: ReadonlySet<number> = new Set([204, 205, 304])

const malformed = (field: string, expected: string): ChannelError =>
  new ChannelError('BINARY_HTTP_MALFORMED', { field, expected })

/**
 * Refuses control data that another HTTP implementation could read differently.
 *
 * Source: RFC 9292 section 3.4; RFC 9113 section 8.3.1. Stricter: https only, no CONNECT, and no path that a URL parser
 * could take for an authority or a fragment.
 *
 * @throws {ChannelError} `BINARY_HTTP_MALFORMED`.
 */
export function checkControlData(control: { method: string; scheme: string; authority: string; path: string }): void {
  if (!METHOD.test(control.method) || control.method === 'CONNECT') throw malformed('Method', 'an upper-case method')
  if (control.scheme !== 'https') throw malformed('Scheme', '"https"')
  if (!AUTHORITY.test(control.authority)) throw malformed('Authority', 'a lower-case host with an optional port')
  if (!PATH.test(control.path)) throw malformed('Path', 'an absolute path with an optional query')
}

/** @throws {ChannelError} `BINARY_HTTP_MALFORMED` for a status that ends no exchange. */
export function checkStatus(status: number): void {
  if (!Number.isInteger(status) || status < 200 || status > 599) throw malformed('Status Code', 'from 200 to 599')
}

/**
 * Refuses a field line that could be smuggled.
 *
 * Source: RFC 9292 section 3.6; RFC 9110 section 5. Stricter: no bytes past ASCII, no fields about a connection.
 *
 * @throws {ChannelError} `BINARY_HTTP_MALFORMED`.
 */
export function checkFieldLine(name: string, value: string): void {
  if (!NAME.test(name)) throw malformed('Name', 'a lower-case token')
  if (CONNECTION_FIELDS.has(name)) throw malformed('Name', 'a field that outlives its connection')
  if (!VALUE.test(value)) throw malformed('Value', 'visible ASCII, spaces and tabs, without either at its ends')
}

/** True when a response with this status has no content. Source: RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5. */
export function hasNoContent(status: number): boolean {
  return NO_CONTENT.has(status)
}

/**
 * The length that a Content-Length field announces; undefined without one.
 *
 * @throws {ChannelError} `BINARY_HTTP_MALFORMED` for several, or one that is no number.
 */
export function announcedLength(headers: HttpHeaders): number | undefined {
  const [first, ...others] = headers.filter(([name]) => name === 'content-length')
  if (first === undefined) return undefined
  if (others.length > 0 || !/^(?:0|[1-9]\d{0,14})$/.test(first[1])) {
    throw malformed('Content-Length', 'one whole number')
  }
  return Number(first[1])
}

/**
 * Gathers a body; the result may be a view of its only piece.
 *
 * @param limit - the most bytes that are kept.
 * @throws {ChannelError} `TOO_LARGE`; whatever the body throws, such as `STREAM_TRUNCATED`.
 */
export async function collectBody(body: HttpBody, limit: number): Promise<Uint8Array> {
  const collector = new ByteCollector()
  for await (const piece of body instanceof Uint8Array ? [body] : body) {
    if (collector.length + piece.byteLength > limit) throw new ChannelError('TOO_LARGE', { field: 'body', limit })
    collector.add(piece)
  }
  return collector.finish()
}
