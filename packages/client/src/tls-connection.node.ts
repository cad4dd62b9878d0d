import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect, type TLSSocket } from 'node:tls'
import { CHANNEL_EXPORTER_BYTES, CHANNEL_EXPORTER_LABEL } from '@blindai/channel'
import { BlindAiError } from './errors.ts'
import type { ApiRequest, ApiResponse } from './http-exchange.ts'

/**
 * One TLS 1.3 connection and HTTP/1.1 over it, one request at a time.
 *
 * No certificate authority has a say: the connection counts for what its key and its exporter prove, and its owner asks for
 * both. So neither NODE_EXTRA_CA_CERTS nor NODE_TLS_REJECT_UNAUTHORIZED nor a proxy variable changes anything here.
 */

const MAX_HEADER_BYTES = 32 * 1024
/** An idle connection is ended after this long, or a second before the server said that it would. */
const MAX_IDLE_MS = 60_000
/** Named here, so that no command line option of Node changes them. Source: RFC 8446 appendix B.4. */
const CIPHERS = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256'

/** Which key exchange is offered. */
export type Groups = 'X25519MLKEM768:X25519' | 'X25519MLKEM768'

export class TlsConnection {
  /** SHA-256 of the SubjectPublicKeyInfo of the peer's certificate. */
  readonly spkiSha256: Uint8Array
  readonly #server: URL
  readonly #socket: TLSSocket
  readonly #agent: Agent

  /** Shakes hands; proves nothing yet. @throws {BlindAiError} `CONNECTION_FAILED`, `TLS_HANDSHAKE_FAILED`. */
  static async open(server: URL, groups: Groups, signal: AbortSignal): Promise<TlsConnection> {
    const socket = await dial(server, groups, signal)
    const certificate = socket.getPeerX509Certificate()
    const isFresh = socket.getProtocol() === 'TLSv1.3' && !socket.isSessionReused()
    if (certificate === undefined || !isFresh) {
      socket.destroy()
      throw new BlindAiError('TLS_HANDSHAKE_FAILED', { reason: 'not a full TLS 1.3 handshake with a certificate' })
    }
    const spki = certificate.publicKey.export({ type: 'spki', format: 'der' })
    return new TlsConnection(server, socket, createHash('sha256').update(spki).digest())
  }

  private constructor(server: URL, socket: TLSSocket, spkiSha256: Uint8Array) {
    this.spkiSha256 = new Uint8Array(spkiSha256)
    this.#server = server
    this.#socket = socket
    this.#agent = new OneSocketAgent(socket)
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable
  }

