import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { type KeyConfig, parseKeyConfigList } from '@blindai/channel'
import type { Session } from '@blindai/client'
import { fromBase64Url, type UnixSeconds, unixSeconds } from '@blindai/core'
import type { Served } from '../support/served.ts'

/** A client that writes what it likes to a connection, byte for byte. */

export const MIB: number = 1024 * 1024
export const GIB: number = 1024 * MIB
export const CHANNEL = '/.well-known/blindai/channel'
export const OHTTP = '/.well-known/blindai/ohttp'

/** Header fields, as they are written. */
export type Fields = Readonly<Record<string, string | number>>

/** The head of a request of `alice`. */
export function headOf(served: Served, method: string, path: string, fields: Fields = {}): string {
  const all = { host: 'blindai', authorization: `Bearer ${served.key('alice')}`, ...fields }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
}

/** A connection to the plain listener. */
export function plainSocket({ server }: Served): Socket {
  return createConnection(portOf(server.plainUrl), '127.0.0.1')
}

/** A connection to the attested listener before any handshake. */
export function bareSocket({ server }: Served): Socket {
  return createConnection(portOf(server.url), '127.0.0.1')
}

/** Resolves when a connection is closed, however; whoever does not read does not see the end. */
function closed(socket: Socket): Promise<void> {
  socket.on('error', () => undefined)
  return new Promise((resolve) => {
    if (socket.closed) resolve()
    else socket.once('close', () => resolve())
  })
}

/** What comes back over a connection until it is closed. */
export async function answerOf(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await closed(socket)
  return Buffer.concat(chunks)
}

/** What a server took of a body, and what it said. */
export interface Poured {
  readonly taken: number
  readonly answer: string
}

/** Writes zeros for as long as they are taken. @param start - the head of a request, and what comes before the zeros. */
export async function pour(socket: Socket, start: string | Uint8Array, total: number): Promise<Poured> {
  const answered = answerOf(socket)
  socket.write(start)
  const block = Buffer.alloc(64 * 1024)
  let taken = 0
  while (taken < total && !socket.destroyed) {
    taken += block.byteLength
    if (!socket.write(block)) await Promise.race([once(socket, 'drain').catch(() => undefined), answered])
  }
  socket.destroy()
  return { taken, answer: (await answered).toString('latin1') }
}

/** Writes a byte a second until the connection is closed; gives what came back. */
export async function drip(socket: Socket, start: string | Uint8Array): Promise<string> {
  const answered = answerOf(socket)
  socket.write(start)
  const dripping = setInterval(() => socket.write('a'), 1000)
  const answer = await answered
  clearInterval(dripping)
  return answer.toString('latin1')
}

/** The Oblivious HTTP keys of an attested server. */
export function configsOf({ result }: Session): readonly KeyConfig[] {
  return parseKeyConfigList(fromBase64Url('ohttp', result.channel.ohttp))
}

export function now(): UnixSeconds {
  return unixSeconds(Math.floor(Date.now() / 1000))
}

function portOf(url: string | undefined): number {
  return Number(new URL(url ?? '').port)
}
