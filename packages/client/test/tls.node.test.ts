import { describe, expect, test } from 'vitest'
import { connect, type Session } from '../src/index.ts'
import { keeper } from './cleanup.ts'
import { createEnclave, type Enclave, type EnclaveOptions, mockAuthority, policyFor } from './enclave.node.ts'
import { honest, type Listening, listenTls, type TlsOptions } from './listeners.node.ts'

const kept = keeper()
const authority = mockAuthority()
const policy = policyFor(authority)

interface Served {
  readonly enclave: Enclave
  readonly server: Listening
}

async function serve(options: Partial<EnclaveOptions> = {}, listen: TlsOptions = {}): Promise<Served> {
  const enclave = await createEnclave({ authority, ...options })
  return { enclave, server: kept(await listenTls(enclave.certificate, honest(enclave), listen)) }
}

async function session(server: Listening, more: object = {}): Promise<Session> {
  return kept(await connect({ url: server.url, policy, apiKey: 'secret', ...more }))
}

describe('attested TLS', () => {
  test('asks for evidence, has the connection prove itself, and only then calls', async () => {
    const { server } = await serve()
    const client = await session(server)
    expect(client.transport).toBe('tls')
    expect(client.result).toMatchObject({ status: 'affirming', trustClass: 'simulated', freshness: 'nonce' })
    const response = await client.fetch('/v2/x?y=1', { method: 'POST', body: 'hello' })
    expect(await response.json()).toEqual({
      method: 'POST',
      path: '/v2/x?y=1',
      authorization: 'Bearer secret',
      bytes: 5,
    })
    expect(server.log).toEqual([
      '1 GET /.well-known/blindai/attestation',
      '1 POST /.well-known/blindai/channel',
      '1 POST /v2/x',
    ])
  })

  test('proves each further connection before its first call, and makes no more than it may', async () => {
    const arrived = Promise.withResolvers<void>()
    let waiting = 0
    const { server } = await serve({
      async api() {
        if (++waiting === 3) arrived.resolve()
        await arrived.promise
        return { status: 200, headers: {}, body: new Uint8Array(10) }
      },
    })
    const client = await session(server, { maxConnections: 3 })
    const answers = await Promise.all(Array.from({ length: 9 }, () => client.fetch('/v2/x').then((r) => r.bytes())))
    expect(answers.map((bytes) => bytes.byteLength)).toEqual(Array(9).fill(10))
    expect(server.connections()).toBe(3)
    for (const connection of [1, 2, 3]) {
      const own = server.log.filter((line) => line.startsWith(`${connection} `))
      expect(own.findIndex((line) => line.endsWith('/channel'))).toBeLessThan(own.findIndex((l) => l.endsWith('/v2/x')))
    }
  })

  test('keeps its connection between calls', async () => {
    const { server } = await serve()
    const client = await session(server)
    for (let call = 0; call < 5; call++) await (await client.fetch('/v2/x')).json()
    expect(server.connections()).toBe(1)
  })

  test('makes a new connection when the server has ended the kept one', async () => {
    const { server } = await serve()
    const client = await session(server)
    server.cut()
    expect((await client.fetch('/v2/x')).status).toBe(200)
    expect(server.log.slice(-2)).toEqual(['2 POST /.well-known/blindai/channel', '2 GET /v2/x'])
  })

  test('attests anew when the enclave was started anew, and sends the call once', async () => {
    const { server, enclave } = await serve()
    const client = await session(server)
    const before = client.result
    await server.close()
    const later = await serve({}, { port: server.port })
    const answers = await Promise.all([1, 2, 3].map((i) => client.fetch(`/v2/${i}`).then((r) => r.status)))
    expect(answers).toEqual([200, 200, 200])
    expect(client.result.channel.tls).toEqual(later.enclave.keyset.tls)
    expect(before.channel.tls).toEqual(enclave.keyset.tls)
    const count = (end: string): number => later.server.log.filter((line) => line.endsWith(end)).length
    expect([count('/attestation'), count('/v2/1'), count('/v2/2'), count('/v2/3')]).toEqual([1, 1, 1, 1])
  })

  test('offers only the post-quantum key exchange where the policy requires it', async () => {
    const strict = policyFor(authority, { requirePostQuantum: true })
    const classic = await serve({}, { ecdhCurve: 'X25519' })
    await expect(connect({ url: classic.server.url, policy: strict })).rejects.toMatchObject({
      code: 'TLS_HANDSHAKE_FAILED',
    })
    expect(classic.server.log).toEqual([])
    const hybrid = await serve({}, { ecdhCurve: 'X25519MLKEM768:X25519' })
    expect((await session(hybrid.server, { policy: strict })).result.status).toBe('affirming')
  })

  test('gives the status and the body of an error as fetch does', async () => {
    const { server } = await serve({ api: () => ({ status: 418, headers: {}, body: new Uint8Array(3) }) })
    const response = await (await session(server)).fetch('/v2/x')
    expect(response.status).toBe(418)
    expect((await response.bytes()).byteLength).toBe(3)
  })

  test('gives a body as it comes', async () => {
    const second = Promise.withResolvers<void>()
    const { server } = await serve({
      api: () => ({
        status: 200,
        headers: {},
        body: (async function* () {
          yield Uint8Array.of(1)
          await second.promise
          yield Uint8Array.of(2)
        })(),
      }),
    })
    const response = await (await session(server)).fetch('/v2/x')
    const reader = response.body?.getReader()
    expect((await reader?.read())?.value).toEqual(Uint8Array.of(1))
    second.resolve()
    expect((await reader?.read())?.value).toEqual(Uint8Array.of(2))
    expect((await reader?.read())?.done).toBe(true)
  })
})

