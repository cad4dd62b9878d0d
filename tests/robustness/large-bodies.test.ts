import { once } from 'node:events'
import { Readable } from 'node:stream'
import { encapsulateStream, MEDIA_TYPES, OHTTP_AUTHORITY } from '@blindai/channel'
import type { Session } from '@blindai/client'
import { concatBytes } from '@blindai/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { provedSession, provedSocket } from '../support/proved-socket.ts'
import { type Served, serve } from '../support/served.ts'
import { DOUBLES } from './models.ts'
import {
  answerOf,
  CHANNEL,
  configsOf,
  type Fields,
  GIB,
  headOf,
  MIB,
  now,
  OHTTP,
  plainSocket,
  pour,
} from './raw-client.ts'
import { whileServing } from './serving-on.ts'

const TIMEOUT_MS = 120_000
const NOBODYS = `/v1/models/${'ab'.repeat(32)}`
/** What may lie in the sockets' buffers on both sides, and the little that is drained so that the answer arrives. */
const IN_BUFFERS = 32 * MIB
const MAX_REQUEST_BYTES = 32 * MIB
const ENCODINGS: readonly (readonly [string, Fields])[] = [
  ['announced', { 'content-length': GIB }],
  ['in chunks', { 'transfer-encoding': 'chunked' }],
]

let served: Served
let alice: Session
let bob: Session

beforeAll(async () => {
  const limits = { cores: 2, maxModelBytesPerTenant: 64 * MIB, maxRequestBytes: MAX_REQUEST_BYTES }
  served = await serve({ plain: true, tenants: ['alice', 'bob'], limits })
  alice = await served.connect('alice')
  bob = await served.connect('bob')
})
afterAll(() => served?.close())

/** The head of a request, and of its one chunk where it comes in chunks. */
function startOf(method: string, path: string, fields: Fields): string {
  const chunk = 'transfer-encoding' in fields ? `${GIB.toString(16)}\r\n` : ''
  return headOf(served, method, path, fields) + chunk
}

function* zeros(onBlock: (bytes: number) => void): Generator<Buffer> {
  const block = Buffer.alloc(64 * 1024)
  for (let sent = 0; sent < GIB; sent += block.byteLength) {
    onBlock(block.byteLength)
    yield block
  }
}

describe('while another client is served, a body of 1 GB', () => {
  test.each([
    ['POST', CHANNEL, 'BODY_TOO_LARGE'],
    ['GET', '/v2/health/live', 'BODY_TOO_LARGE'],
    ['GET', '/v1/models', 'BODY_TOO_LARGE'],
    ['POST', '/v2/models/m/infer', 'BODY_TOO_LARGE'],
    ['POST', '/v1/tasks/text-classification', 'BODY_TOO_LARGE'],
    ['PUT', '/v1/models/m/grants/bob', 'BODY_TOO_LARGE'],
    ['PUT', NOBODYS, 'TENANT_STORAGE_FULL'],
  ])(
    'announced to %s %s is refused before a byte of it is sent',
    { timeout: TIMEOUT_MS },
    async (method, path, code) => {
      await whileServing(bob, async () => {
        const socket = await provedSocket(served)
        socket.write(headOf(served, method, path, { 'content-length': GIB }))
        const [chunk] = await once(socket, 'data')
        expect(String(chunk)).toContain(`\r\nx-blindai-error: ${code}\r\n`)
        socket.destroy()
      })
    },
  )

  test.each(ENCODINGS)(
    'sent all the same to a route of 1 KB, %s, is not taken',
    { timeout: TIMEOUT_MS },
    async (_, fields) => {
      await whileServing(bob, async () => {
        const { taken, answer } = await pour(await provedSocket(served), startOf('POST', CHANNEL, fields), GIB)
        expect(answer).toMatch(/^HTTP\/1\.1 413 /)
        expect(answer).toContain('x-blindai-error: BODY_TOO_LARGE')
        expect(taken).toBeLessThan(IN_BUFFERS)
      })
    },
  )

  test.each(ENCODINGS)(
    'sent as a model that is there, %s, is not taken',
    { timeout: TIMEOUT_MS },
    async (_, fields) => {
      const { sha256 } = await alice.models.upload(DOUBLES)
      await whileServing(bob, async () => {
        const start = startOf('PUT', `/v1/models/${sha256}`, fields)
        const { taken, answer } = await pour(await provedSocket(served), start, GIB)
        expect(answer).toMatch(/^HTTP\/1\.1 400 /)
        expect(answer).toContain('x-blindai-error: UPLOAD_TOO_LONG')
        expect(taken).toBeLessThan(IN_BUFFERS)
      })
    },
  )

  test('sent as a model of unknown length is taken as far as the tenant has room', {
    timeout: TIMEOUT_MS,
  }, async () => {
    await whileServing(bob, async () => {
      const start = startOf('PUT', NOBODYS, { 'transfer-encoding': 'chunked' })
      const { taken, answer } = await pour(await provedSocket(served), start, GIB)
      expect(answer).toContain('x-blindai-error: TENANT_STORAGE_FULL')
      expect(taken).toBeLessThan(64 * MIB + IN_BUFFERS)
      expect((await alice.fetch(NOBODYS, { method: 'HEAD' })).status).toBe(404)
    })
  })

  test('sent over h2 ends its stream, and no other one', { timeout: TIMEOUT_MS }, async () => {
    await whileServing(bob, async () => {
      const session = await provedSession(served)
      const stream = session.request({ ':method': 'POST', ':path': CHANNEL, 'content-length': GIB })
      const answered = once(stream, 'response')
      const ended = new Promise((resolve) => stream.once('close', resolve))
      stream.on('error', () => undefined).resume()
      let taken = 0
      const body = Readable.from(zeros((bytes) => { taken += bytes })) // biome-ignore format: short
      body.on('error', () => undefined).pipe(stream)
      const [headers] = await answered
      expect(headers).toMatchObject({ ':status': 413, 'x-blindai-error': 'BODY_TOO_LARGE' })
      await ended
      body.destroy()
      expect(taken).toBeLessThan(IN_BUFFERS)
      const other = session.request({ ':method': 'GET', ':path': '/v2/health/live' })
      expect((await once(other, 'response'))[0]).toMatchObject({ ':status': 200 })
      session.destroy()
    })
  })
})

