import {
  type BinaryResponse,
  collectBody,
  encapsulateRequest,
  encapsulateStream,
  OHTTP_AUTHORITY,
  OhttpGateway,
  parseKeyConfigList,
} from '@blindai/channel'
import { describe, expect, test } from 'vitest'
import type { ServerLimits } from '../../src/config-limits.ts'
import type { ApiRequest, ApiResponse } from '../../src/http/api.ts'
import { BodyMemory } from '../../src/http/body-memory.ts'
import { bodyOfBytes, bodyOfPieces } from '../../src/http/memory-body.ts'
import { obliviousRoutes } from '../../src/http/routes/oblivious.ts'
import type { FakeRun } from '../fixtures/fake-engines.ts'
import { buildHouse, digestOf, KEYS, NOW } from '../fixtures/house.ts'

const PATH = '/.well-known/blindai/ohttp'
const WHOLE = 'message/ohttp-req'
const MIB = 1024 * 1024
/** Room to open one body of 256 KiB, and not quite two. */
const SMALL: Partial<ServerLimits> = { maxBodyMemoryBytesPerTenant: MIB, maxBodyMemoryBytes: 8 * MIB }

interface Inner {
  readonly key?: string
  readonly method?: string
  readonly path?: string
  readonly body?: Uint8Array
}

const INFER = { method: 'POST', path: '/v2/models/nothing/infer' } as const

function innerOf({ key, method = 'GET', path = '/v2', body = new Uint8Array() }: Inner) {
  const headers = key === undefined ? [] : [['authorization', `Bearer ${key}`] as const]
  return { method, scheme: 'https', authority: OHTTP_AUTHORITY, path, headers, body } as const
}

async function obliviousHouse(limits: Partial<ServerLimits> = {}) {
  const house = await buildHouse({ limits })
  const configs = parseKeyConfigList(house.ohttpKeys.keyConfigList)
  /** A request as it stands on the wire, to be posted as often as one likes. */
  async function recorded(inner: Inner) {
    const sealed = await encapsulateRequest(configs, innerOf(inner), { now: NOW })
    const how = {
      headers: { 'content-type': sealed.contentType },
      body: sealed.body,
      channel: { kind: 'plain' },
    } as const
    async function post() {
      const answer = await house.ask('POST', PATH, how)
      if (answer.status !== 200) return `in clear ${answer.status} ${answer.headers['x-blindai-error']}`
      return outcomeOf(await sealed.openResponse(answer.bytes))
    }
    return { post }
  }
  const post = async (inner: Inner) => (await recorded(inner)).post()
  return { ...house, configs, recorded, post }
}

function outcomeOf({ status, headers }: BinaryResponse): string {
  return [status, ...headers.flatMap(([name, value]) => (name === 'x-blindai-error' ? [value] : []))].join(' ')
}

/** A request whose first bytes come at once, and whose last never do. */
function stalled(bytes: Uint8Array) {
  const waiting = Promise.withResolvers<void>()
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield bytes
    waiting.resolve()
    await new Promise(() => undefined)
  }
  const request: ApiRequest = {
    method: 'POST',
    path: PATH,
    query: '',
    headers: { 'content-type': WHOLE },
    body: bodyOfPieces(pieces(), 4 * MIB),
    signal: new AbortController().signal,
    channel: { kind: 'plain' },
  }
  return { request, waiting: waiting.promise }
}

describe('a sealed request of a stranger', () => {
  test('takes no room in what is remembered against replay', async () => {
    const { post } = await obliviousHouse({ replayCapacity: 16 })
    for (let n = 0; n < 20; n++) expect(await post({ key: 'key-of-nobody' })).toBe('401 UNAUTHENTICATED')
    for (let n = 0; n < 20; n++) expect(await post({ path: '/v2/health/live' })).toBe('200')
    for (let n = 0; n < 20; n++) expect(await post({ key: KEYS.alice, path: '/nowhere' })).toBe('404 NOT_FOUND')
    expect(await post({ key: KEYS.alice })).toBe('200')
  })

  test('is refused the same however often it comes', async () => {
    const { recorded } = await obliviousHouse()
    const { post } = await recorded({})
    expect([await post(), await post()]).toEqual(['401 UNAUTHENTICATED', '401 UNAUTHENTICATED'])
  })

  test('gives its memory up to a later one when it stalls', async () => {
    const { dispatch, post, configs } = await obliviousHouse(SMALL)
    const header = Uint8Array.of(configs[1]?.keyId ?? 0, 0, 0x20, 0, 1, 0, 1)
    const { request, waiting } = stalled(Buffer.concat([header, new Uint8Array(500 * 1024).fill(9)]))
    const attack = dispatch(request)
    await waiting
    // Opened, admitted and answered by its route.
    const small = { ...INFER, key: KEYS.alice, body: new Uint8Array(60_000) }
    expect(await post(small)).toBe('404 MODEL_NOT_FOUND')
    expect(await attack).toMatchObject({ status: 429, headers: { 'x-blindai-error': 'TENANT_BODY_MEMORY_FULL' } })
  })
})

