import { once } from 'node:events'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { isBlindAiError, type Session } from '@blindai/client'
import { type Answer, type Outcome, RawConnection } from './raw-http.ts'
import type { HostileAsk } from './request-grammar.ts'

/** The ways into a server. Each sends one request and says what came back; undefined for one that its client cannot even write. */
export interface Door {
  send(ask: HostileAsk): Promise<Outcome | undefined>
  close(): Promise<void>
}

const PATIENCE_MS = 30_000
const PROOF = JSON.stringify({ nonce: Buffer.alloc(32, 7).toString('base64url') })
const PROVE: HostileAsk = {
  method: 'POST',
  target: '/.well-known/blindai/channel',
  headers: [],
  body: Buffer.from(PROOF),
}

/** How a connection of HTTP/1.1 is made. */
export type Opening = () => Promise<RawConnection>

export function tcp(port: number): Opening {
  return async () => {
    const socket = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true })
    await once(socket, 'connect')
    return new RawConnection(socket)
  }
}

export function tls(port: number, proves: boolean): Opening {
  return async () => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
    await once(socket, 'secureConnect')
    const connection = new RawConnection(socket)
    if (!proves) return connection
    const proof = await connection.ask(written(PROVE), false, PATIENCE_MS)
    if (proof.kind !== 'answer' || proof.status !== 200) throw new Error('the channel was not proved')
    return connection
  }
}

/** Requests over a connection that is kept for as long as the server keeps it. */
export function http1(open: Opening, patienceMs: number = PATIENCE_MS): Door {
  let connection: RawConnection | undefined
  return {
    async send(ask) {
      const isFresh = connection?.isOpen !== true
      if (connection === undefined || isFresh) connection = await open()
      const outcome = await connection.ask(written(ask), ask.method === 'HEAD', patienceMs)
      // What comes late is no answer to what is asked next.
      if (outcome.kind === 'hung') connection.close()
      if (outcome.kind !== 'closed' || isFresh) return outcome
      // It may have been closed for being idle while this was on its way: a new one has no such excuse.
      connection.close()
      connection = await open()
      return connection.ask(written(ask), ask.method === 'HEAD', patienceMs)
    },
    async close() {
      connection?.close()
    },
  }
}

/** Bytes that are no request, each over a connection of its own; to be closed on is an answer to them. */
export async function sendBroken(open: Opening, bytes: Buffer): Promise<Outcome> {
  const connection = await open()
  // What can still be read as such a method is answered by a head alone.
  const isHead = bytes.subarray(0, 5).toString('latin1') === 'HEAD '
  const outcome = await connection.ask(bytes, isHead, PATIENCE_MS)
  connection.close()
  return outcome
}

export async function http2(port: number): Promise<Door> {
  let session: ClientHttp2Session | undefined
  const opened = async (): Promise<ClientHttp2Session> => {
    if (session !== undefined && !session.closed && !session.destroyed) return session
    session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
    // What becomes of it shows on its streams.
    session.on('error', () => undefined)
    await once(session, 'connect')
    const proof = await stream(session, PROVE)
    if (proof?.kind !== 'answer' || proof.status !== 200) throw new Error('the channel was not proved')
    return session
  }
  return {
    send: async (ask) => stream(await opened(), ask),
    async close() {
      session?.destroy()
    },
  }
}

function stream(
  session: ClientHttp2Session,
  { method, target, headers, body }: HostileAsk,
): Promise<Outcome | undefined> {
  const { promise, resolve } = Promise.withResolvers<Outcome | undefined>()
  const fields = { ...Object.fromEntries(headers), ':method': method, ':path': target }
  try {
    const sent = session.request(fields, { endStream: false })
    const chunks: Buffer[] = []
    let head: Record<string, unknown> = {}
    const timer = setTimeout(() => resolve({ kind: 'hung' }), PATIENCE_MS)
    sent.on('response', (received) => {
      head = received
    })
    sent.on('data', (chunk: Buffer) => chunks.push(chunk))
    // An answer may come before the body was sent; the stream is then closed under it.
    sent.on('error', () => undefined)
    sent.on('close', () => {
      clearTimeout(timer)
      const status = Number(head[':status'])
      resolve(
        Number.isNaN(status)
          ? { kind: 'closed' }
          : { kind: 'answer', status, headers: texts(head), body: Buffer.concat(chunks) },
      )
    })
    sent.end(body)
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    resolve(undefined)
  }
  return promise
}

/** Requests sealed by the SDK. */
export function sealed(session: Session): Door {
  return {
    async send({ method, target, headers, body }) {
      try {
        const hasBody = method !== 'GET' && method !== 'HEAD'
        const fields = headers
          .filter(([name]) => name !== 'authorization')
          .map(([name, value]): [string, string] => [name, value])
        const init = { method, headers: fields, ...(hasBody ? { body: new Uint8Array(body) } : {}) }
        return await answerOf(await session.fetch(target, init))
      } catch (error) {
        if (isBlindAiError(error) && error.family === 'retry') return { kind: 'closed' }
        if (error instanceof TypeError || error instanceof RangeError || isBlindAiError(error)) return undefined
        throw error
      }
    },
    close: () => session.close(),
  }
}

export async function answerOf(response: Response): Promise<Answer> {
  const body = Buffer.from(await response.arrayBuffer())
  return { kind: 'answer', status: response.status, headers: Object.fromEntries(response.headers), body }
}

/** A request of HTTP/1.1 as bytes. */
export function written({ method, target, headers, body }: HostileAsk): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const head = `${method} ${target} HTTP/1.1\r\nhost: x\r\n${lines}content-length: ${body.byteLength}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), body])
}

function texts(head: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(head).map(([name, value]) => [name, String(value)]))
}
