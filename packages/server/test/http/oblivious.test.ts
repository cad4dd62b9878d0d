import {
  collectBody,
  encapsulateRequest,
  encapsulateStream,
  formatHttpDate,
  OHTTP_AUTHORITY,
  parseKeyConfigList,
} from '@blindai/channel'
import { fromUtf8, parseJson, unixSeconds, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { buildHouse, digestOf, KEYS, NOW } from '../fixtures/house.ts'

const PATH = '/.well-known/blindai/ohttp'
const AUTHORIZATION: readonly (readonly [string, string])[] = [['authorization', `Bearer ${KEYS.alice}`]]

interface Inner {
  readonly method?: string
  readonly path?: string
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: Uint8Array
}

function innerOf({ method = 'GET', path = '/v2', headers = AUTHORIZATION, body = new Uint8Array() }: Inner) {
  return { method, scheme: 'https', authority: OHTTP_AUTHORITY, path, headers, body } as const
}

async function obliviousHouse(limits: NonNullable<Parameters<typeof buildHouse>[0]>['limits'] = {}) {
  const house = await buildHouse({ limits })
  const configs = parseKeyConfigList(house.ohttpKeys.keyConfigList)
  const seal = (inner: Inner, now = NOW) => encapsulateRequest(configs, innerOf(inner), { now })
  async function exchange(inner: Inner) {
    const sealed = await seal(inner)
    const headers = { 'content-type': sealed.contentType }
    const answer = await house.ask('POST', PATH, { headers, body: sealed.body, channel: { kind: 'plain' } })
    expect(answer.status).toBe(200)
    const response = await sealed.openResponse(pieces(answer.bytes))
    const bytes = await collectBody(response.body, 1 << 24)
    return { status: response.status, headers: Object.fromEntries(response.headers), bytes }
  }
  return { ...house, configs, seal, exchange }
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

function jsonOf(bytes: Uint8Array): unknown {
  return parseJson('answer', fromUtf8('answer', bytes))
}

describe('a request inside Oblivious HTTP', () => {
  test('is served as if it had come directly', async () => {
    const { exchange } = await obliviousHouse()
    const { status, bytes } = await exchange({})
    expect(status).toBe(200)
    expect(jsonOf(bytes)).toMatchObject({ name: 'blindai' })
  })

  test('keeps its query and its body', async () => {
    const { exchange } = await obliviousHouse()
    const body = new Uint8Array(200_000).fill(3)
    const headers = [...AUTHORIZATION, ['blindai-operation-id', 'operation-0123456789'] as const]
    const path = `/v1/models/${digestOf(body)}?name=inside`
    const { status, bytes } = await exchange({ method: 'PUT', path, headers, body })
    expect(status).toBe(201)
    expect(jsonOf(bytes)).toMatchObject({ name: 'inside', bytes: 200_000 })
  })

  test('gets its errors sealed, like every answer', async () => {
    const { exchange } = await obliviousHouse()
    const { status, headers, bytes } = await exchange({ headers: [] })
    expect({ status, code: headers['x-blindai-error'] }).toEqual({ status: 401, code: 'UNAUTHENTICATED' })
    expect(jsonOf(bytes)).toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  test('in chunks streams a model in', async () => {
    const { ask, configs } = await obliviousHouse()
    const body = new Uint8Array(300_000).fill(5)
    async function* stream(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < body.byteLength; at += 50_000) yield body.subarray(at, at + 50_000)
    }
    const headers = [...AUTHORIZATION, ['blindai-operation-id', 'operation-0123456789'] as const]
    const inner = { ...innerOf({ method: 'PUT', path: `/v1/models/${digestOf(body)}`, headers }), body: stream() }
    const sealed = await encapsulateStream(configs, inner, { now: NOW })
    const answer = await ask('POST', PATH, {
      headers: { 'content-type': sealed.contentType },
      body: await collectBody(sealed.body, 1 << 24),
      channel: { kind: 'plain' },
    })
    const response = await sealed.openResponse(pieces(answer.bytes))
    expect(response.status).toBe(201)
  })

  test('in chunks, whose length nobody announced, counts twice where its pieces become one', async () => {
    const MIB = 1024 ** 2
    const limits = { maxBodyMemoryBytesPerTenant: 3 * MIB }
    const { ask, configs, upload } = await obliviousHouse(limits)
    await upload('alice', new Uint8Array([1]), '?name=m')
    const json = utf8('{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}')
    async function statusOf(bytes: number): Promise<number> {
      const body = new Uint8Array(bytes).fill(32)
      body.set(json)
      async function* stream(): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < bytes; at += 50_000) yield body.subarray(at, at + 50_000)
      }
      const inner = { ...innerOf({ method: 'POST', path: '/v2/models/m/infer' }), body: stream() }
      const sealed = await encapsulateStream(configs, inner, { now: NOW })
      const answer = await ask('POST', PATH, {
        headers: { 'content-type': sealed.contentType },
        body: await collectBody(sealed.body, 1 << 24),
        channel: { kind: 'plain' },
      })
      return (await sealed.openResponse(pieces(answer.bytes))).status
    }
    expect(await statusOf(1.4 * MIB)).toBe(200)
    expect(await statusOf(1.6 * MIB)).toBe(413)
  })

  test('is refused, sealed, when it comes a second time', async () => {
    const { ask, seal } = await obliviousHouse()
    const sealed = await seal({})
    const how = {
      headers: { 'content-type': sealed.contentType },
      body: sealed.body,
      channel: { kind: 'plain' },
    } as const
    await ask('POST', PATH, how)
    const again = await ask('POST', PATH, how)
    expect(again.status).toBe(200)
    const response = await sealed.openResponse(pieces(again.bytes))
    expect(response.status).toBe(409)
    expect(response.headers).toContainEqual(['x-blindai-error', 'REPLAYED'])
  })

  test('is refused, sealed, when its clock is wrong', async () => {
    const { ask, seal } = await obliviousHouse()
    const sealed = await seal({}, unixSeconds(NOW - 301))
    const answer = await ask('POST', PATH, {
      headers: { 'content-type': sealed.contentType },
      body: sealed.body,
      channel: { kind: 'plain' },
    })
    const response = await sealed.openResponse(pieces(answer.bytes))
    expect(response.headers).toContainEqual(['x-blindai-error', 'DATE_OUTSIDE_WINDOW'])
    expect(response.headers).toContainEqual(['date', formatHttpDate(NOW)])
  })

  test('does not find another one inside', async () => {
    const { exchange, seal } = await obliviousHouse()
    const nested = await seal({})
    const headers = [['content-type', nested.contentType] as const]
    expect(await exchange({ method: 'POST', path: PATH, headers, body: nested.body })).toMatchObject({ status: 404 })
  })
})

describe('what is no encapsulated request', () => {
  test.each([
    ['of another media type', 'text/plain', new Uint8Array(100), 415, 'MEDIA_TYPE_UNSUPPORTED'],
    ['to an unknown key', 'message/ohttp-req', new Uint8Array(100).fill(0xee), 422, 'KEY_ID_UNKNOWN'],
    ['that is empty', 'message/ohttp-req', new Uint8Array(0), 400, 'STREAM_TRUNCATED'],
    ['that is text', 'message/ohttp-chunked-req', utf8('hello, server'), 422, 'KEY_ID_UNKNOWN'],
  ])('%s is refused in clear', async (_name, contentType, body, status, code) => {
    const { ask } = await obliviousHouse()
    const answer = await ask('POST', PATH, {
      headers: { 'content-type': contentType },
      body,
      channel: { kind: 'plain' },
    })
    expect(answer).toMatchObject({ status, headers: { 'x-blindai-error': code } })
  })
})
