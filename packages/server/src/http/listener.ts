import { randomUUID } from 'node:crypto'
import type { Server as HttpServer } from 'node:http'
import type { Http2SecureServer } from 'node:http2'
import type { AddressInfo, Server, Socket } from 'node:net'
import { ERROR_CODE_HEADER, REQUEST_ID_HEADER } from '@blindai/protocol'
import type { ListenAddress } from '../config.ts'
import { API_CATALOGUE } from './api-error.ts'
import { ConnectionCount } from './connection-count.ts'
import { statusOf } from './status.ts'

/** A listener that accepts connections. */
export interface Listener {
  readonly port: number
  traffic(): Traffic
  /** Takes no new connection, lets each open one end its requests, and cuts what is left after that time. */
  close(drainMs: number): Promise<void>
}

/** What went over a listener's connections, TLS and HTTP included. */
export interface Traffic {
  readonly connections: number
  readonly received: number
  readonly sent: number
}

/** How long a busy connection is given between looks at whether it is idle by now. */
const IDLE_CHECK_MS = 50

/** Starts to listen. @throws what Node throws when the address cannot be had. */
export async function listen(
  server: Http2SecureServer | HttpServer,
  address: ListenAddress,
  maxConnectionsPerAddress: number = Number.POSITIVE_INFINITY,
): Promise<Listener> {
  const tracked = trackSockets(server, new ConnectionCount(maxConnectionsPerAddress))
  const { sockets } = tracked
  server.on('clientError', answerClientError)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ host: address.host, port: address.port }, resolve)
  await promise
  return {
    port: portOf(server.address()),
    traffic: tracked.traffic,
    async close(drainMs) {
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      const idle = setInterval(() => closeIdleConnections(server), IDLE_CHECK_MS)
      const cut = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, drainMs)
      await closed.promise
      clearInterval(idle)
      clearTimeout(cut)
    },
  }
}

/** The origin of a listener, with the brackets that an IPv6 address needs. */
export function originOf(scheme: 'http' | 'https', host: string, port: number): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Both kinds of server have the method; the types of one of them lack it. */
function closeIdleConnections(server: Server): void {
  const close: unknown = Reflect.get(server, 'closeIdleConnections')
  if (typeof close === 'function') Reflect.apply(close, server, [])
}

/** TLS connections show here before their handshake. */
function trackSockets(
  server: Server,
  count: ConnectionCount,
): { readonly sockets: ReadonlySet<Socket>; readonly traffic: () => Traffic } {
  const sockets = new Set<Socket>()
  const gone = { received: 0, sent: 0 }
  server.on('connection', (socket: Socket) => {
    const leave = count.enter(socket.remoteAddress)
    if (leave === undefined) {
      socket.destroy()
      return
    }
    sockets.add(socket)
    socket.once('close', () => {
      sockets.delete(socket)
      leave()
      gone.received += socket.bytesRead
      gone.sent += socket.bytesWritten
    })
  })
  return {
    sockets,
    traffic() {
      let { received, sent } = gone
      for (const socket of sockets) {
        received += socket.bytesRead
        sent += socket.bytesWritten
      }
      return { connections: sockets.size, received, sent }
    },
  }
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new TypeError('the listener has no port')
  return address.port
}

/** What Node's parser gives up on is answered in the same form as everything else. */
function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const code = clientErrorCode(error.code)
  const { message, hint } = API_CATALOGUE[code]
  const body = JSON.stringify({ error: message({}), code, hint })
  socket.end(
    `HTTP/1.1 ${statusOf(code)} ${code}\r\nconnection: close\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n${ERROR_CODE_HEADER}: ${code}\r\n` +
      `${REQUEST_ID_HEADER}: ${randomUUID()}\r\n\r\n${body}`,
  )
  socket.destroySoon()
}

function clientErrorCode(code: string | undefined): 'HEADERS_TOO_LARGE' | 'HEADERS_TOO_SLOW' | 'REQUEST_MALFORMED' {
  if (code === 'HPE_HEADER_OVERFLOW') return 'HEADERS_TOO_LARGE'
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'HEADERS_TOO_SLOW' : 'REQUEST_MALFORMED'
}