  /** The exporter's value for a context. Source: RFC 8446 section 7.5. */
  exporter(context: Uint8Array): Uint8Array {
    const value = this.#socket.exportKeyingMaterial(
      CHANNEL_EXPORTER_BYTES,
      CHANNEL_EXPORTER_LABEL,
      Buffer.from(context),
    )
    return new Uint8Array(value)
  }

  /**
   * Sends a request; the answer is there when its headers are. An abort ends the connection.
   *
   * @param onEnd - runs once, when the answer was read or given up, or none came.
   * @throws {BlindAiError} `CONNECTION_LOST`; the signal's reason.
   */
  async send(request: ApiRequest, signal: AbortSignal, onEnd: () => void): Promise<ApiResponse> {
    try {
      const message = await this.#exchange(request, signal)
      message.once('close', onEnd)
      return { status: message.statusCode ?? 0, headers: headersOf(message), body: bodyOf(message, signal) }
    } catch (cause) {
      this.destroy()
      onEnd()
      throw signal.aborted ? signal.reason : lost('a request', cause)
    }
  }

  onClose(listener: () => void): void {
    if (this.#socket.destroyed) listener()
    else this.#socket.once('close', listener)
  }

  destroy(): void {
    this.#agent.destroy()
    this.#socket.destroy()
  }

  #exchange({ method, path, headers, body }: ApiRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const length = body.reduce((total, part) => total + part.byteLength, 0)
    const hasLength = length > 0 || ['PUT', 'POST', 'PATCH'].includes(method)
    const outgoing = httpsRequest({
      agent: this.#agent,
      host: hostOf(this.#server),
      port: portOf(this.#server),
      method,
      path,
      setHost: false,
      signal,
      maxHeaderSize: MAX_HEADER_BYTES,
      headers: [
        ['host', this.#server.host],
        ...headers,
        ...(hasLength ? [['content-length', String(length)] as const] : []),
      ].flat(),
    })
    outgoing.once('response', resolve)
    // Stays on: an error after the answer's headers reaches whoever reads the body.
    outgoing.on('error', reject)
    const [first, ...rest] = body
    if (first !== undefined && rest.length === 0) {
      outgoing.end(first)
    } else {
      for (const part of body) outgoing.write(part)
      outgoing.end()
    }
    return promise
  }
}

/** An agent that has one connection, is given it, and never makes another. */
class OneSocketAgent extends Agent {
  readonly #socket: TLSSocket
  #isGiven = false

  constructor(socket: TLSSocket) {
    super({ keepAlive: true, maxSockets: 1, maxFreeSockets: 1, timeout: MAX_IDLE_MS })
    this.#socket = socket
  }

  override createConnection(
    _options: unknown,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | undefined {
    if (this.#isGiven) {
      process.nextTick(() => callback?.(new Error('the connection has ended'), this.#socket))
      return undefined
    }
    this.#isGiven = true
    return this.#socket
  }
}

async function dial(server: URL, groups: Groups, signal: AbortSignal): Promise<TLSSocket> {
  signal.throwIfAborted()
  const host = hostOf(server)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = connect({
    host,
    port: portOf(server),
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    ciphers: CIPHERS,
    ecdhCurve: groups,
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  })
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  socket.once('secureConnect', resolve)
  socket.once('close', () => reject(new Error('the connection ended in the handshake')))
  // Stays on: a connection that breaks while it is idle is found closed, and is no error of anybody's.
  socket.on('error', reject)
  try {
    await promise
  } catch (cause) {
    socket.destroy()
    throw signal.aborted ? signal.reason : notConnected(cause)
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
  socket.setNoDelay(true)
  return socket
}

/** A failure to connect, by whose doing it is: the network's, or that of what answers. */
function notConnected(cause: unknown): BlindAiError {
  const code = codeOf(cause)
  return code.startsWith('ERR_SSL_') || code === 'EPROTO' || code.startsWith('ERR_TLS_')
    ? new BlindAiError('TLS_HANDSHAKE_FAILED', { reason: code }, { cause })
    : new BlindAiError('CONNECTION_FAILED', { reason: code }, { cause })
}

function lost(what: string, cause: unknown): BlindAiError {
  return new BlindAiError('CONNECTION_LOST', { what }, { cause })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : 'the connection ended in the handshake'
}

/** The body; its reader learns of a cut one by `CONNECTION_LOST`. */
function bodyOf(message: IncomingMessage, signal: AbortSignal): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
      const chunks: AsyncIterator<Uint8Array> = message[Symbol.asyncIterator]()
      return {
        async next() {
          try {
            return await chunks.next()
          } catch (cause) {
            throw signal.aborted ? signal.reason : lost('an answer', cause)
          }
        },
        async return() {
          message.destroy()
          return { done: true, value: undefined }
        },
      }
    },
  }
}

/** Field lines as they came; `rawHeaders` has names and values by turns. */
function headersOf(message: IncomingMessage): Headers {
  const headers = new Headers()
  const raw = message.rawHeaders
  for (let i = 0; i + 1 < raw.length; i += 2) headers.append(raw[i] ?? '', raw[i + 1] ?? '')
  return headers
}

/** Without the brackets that a URL puts around an IPv6 address. */
function hostOf(server: URL): string {
  return server.hostname.replace(/^\[(.*)\]$/, '$1')
}

function portOf(server: URL): number {
  return server.port === '' ? 443 : Number(server.port)
}
