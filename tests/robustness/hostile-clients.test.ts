import { hash } from 'node:crypto'
import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { collectBody, encapsulateStream, MEDIA_TYPES, OHTTP_AUTHORITY, parseKeyConfigList } from '@blindai/channel'
import type { Session } from '@blindai/client'
import { fromBase64Url, unixSeconds } from '@blindai/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exchangeRaw, openSocket, provedSession, provedSocket } from '../support/proved-socket.ts'
import { type Served, serve } from '../support/served.ts'
import { DOUBLES, SQUEEZENET } from './models.ts'
import { whileServing } from './serving-on.ts'

const MIB = 1024 * 1024
const GIB = 1024 * MIB
const TIMEOUT_MS = 120_000
/** How slow a body may be. */
const GRACE_MS = 2500
const BYTES_PER_SECOND = 8 * MIB
const SHA256 = hash('sha256', SQUEEZENET)
const PATH = `/v1/models/${SHA256}`
const CHANNEL = '/.well-known/blindai/channel'
const OHTTP = '/.well-known/blindai/ohttp'

let served: Served
let alice: Session
let bob: Session

beforeAll(async () => {
  served = await serve({
    plain: true,
    tenants: ['alice', 'bob'],
    limits: {
      cores: 2,
      // Room for one and a half.
      maxModelBytesPerTenant: Math.floor(1.5 * SQUEEZENET.byteLength),
      maxRequestBytes: 32 * MIB,
      headersTimeoutMs: 1500,
      handshakeTimeoutMs: 1500,
      bodyGraceMs: GRACE_MS,
      minBodyBytesPerSecond: BYTES_PER_SECOND,
    },
  })
  alice = await served.connect('alice')
  bob = await served.connect('bob')
})
afterAll(() => served?.close())

function headOf(method: string, path: string, fields: Readonly<Record<string, string | number>> = {}): string {
  const all = { host: 'blindai', authorization: `Bearer ${served.key('alice')}`, ...fields }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
}

function closed(socket: Socket): Promise<unknown> {
  socket.on('error', () => undefined)
  return new Promise((resolve) => (socket.closed ? resolve(undefined) : socket.once('close', resolve)))
}

/** Resolves when the server holds bytes of the upload: before that there would be nothing to leave. */
async function expectUnderWay(): Promise<void> {
  const offset = async (): Promise<number> =>
    Number((await alice.fetch(PATH, { method: 'HEAD' })).headers.get('upload-offset'))
  await expect.poll(offset, { timeout: 10_000 }).toBeGreaterThan(0)
}

/** Nothing of an upload is there: no model, no progress, no bytes that count. */
async function expectNothingLeft(): Promise<void> {
  const status = async (): Promise<number> => (await alice.fetch(PATH, { method: 'HEAD' })).status
  await expect.poll(status, { timeout: 10_000 }).toBe(404)
  expect((await alice.models.list()).map(({ sha256 }) => sha256)).not.toContain(SHA256)
}

