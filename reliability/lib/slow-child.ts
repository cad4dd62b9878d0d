import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import type { SlowOrder, SlowOutcome } from './slow.ts'

/** The process behind `slowConnections`: opens its connections, drips, and says when each of them was closed. */

const DRIP_MS = 400
/** Handshakes at the same time: they are not what is tried. */
const AT_ONCE = 20

const [order]: [SlowOrder] = await once(process, 'message').then(([message]) => [message])
const closedAfterMs: number[] = []
let opened = 0
let pending = 0
const sockets = new Set<TLSSocket>()
const untilMs = performance.now() + order.lastMs

for (let wave = 0; wave < order.connections; wave += AT_ONCE) {
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, order.connections - wave) }, begin))
}
while (pending > 0 && performance.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 50))
const outcome: SlowOutcome = { opened, closedAfterMs, stillOpen: pending }
process.send?.(outcome)
for (const socket of sockets) socket.destroy()
process.disconnect()

async function begin(): Promise<void> {
  const { host, port } = order
  const ALPNProtocols = [order.kind === 'reads' ? 'h2' : 'http/1.1']
  const socket = connect({ host, port, rejectUnauthorized: false, ALPNProtocols })
  sockets.add(socket)
  // A connection that is cut is what is hoped for.
  socket.on('error', () => undefined)
  const isOpen = await Promise.race([
    once(socket, 'secureConnect').then(() => true),
    once(socket, 'close').then(() => false),
  ])
  if (!isOpen) return
  opened++
  pending++
  const openedMs = performance.now()
  socket.write(firstOf(order))
  const drip = setInterval(() => socket.write(dripOf(order)), DRIP_MS)
  socket.resume()
  socket.once('close', () => {
    clearInterval(drip)
    pending--
    closedAfterMs.push(performance.now() - openedMs)
  })
}

function firstOf({ kind, path, authorization }: SlowOrder): Uint8Array {
  if (kind === 'reads') return h2WithoutWindow(path)
  if (kind === 'headers') return Buffer.from(`GET ${path} HTTP/1.1\r\nhost: a\r\n`)
  const head = `POST ${path} HTTP/1.1\r\nhost: a\r\nauthorization: ${authorization}\r\ncontent-length: 100000\r\n\r\n`
  return Buffer.from(head)
}

function dripOf({ kind }: SlowOrder): Uint8Array {
  // A reader over h2 asks for nothing more; empty settings show that it lives.
  if (kind === 'reads') return new Uint8Array([0, 0, 0, 4, 0, 0, 0, 0, 0])
  return Buffer.from(kind === 'headers' ? 'x: y\r\n' : ' ')
}

/**
 * A GET over h2 whose answer may not have one byte of body: the settings say that each stream's window is 0.
 *
 * Source: RFC 9113 sections 3.4, 6.2 and 6.5; RFC 7541 appendix A for the indexed fields.
 */
function h2WithoutWindow(path: string): Uint8Array {
  const settings = [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0]
  const block = [0x82, 0x87, 0x01, 1, 0x61, 0x04, path.length, ...Buffer.from(path)]
  const headers = [0, 0, block.length, 1, 0x5, 0, 0, 0, 1, ...block]
  return Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.from([...settings, ...headers])])
}
