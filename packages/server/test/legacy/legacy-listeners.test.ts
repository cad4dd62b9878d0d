import { createHash, X509Certificate } from 'node:crypto'
import { request as httpsRequest } from 'node:https'
import { fromBase64Url, fromUtf8, parseJson } from '@blindai/core'
import { afterEach, describe, expect, test } from 'vitest'
import { parseServerConfig } from '../../src/config.ts'
import { type RunningServer, startServer } from '../../src/gatekeeper.ts'
import type { CborReader } from '../../src/legacy/cbor-reader.ts'
import type { LogEvent } from '../../src/log-events.ts'
import { FakeEngines } from '../fixtures/fake-engines.ts'
import { digestOf, ECHO_SOURCE, KEYS } from '../fixtures/house.ts'
import { readerOf, recorded } from './vectors.ts'

const running: RunningServer[] = []
afterEach(async () => {
  for (const server of running.splice(0)) await server.close()
})

async function started(options: { readonly memoryBytes?: number } = {}) {
  const events: LogEvent[] = []
  const engines = new FakeEngines()
  engines.onRun = (run) => run.answer()
  const config = parseServerConfig(
    JSON.stringify({
      listen: { host: '127.0.0.1', port: 0 },
      plainListen: { host: '127.0.0.1', port: 0 },
      tenants: [{ name: 'alice', role: 'owner', keySha256: createHash('sha256').update(KEYS.alice).digest('hex') }],
      metricsListen: { port: 0 },
      requestLog: true,
      isolation: 'none',
      limits: { maxMemoryBytes: 1024 ** 3 },
      legacy: { ports: { attestation: 0, run: 0, management: 0 } },
    }),
  )
  const server = await startServer(config, {
    evidence: ECHO_SOURCE,
    software: { name: 'blindai', version: '0.1.0', digest: '00'.repeat(32) },
    log: (event) => events.push(event),
    engines: { isolation: 'none', missing: [], start: engines.start },
    readMemory: () => options.memoryBytes ?? 1024,
  })
  running.push(server)
  const { legacy } = server
  if (legacy === undefined) throw new Error('the server has no listeners for clients of BlindAI 0.6')
  const certificate = new X509Certificate(
    await read(`${legacy.attestation}/`, (reader) => reader.bytes('certificate', 4096)),
  )
  return { server, legacy, certificate, events }
}

async function read<T>(url: string, reading: (reader: CborReader) => Promise<T>): Promise<T> {
  return reading(readerOf(new Uint8Array(await (await fetch(url)).arrayBuffer())))
}

/** A request that trusts one certificate, under the name that the client expects in it. */
function post(url: string, body: Uint8Array, certificate: X509Certificate): Promise<{ status: number; bytes: Buffer }> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      url,
      { method: 'POST', ca: certificate.toString(), servername: 'blindai-srv' },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, bytes: Buffer.concat(chunks) }))
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

async function statementOf(server: RunningServer): Promise<unknown> {
  const document: unknown = await (await fetch(`${server.plainUrl}/.well-known/blindai/attestation`)).json()
  return parseJson('statement', fromUtf8('statement', fromBase64Url('statement', Object(document).statement)))
}

