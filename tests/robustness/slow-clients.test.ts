import { setTimeout as wait } from 'node:timers/promises'
import { MEDIA_TYPES } from '@blindai/channel'
import type { Session } from '@blindai/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exchangeRaw, openSocket, provedSocket } from '../support/proved-socket.ts'
import { type Served, serve } from '../support/served.ts'
import { DOUBLES } from './models.ts'
import { answerOf, bareSocket, CHANNEL, drip, headOf, MIB, OHTTP, plainSocket } from './raw-client.ts'
import { whileServing } from './serving-on.ts'

const TIMEOUT_MS = 120_000
/** How slow a body may be. */
const GRACE_MS = 2500
const BYTES_PER_SECOND = 8 * MIB
const NOBODYS = `/v1/models/${'ab'.repeat(32)}`
const LENGTH = { 'content-length': 1000 }

let served: Served
let alice: Session
let bob: Session

beforeAll(async () => {
  served = await serve({
    plain: true,
    tenants: ['alice', 'bob'],
    limits: {
      cores: 2,
      headersTimeoutMs: 1500,
      handshakeTimeoutMs: 1500,
      bodyGraceMs: GRACE_MS,
      minBodyBytesPerSecond: BYTES_PER_SECOND,
    },
  })
  alice = await served.connect('alice')
  bob = await served.connect('bob')
  await alice.models.upload(DOUBLES, { name: 'doubles' })
})
afterAll(() => served?.close())

describe('while another client is served, a client that sends a byte a second', () => {
  test.each([
    ['headers', () => 'POST / HTTP/1.1\r\nhost: a\r\nx: ', 408, 'HEADERS_TOO_SLOW'],
    ['a body of 1 KB', () => headOf(served, 'POST', CHANNEL, LENGTH), 408, 'BODY_TOO_SLOW'],
    ['tensors', () => headOf(served, 'POST', '/v2/models/doubles/infer', LENGTH), 408, 'BODY_TOO_SLOW'],
    ['a task', () => headOf(served, 'POST', '/v1/tasks/text-classification', LENGTH), 408, 'BODY_TOO_SLOW'],
    ['a body that nobody wants', () => headOf(served, 'POST', '/v2/nothing', LENGTH), 404, 'NOT_FOUND'],
  ])('of %s is told so, and closed', { timeout: TIMEOUT_MS }, async (_, start, status, code) => {
    await whileServing(bob, async () => {
      const answer = await drip(await provedSocket(served), start())
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
      expect(answer).toContain(`x-blindai-error: ${code}\r\n`)
    })
  })

  test('of a model is closed, and nothing of it is left', { timeout: TIMEOUT_MS }, async () => {
    await whileServing(bob, async () => {
      await drip(await provedSocket(served), headOf(served, 'PUT', NOBODYS, { 'content-length': MIB }))
      const status = async (): Promise<number> => (await alice.fetch(NOBODYS, { method: 'HEAD' })).status
      await expect.poll(status).toBe(404)
    })
  })

  test.each([MEDIA_TYPES.whole.request, MEDIA_TYPES.chunked.request])(
    'of %s is closed',
    { timeout: TIMEOUT_MS },
    async (type) => {
      await whileServing(bob, async () => {
        await drip(plainSocket(served), headOf(served, 'POST', OHTTP, { 'content-type': type, ...LENGTH }))
      })
    },
  )

  test('of a handshake is closed', { timeout: TIMEOUT_MS }, async () => {
    await whileServing(bob, async () => {
      // The head of a TLS record of 512 bytes. Source: RFC 8446 section 5.1.
      expect(await drip(bareSocket(served), Uint8Array.of(0x16, 3, 1, 2, 0, 1))).toBe('')
    })
  })
})

describe('while another client is served, a client that says nothing', () => {
  test.each([
    ['before the handshake', async () => answerOf(bareSocket(served))],
    ['after the handshake', async () => exchangeRaw(await openSocket(served), '')],
    ['to the plain listener', async () => answerOf(plainSocket(served))],
  ])('%s is closed', { timeout: TIMEOUT_MS }, async (_, connectAndWait) => {
    await whileServing(bob, async () => {
      await connectAndWait()
    })
  })
})

describe('while another client is served, a client that does not read', () => {
  test('is closed before it has its answer', { timeout: TIMEOUT_MS }, async () => {
    const count = 4 * MIB
    const tensor = { name: 'x', datatype: 'FP32', shape: [count], parameters: { binary_data_size: 4 * count } }
    const json = Buffer.from(JSON.stringify({ inputs: [tensor], parameters: { binary_data_output: true } }))
    const fields = {
      'content-length': json.byteLength + 4 * count,
      'inference-header-content-length': json.byteLength,
    }
    await whileServing(bob, async () => {
      const socket = await provedSocket(served)
      const answered = answerOf(socket)
      socket.pause()
      socket.write(headOf(served, 'POST', '/v2/models/doubles/infer', fields))
      socket.write(json)
      socket.write(Buffer.alloc(4 * count))
      // Whoever reads nothing does not hear of the end; what is left to read afterwards tells.
      await wait(2 * (GRACE_MS + (1000 * 4 * count) / BYTES_PER_SECOND))
      socket.resume()
      const answer = await answered
      expect(answer.toString('latin1', 0, 15)).toBe('HTTP/1.1 200 OK')
      expect(answer.byteLength).toBeLessThan(4 * count)
    })
  })
})
