import { utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { connect, type Session } from '../src/index.ts'
import { keeper } from './cleanup.ts'
import { createEnclave, type Enclave, type EnclaveOptions, mockAuthority, now, policyFor } from './enclave.node.ts'
import { ATTESTATION, honest, type Listening, listenPlain } from './listeners.node.ts'

const kept = keeper()
const authority = mockAuthority()
const policy = policyFor(authority)
const OHTTP = '/.well-known/blindai/ohttp'

interface Served {
  readonly enclave: Enclave
  readonly server: Listening
}

async function serve(options: Partial<EnclaveOptions> = {}, port?: number): Promise<Served> {
  const enclave = await createEnclave({ authority, ...options })
  return { enclave, server: kept(await listenPlain(honest(enclave), port)) }
}

async function session(server: Listening, more: object = {}): Promise<Session> {
  return kept(await connect({ url: server.url, policy, apiKey: 'secret', ...more }))
}

describe('Oblivious HTTP', () => {
  test('is the way in for http addresses, and shows what carries it neither path nor key', async () => {
    const { server } = await serve()
    const client = await session(server)
    expect(client.transport).toBe('ohttp')
    const response = await client.fetch('/v2/x?y=1', { method: 'POST', body: 'hello' })
    expect(await response.json()).toEqual({
      method: 'POST',
      path: '/v2/x?y=1',
      authorization: 'Bearer secret',
      bytes: 5,
    })
    expect(server.log.map((line) => line.replace(/^\d+ /, ''))).toEqual([`GET ${ATTESTATION}`, `POST ${OHTTP}`])
  })

  test('carries an operation id of its own on each call that must not be done twice', async () => {
    const ids: (string | undefined)[] = []
    const { server } = await serve({
      api({ headers }) {
        ids.push(headers['blindai-operation-id'])
        return { status: 204, headers: {}, body: new Uint8Array() }
      },
    })
    const client = await session(server)
    await client.models.delete('one')
    await client.models.delete('two')
    await client.fetch('/v2/x')
    expect(ids[0]).toMatch(/^[A-Za-z0-9_-]{22}$/)
    expect(ids[1]).toMatch(/^[A-Za-z0-9_-]{22}$/)
    expect(ids[1]).not.toBe(ids[0])
    expect(ids[2]).toBeUndefined()
  })

  test('gives the answer to an attested fetch as it comes', async () => {
    const second = Promise.withResolvers<void>()
    const { server } = await serve({
      api: () => ({
        status: 200,
        headers: {},
        body: (async function* () {
          yield new Uint8Array(64 * 1024).fill(1)
          await second.promise
          yield Uint8Array.of(2)
        })(),
      }),
    })
    const response = await (await session(server)).fetch('/v2/x')
    const reader = response.body?.getReader()
    expect((await reader?.read())?.value?.[0]).toBe(1)
    second.resolve()
    let last: Uint8Array | undefined
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) last = part.value
    expect(last?.at(-1)).toBe(2)
  })

  test('attests anew when the enclave was started anew, and sends the call again', async () => {
    const { server } = await serve()
    const client = await session(server)
    await server.close()
    const later = await serve({}, server.port)
    const answers = await Promise.all([1, 2, 3].map((i) => client.fetch(`/v2/${i}`).then((r) => r.status)))
    expect(answers).toEqual([200, 200, 200])
    expect(client.result.channel.ohttp).toBe(later.enclave.keyset.ohttp)
    expect(later.server.log.filter((line) => line.endsWith(ATTESTATION))).toHaveLength(1)
  })

  test('attests anew when the keys have come to their end', async () => {
    const { server, enclave } = await serve({ notAfter: now() + 100 })
    let clock = Number(now())
    const client = await session(server, { now: () => clock })
    clock += 101
    await expect(client.fetch('/v2/x')).rejects.toMatchObject({
      family: 'stop',
      code: 'EVIDENCE_REFUSED',
      details: { check: 'binding.statement-window' },
    })
    expect(enclave.keyset.notAfter).toBeLessThan(clock)
    expect(server.log.filter((line) => line.endsWith(OHTTP))).toEqual([])
  })

  test('dates requests by the clock of the enclave when that refuses ours under its key', async () => {
    const { server } = await serve({ dateWindowSeconds: 60 })
    const client = await session(server, { now: () => now() + 200 })
    expect((await client.fetch('/v2/x')).status).toBe(200)
    expect((await client.fetch('/v2/x')).status).toBe(200)
    // Refused, sent again, and then right at once.
    expect(server.log.filter((line) => line.endsWith(OHTTP))).toHaveLength(3)
  })

  test('refuses a server without post-quantum keys where the policy requires them', async () => {
    const strict = policyFor(authority, { requirePostQuantum: true })
    const { server } = await serve()
    expect((await (await session(server, { policy: strict })).fetch('/v2/x')).status).toBe(200)
    const classic = await serve({ isClassic: true })
    await expect(session(classic.server, { policy: strict })).rejects.toMatchObject({
      family: 'stop',
      code: 'POST_QUANTUM_UNAVAILABLE',
      report: { status: 'affirming' },
    })
    expect((await (await session(classic.server)).fetch('/v2/x')).status).toBe(200)
  })

  test('goes whole up to what every server holds for strangers, and in chunks above', async () => {
    const { server } = await serve({
      api({ path, body }) {
        const sha256 = path.slice('/v1/models/'.length, -'?kind=onnx'.length)
        const headers = { 'content-type': 'application/json' }
        return { status: 201, headers, body: utf8(JSON.stringify({ sha256, kind: 'onnx', bytes: body.byteLength })) }
      },
    })
    const types: (string | null)[] = []
    const own: typeof fetch = (input, init) => {
      if (String(input).endsWith(OHTTP)) types.push(new Headers(init?.headers).get('content-type'))
      return fetch(input, init)
    }
    const client = await session(server, { fetch: own })
    for (const size of [1 << 20, (1 << 20) + 1, 4 << 20]) {
      expect(await client.models.upload(new Uint8Array(size), { kind: 'onnx' })).toMatchObject({ bytes: size })
    }
    expect(types).toEqual(['message/ohttp-req', 'message/ohttp-chunked-req', 'message/ohttp-chunked-req'])
  })

  test('attests anew when its evidence is older than the policy allows', async () => {
    const { server } = await serve()
    let clock = Number(now())
    const mindful = policyFor(authority, { maximumEvidenceAgeSeconds: 60 })
    const client = await session(server, { policy: mindful, now: () => clock })
    clock += 60
    await client.fetch('/v2/x')
    clock += 1
    await client.fetch('/v2/x')
    await client.fetch('/v2/x')
    expect(server.log.map((line) => line.replace(/^\d+ \w+ /, ''))).toEqual([
      ATTESTATION,
      OHTTP,
      ATTESTATION,
      OHTTP,
      OHTTP,
    ])
    expect(client.result.now).toBe(clock)
  })

  test('uses the fetch that it is given', async () => {
    const { server } = await serve()
    const urls: string[] = []
    const own: typeof fetch = (input, init) => {
      urls.push(new URL(String(input)).pathname)
      return fetch(input, init)
    }
    await (await session(server, { fetch: own })).fetch('/v2/x')
    expect(urls).toEqual([ATTESTATION, OHTTP])
  })
})
