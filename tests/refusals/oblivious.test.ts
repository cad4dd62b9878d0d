import { hash } from 'node:crypto'
import { createConnection } from 'node:net'
import {
  type BinaryRequest,
  collectBody,
  encapsulateRequest,
  encapsulateStream,
  generateOhttpKeys,
  isChannelError,
  type KeyConfig,
  MEDIA_TYPES,
  OHTTP_AUTHORITY,
  OhttpGateway,
  parseKeyConfigList,
  syncBackend,
} from '@blindai/channel'
import { connect, type Session } from '@blindai/client'
import { fromBase64Url, type UnixSeconds, unixSeconds } from '@blindai/core'
import { defaultLimits } from '@blindai/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keeper } from '../../packages/client/test/cleanup.ts'
import { type Listening, listenPlain } from '../../packages/client/test/listeners.node.ts'
import { type Served, serve } from '../support/served.ts'
import { onwardTo, type Passed, passing } from './front.ts'

const OHTTP = '/.well-known/blindai/ohttp'
const kept = keeper()
let served: Served
let configs: readonly KeyConfig[]

beforeAll(async () => {
  served = await serve({ plain: true })
  configs = await configsOf(served)
})
afterAll(() => served?.close())

/** Key identifier and three algorithms, before the encapsulated key. */
const REQUEST_HEADER_BYTES = 7

/** The keys of a server whose evidence was accepted. */
async function configsOf({ server, policy, key }: Served): Promise<readonly KeyConfig[]> {
  const session = await connect({ url: server.plainUrl ?? '', policy, apiKey: key('alice') })
  await session.close()
  return parseKeyConfigList(fromBase64Url('ohttp', session.result.channel.ohttp))
}

function now(): UnixSeconds {
  return unixSeconds(Math.floor(Date.now() / 1000))
}

function inner(
  method = 'GET',
  path = '/v2',
  more: readonly (readonly [string, string])[] = [],
  of = served,
): BinaryRequest<Uint8Array> {
  const headers = [['authorization', `Bearer ${of.key('alice')}`] as const, ...more]
  return { method, scheme: 'https', authority: OHTTP_AUTHORITY, path, headers, body: new Uint8Array() }
}

interface Sent {
  readonly contentType: string
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The status and code of the sealed answer, or of one that came in clear. */
  post(to?: Served): Promise<{ readonly sealed: boolean; readonly status: number; readonly code: string | undefined }>
}

/** A request as it stands on the wire, to be posted as often as one likes. */
async function recorded(kind: 'whole' | 'chunked', request = inner(), using = configs): Promise<Sent> {
  const encapsulate = kind === 'whole' ? encapsulateRequest : encapsulateStream
  const sealed = await encapsulate(using, request, { now: now() })
  const bytes = new Uint8Array(await collectBody(sealed.body, 1 << 20))
  return {
    contentType: sealed.contentType,
    bytes,
    async post(to = served) {
      const headers = { 'content-type': sealed.contentType }
      const answer = await fetch(`${to.server.plainUrl}${OHTTP}`, { method: 'POST', headers, body: bytes })
      const content = new Uint8Array(await answer.arrayBuffer())
      const clear = { sealed: false, status: answer.status, code: answer.headers.get('x-blindai-error') ?? undefined }
      if (answer.status !== 200) return clear
      const { status, headers: fields } = await sealed.openResponse(content)
      return { sealed: true, status, code: new Map(fields).get('x-blindai-error') }
    },
  }
}

const KINDS = ['whole', 'chunked'] as const
const REPLAYED = { sealed: true, status: 409, code: 'REPLAYED' }
const ANSWERED = { sealed: true, status: 200, code: undefined }

