import { constants } from 'node:crypto'
import { createSecureServer, Http2ServerRequest, constants as http2, type ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ListenAddress } from '../config.ts'
import type { ServerLimits } from '../config-limits.ts'
import type { ApiRequest, ApiResponse, RequestChannel, TlsConnection } from './api.ts'
import type { TlsIdentity } from './certificate.ts'
import type { NodeRequest, NodeResponse } from './exchange.ts'
import { type Listener, listen } from './listener.ts'
import { headerCapacity, serve } from './node-adapter.ts'
import type { SlowWatch } from './slow-watch.ts'

/** What a listener needs besides its address. */
export interface ListenerOptions {
  readonly dispatch: (request: ApiRequest) => Promise<ApiResponse>
  readonly limits: ServerLimits
  readonly slow: SlowWatch
  readonly isDraining: () => boolean
  readonly onCut: (cause: unknown) => void
  /** True where clients may connect that know nothing of attestation, and of key exchange only what is common. */
  readonly isForStockClients?: boolean
}

/** The hybrid first: recorded traffic is to stay closed to a future quantum computer. */
const GROUPS = 'X25519MLKEM768:X25519'
/** gRPC's C core, which is Python's and C++'s, offers P-256 and nothing else. */
const STOCK_GROUPS = `${GROUPS}:P-256`

/** Node's http/1.1 side looks for requests past their timeouts this often. */
export const TIMEOUT_CHECK_MS = 500

/** An upload fills the window of a stream and of its connection; small ones would make it wait for each round trip. */
const STREAM_WINDOW_BYTES = 1024 * 1024
const CONNECTION_WINDOW_BYTES = 8 * 1024 * 1024
/** What an h2 client may do that costs it nothing: entries of a SETTINGS frame, frames for streams that are gone. */
const MAX_SETTINGS = 32
const MAX_INVALID_FRAMES = 100
/** Requests taken back ("rapid reset"), PING and SETTINGS frames: so many at once, and so many a second. */
const RESET_BURST = 200
const RESETS_PER_SECOND = 33
const CONTROL_BURST = 100
const CONTROLS_PER_SECOND = 5
/** Memory that an h2 connection may hold in frames, in megabytes. */
const SESSION_MEMORY_MB = 16

/**
 * The attested listener: TLS 1.3 with http/1.1 and h2. No session is ever resumed, so every connection has its own
 * handshake and its own exporter.
 */
export function listenTls(address: ListenAddress, identity: TlsIdentity, options: ListenerOptions): Promise<Listener> {
  const { limits } = options
  const http1Options = {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.connectionIdleMs,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    maxHeaderSize: limits.maxHeaderBytes,
  }
  const server = createSecureServer({
    key: identity.key,
    cert: identity.certificate,
    allowHTTP1: true,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    ecdhCurve: options.isForStockClients === true ? STOCK_GROUPS : GROUPS,
    secureOptions: constants.SSL_OP_NO_TICKET,
    handshakeTimeout: limits.handshakeTimeoutMs,
    maxSessionMemory: SESSION_MEMORY_MB,
    maxSettings: MAX_SETTINGS,
    maxSessionInvalidFrames: MAX_INVALID_FRAMES,
    streamResetBurst: RESET_BURST,
    streamResetRate: RESETS_PER_SECOND,
    unknownProtocolTimeout: limits.headersTimeoutMs,
    maxHeaderListPairs: headerCapacity(limits.maxHeaderFields),
    settings: {
      initialWindowSize: STREAM_WINDOW_BYTES,
      maxConcurrentStreams: limits.maxStreamsPerConnection,
      maxHeaderListSize: limits.maxHeaderBytes,
    },
    http1Options,
  })
  server.maxConnections = limits.maxConnections
  // The types of this server lack what its http/1.1 side reads.
  Object.assign(server, { maxHeadersCount: headerCapacity(limits.maxHeaderFields) })
  const connections = new WeakMap<object, TlsConnection>()
  const adapter = {
    dispatch: options.dispatch,
    channelOf: (request: NodeRequest): RequestChannel => ({
      kind: 'tls',
      connection: connectionOf(connections, request),
    }),
    slow: options.slow,
    maxHeaderFields: limits.maxHeaderFields,
    maxHeaderBytes: limits.maxHeaderBytes,
    headers: {},
    isDraining: options.isDraining,
    onCut: options.onCut,
  }
  const onRequest = (request: NodeRequest, response: NodeResponse): void => void serve(adapter, request, response)
  server.on('request', onRequest)
  server.on('checkContinue', onRequest)
  server.on('checkExpectation', onRequest)
  server.on('session', (session) => superviseSession(session, limits))
  // It says nothing that could be answered; the connection is gone.
  server.on('sessionError', ignore)
  // Node ends a handshake that fails, but of one that takes too long it only tells.
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  return listen(server, address, limits.maxConnectionsPerAddress)
}

/** The proof belongs to the connection: to the socket of http/1.1, to the session of h2. */
function connectionOf(connections: WeakMap<object, TlsConnection>, request: NodeRequest): TlsConnection {
  const session = request instanceof Http2ServerRequest ? request.stream.session : undefined
  const owner = session ?? request.socket
  const known = connections.get(owner)
  if (known !== undefined) return known
  const socket = session?.socket ?? request.socket
  const connection: TlsConnection = {
    proved: false,
    exportKey(length, label, context) {
      if (!isTls(socket)) throw new TypeError('the connection is not TLS')
      return socket.exportKeyingMaterial(length, label, Buffer.from(context))
    },
  }
  connections.set(owner, connection)
  return connection
}

/** The socket of an h2 session is a proxy: it has what it gives, whatever `in` and `instanceof` say. */
function isTls(socket: Socket): socket is TLSSocket {
  return typeof Reflect.get(socket, 'exportKeyingMaterial') === 'function'
}

/** Closes an h2 connection on which no request is open for too long, whatever else it sends. */
function superviseSession(session: ServerHttp2Session, limits: ServerLimits): void {
  session.setLocalWindowSize(CONNECTION_WINDOW_BYTES)
  let open = 0
  let timer = setTimeout(() => session.destroy(), limits.headersTimeoutMs)
  session.on('stream', (stream) => {
    open++
    clearTimeout(timer)
    stream.once('close', () => {
      open--
      if (open === 0) timer = setTimeout(() => session.destroy(), limits.connectionIdleMs)
    })
  })
  session.once('close', () => clearTimeout(timer))
  boundControlFrames(session)
}

/** Each is answered, and costs more to answer than to send. What nghttp2 bounds is only how many answers wait. */
function boundControlFrames(session: ServerHttp2Session): void {
  let allowance = CONTROL_BURST
  let filledAt = performance.now()
  const spend = (): void => {
    const now = performance.now()
    allowance = Math.min(CONTROL_BURST, allowance + (CONTROLS_PER_SECOND * (now - filledAt)) / 1000) - 1
    filledAt = now
    if (allowance < 0) session.destroy(new RangeError('too many control frames'), http2.NGHTTP2_ENHANCE_YOUR_CALM)
  }
  session.on('ping', spend)
  session.on('remoteSettings', spend)
}

function ignore(): void {
  // Named so that the listener above reads as a decision.
}
