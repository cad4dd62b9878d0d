import { describe, expect, test } from 'vitest'
import type { RequestChannel } from '../../src/http/api.ts'
import { bodyOfBytes } from '../../src/http/memory-body.ts'
import { buildHouse, KEYS, provedConnection } from '../fixtures/house.ts'

const PLAIN: RequestChannel = { kind: 'plain' }
const OHTTP: RequestChannel = { kind: 'ohttp' }

function unproved(): RequestChannel {
  return { kind: 'tls', connection: { ...provedConnection(), proved: false } }
}

describe('an API route', () => {
  test('is closed to a TLS connection that was not proved', async () => {
    const { ask } = await buildHouse()
    for (const path of ['/v2', '/v1/models', '/v2/models/m']) {
      const { status, headers } = await ask('GET', path, { as: 'alice', channel: unproved() })
      expect({ status, code: headers['x-blindai-error'] }).toEqual({ status: 403, code: 'CHANNEL_NOT_PROVED' })
    }
  })

  test('is open to such a connection where the configuration says so', async () => {
    const { ask } = await buildHouse({ unattestedClients: true })
    expect(await ask('GET', '/v2', { as: 'alice', channel: unproved() })).toMatchObject({ status: 200 })
  })

  test('is open to Oblivious HTTP, which needs no proof', async () => {
    const { ask } = await buildHouse()
    expect(await ask('GET', '/v2', { as: 'alice', channel: OHTTP })).toMatchObject({ status: 200 })
  })

  test('does not exist on the plain listener, though health and the document do', async () => {
    const { ask } = await buildHouse()
    expect(await ask('GET', '/v2', { as: 'alice', channel: PLAIN })).toMatchObject({
      status: 404,
      json: { code: 'NOT_FOUND' },
    })
    for (const path of ['/v2/health/live', '/v2/health/ready', '/.well-known/blindai/attestation']) {
      expect(await ask('GET', path, { channel: PLAIN })).toMatchObject({ status: 200 })
    }
  })

  test.each([
    ['no key', {}],
    ['a wrong key', { authorization: 'Bearer key-of-nobody' }],
    ['a key without its scheme', { authorization: KEYS.alice }],
    ['another scheme', { authorization: `Basic ${KEYS.alice}` }],
    ['an empty key', { authorization: 'Bearer ' }],
  ])('is closed to %s', async (_name, headers) => {
    const { ask } = await buildHouse()
    expect(await ask('GET', '/v2', { headers })).toMatchObject({
      status: 401,
      headers: { 'x-blindai-error': 'UNAUTHENTICATED', 'www-authenticate': 'Bearer' },
      json: { code: 'UNAUTHENTICATED', error: expect.any(String), hint: expect.any(String) },
    })
  })

  test('that changes models is closed to who only calls', async () => {
    const { ask } = await buildHouse()
    for (const [method, path] of [
      ['PUT', `/v1/models/${'ab'.repeat(32)}`],
      ['DELETE', '/v1/models/m'],
      ['PUT', '/v1/models/m/grants/bob'],
    ] as const) {
      expect(await ask(method, path, { as: 'carol' })).toMatchObject({ status: 403, json: { code: 'FORBIDDEN' } })
    }
  })

  test('for administrators is closed to owners', async () => {
    const { ask } = await buildHouse()
    const path = `/v1/quarantine/${'ab'.repeat(32)}`
    expect(await ask('DELETE', path, { as: 'alice' })).toMatchObject({ status: 403, json: { code: 'FORBIDDEN' } })
    expect(await ask('DELETE', path, { as: 'root' })).toMatchObject({ status: 204 })
  })
})