describe('an oblivious request that was recorded on its way', () => {
  test.each(KINDS)('is served once and then refused, %s', async (kind) => {
    const sent = await recorded(kind)
    expect(await sent.post()).toEqual(ANSWERED)
    expect(await sent.post()).toEqual(REPLAYED)
    for (let n = 0; n < 100; n++) expect(await (await recorded(KINDS[n % 2] ?? 'whole')).post()).toEqual(ANSWERED)
    expect(await sent.post()).toEqual(REPLAYED)
  })

  test.each(KINDS)('and arrives eight times at once is served once, %s', async (kind) => {
    const sent = await recorded(kind)
    const answers = await Promise.all(Array.from({ length: 8 }, () => sent.post()))
    expect(answers.filter(({ status }) => status === 200)).toEqual([ANSWERED])
    expect(answers.filter(({ status }) => status !== 200)).toEqual(Array.from({ length: 7 }, () => REPLAYED))
  })

  test('and was a deletion deletes nothing when it comes again', async () => {
    const operation = [['blindai-operation-id', 'operation-0123456789'] as const]
    const sent = await recorded('whole', inner('DELETE', `/v1/models/${'ab'.repeat(32)}`, operation))
    expect(await sent.post()).toEqual({ sealed: true, status: 404, code: 'MODEL_NOT_FOUND' })
    expect(await sent.post()).toEqual(REPLAYED)
    // Sealed anew by whoever knows the key, the operation is still the same one.
    const again = await recorded('whole', inner('DELETE', `/v1/models/${'ab'.repeat(32)}`, operation))
    expect(await again.post()).toEqual({ sealed: true, status: 409, code: 'OPERATION_REPLAYED' })
  })

  test('is refused by another server of the installation, which has other keys', async () => {
    const other = kept(await serve({ plain: true, simulator: served.simulator, tenants: ['alice'] }))
    const sent = await recorded('whole')
    const { sealed, status, code } = await sent.post(other)
    expect({ sealed, status }).toEqual({ sealed: false, status: 422 })
    expect(code).toMatch(/^(?:KEY_ID_UNKNOWN|SUITE_UNSUPPORTED|DECRYPT_FAILED)$/)
  })

  test('and is passed to the server twice by a front shows as such to its client', async () => {
    const onward = kept(onwardTo(served.server.plainUrl ?? ''))
    const front = kept(
      await listenPlain(async (exchange) => {
        const body = await exchange.body()
        const again = { ...exchange, body: async () => body }
        if (exchange.path === OHTTP) await onward.pass(again)
        await passing(onward)(again)
      }),
    )
    await expect((await sessionAt(front)).models.list()).rejects.toMatchObject({ family: 'retry', code: 'REPLAYED' })
  })
})

describe('a server that remembers as many requests as it may', () => {
  test('takes no more, and forgets none', async () => {
    const small = kept(
      await serve({
        plain: true,
        simulator: served.simulator,
        limits: { replayCapacity: 16, dateWindowSeconds: 3600 },
      }),
    )
    const keys = await configsOf(small)
    const own = (): BinaryRequest<Uint8Array> => inner('GET', '/v2', [], small)
    // Strangers fill nothing.
    for (let n = 0; n < 20; n++) {
      const strange = await recorded('whole', inner(), keys)
      expect(await strange.post(small)).toEqual({ sealed: true, status: 401, code: 'UNAUTHENTICATED' })
    }
    const first = await recorded('whole', own(), keys)
    await first.post(small)
    for (let n = 1; n < 16; n++) await (await recorded('whole', own(), keys)).post(small)
    const refused = { sealed: false, status: 503, code: 'REPLAY_SET_FULL' }
    expect(await (await recorded('whole', own(), keys)).post(small)).toEqual(refused)
    expect(await first.post(small)).toEqual(refused)
  })
})

describe('the gateway, with the limits that a server has', () => {
  test('knows a request again after 100,000 others', { timeout: 300_000 }, async () => {
    const { replayCapacity, dateWindowSeconds } = defaultLimits()
    const backend = quickBackend()
    const keys = await generateOhttpKeys(backend)
    const [, classic] = parseKeyConfigList(keys.keyConfigList)
    if (classic === undefined) throw new TypeError('there is no classic key')
    const at = now()
    const clock = (): UnixSeconds => at
    const gateway = new OhttpGateway({ keys, clock, replayCapacity, dateWindowSeconds, maxRequestBytes: 1 << 20 })
    const { contentType, body } = await encapsulateRequest([classic], inner(), { now: at, backend })
    /** Another request: with this cryptography its encapsulated key may be any bytes. Source: RFC 9458 section 4.3. */
    const numbered = (n: number): Uint8Array => {
      const bytes = new Uint8Array(body)
      new DataView(bytes.buffer).setUint32(REQUEST_HEADER_BYTES, n)
      return bytes
    }
    const codeOf = async (bytes: Uint8Array): Promise<string | undefined> => {
      try {
        const opened = await gateway.open(contentType, bytes)
        opened.admit()
        return undefined
      } catch (error) {
        if (!isChannelError(error)) throw error
        return error.code
      }
    }
    let served = 0
    for (let n = 0; n <= 100_000; n++) if ((await codeOf(numbered(n))) === undefined) served++
    expect(served).toBe(100_001)
    for (const n of [0, 1, 50_000, 100_000]) expect(await codeOf(numbered(n))).toBe('REPLAYED')
    expect(await codeOf(numbered(100_001))).toBeUndefined()
  })
})

/** A client of the server behind a front. */
async function sessionAt({ url }: Listening): Promise<Session> {
  return kept(await connect({ url, policy: served.policy, apiKey: served.key('alice') }))
}