describe('while another client is served, an upload that breaks off', () => {
  test.each(['http/1.1', 'h2'])(
    'in the middle leaves nothing, and can be made again: over %s',
    { timeout: TIMEOUT_MS },
    async (protocol) => {
      const half = SQUEEZENET.subarray(0, SQUEEZENET.byteLength >> 1)
      await whileServing(bob, async () => {
        // Three halves would be more than the tenant may store.
        for (let n = 0; n < 3; n++) {
          if (protocol === 'h2') {
            const session = await provedSession(served)
            session.on('error', () => undefined)
            const headers = { authorization: `Bearer ${served.key('alice')}`, 'content-length': SQUEEZENET.byteLength }
            const stream = session.request({ ':method': 'PUT', ':path': PATH, ...headers })
            stream.on('error', () => undefined)
            await new Promise((written) => stream.write(half, written))
            session.destroy()
          } else {
            const socket = await provedSocket(served)
            socket.write(headOf('PUT', PATH, { 'content-length': SQUEEZENET.byteLength }))
            await new Promise((written) => socket.write(half, written))
            socket.destroy()
          }
          await expectNothingLeft()
        }
        expect(await alice.models.upload(SQUEEZENET)).toMatchObject({ sha256: SHA256, bytes: SQUEEZENET.byteLength })
        await alice.models.delete(SHA256)
      })
    },
  )

  test('inside Oblivious HTTP leaves nothing, and can be made again', { timeout: TIMEOUT_MS }, async () => {
    await whileServing(bob, async () => {
      const request = {
        method: 'PUT',
        scheme: 'https',
        authority: OHTTP_AUTHORITY,
        path: PATH,
        headers: [
          ['authorization', `Bearer ${served.key('alice')}`],
          ['blindai-operation-id', 'operation-0123456789'],
        ],
        body: new Uint8Array(SQUEEZENET),
      } as const
      const sealed = await encapsulateStream(configs(), request, { now: unixSeconds(Math.floor(Date.now() / 1000)) })
      const whole = await collectBody(sealed.body, 4 * MIB)
      const socket = createConnection(portOf(served.server.plainUrl), '127.0.0.1')
      const head = `POST ${OHTTP} HTTP/1.1\r\nhost: a\r\ncontent-type: ${sealed.contentType}\r\n`
      socket.write(`${head}content-length: ${whole.byteLength}\r\n\r\n`)
      socket.write(whole.subarray(0, whole.byteLength >> 1))
      await expectUnderWay()
      socket.destroy()
      await expectNothingLeft()
      expect(await alice.models.upload(SQUEEZENET)).toMatchObject({ sha256: SHA256 })
      await alice.models.delete(SHA256)
    })
  })

  test('and came in parts keeps what arrived, and goes on from there', { timeout: TIMEOUT_MS }, async () => {
    await whileServing(bob, async () => {
      const socket = await provedSocket(served)
      const { byteLength } = SQUEEZENET
      const fields = { 'upload-offset': 0, 'upload-length': byteLength, 'content-length': byteLength }
      socket.write(headOf('PUT', PATH, fields))
      await new Promise((written) => socket.write(SQUEEZENET.subarray(0, MIB), written))
      socket.destroy()
      const offset = async (): Promise<number> =>
        Number((await alice.fetch(PATH, { method: 'HEAD' })).headers.get('upload-offset'))
      await expect.poll(offset).toBe(MIB)
      expect(await alice.models.list()).toEqual([])
      const held: number[] = []
      await alice.models.upload(SQUEEZENET, {
        partBytes: MIB,
        onProgress({ phase, sentBytes }) {
          if (phase === 'sending') held.push(sentBytes)
        },
      })
      expect(held).toEqual([2 * MIB, byteLength])
      await alice.models.delete(SHA256)
    })
  })
})

/** Writes zeros for as long as they are taken; gives how many were, and what came back. */
async function pour(
  socket: Socket,
  head: string,
  total: number,
): Promise<{ readonly taken: number; readonly answer: string }> {
  let answer = ''
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1')
  })
  const gone = closed(socket)
  socket.write(head)
  const block = Buffer.alloc(64 * 1024)
  let taken = 0
  while (taken < total && !socket.destroyed) {
    taken += block.byteLength
    if (!socket.write(block)) await Promise.race([once(socket, 'drain').catch(() => undefined), gone])
  }
  socket.destroy()
  await gone
  return { taken, answer }
}