describe('a request', () => {
  test('gets an id of its own with every answer', async () => {
    const { ask } = await buildHouse()
    const ids = new Set<string | undefined>()
    for (const path of ['/v2/health/live', '/nothing']) ids.add((await ask('GET', path)).headers['x-request-id'])
    expect(ids.size).toBe(2)
    expect(ids.has(undefined)).toBe(false)
  })

  test.each([
    ['/', 404, 'NOT_FOUND'],
    ['/v2/', 404, 'NOT_FOUND'],
    ['/v2/models/', 404, 'NOT_FOUND'],
    ['//v2', 404, 'NOT_FOUND'],
    ['/v2/../v2', 404, 'NOT_FOUND'],
    ['/v2/models/%ff', 400, 'PATH_INVALID'],
    [`/${'a'.repeat(5000)}`, 404, 'NOT_FOUND'],
    ['', 404, 'NOT_FOUND'],
  ])('for %s is refused by name', async (path, status, code) => {
    const { ask } = await buildHouse()
    expect(await ask('GET', path, { as: 'alice' })).toMatchObject({ status, json: { code } })
  })

  test('with a method that the path does not have is told which it has', async () => {
    const { ask } = await buildHouse()
    expect(await ask('POST', '/v1/models', { as: 'alice' })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD, OPTIONS', 'x-blindai-error': 'METHOD_NOT_ALLOWED' },
    })
  })

  test('with a body larger than its path takes is refused before the body is read', async () => {
    const { dispatch } = await buildHouse()
    let wasRead = false
    const body = {
      ...bodyOfBytes(new Uint8Array(0)),
      length: 1024 ** 3,
      collect: async () => {
        wasRead = true
        return new Uint8Array()
      },
    }
    const response = await dispatch({
      method: 'POST',
      path: '/.well-known/blindai/channel',
      query: '',
      headers: {},
      body,
      signal: new AbortController().signal,
      channel: unproved(),
    })
    expect(response).toMatchObject({ status: 413, headers: { 'x-blindai-error': 'BODY_TOO_LARGE' } })
    expect(wasRead).toBe(false)
  })

  test('with a body in a coding that is not known is refused', async () => {
    const { ask } = await buildHouse()
    const headers = { 'content-encoding': 'br' }
    expect(await ask('POST', '/v2/models/m/infer', { as: 'alice', headers })).toMatchObject({
      status: 415,
      json: { code: 'CONTENT_ENCODING_UNSUPPORTED' },
    })
  })

  test('with a header sent twice where one counts is refused', async () => {
    const { dispatch } = await buildHouse()
    const response = await dispatch({
      method: 'GET',
      path: '/v2',
      query: '',
      headers: { authorization: [`Bearer ${KEYS.alice}`, `Bearer ${KEYS.bob}`] },
      body: bodyOfBytes(new Uint8Array(0)),
      signal: new AbortController().signal,
      channel: OHTTP,
    })
    expect(response).toMatchObject({ status: 400, headers: { 'x-blindai-error': 'HEADER_INVALID' } })
  })

  test('finds no memory for its body when others hold it, and is told when to come back', async () => {
    const limits = { maxBodyMemoryBytes: 1500, maxBodyMemoryBytesPerTenant: 1000 }
    const { BodyMemory } = await import('../../src/http/body-memory.ts')
    const memory = new BodyMemory(limits)
    const alice = memory.lease('alice')
    alice.growBody(1000)
    expect(() => memory.lease('alice').growBody(1)).toThrowError(
      expect.objectContaining({ code: 'TENANT_BODY_MEMORY_FULL' }),
    )
    const bob = memory.lease('bob')
    expect(() => bob.growBody(501)).toThrowError(
      expect.objectContaining({ code: 'BODY_MEMORY_FULL', details: { limit: 1500, retryAfterSeconds: 1 } }),
    )
    alice.end()
    bob.growBody(501)
    bob.end()
    bob.end()
    expect(memory.bytes).toBe(0)
  })
})

describe('a large answer', () => {
  const LARGE = { name: 'y', datatype: 'FP32', shape: [100_000], data: new Uint8Array(400_000) } as const

  test('counts as memory of its tenant until it has been sent', async () => {
    const limits = { maxBodyMemoryBytes: 1_000_000, maxBodyMemoryBytesPerTenant: 500_000 }
    const { dispatch, engines, upload } = await buildHouse({ limits })
    const model = await upload('alice', new Uint8Array([1]))
    engines.onRun = (run) => run.answer([LARGE])
    const json =
      '{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}],"parameters":{"binary_data_output":true}}'
    const infer = () =>
      dispatch({
        method: 'POST',
        path: `/v2/models/${model}/infer`,
        query: '',
        headers: { authorization: `Bearer ${KEYS.alice}` },
        body: bodyOfBytes(Buffer.from(json)),
        signal: new AbortController().signal,
        channel: OHTTP,
      })
    const first = await infer()
    expect(first.status).toBe(200)
    expect(await infer()).toMatchObject({ status: 429, headers: { 'x-blindai-error': 'TENANT_BODY_MEMORY_FULL' } })
    first.onSent?.()
    const second = await infer()
    expect(second).toMatchObject({ status: 200 })
    // What no waiting helps is said in another way.
    engines.onRun = (run) => run.answer([{ ...LARGE, shape: [125_000], data: new Uint8Array(500_000) }])
    expect(await infer()).toMatchObject({
      status: 422,
      headers: { 'x-blindai-error': 'OUTPUT_TOO_LARGE_FOR_MEMORY' },
    })
  })
})

describe('a failure that nobody foresaw', () => {
  test('is INTERNAL to the client, with nothing of its message, and told to the log with its request id', async () => {
    const { ask, engines, failures, upload } = await buildHouse()
    const model = await upload('alice', new Uint8Array([1]))
    engines.onRun = (run) => run.fail(new TypeError('secret at /etc/secret'))
    const body = '{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}'
    const answer = await ask('POST', `/v2/models/${model}/infer`, { as: 'alice', body })
    expect(answer).toMatchObject({ status: 500, json: { code: 'INTERNAL' } })
    expect(Buffer.from(answer.bytes).toString()).not.toMatch(/secret|\//)
    expect(failures.at(-1)).toMatchObject({ requestId: answer.headers['x-request-id'], error: { status: 500 } })
  })
})
