import { createServer, connect as dial } from 'node:net'
import { toBase64Url } from '@blindai/core'
import { DEFAULT_POLICY } from '@blindai/verifier'
import { describe, expect, test } from 'vitest'
import { connect } from '../src/index.ts'
import { createCertificateAuthority } from './certificates.node.ts'
import { keeper } from './cleanup.ts'
import { createEnclave, encodeStatement, mockAuthority, policyFor, spkiSha256 } from './enclave.node.ts'
import { ATTESTATION, honest, listenTls, refuse, relay, seen } from './listeners.node.ts'

const kept = keeper()
const authority = mockAuthority()
const policy = policyFor(authority)
const CHANNEL = '/.well-known/blindai/channel'
const foreign = createCertificateAuthority('Foreign CA')

async function refusal(url: string, using = policy): Promise<unknown> {
  try {
    await connect({ url, policy: using, apiKey: 'secret' })
  } catch (error) {
    return error
  }
  throw new Error('the server was accepted')
}

describe('a server that is no enclave', () => {
  test('and relays nonces live to one is told by its own key', async () => {
    const enclave = await createEnclave({ authority })
    const keys: unknown[] = []
    const relaying = relay((nonce) => enclave.document(nonce))
    const server = kept(
      await listenTls(foreign.issue('localhost'), (exchange) => {
        keys.push(exchange.request.headers.authorization)
        return relaying(exchange)
      }),
    )
    expect(await refusal(server.url)).toMatchObject({
      family: 'stop',
      code: 'EVIDENCE_REFUSED',
      details: { status: 'none', check: 'binding.channel-key', reason: 'CHANNEL_KEY_MISMATCH' },
      report: { status: 'none' },
    })
    expect(seen(server)).toEqual([`GET ${ATTESTATION}`])
    expect(keys).toEqual([undefined])
  })

  test('and has the TLS key of one too is told by the channel proof', async () => {
    const enclave = await createEnclave({ authority })
    const elsewhere = new Uint8Array(32).fill(9)
    const server = kept(
      await listenTls(
        enclave.certificate,
        relay(
          (nonce) => enclave.document(nonce),
          async (exchange) => {
            const { nonce } = JSON.parse(new TextDecoder().decode(await exchange.body()))
            // The enclave signs the exporter of the connection that the relay has to it.
            exchange.json(200, await enclave.prove(nonce, elsewhere))
          },
        ),
      ),
    )
    expect(await refusal(server.url)).toMatchObject({
      family: 'stop',
      code: 'CHANNEL_PROOF_FAILED',
      details: { reason: 'signature' },
      report: { status: 'affirming' },
    })
    expect(seen(server)).toEqual([`GET ${ATTESTATION}`, `POST ${CHANNEL}`])
  })

  test('and puts its own key into the statement is told by the report data', async () => {
    const enclave = await createEnclave({ authority })
    const own = foreign.issue('localhost')
    const statement = encodeStatement({ ...enclave.keyset, tls: [spkiSha256(own)] })
    const server = kept(
      await listenTls(
        own,
        relay(async (nonce) => ({ ...(await enclave.document(nonce)), statement: toBase64Url(statement) })),
      ),
    )
    expect(await refusal(server.url)).toMatchObject({
      code: 'EVIDENCE_REFUSED',
      details: { check: 'binding.report-data', reason: 'REPORT_DATA_MISMATCH' },
    })
  })

  test('and answers with a document of another nonce is told by the nonce', async () => {
    const enclave = await createEnclave({ authority })
    const old = await enclave.document(toBase64Url(new Uint8Array(32).fill(1)))
    const server = kept(
      await listenTls(
        enclave.certificate,
        relay(async () => old),
      ),
    )
    expect(await refusal(server.url)).toMatchObject({
      code: 'EVIDENCE_REFUSED',
      details: { check: 'binding.nonce', reason: 'NONCE_MISMATCH' },
    })
  })

  test.each([
    ['no proof', 404, { error: 'x', code: 'NOT_FOUND' }, 'status'],
    ['a proof of another form', 200, { signature: 7 }, 'malformed'],
    ['a proof by another statement', 200, { statementSha256: '00'.repeat(32), signature: 'AA' }, 'statement'],
  ])('and gives %s gets no call', async (_, status, body, reason) => {
    const enclave = await createEnclave({ authority })
    const server = kept(
      await listenTls(
        enclave.certificate,
        relay(
          (nonce) => enclave.document(nonce),
          (exchange) => exchange.json(status, body),
        ),
      ),
    )
    expect(await refusal(server.url)).toMatchObject({
      family: 'stop',
      code: 'CHANNEL_PROOF_FAILED',
      details: { reason },
    })
  })
})

