import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Server, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { isChannelError } from '@blindai/channel'
import { MalformedError } from '@blindai/core'
import type { Certificate } from './certificates.node.ts'
import type { Enclave } from './enclave.node.ts'

/** Listeners for tests: what came, in order, and what is answered. */

export interface Listening {
  readonly url: string
  readonly port: number
  /** `connection method path` of each request, connections numbered from 1. */
  readonly log: string[]
  /** Connections that were accepted. */
  readonly connections: () => number
  /** Ends the connections that are open, and takes new ones. */
  readonly cut: () => void
  close(): Promise<void>
}

export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Numbered from 1. */
  readonly connection: number
  readonly path: string
  readonly query: URLSearchParams
  readonly body: () => Promise<Uint8Array>
  readonly json: (status: number, value: object, headers?: Record<string, string>) => void
  /** The exporter of this connection, in base64url contexts. */
  readonly exporter: (nonce: string) => Uint8Array
}

/** Where evidence is asked for. */
export const ATTESTATION = '/.well-known/blindai/attestation'

export type Route = (exchange: Exchange) => Promise<void> | void

export interface TlsOptions {
  readonly port?: number
  readonly maxVersion?: 'TLSv1.2'
  readonly ecdhCurve?: string
  readonly keepAliveTimeoutMs?: number
}

export async function listenTls(certificate: Certificate, route: Route, options: TlsOptions = {}): Promise<Listening> {
  const { port = 0, keepAliveTimeoutMs = 60_000, maxVersion, ecdhCurve } = options
  const server = createTlsServer({
    ...certificate,
    keepAliveTimeout: keepAliveTimeoutMs,
    ...(maxVersion === undefined ? { minVersion: 'TLSv1.3' } : { maxVersion }),
    ...(ecdhCurve === undefined ? {} : { ecdhCurve }),
  })
  return listening('https', server, 'secureConnection', route, port)
}

export function listenPlain(route: Route, port = 0): Promise<Listening> {
  return listening('http', createServer(), 'connection', route, port)
}

async function listening(
  scheme: string,
  server: Server & { on(event: 'request', listener: RequestListener): unknown },
  connected: 'connection' | 'secureConnection',
  route: Route,
  port: number,
): Promise<Listening> {
  const log: string[] = []
  const numbers = new Map<Socket, number>()
  server.on(connected, (socket: Socket) => {
    numbers.set(socket, numbers.size + 1)
    socket.on('error', () => socket.destroy())
  })
  server.on('request', (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x')
    const connection = numbers.get(request.socket) ?? 0
    log.push(`${connection} ${request.method} ${pathname}`)
    const exchange: Exchange = {
      request,
      response,
      connection,
      path: pathname,
      query: searchParams,
      body: () => bodyOf(request),
      json(status, value, headers = {}) {
        response.writeHead(status, { 'content-type': 'application/json', ...headers })
        response.end(JSON.stringify(value))
      },
      exporter(nonce) {
        const { socket } = request
        if (!(socket instanceof TLSSocket)) throw new Error('no TLS')
        const context = Buffer.from(nonce, 'base64url')
        return new Uint8Array(socket.exportKeyingMaterial(32, 'EXPERIMENTAL blindai channel v1', context))
      },
    }
    Promise.resolve(route(exchange)).catch((error: unknown) => {
      const code = isChannelError(error) || error instanceof MalformedError ? error.code : undefined
      if (code === undefined || response.headersSent) response.destroy()
      else exchange.json(422, { error: 'refused', code }, { 'x-blindai-error': code })
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the listener has no port')
  const cut = (): void => {
    for (const socket of numbers.keys()) socket.destroy()
  }
  return {
    url: `${scheme}://127.0.0.1:${address.port}`,
    port: address.port,
    log,
    connections: () => numbers.size,
    cut,
    async close() {
      const closed = once(server, 'close')
      server.close()
      cut()
      await closed
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of request) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

/** An honest server: the document, the proof, sealed requests, and the API on connections that are proved. */
export function honest(enclave: Enclave): Route {
  const proved = new Set<number>()
  return async (exchange) => {
    const { path, query, request, response, connection } = exchange
    if (path === ATTESTATION) {
      exchange.json(200, await enclave.document(query.get('nonce') ?? ''))
    } else if (path === '/.well-known/blindai/channel') {
      const { nonce } = JSON.parse(new TextDecoder().decode(await exchange.body()))
      exchange.json(200, await enclave.prove(nonce, exchange.exporter(nonce)))
      proved.add(connection)
    } else if (path === '/.well-known/blindai/ohttp') {
      const sealed = await enclave.exchange(request.headers['content-type'] ?? '', await exchange.body())
      response.writeHead(200, { 'content-type': sealed.contentType })
      for await (const chunk of sealed.body) response.write(chunk)
      response.end()
    } else if (request.socket instanceof TLSSocket && !proved.has(connection)) {
      exchange.json(403, { error: 'not proved', code: 'CHANNEL_NOT_PROVED' })
    } else {
      await serveApi(enclave, exchange)
    }
  }
}

async function serveApi(enclave: Enclave, { request, response, body }: Exchange): Promise<void> {
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
  const answer = await enclave.api({
    method: request.method ?? '',
    path: request.url ?? '',
    headers,
    body: await body(),
  })
  response.writeHead(answer.status, answer.headers)
  if (answer.body instanceof Uint8Array) {
    response.end(answer.body)
  } else {
    for await (const chunk of answer.body) response.write(chunk)
    response.end()
  }
}

/** The request for evidence goes to the enclave behind; everything else is the hostile server's own. */
export function relay(document: (nonce: string) => Promise<object>, rest: Route = refuse): Route {
  return async (exchange) => {
    if (exchange.path === ATTESTATION) exchange.json(200, await document(exchange.query.get('nonce') ?? ''))
    else await rest(exchange)
  }
}

export function refuse(exchange: Exchange): void {
  exchange.json(404, { error: 'nothing here', code: 'NOT_FOUND' })
}

/** What a hostile server got to see. */
export function seen(server: Listening): string[] {
  return [...new Set(server.log.map((line) => line.replace(/^\d+ /, '')))]
}
