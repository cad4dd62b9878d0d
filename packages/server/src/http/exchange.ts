import type { EventEmitter } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import { constants, Http2ServerRequest } from 'node:http2'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'

/**
 * What is used of Node's requests and responses: the part that http/1.1 and the compatible interface of h2 have in common,
 * and the few things that each does in its own way.
 */
export interface NodeRequest extends Readable {
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly httpVersionMajor: number
  readonly complete: boolean
  readonly aborted: boolean
  readonly socket: Socket
}

export interface NodeResponse extends EventEmitter {
  readonly headersSent: boolean
  readonly writableEnded: boolean
  writeContinue(): void
  writeHead(status: number, headers: Readonly<Record<string, string>>): unknown
  addTrailers(trailers: Readonly<Record<string, string>>): void
  write(piece: Uint8Array): boolean
  end(piece?: Uint8Array): unknown
}

/** How much of an unread body is drained after the answer, and for how long, so that the client can read the answer. */
const LINGER_BYTES = 4 * 1024 * 1024
const LINGER_MS = 2000

/** Ends an exchange at once, and over http/1.1 its connection with it. */
export function cut(request: NodeRequest): void {
  if (request instanceof Http2ServerRequest) request.stream.close(constants.NGHTTP2_CANCEL)
  else request.socket.destroy()
}

/**
 * Gets rid of a body that nobody wanted. Over h2 the stream is closed; over http/1.1 a little of it is drained, since a
 * connection closed on unread bytes would take the answer with it.
 */
export function discardBody(request: NodeRequest, response: NodeResponse): void {
  if (request.readableEnded) return
  if (request instanceof Http2ServerRequest) {
    const { stream } = request
    if (stream.readableEnded) return
    const close = (): void => stream.close(constants.NGHTTP2_NO_ERROR)
    // The last that is sent are trailers, or the end where there are none; whoever goes on sending is told to stop.
    stream.once('wantTrailers', () => setImmediate(close))
    response.once('finish', close)
    return
  }
  let drained = 0
  const timer = setTimeout(() => request.socket.destroy(), LINGER_MS)
  request.on('data', (chunk: Uint8Array) => {
    drained += chunk.byteLength
    if (drained > LINGER_BYTES) request.socket.destroy()
  })
  request.once('close', () => clearTimeout(timer))
  request.once('end', () => clearTimeout(timer))
  request.resume()
}

/** Waits until more can be written, or the client is gone. */
export function drained(response: NodeResponse, gone: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  response.once('drain', resolve)
  gone.addEventListener('abort', () => resolve(), { once: true })
  return promise
}
