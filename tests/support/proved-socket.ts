import type { ClientHttp2Session } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import { ask1, ask2, sessionTo, socketTo } from '../../packages/server/test/fixtures/listening.ts'
import type { Served } from './served.ts'

export { ask1, ask2, exchangeRaw, type WireAnswer } from '../../packages/server/test/fixtures/listening.ts'

const CHANNEL = '/.well-known/blindai/channel'
const PROOF = JSON.stringify({ nonce: Buffer.alloc(32, 7).toString('base64url') })

/** A connection to the attested listener that has asked for nothing. */
export function openSocket(served: Served): Promise<TLSSocket> {
  return socketTo(listenerOf(served))
}

/** A connection over which the server has proved itself, and which it therefore serves. */
export async function provedSocket(served: Served): Promise<TLSSocket> {
  const socket = await openSocket(served)
  const { status } = await ask1(socket, 'POST', CHANNEL, {}, PROOF)
  if (status !== 200) throw new Error(`the proof was answered with ${status}`)
  return socket
}

/** The same over h2. */
export async function provedSession(served: Served): Promise<ClientHttp2Session> {
  const session = await openSession(served)
  const { status } = await ask2(session, 'POST', CHANNEL, {}, PROOF)
  if (status !== 200) throw new Error(`the proof was answered with ${status}`)
  return session
}

/** An h2 connection that has asked for nothing. */
export function openSession(served: Served): Promise<ClientHttp2Session> {
  return sessionTo(listenerOf(served))
}

function listenerOf({ server }: Served): { readonly port: number; close(): Promise<void> } {
  return { port: Number(new URL(server.url).port), close: async () => undefined }
}