describe('the default policy', () => {
  test('refuses simulated evidence, and nothing but the question for it has left', async () => {
    const enclave = await createEnclave({ authority })
    const server = kept(await listenTls(enclave.certificate, honest(enclave)))
    expect(await refusal(server.url, DEFAULT_POLICY)).toMatchObject({
      family: 'stop',
      code: 'EVIDENCE_REFUSED',
      details: { reason: 'SIMULATED_NOT_ALLOWED' },
    })
    expect(seen(server)).toEqual([`GET ${ATTESTATION}`])
  })
})

describe('a second connection', () => {
  test('without a proof gets no call, though the first one proved itself', async () => {
    const enclave = await createEnclave({ authority })
    const serve = honest(enclave)
    const server = kept(
      await listenTls(enclave.certificate, (exchange) =>
        exchange.connection > 1 && exchange.path === CHANNEL ? refuse(exchange) : serve(exchange),
      ),
    )
    const session = kept(await connect({ url: server.url, policy, apiKey: 'secret' }))
    server.cut()
    await expect(session.fetch('/v2/x')).rejects.toMatchObject({
      family: 'stop',
      code: 'CHANNEL_PROOF_FAILED',
      report: { status: 'affirming' },
    })
    expect(server.log.filter((line) => line.includes('/v2/'))).toEqual([])
  })

  test('that ends elsewhere leads to one new attestation, and then to an end', async () => {
    const enclave = await createEnclave({ authority })
    const real = kept(await listenTls(enclave.certificate, honest(enclave)))
    const interceptor = kept(
      await listenTls(
        foreign.issue('localhost'),
        relay((nonce) => enclave.document(nonce)),
      ),
    )
    const router = kept(await routeFirstThenRest(real.port, interceptor.port))
    const session = kept(await connect({ url: router.url, policy, apiKey: 'secret' }))
    real.cut()
    const refused = { family: 'stop', code: 'EVIDENCE_REFUSED', details: { reason: 'CHANNEL_KEY_MISMATCH' } }
    await expect(session.fetch('/v2/x', { method: 'PUT', body: 'the secret' })).rejects.toMatchObject(refused)
    expect(interceptor.log.map((line) => line.replace(/^\d+ /, ''))).toEqual([`GET ${ATTESTATION}`])
    await expect(session.fetch('/v2/x')).rejects.toMatchObject(refused)
    expect(interceptor.log).toHaveLength(1)
  })
})

/** Passes the first connection on to one port, and all later ones to another. */
async function routeFirstThenRest(first: number, rest: number): Promise<{ url: string; close(): Promise<void> }> {
  let connections = 0
  const server = createServer((socket) => {
    const onward = dial(connections++ === 0 ? first : rest, '127.0.0.1')
    socket.pipe(onward).pipe(socket)
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `https://127.0.0.1:${port}`,
    close: () => new Promise((closed) => server.close(() => closed())),
  }
}

describe('a server', () => {
  test('that speaks no TLS 1.3 gets nothing', async () => {
    const enclave = await createEnclave({ authority })
    const server = kept(await listenTls(enclave.certificate, honest(enclave), { maxVersion: 'TLSv1.2' }))
    expect(await refusal(server.url)).toMatchObject({ family: 'fix', code: 'TLS_HANDSHAKE_FAILED' })
  })

  test('that is not there is worth another attempt', async () => {
    const error = await refusal('https://127.0.0.1:1')
    expect(error).toMatchObject({ family: 'retry', code: 'CONNECTION_FAILED', details: { reason: 'ECONNREFUSED' } })
  })

  test('that has no evidence to give now is worth another attempt, at the time it says', async () => {
    const certificate = foreign.issue('localhost')
    const server = kept(
      await listenTls(certificate, (exchange) => exchange.json(503, { error: 'x' }, { 'retry-after': '2' })),
    )
    expect(await refusal(server.url)).toMatchObject({
      family: 'retry',
      code: 'DOCUMENT_UNAVAILABLE',
      retryAfterMs: 2000,
    })
  })

  test('that is something else is named so', async () => {
    const server = kept(await listenTls(foreign.issue('localhost'), refuse))
    expect(await refusal(server.url)).toMatchObject({ family: 'fix', code: 'NOT_A_BLINDAI_SERVER' })
  })

  test('that answers without end is given up', async () => {
    const server = kept(
      await listenTls(foreign.issue('localhost'), ({ response }) => {
        response.writeHead(200)
        const more = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536)));
          if (!response.destroyed) response.once('drain', more)
        }
        more()
      }),
    )
    expect(await refusal(server.url)).toMatchObject({ family: 'fix', code: 'RESPONSE_TOO_LARGE' })
  })
})
