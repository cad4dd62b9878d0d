import { MEDIA_TYPES } from '@blindai/channel'
import { toBase64Url } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { connect, type Session } from '../src/index.ts'
import { keeper } from './cleanup.ts'
import { createEnclave, type Enclave, encodeStatement, mockAuthority, policyFor } from './enclave.node.ts'
import { ATTESTATION, type Exchange, honest, type Listening, listenPlain, type Route } from './listeners.node.ts'

const kept = keeper()
const authority = mockAuthority()
const policy = policyFor(authority)
const OHTTP = '/.well-known/blindai/ohttp'

async function session(server: Listening): Promise<Session> {
  return kept(await connect({ url: server.url, policy, apiKey: 'secret' }))
}

/** An enclave whose sealed answers pass through hostile hands. */
async function tampered(answer: (enclave: Enclave, exchange: Exchange) => Promise<void> | void): Promise<Listening> {
  const enclave = await createEnclave({ authority })
  const serveHonestly = honest(enclave)
  const route: Route = (exchange) => (exchange.path === OHTTP ? answer(enclave, exchange) : serveHonestly(exchange))
  return kept(await listenPlain(route))
}

/** What the enclave would answer, in one piece. */
async function sealedAnswer(enclave: Enclave, exchange: Exchange): Promise<{ contentType: string; bytes: Buffer }> {
  const sealed = await enclave.exchange(exchange.request.headers['content-type'] ?? '', await exchange.body())
  const chunks: Uint8Array[] = []
  for await (const chunk of sealed.body) chunks.push(chunk)
  return { contentType: sealed.contentType, bytes: Buffer.concat(chunks) }
}

function send({ response }: Exchange, contentType: string, bytes: Uint8Array): void {
  response.writeHead(200, { 'content-type': contentType })
  response.end(bytes)
}