describe('a call over attested TLS', () => {
  test('ends in the reason of its signal, and others go on', async () => {
    const started = Promise.withResolvers<void>()
    const { server } = await serve({
      async api({ path }) {
        if (path === '/v2/slow') {
          started.resolve()
          await new Promise(() => undefined)
        }
        return { status: 200, headers: {}, body: new Uint8Array() }
      },
    })
    const client = await session(server)
    const abort = new AbortController()
    const slow = client.fetch('/v2/slow', { signal: abort.signal })
    await started.promise
    abort.abort(new Error('enough'))
    await expect(slow).rejects.toThrow('enough')
    expect((await client.fetch('/v2/fast')).status).toBe(200)
  })

  test('ends at its time limit', async () => {
    const { server } = await serve({ api: () => new Promise(() => undefined) })
    const client = await session(server, { timeouts: { requestMs: 50 } })
    await expect(client.models.list()).rejects.toMatchObject({
      family: 'retry',
      code: 'TIMED_OUT',
      details: { timeoutMs: 50 },
    })
  })

  test('fails when the answer is cut short, with the report of the session', async () => {
    const { server } = await serve({
      api: () => ({
        status: 200,
        headers: { 'content-length': '100' },
        body: (async function* () {
          yield new Uint8Array(10)
          throw new Error('the server ends the connection')
        })(),
      }),
    })
    const client = await session(server)
    await expect(client.models.list()).rejects.toMatchObject({
      family: 'retry',
      code: 'CONNECTION_LOST',
      report: { status: 'affirming' },
    })
  })

  test('fails when the answer is larger than it may be', async () => {
    const { server } = await serve({ api: () => ({ status: 200, headers: {}, body: new Uint8Array(2000) }) })
    const client = await session(server, { maxResponseBytes: 1000 })
    await expect(client.models.list()).rejects.toMatchObject({ family: 'fix', code: 'RESPONSE_TOO_LARGE' })
  })

  test('fails when the session was closed', async () => {
    const { server } = await serve()
    const client = await session(server)
    await client.close()
    await expect(client.fetch('/v2/x')).rejects.toMatchObject({ family: 'fix', code: 'SESSION_CLOSED' })
  })
})
