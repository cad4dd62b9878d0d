import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { statusOf } from '../../src/http/status.ts'
import { type Ask, buildHouse, digestOf, KEYS } from '../fixtures/house.ts'
import { exchangeRaw, openHouse, socketTo } from '../fixtures/listening.ts'

const MODEL = new Uint8Array([1, 2, 3])
const house = await openHouse({ unattestedClients: true, limits: { headersTimeoutMs: 500, bodyGraceMs: 100 } })
await house.upload('alice', MODEL, '?name=m')
afterAll(() => house.close())

const CANARY = 'canary-9f3b'
const segment = fc.oneof(
  fc.constantFrom(
    '',
    'v1',
    'v2',
    'models',
    'm',
    'infer',
    'ready',
    'versions',
    '1',
    'tasks',
    'grants',
    'health',
    'live',
  ),
  fc.constantFrom(
    '.well-known',
    'blindai',
    'attestation',
    'channel',
    'ohttp',
    'quarantine',
    '..',
    '%00',
    '%ff',
    '*',
    digestOf(MODEL),
    CANARY,
  ),
  fc.string({ maxLength: 20 }),
)
const headers = fc.dictionary(
  fc.constantFrom(
    'content-type',
    'upload-offset',
    'upload-length',
    'inference-header-content-length',
    'blindai-operation-id',
    'content-encoding',
    'x',
  ),
  fc.oneof(
    fc.constantFrom('0', '1', '-1', '99999999999999999999', 'message/ohttp-req', CANARY),
    fc.string({ maxLength: 20 }),
  ),
)
const body = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.json().map((text) => Buffer.from(text)),
  fc
    .constantFrom(
      `{"inputs":[{"name":"${CANARY}","datatype":"FP32","shape":[1],"data":["${CANARY}"]}]}`,
      `{"model":"m","inputs":["${CANARY}"],"parameters":{"${CANARY}":1}}`,
      `{"inputs":[{"name":"x","datatype":"FP32","shape":[9007199254740991,2],"parameters":{"binary_data_size":8}}]}12345678`,
      '['.repeat(5000),
    )
    .map((text) => Buffer.from(text)),
)
const request = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'),
  path: fc.array(segment, { maxLength: 6 }).map((segments) => `/${segments.join('/')}`),
  query: fc.oneof(
    fc.constant(''),
    fc.constantFrom('?kind=bundle', '?nonce=x', `?name=${CANARY}`),
    fc.string({ maxLength: 20 }).map((text) => `?${text}`),
  ),
  as: fc.constantFrom('alice', 'bob', 'carol', 'root', undefined),
  headers,
  body,
  kind: fc.constantFrom('tls', 'ohttp', 'plain'),
})

describe('any request at all', () => {
  test('is answered, and every refusal has a code of the table and says nothing of what was sent', async () => {
    await fc.assert(
      fc.asyncProperty(request, async ({ method, path, query, as, headers, body, kind }) => {
        const channel = kind === 'tls' ? {} : { channel: { kind } }
        const how: Ask = { headers, body, ...channel, ...(as === undefined ? {} : { as }) }
        const answer = await house.ask(method, path + query, how)
        expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
        if (answer.status < 400) return
        const code = answer.headers['x-blindai-error'] ?? ''
        expect(statusOf(code)).toBe(answer.status)
        expect(code).not.toBe('INTERNAL')
        const text = answer.bytes.toString()
        expect(text).not.toContain(CANARY)
        expect(text).not.toMatch(/\.ts|node:|\/work|\bat \w+ \(/)
      }),
      { numRuns: 2000 },
    )
  })

  test('leaves a server that still serves', async () => {
    const text = `{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}`
    expect(await house.ask('POST', '/v2/models/m/infer', { as: 'alice', body: text })).toMatchObject({ status: 200 })
  })
})

describe('any bytes on a connection', () => {
  test('end in an answer or a closed connection, never in a crash', async () => {
    const line = fc.oneof(
      fc.constantFrom(
        'GET / HTTP/1.1',
        'host: a',
        'content-length: 5',
        'transfer-encoding: chunked',
        'upgrade: h2c',
        'connection: upgrade',
        '',
      ),
      fc.constantFrom(
        'POST /v2/models/m/infer HTTP/1.1',
        `authorization: Bearer ${KEYS.alice}`,
        'PRI * HTTP/2.0',
        'CONNECT a:1 HTTP/1.1',
        'expect: 100-continue',
      ),
      fc.string({ maxLength: 30 }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 8 }), async (lines) => {
        const socket = await socketTo(house.tls)
        setTimeout(() => socket.destroy(), 50)
        await exchangeRaw(socket, `${lines.join('\r\n')}\r\n\r\n`)
      }),
      { numRuns: 60 },
    )
    const socket = await socketTo(house.tls)
    expect(await exchangeRaw(socket, 'GET /v2/health/live HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 200 /,
    )
  })

  test('sent as h2 frames, too', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
        const socket = await socketTo(house.tls, { ALPNProtocols: ['h2'] })
        setTimeout(() => socket.destroy(), 30)
        await exchangeRaw(socket, `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${Buffer.from(bytes).toString('latin1')}`)
      }),
      { numRuns: 40 },
    )
  })
})

describe('a request that is repeated without end', () => {
  test('does not make the server hold memory for bodies', async () => {
    const { ask } = await buildHouse({
      limits: { maxBodyMemoryBytes: 1_000_000, maxBodyMemoryBytesPerTenant: 1_000_000 },
    })
    for (let i = 0; i < 50; i++) {
      const answer = await ask('POST', '/v2/models/none/infer', { as: 'alice', body: new Uint8Array(500_000) })
      expect(answer.status).toBe(404)
    }
  })
})