describe('a server in the middle of Oblivious HTTP', () => {
  test('that relays nonces live and holds no key cannot answer', async () => {
    const server = await tampered((_, exchange) => send(exchange, MEDIA_TYPES.chunked.response, Buffer.alloc(2000, 7)))
    await expect((await session(server)).fetch('/v2/x')).rejects.toMatchObject({
      family: 'stop',
      code: 'RESPONSE_NOT_AUTHENTIC',
      report: { status: 'affirming' },
    })
  })

  test('and has an enclave of its own is told by the key: one new attestation, and then an end', async () => {
    const other = await createEnclave({ authority })
    const server = await tampered(async (_, exchange) => {
      const { contentType, bytes } = await sealedAnswer(other, exchange)
      send(exchange, contentType, bytes)
    })
    const client = await session(server)
    await expect(client.fetch('/v2/x')).rejects.toMatchObject({ family: 'stop', code: 'OHTTP_KEY_UNKNOWN' })
    await expect(client.fetch('/v2/x')).rejects.toMatchObject({ code: 'OHTTP_KEY_UNKNOWN' })
    expect(server.log.filter((line) => line.endsWith(ATTESTATION))).toHaveLength(2)
    expect(server.log.filter((line) => line.endsWith(OHTTP))).toHaveLength(2)
  })

  test('that lets a deletion through and says that its key is unknown gets the same operation again, not a second', async () => {
    const ids: (string | undefined)[] = []
    const enclave = await createEnclave({
      authority,
      api({ headers }) {
        ids.push(headers['blindai-operation-id'])
        return { status: 204, headers: {}, body: new Uint8Array() }
      },
    })
    const serveHonestly = honest(enclave)
    const server = kept(
      await listenPlain(async (exchange) => {
        if (exchange.path !== OHTTP) return serveHonestly(exchange)
        const { contentType, bytes } = await sealedAnswer(enclave, exchange)
        if (ids.length > 1) send(exchange, contentType, bytes)
        else exchange.json(422, { error: 'forged', code: 'KEY_ID_UNKNOWN' })
      }),
    )
    await (await session(server)).models.delete('one')
    expect(ids).toHaveLength(2)
    expect(ids[0]).toMatch(/^[A-Za-z0-9_-]{22}$/)
    expect(ids[1]).toBe(ids[0])
  })

  test('that swaps the key in the statement is told by the report data', async () => {
    const [enclave, other] = await Promise.all([createEnclave({ authority }), createEnclave({ authority })])
    const swapped = encodeStatement({ ...enclave.keyset, ohttp: other.keyset.ohttp })
    const server = kept(
      await listenPlain(async (exchange) => {
        const document = await enclave.document(exchange.query.get('nonce') ?? '')
        exchange.json(200, { ...document, statement: toBase64Url(swapped) })
      }),
    )
    await expect(session(server)).rejects.toMatchObject({
      family: 'stop',
      code: 'EVIDENCE_REFUSED',
      details: { check: 'binding.report-data', reason: 'REPORT_DATA_MISMATCH' },
    })
    expect(server.log).toEqual([`1 GET ${ATTESTATION}`])
  })

  test('that answers with the document of another nonce is told by the nonce', async () => {
    const enclave = await createEnclave({ authority })
    const old = await enclave.document(toBase64Url(new Uint8Array(32).fill(1)))
    const server = kept(await listenPlain((exchange) => exchange.json(200, old)))
    await expect(session(server)).rejects.toMatchObject({
      code: 'EVIDENCE_REFUSED',
      details: { check: 'binding.nonce', reason: 'NONCE_MISMATCH' },
    })
  })

  test.each([
    ['a whole answer', (client: Session) => client.models.list()],
    ['an answer in chunks', async (client: Session) => (await client.fetch('/v2/x')).bytes()],
  ])('that cuts %s is told by the missing end', async (_, call) => {
    const server = await tampered(async (enclave, exchange) => {
      const { contentType, bytes } = await sealedAnswer(enclave, exchange)
      send(exchange, contentType, bytes.subarray(0, bytes.byteLength - 100))
    })
    await expect(call(await session(server))).rejects.toMatchObject({
      family: 'retry',
      code: 'RESPONSE_TRUNCATED',
      report: { status: 'affirming' },
    })
  })

  test.each([
    ['a whole answer', (client: Session) => client.models.list()],
    ['an answer in chunks', async (client: Session) => (await client.fetch('/v2/x')).bytes()],
  ])('that changes a bit of %s is told by the seal', async (_, call) => {
    const server = await tampered(async (enclave, exchange) => {
      const { contentType, bytes } = await sealedAnswer(enclave, exchange)
      bytes[60] = (bytes[60] ?? 0) ^ 1
      send(exchange, contentType, bytes)
    })
    await expect(call(await session(server))).rejects.toMatchObject({ family: 'stop', code: 'RESPONSE_NOT_AUTHENTIC' })
  })

  test('that gives the answer to one call as the answer to another is told by the seal', async () => {
    let first: { contentType: string; bytes: Buffer } | undefined
    const server = await tampered(async (enclave, exchange) => {
      const own = await sealedAnswer(enclave, exchange)
      first ??= own
      send(exchange, first.contentType, first.bytes)
    })
    const client = await session(server)
    expect((await client.fetch('/v2/x')).status).toBe(200)
    await expect(client.fetch('/v2/x')).rejects.toMatchObject({ code: 'RESPONSE_NOT_AUTHENTIC' })
  })

  test('that answers in clear is not believed', async () => {
    const server = await tampered((_, exchange) => exchange.json(200, { models: [] }))
    await expect((await session(server)).models.list()).rejects.toMatchObject({
      family: 'stop',
      code: 'OHTTP_REFUSED',
      details: { status: 200 },
    })
  })

  test('that is busy is worth another attempt, at the time it says', async () => {
    const server = await tampered((_, exchange) => {
      const headers = { 'x-blindai-error': 'REPLAY_SET_FULL', 'retry-after': '1' }
      exchange.json(503, { error: 'x' }, headers)
    })
    await expect((await session(server)).models.list()).rejects.toMatchObject({
      family: 'retry',
      code: 'OHTTP_BUSY',
      retryAfterMs: 1000,
      details: { serverCode: 'REPLAY_SET_FULL' },
    })
  })

  test('that redirects is not followed', async () => {
    const server = kept(
      await listenPlain(({ response }) => {
        response.writeHead(307, { location: 'http://127.0.0.1:1/' })
        response.end()
      }),
    )
    await expect(session(server)).rejects.toMatchObject({ family: 'retry', code: 'CONNECTION_FAILED' })
  })

  test('that ends the connection in an answer is worth another attempt', async () => {
    const server = await tampered((_, { response }) => {
      response.writeHead(200, { 'content-type': MEDIA_TYPES.whole.response, 'content-length': '5000' })
      response.write(Buffer.alloc(100), () => response.destroy())
    })
    await expect((await session(server)).models.list()).rejects.toMatchObject({
      family: 'retry',
      code: 'CONNECTION_LOST',
    })
  })
})