describe('while another client is served, a sealed body of 1 GB', () => {
  test('in one piece is read as far as a request may be long, and not further', { timeout: TIMEOUT_MS }, async () => {
    await whileServing(bob, async () => {
      const [config] = configsOf(alice)
      if (config === undefined) throw new TypeError('the server has no key')
      const head = headOf(served, 'POST', OHTTP, { 'content-type': MEDIA_TYPES.whole.request, 'content-length': GIB })
      // To a key that the server has, and a point that is one: nothing is wrong with it yet.
      const encapsulation = new Uint8Array(await encapsulationTo(config.keyId))
      const { taken, answer } = await pour(plainSocket(served), concatBytes(Buffer.from(head), encapsulation), GIB)
      expect(answer).toMatch(/^HTTP\/1\.1 413 /)
      expect(answer).toContain('x-blindai-error: TOO_LARGE')
      expect(taken).toBeLessThan(MAX_REQUEST_BYTES + MIB + IN_BUFFERS)
    })
  })

  test('in chunks is refused, sealed, by the length that the request inside announces', {
    timeout: TIMEOUT_MS,
  }, async () => {
    await whileServing(bob, async () => {
      let taken = 0
      const request = {
        method: 'POST',
        scheme: 'https',
        authority: OHTTP_AUTHORITY,
        path: '/v2/models/m/infer',
        headers: Object.entries({ authorization: `Bearer ${served.key('alice')}`, 'content-length': String(GIB) }),
        body: Readable.from(zeros((bytes) => { taken += bytes })), // biome-ignore format: short
      } as const
      const sealed = await encapsulateStream(configsOf(alice), request, { now: now() })
      const socket = plainSocket(served)
      const answered = answerOf(socket)
      const fields = { 'content-type': sealed.contentType, 'transfer-encoding': 'chunked' }
      socket.write(headOf(served, 'POST', OHTTP, fields))
      for await (const chunk of sealed.body) {
        if (socket.destroyed) break
        socket.write(`${chunk.byteLength.toString(16)}\r\n`)
        socket.write(chunk)
        if (!socket.write('\r\n')) await Promise.race([once(socket, 'drain').catch(() => undefined), answered])
      }
      const { status, headers } = await sealed.openResponse(unchunked(await answered))
      expect({ status, code: new Map(headers).get('x-blindai-error') }).toEqual({ status: 413, code: 'BODY_TOO_LARGE' })
      expect(taken).toBeLessThan(IN_BUFFERS)
    })
  })
})

/** The first bytes of a sealed request: header and encapsulated key. */
async function encapsulationTo(keyId: number): Promise<Uint8Array> {
  const request = { method: 'GET', scheme: 'https', authority: OHTTP_AUTHORITY, path: '/v2', headers: [] } as const
  const sealed = await encapsulateStream(configsOf(alice), { ...request, body: new Uint8Array() }, { now: now() })
  for await (const piece of sealed.body) {
    expect(piece[0]).toBe(keyId)
    return piece
  }
  throw new Error('nothing was sealed')
}

/** The body of an answer in chunks. Source: RFC 9112 section 7.1. */
function unchunked(answer: Buffer): Uint8Array {
  const pieces: Buffer[] = []
  for (let at = answer.indexOf('\r\n\r\n') + 4; at < answer.byteLength; ) {
    const line = answer.indexOf('\r\n', at)
    const length = Number.parseInt(answer.toString('latin1', at, line), 16)
    if (length === 0) break
    pieces.push(answer.subarray(line + 2, line + 2 + length))
    at = line + 2 + length + 2
  }
  return Buffer.concat(pieces)
}
