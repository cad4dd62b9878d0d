import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createServer } from 'node:tls'
import type { Certificate } from '../../packages/client/test/certificates.node.ts'

/** Ends TLS in front of a plain listener, as a load balancer does, and keeps every byte that it sees in clear. */
export interface Terminator {
  readonly port: number
  /** What went to the server and what came back, since the start or the last `forget`. */
  captured(): { readonly requests: Buffer; readonly responses: Buffer }
  forget(): void
  close(): Promise<void>
}

export async function startTerminator(certificate: Certificate, targetPort: number): Promise<Terminator> {
  const requests: Buffer[] = []
  const responses: Buffer[] = []
  const sockets = new Set<Socket>()
  const server = createServer({ ...certificate, ALPNProtocols: ['http/1.1'] }, (client) => {
    const target = connect(targetPort, '127.0.0.1')
    for (const [one, other] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
    client.on('data', (chunk: Buffer) => {
      requests.push(chunk)
      target.write(chunk)
    })
    target.on('data', (chunk: Buffer) => {
      responses.push(chunk)
      client.write(chunk)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the terminator has no port')
  return {
    port: address.port,
    captured: () => ({ requests: Buffer.concat(requests), responses: Buffer.concat(responses) }),
    forget() {
      requests.length = 0
      responses.length = 0
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