/** A front that passes on everything, and of answers to sealed requests only so many bytes. */
async function cutting(keep: (length: number) => number): Promise<Listening> {
  const cut = (passed: Passed): Passed => ({ ...passed, body: passed.body.subarray(0, keep(passed.body.byteLength)) })
  const onward = kept(onwardTo(served.server.plainUrl ?? ''))
  return kept(await listenPlain(passing(onward, (passed, { path }) => (path === OHTTP ? cut(passed) : passed))))
}

describe('an oblivious answer', () => {
  const whole = (session: Session): Promise<unknown> => session.models.list()
  const chunked = async (session: Session): Promise<unknown> => (await session.fetch('/v1/models')).bytes()

  test.each([
    ['all but its last byte', (length: number) => length - 1],
    ['its first half', (length: number) => Math.floor(length / 2)],
    ['its first ten bytes', () => 10],
    ['nothing', () => 0],
  ])('of which %s arrives is refused', async (_, keep) => {
    const session = await sessionAt(await cutting(keep))
    const truncated = { family: 'retry', code: 'RESPONSE_TRUNCATED', report: { status: 'affirming' } }
    await expect(whole(session)).rejects.toMatchObject(truncated)
    await expect(chunked(session)).rejects.toMatchObject(truncated)
  })
})

describe('an oblivious request', () => {
  test.each(KINDS)('that breaks off is refused, and can be sent whole then, %s', async (kind) => {
    const sent = await recorded(kind)
    for (const length of [0, 5, 100, sent.bytes.byteLength - 1]) {
      const headers = { 'content-type': sent.contentType }
      const body = sent.bytes.slice(0, length)
      const answer = await fetch(`${served.server.plainUrl}${OHTTP}`, { method: 'POST', headers, body })
      expect([400, 422]).toContain(answer.status)
      expect(answer.headers.get('x-blindai-error')).toMatch(/^(?:STREAM_TRUNCATED|DECRYPT_FAILED)$/)
    }
    expect(await sent.post()).toEqual(ANSWERED)
  })

  test('whose connection breaks off leaves a server that serves', async () => {
    const { port } = new URL(served.server.plainUrl ?? '')
    const socket = createConnection(Number(port), '127.0.0.1')
    const head = `POST ${OHTTP} HTTP/1.1\r\nhost: a\r\ncontent-type: ${MEDIA_TYPES.chunked.request}\r\n`
    socket.write(`${head}content-length: 100000\r\n\r\n`)
    socket.write((await recorded('chunked')).bytes.subarray(0, 200))
    socket.destroySoon()
    expect(await (await recorded('chunked')).post()).toEqual(ANSWERED)
  })
})

/**
 * Cryptography that costs next to nothing and protects nothing. The gateway does with it all that it does with the real
 * one, and 100,000 requests take seconds. Each encapsulated key is another one, as with the real one.
 */
function quickBackend(): ReturnType<typeof syncBackend> {
  const TAG_BYTES = 16
  let made = 0
  const keyOf = (bytes: Uint8Array): object => ({ bytes: new Uint8Array(bytes) })
  const bytesOf = (key: object): Uint8Array =>
    'bytes' in key && key.bytes instanceof Uint8Array ? key.bytes : new Uint8Array()
  const pairOf = (length: number) => {
    const publicBytes = new Uint8Array(length)
    new DataView(publicBytes.buffer).setUint32(0, ++made)
    return { privateKey: keyOf(publicBytes), publicKey: keyOf(publicBytes), publicBytes }
  }
  return syncBackend({
    hmacSha256: (key, data) => hash('sha256', Buffer.concat([key, data]), 'buffer'),
    sha3_256: (data) => hash('sha256', data, 'buffer'),
    x25519: {
      generate: () => pairOf(32),
      publicKey: keyOf,
      agree: (own, peer) => bytesOf(own).map((byte, i) => byte ^ (bytesOf(peer)[i] ?? 0)),
    },
    mlKem768: {
      generate: () => pairOf(1184),
      publicKey: keyOf,
      encapsulate: () => ({ ciphertext: new Uint8Array(1088), sharedSecret: new Uint8Array(32) }),
      decapsulate: () => new Uint8Array(32),
    },
    seal(_cipher, _key, _nonce, _aad, plaintext) {
      const sealed = new Uint8Array(plaintext.byteLength + TAG_BYTES)
      sealed.set(plaintext)
      return sealed
    },
    open: (_cipher, _key, _nonce, _aad, ciphertext) => ciphertext.slice(0, -TAG_BYTES),
  })
}
