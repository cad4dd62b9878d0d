import { createServer } from 'node:http'
import type { ListenAddress } from '../config.ts'
import { type ApiResponse, emptyResponse } from './api.ts'
import type { NodeRequest, NodeResponse } from './exchange.ts'
import { type Listener, listen } from './listener.ts'
import { type AdapterOptions, headerCapacity, serve } from './node-adapter.ts'
import { type ListenerOptions, TIMEOUT_CHECK_MS } from './tls-listener.ts'

/** Any page may ask: what is served here is public, or sealed. Source: Fetch standard, "CORS protocol". */
const CORS_HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'x-blindai-error, x-request-id, retry-after',
}
const PREFLIGHT_HEADERS = {
  'access-control-allow-methods': 'GET, POST',
  'access-control-allow-headers': 'content-type',
  'access-control-max-age': '86400',
}

/**
 * The plain listener: HTTP/1.1 without TLS, for loopback or behind whatever terminates TLS. It serves only the document,
 * Oblivious HTTP and health; the dispatcher sees to that.
 */
export function listenPlain(address: ListenAddress, options: ListenerOptions): Promise<Listener> {
  return listenHttp(address, options, { headers: CORS_HEADERS, answerFirst: preflight })
}

/**
 * A listener of HTTP/1.1 without TLS, with the bounds that the TLS listener has for HTTP/1.1 but one: connections are not
 * counted by address, since before it may stand what everybody comes through.
 */
export function listenHttp(
  address: ListenAddress,
  options: ListenerOptions,
  own: Partial<Pick<AdapterOptions, 'headers' | 'answerFirst'>>,
): Promise<Listener> {
  const { limits } = options
  const server = createServer({
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.connectionIdleMs,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    maxHeaderSize: limits.maxHeaderBytes,
  })
  server.maxConnections = limits.maxConnections
  server.maxHeadersCount = headerCapacity(limits.maxHeaderFields)
  const adapter = {
    dispatch: options.dispatch,
    channelOf: () => ({ kind: 'plain' }) as const,
    slow: options.slow,
    maxHeaderFields: limits.maxHeaderFields,
    maxHeaderBytes: limits.maxHeaderBytes,
    headers: {},
    ...own,
    isDraining: options.isDraining,
    onCut: options.onCut,
  }
  const onRequest = (request: NodeRequest, response: NodeResponse): void => void serve(adapter, request, response)
  server.on('request', onRequest)
  server.on('checkContinue', onRequest)
  server.on('checkExpectation', onRequest)
  return listen(server, address)
}

/** Source: Fetch standard, "CORS-preflight fetch"; Private Network Access for pages of a public origin. */
function preflight({ method, headers }: NodeRequest): ApiResponse | undefined {
  if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return undefined
  const isPrivate = headers['access-control-request-private-network'] === 'true'
  return emptyResponse(204, {
    ...PREFLIGHT_HEADERS,
    ...(isPrivate ? { 'access-control-allow-private-network': 'true' } : {}),
  })
}
