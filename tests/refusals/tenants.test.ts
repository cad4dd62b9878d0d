import { hash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { collectBody, encapsulateRequest, type KeyConfig, OHTTP_AUTHORITY, parseKeyConfigList } from '@blindai/channel'
import type { Session } from '@blindai/client'
import { fromBase64Url, unixSeconds, utf8 } from '@blindai/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exchangeRaw, provedSocket } from '../support/proved-socket.ts'
import { type Served, serve } from '../support/served.ts'

/**
 * Tenant B asks for the private model of tenant A, and for one that nobody has. Nothing in the two answers differs but the
 * request's id and the date.
 */

const MODEL = await readFile(new URL('../../samples/models/mnist.onnx', import.meta.url))
const PRIVATE = hash('sha256', MODEL)
const NOBODYS = hash('sha256', 'the bytes of nobody’s model')
/** Only a part of it has arrived. */
const UNFINISHED = hash('sha256', 'the bytes of a model on its way')

let served: Served
let alice: Session
let configs: readonly KeyConfig[]

beforeAll(async () => {
  served = await serve({ plain: true, tenants: { alice: 'owner', bob: 'owner', carol: 'caller', root: 'admin' } })
  alice = await served.connect('alice')
  await alice.models.upload(MODEL, { name: 'digits' })
  await alice.models.grant('digits', 'carol')
  const headers = { 'upload-offset': '0', 'upload-length': '1000' }
  const begun = await alice.fetch(`/v1/models/${UNFINISHED}`, { method: 'PUT', headers, body: 'a'.repeat(10) })
  expect(begun.status).toBe(202)
  configs = parseKeyConfigList(fromBase64Url('ohttp', alice.result.channel.ohttp))
})
afterAll(() => served?.close())

interface Asked {
  readonly method: string
  readonly path: (model: string) => string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: (model: string) => string
}

const TENSORS = '{"inputs":[{"name":"Input3","datatype":"FP32","shape":[1],"data":[1]}]}'

/** Every route that names a model. */
const ROUTES: readonly (readonly [string, Asked])[] = [
  ['metadata', { method: 'GET', path: (m) => `/v2/models/${m}` }],
  ['metadata of a version', { method: 'GET', path: (m) => `/v2/models/${m}/versions/1` }],
  ['metadata of the version that is the digest', { method: 'GET', path: (m) => `/v2/models/${m}/versions/${m}` }],
  ['metadata of a version that does not exist', { method: 'GET', path: (m) => `/v2/models/${m}/versions/9` }],
  ['ready', { method: 'GET', path: (m) => `/v2/models/${m}/ready` }],
  ['ready of a version', { method: 'GET', path: (m) => `/v2/models/${m}/versions/1/ready` }],
  ['infer', { method: 'POST', path: (m) => `/v2/models/${m}/infer`, body: () => TENSORS }],
  ['infer of a version', { method: 'POST', path: (m) => `/v2/models/${m}/versions/${m}/infer`, body: () => TENSORS }],
  ['infer of nonsense', { method: 'POST', path: (m) => `/v2/models/${m}/infer`, body: () => 'nonsense' }],
  [
    'task',
    {
      method: 'POST',
      path: () => '/v1/tasks/image-classification',
      body: (m) => JSON.stringify({ model: m, inputs: ['x'] }),
    },
  ],
  ['show', { method: 'GET', path: (m) => `/v1/models/${m}` }],
  ['progress of an upload', { method: 'HEAD', path: (m) => `/v1/models/${m}` }],
  ['delete', { method: 'DELETE', path: (m) => `/v1/models/${m}` }],
  ['grant', { method: 'PUT', path: (m) => `/v1/models/${m}/grants/bob` }],
  ['grant to all', { method: 'PUT', path: (m) => `/v1/models/${m}/grants/*` }],
  ['revoke', { method: 'DELETE', path: (m) => `/v1/models/${m}/grants/carol` }],
  ['lift a quarantine', { method: 'DELETE', path: (m) => `/v1/quarantine/${m}` }],
  [
    'go on with an upload',
    {
      method: 'PUT',
      path: (m) => `/v1/models/${m}`,
      headers: { 'upload-offset': '10', 'upload-length': '1000' },
      body: () => 'a',
    },
  ],
]

/** Routes whose refusal is of another kind, for every model alike. */
const OTHER_CODES: Readonly<Record<string, string>> = {
  'lift a quarantine': 'FORBIDDEN',
  'go on with an upload': 'UPLOAD_OFFSET_MISMATCH',
}

/** All bytes of the answer over attested TLS, but for the two header fields that differ for everything. */
async function overTls(tenant: string, { method, path, headers = {}, body }: Asked, model: string): Promise<string> {
  const content = body?.(model) ?? ''
  const fields = {
    host: 'blindai',
    connection: 'close',
    authorization: `Bearer ${served.key(tenant)}`,
    'content-length': String(Buffer.byteLength(content)),
    ...headers,
  }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  const socket = await provedSocket(served)
  const answer = await exchangeRaw(socket, `${method} ${path(model)} HTTP/1.1\r\n${lines.join('')}\r\n${content}`)
  return answer.replace(/^(x-request-id|date): .*\r\n/gim, '$1\r\n')
}

/** The answer over Oblivious HTTP, and how long it was when it was sealed. */
async function overOhttp(tenant: string, { method, path, headers = {}, body }: Asked, model: string): Promise<object> {
  const request = {
    method,
    scheme: 'https',
    authority: OHTTP_AUTHORITY,
    path: path(model),
    headers: Object.entries({
      authorization: `Bearer ${served.key(tenant)}`,
      'blindai-operation-id': randomBytes(16).toString('base64url'),
      ...headers,
    }),
    body: utf8(body?.(model) ?? ''),
  } as const
  const sealed = await encapsulateRequest(configs, request, { now: unixSeconds(Math.floor(Date.now() / 1000)) })
  const answer = await fetch(`${served.server.plainUrl}/.well-known/blindai/ohttp`, {
    method: 'POST',
    headers: { 'content-type': sealed.contentType },
    body: new Uint8Array(sealed.body),
  })
  const bytes = new Uint8Array(await answer.arrayBuffer())
  const opened = await sealed.openResponse(bytes)
  const fields = opened.headers.map(([name, value]) => (name === 'x-request-id' ? [name] : [name, value]))
  const content = Buffer.from(await collectBody(opened.body, 1 << 20)).toString()
  return { sealedBytes: bytes.byteLength, status: opened.status, headers: fields, content }
}

describe('a private model of tenant A, asked for by tenant B', () => {
  test.each(ROUTES)('is like one that nobody has over TLS: %s', async (name, asked) => {
    const nobodys = await overTls('bob', asked, NOBODYS)
    expect(nobodys).toMatch(/^HTTP\/1\.1 4\d\d /)
    expect(nobodys).toContain(`x-blindai-error: ${OTHER_CODES[name] ?? 'MODEL_NOT_FOUND'}\r\n`)
    expect(nobodys.toLowerCase()).toContain('\r\nx-request-id\r\n')
    expect(await overTls('bob', asked, PRIVATE)).toBe(nobodys)
    expect(await overTls('bob', asked, UNFINISHED)).toBe(nobodys)
  })

  test.each(ROUTES)('is like one that nobody has over Oblivious HTTP: %s', async (name, asked) => {
    const nobodys = await overOhttp('bob', asked, NOBODYS)
    expect(nobodys).toMatchObject({
      headers: expect.arrayContaining([['x-blindai-error', OTHER_CODES[name] ?? 'MODEL_NOT_FOUND'], ['x-request-id']]),
    })
    expect(await overOhttp('bob', asked, PRIVATE)).toEqual(nobodys)
    expect(await overOhttp('bob', asked, UNFINISHED)).toEqual(nobodys)
  })

  test('is like one that nobody has by its name, too', async () => {
    for (const [, asked] of ROUTES.filter(([name]) => !(name in OTHER_CODES) && !/digest|version/.test(name))) {
      expect(await overTls('bob', asked, 'digits')).toBe(await overTls('bob', asked, 'nobody'))
    }
  })

  test('is in no list', async () => {
    const bob = await served.connect('bob')
    expect(await bob.models.list()).toEqual([])
  })

  test('is like one that nobody has for an administrator, who lifts the quarantine of both', async () => {
    const lift = { method: 'DELETE', path: (m: string) => `/v1/quarantine/${m}` }
    const nobodys = await overTls('root', lift, NOBODYS)
    expect(nobodys).toMatch(/^HTTP\/1\.1 204 /)
    expect(await overTls('root', lift, PRIVATE)).toBe(nobodys)
  })

  test('is uploaded by B as if A had none: all bytes are asked for, and it is B’s own', async () => {
    const bob = await served.connect('bob')
    const wrong = await bob.fetch(`/v1/models/${PRIVATE}`, { method: 'PUT', body: new Uint8Array(MODEL.subarray(1)) })
    expect(await wrong.json()).toMatchObject({ code: 'DIGEST_MISMATCH' })
    expect(await bob.models.upload(MODEL)).not.toHaveProperty('name')
    expect(await bob.models.show(PRIVATE)).toMatchObject({ owner: true, grants: [] })
    await bob.models.delete(PRIVATE)
    expect(await alice.models.show('digits')).toMatchObject({ owner: true, grants: ['carol'] })
  })
})

describe('whoever may know of the model', () => {
  test('sees it: its owner and the tenant that it is granted to', async () => {
    const metadata = { method: 'GET', path: (m: string) => `/v2/models/${m}` }
    for (const tenant of ['alice', 'carol']) {
      expect(await overTls(tenant, metadata, PRIVATE)).toMatch(/^HTTP\/1\.1 200 /)
      expect(await overOhttp(tenant, metadata, PRIVATE)).toMatchObject({ status: 200 })
    }
  })
})