describe('a sealed request of somebody', () => {
  test('is served once where two of it arrive at once', async () => {
    const { recorded } = await obliviousHouse()
    const { post } = await recorded({ key: KEYS.alice })
    expect((await Promise.all([post(), post(), post()])).sort()).toEqual(['200', '409 REPLAYED', '409 REPLAYED'])
  })

  test('is remembered before its role and its route are looked at', async () => {
    const { recorded } = await obliviousHouse()
    const { post } = await recorded({ key: KEYS.carol, method: 'DELETE', path: `/v1/models/${'ab'.repeat(32)}` })
    expect([await post(), await post()]).toEqual(['403 FORBIDDEN', '409 REPLAYED'])
  })

  test('counts as memory of its tenant from then on, and not of all strangers', async () => {
    const { engines, post, upload } = await obliviousHouse(SMALL)
    const model = await upload('alice', new Uint8Array([1]))
    const begun = Promise.withResolvers<FakeRun>()
    engines.onRun = begun.resolve
    const data = '1,'.repeat(120_000)
    const body = Buffer.from(`{"inputs":[{"name":"x","datatype":"FP32","shape":[120001],"data":[${data}1]}]}`)
    const running = post({ key: KEYS.alice, method: 'POST', path: `/v2/models/${model}/infer`, body })
    const run = await begun.promise
    expect(await post({ key: KEYS.bob, path: '/v1/models', body: body.subarray(0, 200_000) })).toBe(
      '413 BODY_TOO_LARGE',
    )
    run.answer()
    expect(await running).toBe('200')
  })

  test('comes in chunks where it is larger than what is held for strangers', async () => {
    const { configs, dispatch, limits, post } = await obliviousHouse()
    const body = new Uint8Array(limits.maxWholeObliviousBytes)
    expect(await post({ key: KEYS.alice, body })).toBe('in clear 413 TOO_LARGE')
    const headers = [
      ['authorization', `Bearer ${KEYS.alice}`],
      ['blindai-operation-id', 'operation-0123456789'],
    ] as const
    const inner = { ...innerOf({ method: 'PUT', path: `/v1/models/${digestOf(body)}`, body }), headers }
    const sealed = await encapsulateStream(configs, inner, { now: NOW })
    const answer = await dispatch({
      method: 'POST',
      path: PATH,
      query: '',
      headers: { 'content-type': sealed.contentType },
      body: bodyOfPieces(sealed.body, undefined),
      signal: new AbortController().signal,
      channel: { kind: 'plain' },
    })
    if (!(Symbol.asyncIterator in answer.body)) throw new TypeError('the answer is not sealed')
    expect(outcomeOf(await sealed.openResponse(answer.body))).toBe('201')
  })
})

describe('an answer that cannot be sealed', () => {
  test('holds its memory no longer', async () => {
    const { configs, limits, ohttpKeys } = await obliviousHouse()
    const gateway = new OhttpGateway({
      keys: ohttpKeys,
      clock: () => NOW,
      replayCapacity: 16,
      dateWindowSeconds: 60,
      maxRequestBytes: MIB,
    })
    let sent = 0
    const unsealable: ApiResponse = { status: 200, headers: { connection: 'close' }, body: [], onSent: () => sent++ }
    const [route] = obliviousRoutes({ gateway, dispatch: async () => unsealable })
    const sealed = await encapsulateRequest(configs, innerOf({}), { now: NOW })
    const request: ApiRequest = {
      method: 'POST',
      path: PATH,
      query: '',
      headers: { 'content-type': sealed.contentType },
      body: bodyOfBytes(sealed.body),
      signal: new AbortController().signal,
      channel: { kind: 'plain' },
    }
    const lease = new BodyMemory(limits).lease('')
    const call = {
      request,
      requestId: 'r',
      params: {},
      tenant: { name: '', role: 'caller' } as const,
      readBody: () => collectBody(sealed.body, MIB),
      lease,
      confirm: () => ({ name: '', role: 'caller' }) as const,
      readmit: () => undefined,
    }
    await expect(Promise.resolve(route?.handle(call))).rejects.toMatchObject({ code: 'BINARY_HTTP_MALFORMED' })
    expect(sent).toBe(1)
  })
})