describe('the listeners for clients of BlindAI 0.6', () => {
  test('show a certificate for blindai-srv whose key is in no keyset, and the statement shows them', async () => {
    const { server, certificate } = await started()
    expect(certificate.subjectAltName).toBe('DNS:blindai-srv')
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    const statement = await statementOf(server)
    expect(statement).toMatchObject({ config: { legacyListeners: true } })
    const spki = certificate.publicKey.export({ type: 'spki', format: 'der' })
    expect(JSON.stringify(statement)).not.toContain(digestOf(spki))
  })

  test('take an upload and a run as the client writes them, over TLS that trusts that certificate alone', async () => {
    const { legacy, certificate } = await started()
    expect(await post(`${legacy.management}/upload`, recorded('upload'), certificate)).toMatchObject({ status: 200 })
    expect(await post(`${legacy.run}/run`, recorded('run-by-hash'), certificate)).toMatchObject({ status: 200 })
    expect(await post(`${legacy.management}/delete`, recorded('delete'), certificate)).toMatchObject({ status: 500 })
    const other = (await started()).certificate
    await expect(post(`${legacy.run}/run`, recorded('run-by-hash'), other)).rejects.toThrow()
  })

  test('are in the log of requests and in the metrics, under names that no request chooses', async () => {
    const { server, legacy, certificate, events } = await started()
    const answers = [
      await post(`${legacy.management}/upload`, recorded('upload'), certificate),
      await post(`${legacy.management}/upload`, recorded('upload'), certificate),
      await post(`${legacy.management}/upload`, new Uint8Array(), certificate),
      await post(`${legacy.run}/run`, recorded('run-by-hash'), certificate),
      await post(`${legacy.run}/run`, recorded('run-by-id'), certificate),
      await post(`${legacy.run}/canary`, new Uint8Array(), certificate),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 500, 200, 500, 404])
    const requests = events.filter(({ event }) => event === 'request')
    expect(requests).toMatchObject([
      { method: 'GET', route: '/', status: 200, code: null },
      { method: 'POST', route: '/upload', status: 201, code: null, bytesIn: recorded('upload').byteLength },
      { method: 'POST', route: '/upload', status: 200, code: null, bytesIn: recorded('upload').byteLength },
      { method: 'POST', route: '/upload', status: 400, code: 'TRUNCATED' },
      { method: 'POST', route: '/run', status: 200, code: null },
      { method: 'POST', route: '/run', status: 404, code: 'MODEL_NOT_FOUND' },
      { method: 'other', route: 'none', status: 404, code: 'LEGACY_NOT_FOUND' },
    ])
    const metrics = await (await fetch(`${server.metricsUrl}/metrics`)).text()
    for (const line of [
      'blindai_requests_total{method="POST",route="/run",status="2xx"} 1',
      'blindai_requests_total{method="POST",route="/run",status="4xx"} 1',
      'blindai_requests_total{method="POST",route="/run",status="5xx"} 0',
      'blindai_requests_total{method="POST",route="/upload",status="2xx"} 2',
      'blindai_requests_total{method="POST",route="/upload",status="4xx"} 1',
      'blindai_requests_total{method="POST",route="/upload",status="5xx"} 0',
      'blindai_uploads_total{outcome="created"} 1',
      'blindai_uploads_total{outcome="known"} 1',
      'blindai_uploads_total{outcome="refused"} 1',
      'blindai_requests_total{method="other",route="none",status="4xx"} 1',
      'blindai_refusals_total{code="MODEL_NOT_FOUND"} 1',
      'blindai_refusals_total{code="LEGACY_NOT_FOUND"} 1',
    ]) {
      expect(metrics.split('\n')).toContain(line)
    }
    expect(metrics).not.toContain('canary')
  })

  test('take no work while memory is at its end, and still show the certificate', async () => {
    const { legacy, certificate, events } = await started({ memoryBytes: 1024 ** 3 })
    const isLow = (): boolean => events.some(({ event }) => event === 'memory-level')
    await expect.poll(isLow, { timeout: 5000 }).toBe(true)
    for (const [url, request] of [
      [`${legacy.management}/upload`, recorded('upload')],
      [`${legacy.run}/run`, recorded('run-by-hash')],
    ] as const) {
      const { status, bytes } = await post(url, request, certificate)
      expect(status).toBe(500)
      expect(await readerOf(bytes).text('refusal', 4096)).toMatch(/^MEMORY_LOW: /)
    }
  })

  test('serve nothing of the API, and no page', async () => {
    const { legacy, certificate } = await started()
    for (const url of [legacy.run, legacy.management]) {
      expect(await post(`${url}/v2/models/x/infer`, new Uint8Array(), certificate)).toMatchObject({ status: 404 })
    }
    const preflight = await fetch(legacy.attestation, {
      method: 'OPTIONS',
      headers: { 'access-control-request-method': 'GET' },
    })
    expect(preflight.status).toBe(404)
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull()
  })

  test('are not there unless the configuration says so', async () => {
    const config = parseServerConfig(
      JSON.stringify({ listen: { host: '127.0.0.1', port: 0 }, tenants: [], isolation: 'none' }),
    )
    const server = await startServer(config, {
      evidence: ECHO_SOURCE,
      software: { name: 'blindai', version: '0.1.0', digest: '00'.repeat(32) },
      log: () => undefined,
      engines: { isolation: 'none', missing: [], start: new FakeEngines().start },
    })
    running.push(server)
    expect(server.legacy).toBeUndefined()
  })
})
