import { utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { bodyOfBytes } from '../../src/http/memory-body.ts'
import { createApiKey, hashApiKey } from '../../src/tenants/index.ts'
import { answerOf, buildHouse, digestOf, NOW, provedConnection } from '../fixtures/house.ts'
import { AFTER, INPUT, MODEL, make } from '../fixtures/tenants.ts'

const PATH = `/v1/models/${digestOf(MODEL)}`

describe('a tenant that an administrator makes', () => {
  test('is shown with what counts for it, and never with a hash', async () => {
    const house = await buildHouse({ limits: { maxModelsPerTenant: 5 } })
    const key = await make(
      house,
      'clinic',
      { quotas: { maxModels: 3, maxRequestsPerMinute: 60 } },
      { expiresAt: AFTER },
    )
    await house.ask('PUT', PATH, { key, body: MODEL })
    const shown = await house.ask('GET', '/v1/tenants/clinic', { as: 'root' })
    expect(shown).toMatchObject({
      status: 200,
      json: {
        name: 'clinic',
        role: 'owner',
        configured: false,
        createdAt: NOW,
        quotas: { maxModels: 3, maxRequestsPerMinute: 60 },
        effective: { maxModels: 3, maxRequestsPerMinute: 60, maxModelBytes: house.limits.maxModelBytesPerTenant },
        usage: { models: 1, modelBytes: MODEL.byteLength },
        keys: [{ id: hashApiKey(key).slice(0, 16), createdAt: NOW, expiresAt: AFTER }],
      },
    })
    expect(Buffer.from(shown.bytes).toString()).not.toContain(hashApiKey(key))
    const list = await house.ask('GET', '/v1/tenants', { as: 'root' })
    expect(Object(list.json).tenants.map(({ name }: { name: string }) => name)).toEqual(
      ['alice', 'bob', 'carol', 'root', 'clinic'], // biome-ignore format: configured ones first
    )
  })

  test('gets another role and other quotas, and keeps its keys', async () => {
    const house = await buildHouse()
    const key = await make(house, 'clinic')
    const body = JSON.stringify({ role: 'caller' })
    expect(await house.ask('PUT', '/v1/tenants/clinic', { as: 'root', body })).toMatchObject({ status: 200 })
    expect(await house.ask('PUT', PATH, { key, body: MODEL })).toMatchObject({
      status: 403,
      json: { code: 'FORBIDDEN' },
    })
    expect(await house.ask('GET', '/v2', { key })).toMatchObject({ status: 200 })
  })

  test('is made once, also when the request comes twice, and not in the place of another', async () => {
    const house = await buildHouse()
    const [mine, others] = [createApiKey(), createApiKey()]
    const body = JSON.stringify({ role: 'owner', key: { sha256: mine.keySha256 } })
    const ask = (content: string) => house.ask('PUT', '/v1/tenants/clinic', { as: 'root', body: content })
    expect(await ask(body)).toMatchObject({ status: 201 })
    expect(await ask(body)).toMatchObject({ status: 200 })
    expect(await ask(body.replace(mine.keySha256, others.keySha256))).toMatchObject({
      status: 409,
      json: { code: 'TENANT_EXISTS' },
    })
    expect(await house.ask('GET', '/v2', { key: others.key })).toMatchObject({ status: 401 })
  })

  test('is one of so many and no more', async () => {
    const house = await buildHouse({ limits: { maxTenants: 5 } })
    await make(house, 'fifth')
    const body = JSON.stringify({ role: 'owner' })
    expect(await house.ask('PUT', '/v1/tenants/sixth', { as: 'root', body })).toMatchObject({
      status: 403,
      json: { code: 'TENANT_LIMIT' },
    })
  })

  test.each([
    ['without a role', {}, 'MISSING_MEMBER'],
    ['with a role that does not exist', { role: 'emperor' }, 'WRONG_VALUE'],
    ['with something else', { role: 'owner', password: 'x' }, 'UNKNOWN_MEMBER'],
    ['with a quota that does not exist', { role: 'owner', quotas: { maxWishes: 3 } }, 'UNKNOWN_MEMBER'],
    ['with half a model', { role: 'owner', quotas: { maxModels: 0.5 } }, 'WRONG_VALUE'],
    ['with no requests at all', { role: 'owner', quotas: { maxRequestsPerMinute: 0 } }, 'WRONG_VALUE'],
    ['with a key instead of its hash', { role: 'owner', key: { sha256: 'blindai_secret' } }, 'WRONG_VALUE'],
    [
      'with a key that never is valid',
      { role: 'owner', key: { sha256: 'ab'.repeat(32), notBefore: 7, expiresAt: 7 } },
      'WRONG_VALUE',
    ],
    ['that is a list', [], 'WRONG_TYPE'],
  ])('is refused %s', async (_name, wish, code) => {
    const { ask } = await buildHouse()
    const body = JSON.stringify(wish)
    expect(await ask('PUT', '/v1/tenants/x', { as: 'root', body })).toMatchObject({ status: 400, json: { code } })
    expect(await ask('GET', '/v1/tenants/x', { as: 'root' })).toMatchObject({ json: { code: 'TENANT_NOT_FOUND' } })
  })

  test('has a plain name', async () => {
    const { ask } = await buildHouse()
    for (const name of ['-a', 'a%20b', 'a~b', '*', 'a'.repeat(65)]) {
      expect(await ask('PUT', `/v1/tenants/${name}`, { as: 'root', body: '{"role":"owner"}' })).toMatchObject({
        status: 400,
        json: { code: 'PARAMETER_INVALID' },
      })
    }
  })

  test('is nobody else’s to see or to change', async () => {
    const house = await buildHouse()
    const key = await make(house, 'clinic')
    for (const who of [{ as: 'alice' }, { as: 'carol' }, { key }] as const) {
      for (const [method, path] of [
        ['GET', '/v1/tenants'],
        ['GET', '/v1/tenants/clinic'],
        ['PUT', '/v1/tenants/clinic'],
        ['DELETE', '/v1/tenants/clinic'],
        ['POST', '/v1/tenants/clinic/keys'],
        ['DELETE', '/v1/tenants/clinic/keys/x'],
      ] as const) {
        expect(await house.ask(method, path, who)).toMatchObject({ status: 403, json: { code: 'FORBIDDEN' } })
      }
    }
  })
})

describe('a tenant of the configuration', () => {
  test('is there, and no call changes it', async () => {
    const { ask } = await buildHouse()
    expect(await ask('GET', '/v1/tenants/alice', { as: 'root' })).toMatchObject({
      status: 200,
      json: { configured: true, role: 'owner', quotas: {}, keys: [{ id: 'configuration' }] },
    })
    const hash = JSON.stringify({ sha256: 'ab'.repeat(32), expiresAt: AFTER })
    for (const [method, path, body, who] of [
      ['PUT', '/v1/tenants/alice', '{"role":"caller"}', 'root'],
      ['DELETE', '/v1/tenants/alice', '', 'root'],
      ['POST', '/v1/tenants/alice/keys', hash, 'root'],
      ['DELETE', '/v1/tenants/alice/keys/configuration', '', 'root'],
      ['POST', '/v1/keys', hash, 'alice'],
      ['DELETE', '/v1/keys/configuration', '', 'alice'],
    ] as const) {
      expect(await ask(method, path, { as: who, body })).toMatchObject({
        status: 409,
        json: { code: 'TENANT_CONFIGURED' },
      })
    }
    expect(await ask('GET', '/v1/keys', { as: 'alice' })).toMatchObject({ json: { keys: [{ id: 'configuration' }] } })
  })

  test('has a key that nobody else can have', async () => {
    const { ask } = await buildHouse()
    const body = JSON.stringify({ role: 'owner', key: { sha256: hashApiKey('key-of-alice') } })
    expect(await ask('PUT', '/v1/tenants/mallory', { as: 'root', body })).toMatchObject({
      status: 409,
      json: { code: 'KEY_EXISTS' },
    })
    expect(await ask('GET', '/v1/tenants/mallory', { as: 'root' })).toMatchObject({ status: 404 })
  })
})

describe('a tenant that is deleted', () => {
  test('is gone with its models, their engines and what was granted to it', async () => {
    const house = await buildHouse()
    const key = await make(house, 'clinic')
    expect(await house.ask('PUT', `${PATH}?name=m`, { key, body: MODEL })).toMatchObject({ status: 201 })
    await house.ask('PUT', `${PATH}/grants/bob`, { key })
    await house.upload('alice', MODEL.subarray(1), '?name=own')
    await house.ask('PUT', '/v1/models/own/grants/clinic', { as: 'alice' })
    await house.ask('PUT', '/v1/models/own/grants/bob', { as: 'alice' })
    expect(await house.ask('POST', '/v2/models/m/infer', { key, body: INPUT })).toMatchObject({ status: 200 })

    expect(await house.ask('DELETE', '/v1/tenants/clinic', { as: 'root' })).toMatchObject({ status: 204 })
    expect(await house.ask('GET', '/v2', { key })).toMatchObject({ status: 401 })
    expect(await house.ask('GET', '/v2/models/clinic~m', { as: 'bob' })).toMatchObject({ status: 404 })
    expect(house.engines.living.map(({ model }) => model.sha256)).toEqual([digestOf(MODEL.subarray(1))])
    expect(house.models.quota.of('clinic')).toBe(0)
    expect(await house.ask('GET', '/v1/models/own', { as: 'alice' })).toMatchObject({ json: { grants: ['bob'] } })
    expect(await house.ask('DELETE', '/v1/tenants/clinic', { as: 'root' })).toMatchObject({
      status: 404,
      json: { code: 'TENANT_NOT_FOUND' },
    })
    const again = await make(house, 'clinic')
    expect(await house.ask('GET', '/v1/models', { key: again })).toMatchObject({ json: { models: [] } })
  })

  test('leaves nothing of what it asked for to the next of its name', async () => {
    const house = await buildHouse()
    await house.upload('alice', MODEL, '?name=m')
    await house.ask('PUT', '/v1/models/m/grants/*', { as: 'alice' })
    const count = async (path: string, how: object): Promise<unknown> =>
      Object((await house.ask('GET', path, how)).json).model_stats[0].inference_count
    const key = await make(house, 'clinic')
    await house.ask('POST', '/v2/models/alice~m/infer', { key, body: INPUT })
    expect(await count('/v2/models/alice~m/stats', { key })).toBe(1)
    await house.ask('DELETE', '/v1/tenants/clinic', { as: 'root' })
    const again = await make(house, 'clinic')
    expect(await count('/v2/models/alice~m/stats', { key: again })).toBe(0)
    expect(await count('/v2/models/m/stats', { as: 'alice' })).toBe(1)
  })

  test('gets no answer of a run that was under way, and no model of an upload that was', async () => {
    const house = await buildHouse()
    const key = await make(house, 'clinic')
    await house.ask('PUT', `${PATH}?name=m`, { key, body: MODEL })
    house.engines.onRun = () => undefined
    const run = house.ask('POST', '/v2/models/m/infer', { key, body: INPUT })
    await house.engines.run(0)
    const { promise: loading, resolve: load } = Promise.withResolvers<void>()
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
    house.engines.beforeStart = async () => {
      ask()
      await loading
    }
    const other = MODEL.subarray(1)
    const upload = house.ask('PUT', `/v1/models/${digestOf(other)}`, { key, body: other })
    await asked
    expect(await house.ask('DELETE', '/v1/tenants/clinic', { as: 'root' })).toMatchObject({ status: 204 })
    load()
    expect(await run).toMatchObject({ status: 404, json: { code: 'MODEL_NOT_FOUND' } })
    expect(await upload).toMatchObject({ status: 401, json: { code: 'UNAUTHENTICATED' } })
    expect(house.engines.living).toHaveLength(0)
    expect(house.models.keysOf(digestOf(other))).toEqual([])
    expect(house.models.quota.of('clinic')).toBe(0)
  })

  test('runs nothing of a request whose body was still arriving', async () => {
    const house = await buildHouse()
    const key = await make(house, 'clinic')
    await house.upload('alice', MODEL, '?name=m')
    await house.ask('PUT', '/v1/models/m/grants/*', { as: 'alice' })
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
    const { promise: rest, resolve: finish } = Promise.withResolvers<void>()
    const body = bodyOfBytes(utf8(INPUT))
    const run = house.dispatch({
      method: 'POST',
      path: '/v2/models/alice~m/infer',
      query: '',
      headers: { authorization: `Bearer ${key}` },
      body: {
        length: body.length,
        [Symbol.asyncIterator]: () => body[Symbol.asyncIterator](),
        async collect(...how) {
          ask()
          await rest
          return body.collect(...how)
        },
      },
      signal: new AbortController().signal,
      channel: { kind: 'tls', connection: provedConnection() },
    })
    await asked
    expect(await house.ask('DELETE', '/v1/tenants/clinic', { as: 'root' })).toMatchObject({ status: 204 })
    house.scheduler.stopIdleEngines(0)
    finish()
    expect(await answerOf(await run)).toMatchObject({ status: 401, json: { code: 'UNAUTHENTICATED' } })
    expect(house.engines.living).toHaveLength(0)
    expect(house.engines.runs).toHaveLength(0)
  })
})