describe('while another client is served, a body of 1 GB', () => {
  test.each([
    ['POST', CHANNEL],
    ['GET', '/v2/health/live'],
    ['GET', '/v1/models'],
    ['POST', '/v2/models/m/infer'],
    ['POST', '/v1/tasks/text-classification'],
    ['PUT', '/v1/models/m/grants/bob'],
    ['PUT', PATH],
  ])(
    'that is announced to %s %s is refused before a byte of it is sent',
    { timeout: TIMEOUT_MS },
    async (method, path) => {
      await whileServing(bob, async () => {
        const socket = await provedSocket(served)
        socket.write(headOf(method, path, { 'content-length': GIB }))
        const [chunk] = await once(socket, 'data')
        expect(String(chunk)).toMatch(/^HTTP\/1\.1 (?:413|403) /)
        expect(String(chunk)).toMatch(/\r\nx-blindai-error: (?:BODY_TOO_LARGE|TENANT_STORAGE_FULL)\r\n/)
        socket.destroy()
      })
    },
  )

  test.each([
    ['announced', { 'content-length': GIB }],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])(
    'that is sent all the same to a route that takes 1 KB, %s, is not taken',
    { timeout: TIMEOUT_MS },
    async (_, fields) => {
      await whileServing(bob, async () => {
        const head = headOf('POST', CHANNEL, fields)
        const chunked = 'transfer-encoding' in fields ? `${GIB.toString(16)}\r\n` : ''
        const { taken, answer } = await pour(await provedSocket(served), head + chunked, GIB)
        expect(answer).toMatch(/^HTTP\/1\.1 413 /)
        expect(answer).toContain('x-blindai-error: BODY_TOO_LARGE')
        // What lies in the sockets' buffers on both sides, and the little that is drained so that the answer arrives.
        expect(taken).toBeLessThan(32 * MIB)
      })
    },
  )

  test.each([
    ['announced', { 'content-length': GIB }],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])('that is sent as a model that is there already, %s, is not taken', { timeout: TIMEOUT_MS }, async (_, fields) => {
    const { sha256 } = await alice.models.upload(DOUBLES)
    await whileServing(bob, async () => {
      const head = headOf('PUT', `/v1/models/${sha256}`, fields)
      const chunked = 'transfer-encoding' in fields ? `${GIB.toString(16)}\r\n` : ''
      const { taken, answer } = await pour(await provedSocket(served), head + chunked, GIB)
      expect(answer).toMatch(/^HTTP\/1\.1 400 /)
      expect(answer).toContain('x-blindai-error: UPLOAD_TOO_LONG')
      expect(taken).toBeLessThan(32 * MIB)
    })
    await alice.models.delete(sha256)
  })

  test('that is sent over h2 ends its stream, and no other one', { timeout: TIMEOUT_MS }, async () => {
    await whileServing(bob, async () => {
      const session = await provedSession(served)
      const stream = session.request({ ':method': 'POST', ':path': CHANNEL, 'content-length': GIB })
      const answered = once(stream, 'response')
      stream.on('error', () => undefined).resume()
      let taken = 0
      const zeros = Readable.from(
        (function* () {
          for (; taken < GIB; taken += 64 * 1024) yield Buffer.alloc(64 * 1024)
        })(),
      )
      zeros.on('error', () => undefined)
      const ended = new Promise((resolve) => stream.once('close', resolve))
      zeros.pipe(stream)
      const [headers] = await answered
      expect(headers).toMatchObject({ ':status': 413, 'x-blindai-error': 'BODY_TOO_LARGE' })
      await ended
      zeros.destroy()
      expect(taken).toBeLessThan(32 * MIB)
      const other = session.request({ ':method': 'GET', ':path': '/v2/health/live' })
      expect((await once(other, 'response'))[0]).toMatchObject({ ':status': 200 })
      session.destroy()
    })
  })

  test('that is sealed in one piece is not held', { timeout: TIMEOUT_MS }, async () => {
    await whileServing(bob, async () => {
      const socket = createConnection(portOf(served.server.plainUrl), '127.0.0.1')
      const head = `POST ${OHTTP} HTTP/1.1\r\nhost: a\r\ncontent-type: ${MEDIA_TYPES.whole.request}\r\ncontent-length: ${GIB}\r\n\r\n`
      // A request to a key that exists, so that it is read at all.
      const [config] = configs()
      const { keyId, kem, symmetric } = config ?? { keyId: 0, kem: 0, symmetric: [] }
      const start = Buffer.alloc(7)
      start.writeUInt8(keyId, 0)
      start.writeUInt16BE(kem, 1)
      start.writeUInt16BE(symmetric[0]?.kdf ?? 0, 3)
      start.writeUInt16BE(symmetric[0]?.aead ?? 0, 5)
      const { taken, answer } = await pour(socket, head + start.toString('latin1'), GIB)
      expect(answer).toMatch(/^HTTP\/1\.1 (?:413|422|429|503) /)
      expect(answer).toMatch(/x-blindai-error: (?:TOO_LARGE|DECRYPT_FAILED|TENANT_BODY_MEMORY_FULL|BODY_MEMORY_FULL)/)
      expect(taken).toBeLessThan(128 * MIB)
    })
  })

  test('inside Oblivious HTTP is refused by its announced length, sealed', { timeout: TIMEOUT_MS }, async () => {
    await whileServing(bob, async () => {
      let taken = 0
      async function* zeros(): AsyncGenerator<Uint8Array> {
        for (; taken < GIB; taken += 64 * 1024) yield new Uint8Array(64 * 1024)
      }
      const request = {
        method: 'POST',
        scheme: 'https',
        authority: OHTTP_AUTHORITY,
        path: '/v2/models/m/infer',
        headers: [
          ['authorization', `Bearer ${served.key('alice')}`],
          ['content-length', String(GIB)],
        ],
        body: zeros(),
      } as const
      const sealed = await encapsulateStream(configs(), request, { now: unixSeconds(Math.floor(Date.now() / 1000)) })
      const socket = createConnection(portOf(served.server.plainUrl), '127.0.0.1')
      const answers: Buffer[] = []
      socket.on('data', (chunk: Buffer) => answers.push(chunk))
      const gone = closed(socket)
      socket.write(
        `POST ${OHTTP} HTTP/1.1\r\nhost: a\r\ncontent-type: ${sealed.contentType}\r\ntransfer-encoding: chunked\r\n\r\n`,
      )
      for await (const chunk of sealed.body) {
        if (socket.destroyed) break
        socket.write(`${chunk.byteLength.toString(16)}\r\n`)
        socket.write(chunk)
        if (!socket.write('\r\n')) await Promise.race([once(socket, 'drain').catch(() => undefined), gone])
      }
      await gone
      expect(taken).toBeLessThan(32 * MIB)
      const { status, headers } = await sealed.openResponse(unchunked(Buffer.concat(answers)))
      expect({ status, code: new Map(headers).get('x-blindai-error') }).toEqual({ status: 413, code: 'BODY_TOO_LARGE' })
    })
  })
})

