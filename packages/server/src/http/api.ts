import type { Tenant } from '../tenants/index.ts'
import type { BodyLease } from './body-memory.ts'
import type { PublicError } from './error-response.ts'
import type { Transfer } from './slow-watch.ts'

/**
 * Requests and answers as the routes see them, whatever carried them: attested TLS (http/1.1 or h2), Oblivious HTTP or
 * the plain listener. Plain objects, so that a small request costs little and a test needs no port.
 */

/** Field lines by lower-case name. */
export type ApiHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** A body on its way in. It is read once, either way. */
export interface ApiBody extends AsyncIterable<Uint8Array> {
  /** The length that was announced. */
  readonly length: number | undefined
  /**
   * The whole body in one piece.
   *
   * @param limitBytes - more is refused, before it is kept.
   * @param onGrow - told how many more bytes will be held, before they are; may refuse by throwing.
   * @throws {ApiError} `BODY_TOO_LARGE`, `BODY_TRUNCATED`, `BODY_TOO_SLOW`.
   */
  collect(limitBytes: number, onGrow: (bytes: number) => void): Promise<Uint8Array>
}

/** A TLS connection, as far as its proof goes. */
export interface TlsConnection {
  /** True once the proof was made on this connection. */
  proved: boolean
  /** Keying material of this connection alone. Source: RFC 8446 section 7.5. */
  exportKey(length: number, label: string, context: Uint8Array): Uint8Array
}

/** The way a request came in. */
export type RequestChannel =
  | { readonly kind: 'tls'; readonly connection: TlsConnection }
  | { readonly kind: 'ohttp' }
  | { readonly kind: 'plain' }

/** What h2 can carry besides: an answer while the request still comes, and trailers after it. */
export interface Duplex {
  /** The body in pieces as they come, without a watch. */
  pieces(): AsyncIterator<Uint8Array>
  /** Watches that bytes keep coming. @param onSlow - called once when they do not. */
  watch(onSlow: () => void): Transfer
}

export interface ApiRequest {
  /** Upper case. */
  readonly method: string
  /** Starts with "/"; percent-encoded, without the query. */
  readonly path: string
  /** Without "?"; empty for none. */
  readonly query: string
  readonly headers: ApiHeaders
  readonly body: ApiBody
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal
  readonly channel: RequestChannel
  /** Only over h2. */
  readonly duplex?: Duplex
}

/**
 * A request that came sealed, before anybody knows whose it is. Its body is handed out once, by `admit`, which refuses a
 * replay: only for a caller who is known, or strangers fill the memory of what was admitted.
 */
export interface SealedRequest extends Omit<ApiRequest, 'body'> {
  /** @throws {RequestRefused} `REPLAYED`, `REPLAY_SET_FULL`, `DATE_OUTSIDE_WINDOW`. */
  admit(): ApiBody
}

/** A request as it comes in. */
export type ArrivedRequest = ApiRequest | SealedRequest

/** What goes back. The pieces of a body are sent in order; a list of pieces has a known length. */
export interface ApiResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: readonly Uint8Array[] | AsyncIterable<Uint8Array>
  /** Fields after the body, asked for at its end. Only over h2. */
  readonly trailers?: () => Readonly<Record<string, string>>
  /** True where a body of pieces is made while the request still comes; it takes as long as its reader wants. */
  readonly isDuplex?: boolean
  /** Why a stream ended that `isDuplex`; undefined where it ended well. Known once `onSent` is called. */
  readonly failure?: () => PublicError | undefined
  /** To be called once when the answer has been sent, or never will be. */
  readonly onSent?: () => void
}

/** One request on its way through the routes. */
export interface Call {
  readonly request: ApiRequest
  readonly requestId: string
  /** The path's parameters, percent-decoded. */
  readonly params: Readonly<Record<string, string>>
  /** Who asks. Routes for everybody get a tenant that owns nothing. */
  readonly tenant: Tenant
  /**
   * The whole body, within the route's limit and the memory that all bodies may take; then looks again as `confirm` does.
   */
  readBody(): Promise<Uint8Array>
  /** Counts memory that the request holds until it is answered. */
  readonly lease: BodyLease
  /**
   * Looks again whether the key is the tenant's, in a role that may call the route: for what took its time to come, and at the
   * turn of what had to wait for it. Another tenant that was made under the same name, with the same key, is not the tenant.
   *
   * @returns the tenant as it is now: its role may be another.
   * @throws {ApiError} `UNAUTHENTICATED`, `FORBIDDEN`.
   */
  confirm(): Tenant
  /**
   * Admits one of the requests of a call that takes several, as if it had come in a call of its own. To be called when it
   * begins, before it is kept; the first was counted with the call.
   *
   * @throws {ApiError} `UNAUTHENTICATED`, `FORBIDDEN`, `MEMORY_LOW`; {TenantError} `TENANT_RATE_LIMITED`.
   */
  readmit(): void
}

const NO_BODY: readonly Uint8Array[] = []

/** An answer without a body. */
export function emptyResponse(status: number, headers: Readonly<Record<string, string>> = {}): ApiResponse {
  return { status, headers, body: NO_BODY }
}

/** An answer of JSON bytes. */
export function jsonBytesResponse(
  status: number,
  json: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): ApiResponse {
  return { status, headers: { ...headers, 'content-type': 'application/json' }, body: [json] }
}

/** An answer of a value that is written as JSON. */
export function jsonResponse(
  status: number,
  value: object,
  headers: Readonly<Record<string, string>> = {},
): ApiResponse {
  return jsonBytesResponse(status, Buffer.from(JSON.stringify(value)), headers)
}
