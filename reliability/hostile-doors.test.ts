import { createServer, type Server } from 'node:http'
import { describe, expect, test } from 'vitest'
import { http1, sendBroken, tcp } from './lib/hostile-doors.ts'

const ASK = { method: 'GET', target: '/', headers: [], body: Buffer.alloc(0) }
const PATIENCE_MS = 200

/** Calls back with a server and the numbers of the connection and of the request on it, both from 1. */
async function withServer(behave: Parameters<typeof served>[0], work: (port: number) => Promise<void>): Promise<void> {
  const server = served(behave)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('the server has no port')
  await work(address.port)
  server.closeAllConnections()
  server.close()
}

function served(behave: (asked: number) => 'answers' | 'hangs' | 'closes'): Server {
  let asked = 0
  return createServer(({ socket }, response) => {
    asked += 1
    const what = behave(asked)
    if (what === 'closes') socket.destroy()
    else if (what === 'answers') response.end(String(asked))
  })
}

describe('a connection that is kept', () => {
  test('and does not answer hangs, though another would have answered; what comes next has that one', async () => {
    await withServer(
      (asked) => (asked === 2 ? 'hangs' : 'answers'),
      async (port) => {
        const door = http1(tcp(port), PATIENCE_MS)
        expect(await door.send(ASK)).toMatchObject({ kind: 'answer', body: Buffer.from('1') })
        expect(await door.send(ASK)).toEqual({ kind: 'hung' })
        expect(await door.send(ASK)).toMatchObject({ kind: 'answer', body: Buffer.from('3') })
        await door.close()
      },
    )
  })
  test('and is closed has the excuse of being idle, once', async () => {
    await withServer(
      (asked) => (asked === 2 || asked > 3 ? 'closes' : 'answers'),
      async (port) => {
        const door = http1(tcp(port), PATIENCE_MS)
        expect(await door.send(ASK)).toMatchObject({ body: Buffer.from('1') })
        expect(await door.send(ASK)).toMatchObject({ body: Buffer.from('3') })
        expect(await door.send(ASK)).toEqual({ kind: 'closed' })
        await door.close()
      },
    )
  })
})

describe('a head that is broken', () => {
  test('of a HEAD is answered when the head of its answer is there', async () => {
    await withServer(
      () => 'answers',
      async (port) => {
        const head = Buffer.from('HEAD / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
        expect(await sendBroken(tcp(port), head)).toMatchObject({ kind: 'answer', status: 200, body: Buffer.alloc(0) })
      },
    )
  })
})