describe('while another client is served, a client', () => {
  /** Sends a byte a second until the connection is closed; gives what came back. */
  async function drip(socket: Socket, start: string): Promise<string> {
    let answer = ''
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1')
    })
    const gone = closed(socket)
    socket.write(start)
    const dripping = setInterval(() => socket.write('a'), 1000)
    await gone
    clearInterval(dripping)
    return answer
  }

  const LENGTH = { 'content-length': 1000 }
  test.each([
    ['its headers', 'POST / HTTP/1.1\r\nhost: a\r\nx: ', 'HEADERS_TOO_SLOW'],
    ['a body of 1 KB', () => headOf('POST', CHANNEL, LENGTH), 'BODY_TOO_SLOW'],
    ['tensors', () => headOf('POST', '/v2/models/digits/infer', LENGTH), 'MODEL_NOT_FOUND'],
    ['a task', () => headOf('POST', '/v1/tasks/text-classification', LENGTH), 'BODY_TOO_SLOW'],
    ['a body that no route takes', () => headOf('POST', '/v2/nothing', LENGTH), 'NOT_FOUND'],
  ] as const)(
    'that sends %s a byte a second is told so, and closed',
    { timeout: TIMEOUT_MS },
    async (_, start, code) => {
      await whileServing(bob, async () => {
        const answer = await drip(await provedSocket(served), typeof start === 'string' ? start : start())
        expect(answer).toMatch(code.endsWith('TOO_SLOW') ? /^HTTP\/1\.1 408 / : /^HTTP\/1\.1 404 /)
        expect(answer).toContain(`x-blindai-error: ${code}\r\n`)
      })
    },
  )

  test('that sends a model a byte a second is closed, and nothing of it is left', { timeout: TIMEOUT_MS }, async () => {
    await whileServing(bob, async () => {
      await drip(await provedSocket(served), headOf('PUT', PATH, { 'content-length': SQUEEZENET.byteLength }))
      await expectNothingLeft()
    })
  })

  test('that sends a sealed request a byte a second is closed', { timeout: TIMEOUT_MS }, async () => {
    await whileServing(bob, async () => {
      for (const type of [MEDIA_TYPES.whole.request, MEDIA_TYPES.chunked.request]) {
        const socket = createConnection(portOf(served.server.plainUrl), '127.0.0.1')
        await drip(socket, `POST ${OHTTP} HTTP/1.1\r\nhost: a\r\ncontent-type: ${type}\r\ncontent-length: 1000\r\n\r\n`)
      }
    })
  })

  test('that connects and says nothing, or shakes hands a byte a second, is closed', {
    timeout: TIMEOUT_MS,
  }, async () => {
    await whileServing(bob, async () => {
      const silent = await openSocket(served)
      await exchangeRaw(silent, '')
      const slow = createConnection(portOf(served.server.url), '127.0.0.1')
      // The start of a TLS record that says there is more.
      await drip(slow, '\u0016\u0003\u0001\u0002\u0000\u0001')
    })
  })

  test('that does not read its answer is closed', { timeout: TIMEOUT_MS }, async () => {
    await alice.models.upload(DOUBLES, { name: 'doubles' })
    await whileServing(bob, async () => {
      const count = 4 * MIB
      const json = {
        inputs: [{ name: 'x', datatype: 'FP32', shape: [count], parameters: { binary_data_size: 4 * count } }],
      }
      const head = Buffer.from(JSON.stringify({ ...json, parameters: { binary_data_output: true } }))
      const socket = await provedSocket(served)
      const fields = {
        'content-length': head.byteLength + 4 * count,
        'inference-header-content-length': head.byteLength,
      }
      let received = 0
      socket.on('data', (chunk: Buffer) => {
        received += chunk.byteLength
      })
      const gone = closed(socket)
      socket.pause()
      socket.write(headOf('POST', '/v2/models/doubles/infer', fields))
      socket.write(head)
      socket.write(Buffer.alloc(4 * count))
      // Whoever reads nothing does not hear of the end; what is left to read afterwards tells.
      await wait(2 * (GRACE_MS + (1000 * 4 * count) / BYTES_PER_SECOND))
      socket.resume()
      await gone
      expect(received).toBeGreaterThan(0)
      expect(received).toBeLessThan(4 * count)
    })
    await alice.models.delete('doubles')
  })
})

function configs(): ReturnType<typeof parseKeyConfigList> {
  return parseKeyConfigList(fromBase64Url('ohttp', alice.result.channel.ohttp))
}

function portOf(url: string | undefined): number {
  return Number(new URL(url ?? '').port)
}

/** The body of an answer that may have come in chunks. */
function unchunked(answer: Buffer): Uint8Array {
  const end = answer.indexOf('\r\n\r\n') + 4
  const body = answer.subarray(end)
  if (!answer.subarray(0, end).toString('latin1').toLowerCase().includes('transfer-encoding: chunked')) return body
  const pieces: Buffer[] = []
  for (let at = 0; at < body.byteLength; ) {
    const line = body.indexOf('\r\n', at)
    const length = Number.parseInt(body.toString('latin1', at, line), 16)
    if (length === 0 || Number.isNaN(length)) break
    pieces.push(body.subarray(line + 2, line + 2 + length))
    at = line + 2 + length + 2
  }
  return Buffer.concat(pieces)
}
