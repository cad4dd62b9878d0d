import { describe, expect, test } from 'vitest'
import { bodyOfPieces } from '../../src/http/memory-body.ts'
import { MemoryVault } from '../../src/models/index.ts'
import { createApiKey, hashApiKey } from '../../src/tenants/index.ts'
import { halfSent } from '../fixtures/half-sent.ts'
import { type Answer, buildHouse, digestOf, provedConnection } from '../fixtures/house.ts'
import { AFTER, addKey, type House, INPUT, MODEL, make } from '../fixtures/tenants.ts'

const PATH = `/v1/models/${digestOf(MODEL)}`
const OTHER = MODEL.subarray(1)
const UNKNOWN = { status: 401, json: { code: 'UNAUTHENTICATED' } }

/** Another key as the body of a request that adds it, and the key itself. */
function wish(): { readonly key: string; readonly body: string } {
  const { key, keySha256 } = createApiKey()
  return { key, body: JSON.stringify({ sha256: keySha256, expiresAt: AFTER }) }
}

/** Revokes every key of a tenant that the list shows, but for one. */
async function revokeAllBut(house: House, tenant: string, kept: string): Promise<void> {
  const { json } = await house.ask('GET', `/v1/tenants/${tenant}`, { as: 'root' })
  for (const { id } of Object(json).keys) {
    if (id === hashApiKey(kept).slice(0, 16)) continue
    expect(await house.ask('DELETE', `/v1/keys/${id}`, { key: kept })).toMatchObject({ status: 204 })
  }
}

/** Deletes a tenant, and makes another of its name that has the same key. */
async function remake(house: House, name: string, key: string): Promise<void> {
  expect(await house.ask('DELETE', `/v1/tenants/${name}`, { as: 'root' })).toMatchObject({ status: 204 })
  const body = JSON.stringify({ role: 'owner', key: { sha256: hashApiKey(key) } })
  expect(await house.ask('PUT', `/v1/tenants/${name}`, { as: 'root', body })).toMatchObject({ status: 201 })
}

async function keyIds(house: House, tenant: string): Promise<readonly string[]> {
  const { json } = await house.ask('GET', `/v1/tenants/${tenant}`, { as: 'root' })
  return Object(json).keys.map(({ id }: { id: string }) => id)
}

describe('a body that ends after its key was revoked', () => {
  test('adds no key to its tenant', async () => {
    const house = await buildHouse()
    const stolen = await make(house, 'clinic')
    const [kept, keptId] = await addKey(house, '/v1/tenants/clinic/keys', { as: 'root' })
    const late = wish()
    const { rest } = await halfSent(house, 'POST', '/v1/keys', { key: stolen, body: late.body })
    await revokeAllBut(house, 'clinic', kept)
    expect(await rest()).toMatchObject(UNKNOWN)
    expect(await house.ask('GET', '/v2', { key: late.key })).toMatchObject({ status: 401 })
    expect(await keyIds(house, 'clinic')).toEqual([keptId])
  })

  test('adds none when the change was waiting for its turn, either', async () => {
    const vault = new MemoryVault()
    const house = await buildHouse({ vault })
    const stolen = await make(house, 'clinic')
    const [kept, keptId] = await addKey(house, '/v1/tenants/clinic/keys', { as: 'root' })
    const gate = Promise.withResolvers<void>()
    const setTenants = vault.setTenants.bind(vault)
    vault.setTenants = async () => {
      await gate.promise
      await setTenants()
    }
    const id = hashApiKey(stolen).slice(0, 16)
    const revoked = house.ask('DELETE', `/v1/keys/${id}`, { key: kept })
    const late = wish()
    const added = house.ask('POST', '/v1/keys', { key: stolen, body: late.body })
    const removed = house.ask('DELETE', `/v1/keys/${keptId}`, { key: stolen })
    gate.resolve()
    expect(await revoked).toMatchObject({ status: 204 })
    expect(await added).toMatchObject(UNKNOWN)
    expect(await removed).toMatchObject(UNKNOWN)
    expect(await keyIds(house, 'clinic')).toEqual([keptId])
  })

  test('changes no tenant when it was an administrator’s, and none when he is one no more', async () => {
    const house = await buildHouse()
    const key = await make(house, 'deputy', { role: 'admin' })
    await make(house, 'clinic')
    const before = await keyIds(house, 'clinic')
    const made = JSON.stringify({ role: 'admin', key: { sha256: createApiKey().keySha256 } })
    const puts = [
      await halfSent(house, 'PUT', '/v1/tenants/mine', { key, body: made }),
      await halfSent(house, 'POST', '/v1/tenants/clinic/keys', { key, body: wish().body }),
    ]
    await house.ask('PUT', '/v1/tenants/deputy', { as: 'root', body: '{"role":"owner"}' })
    for (const { rest } of puts) expect(await rest()).toMatchObject({ status: 403, json: { code: 'FORBIDDEN' } })
    expect(await house.ask('GET', '/v1/tenants/mine', { as: 'root' })).toMatchObject({ status: 404 })
    expect(await keyIds(house, 'clinic')).toEqual(before)
  })

  test('unloads no model of another when it was an administrator’s who is an owner now', async () => {
    const house = await buildHouse()
    const key = await make(house, 'deputy', { role: 'admin' })
    await house.upload('alice', MODEL, '?name=m')
    await house.ask('PUT', '/v1/models/m/grants/deputy', { as: 'alice' })
    const target = '/v2/repository/models/alice~m/unload'
    const { rest } = await halfSent(house, 'POST', target, { key, body: '{}' })
    await house.ask('PUT', '/v1/tenants/deputy', { as: 'root', body: '{"role":"owner"}' })
    expect(await rest()).toMatchObject({ status: 403, json: { code: 'FORBIDDEN' } })
    expect(await house.ask('GET', '/v2/models/m/ready', { as: 'alice' })).toMatchObject({ status: 200 })
  })

  test('unloads nothing over gRPC either', async () => {
    const house = await buildHouse()
    const stolen = await make(house, 'clinic')
    const [kept] = await addKey(house, '/v1/tenants/clinic/keys', { as: 'root' })
    expect(await house.ask('PUT', `${PATH}?name=m`, { key: kept, body: MODEL })).toMatchObject({ status: 201 })
    // Field 2, the name "m", behind a flag and a length. Source: `RepositoryModelUnloadRequest` of grpc_service.proto.
    const message = Uint8Array.of(0, 0, 0, 0, 3, 0x12, 1, 0x6d)
    const [half, other] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    async function* pieces(): AsyncGenerator<Uint8Array> {
      yield message.subarray(0, 6)
      half.resolve()
      await other.promise
      yield message.subarray(6)
    }
    const answer = house.dispatch({
      method: 'POST',
      path: '/inference.GRPCInferenceService/RepositoryModelUnload',
      query: '',
      headers: { authorization: `Bearer ${stolen}`, 'content-type': 'application/grpc', te: 'trailers' },
      body: bodyOfPieces(pieces(), undefined),
      signal: new AbortController().signal,
      channel: { kind: 'tls', connection: provedConnection() },
      duplex: { pieces, watch: () => ({ moved: () => undefined, done: () => undefined }) },
    })
    await half.promise
    await revokeAllBut(house, 'clinic', kept)
    other.resolve()
    expect((await answer).trailers?.()).toMatchObject({ 'x-blindai-error': 'UNAUTHENTICATED' })
    expect(await house.ask('GET', '/v2/models/m/ready', { key: kept })).toMatchObject({ status: 200 })
  })

  test('publishes no model, before its last byte and while it loads', async () => {
    const house = await buildHouse()
    const stolen = await make(house, 'clinic')
    const [kept] = await addKey(house, '/v1/tenants/clinic/keys', { as: 'root' })
    const { rest } = await halfSent(house, 'PUT', PATH, { key: stolen, body: MODEL })
    const [loading, asked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    house.engines.beforeStart = async () => {
      asked.resolve()
      await loading.promise
    }
    const upload = house.ask('PUT', `/v1/models/${digestOf(OTHER)}`, { key: stolen, body: OTHER })
    await asked.promise
    await revokeAllBut(house, 'clinic', kept)
    loading.resolve()
    for (const answer of [await rest(), await upload]) expect(answer).toMatchObject(UNKNOWN)
    expect(await house.ask('GET', '/v1/models', { key: kept })).toMatchObject({ json: { models: [] } })
    expect(house.models.quota.of('clinic')).toBe(0)
    expect(house.engines.living).toHaveLength(0)
  })
})

describe('a body of a tenant that was deleted, and made again with the same key', () => {
  /** The answer to what was half sent before, and what the next tenant has. */
  async function across(
    method: string,
    target: string,
    body: Uint8Array | string,
  ): Promise<{ readonly answer: Answer; readonly house: House; readonly key: string }> {
    const house = await buildHouse()
    const key = await make(house, 'clinic')
    await house.upload('alice', OTHER, '?name=open')
    await house.ask('PUT', '/v1/models/open/grants/*', { as: 'alice' })
    expect(await house.ask('PUT', `${PATH}?name=m`, { key, body: MODEL })).toMatchObject({ status: 201 })
    const { rest } = await halfSent(house, method, target, { key, body })
    await remake(house, 'clinic', key)
    expect(await house.ask('PUT', `${PATH}?name=m`, { key, body: MODEL })).toMatchObject({ status: 201 })
    return { answer: await rest(), house, key }
  }

  test('adds no key to the next of its name', async () => {
    const { answer, house, key } = await across('POST', '/v1/keys', wish().body)
    expect(answer).toMatchObject(UNKNOWN)
    expect(await keyIds(house, 'clinic')).toEqual([hashApiKey(key).slice(0, 16)])
  })

  test.each([
    ['infers', '/v2/models/m/infer', INPUT],
    ['does a task', '/v1/tasks/fill-mask', JSON.stringify({ model: 'm', inputs: 'x' })],
    ['infers with what everybody may', '/v2/models/alice~open/infer', INPUT],
  ])('%s with nothing of the next', async (_name, target, body) => {
    const { answer, house, key } = await across('POST', target, body)
    expect(answer).toMatchObject(UNKNOWN)
    expect(house.engines.runs).toHaveLength(0)
    for (const model of ['m', 'alice~open']) {
      const { json } = await house.ask('GET', `/v2/models/${model}/stats`, { key })
      const [stats] = Object(json).model_stats
      expect(stats).toMatchObject({ inference_count: 0, execution_count: 0, last_inference: 0 })
      for (const part of ['success', 'fail', 'queue', 'compute_input', 'compute_infer', 'compute_output']) {
        expect([part, stats.inference_stats[part]]).toEqual([part, { count: 0, ns: 0 }])
      }
    }
  })

  test('unloads no model of the next', async () => {
    const { answer, house, key } = await across('POST', '/v2/repository/models/m/unload', '{}')
    expect(answer).toMatchObject(UNKNOWN)
    expect(await house.ask('GET', '/v2/models/m/ready', { key })).toMatchObject({ status: 200 })
  })

  test('shares no engine of the next, and gives its model no name', async () => {
    const { answer, house, key } = await across('PUT', `${PATH}?name=n&shared=true`, MODEL)
    expect(answer).toMatchObject(UNKNOWN)
    expect(await house.ask('GET', PATH, { key })).toMatchObject({ json: { name: 'm', sharedEngines: false } })
  })

  test('ends as one whose key is unknown, when it was a new upload', async () => {
    const third = MODEL.subarray(2)
    const path = `/v1/models/${digestOf(third)}`
    const { answer, house, key } = await across('PUT', path, third)
    expect(answer).toMatchObject(UNKNOWN)
    expect(await house.ask('GET', path, { key })).toMatchObject({ status: 404 })
    expect(house.models.quota.of('clinic')).toBe(MODEL.byteLength)
  })

  test('ends as one whose key is unknown, when the next one sends the same model, whose engines live on', async () => {
    const house = await buildHouse()
    const key = await make(house, 'clinic')
    const { rest } = await halfSent(house, 'PUT', `${PATH}?shared=true`, { key, body: MODEL })
    await remake(house, 'clinic', key)
    expect(await house.ask('PUT', `${PATH}?name=m`, { key, body: MODEL })).toMatchObject({ status: 201 })
    const engines = house.engines.living.length
    expect(await rest()).toMatchObject(UNKNOWN)
    expect(house.engines.living).toHaveLength(engines)
    expect(await house.ask('GET', PATH, { key })).toMatchObject({ json: { name: 'm', sharedEngines: false } })
    expect(house.models.quota.of('clinic')).toBe(MODEL.byteLength)
  })
})

describe('a tenant that was deleted, and made again', () => {
  test('has begun no operation yet', async () => {
    const house = await buildHouse({ limits: { maxOperationIdsPerTenant: 1 } })
    const key = await make(house, 'clinic')
    const headers = { 'blindai-operation-id': 'one-of-the-first' }
    const upload = () => house.ask('PUT', PATH, { key, body: MODEL, headers })
    expect(await upload()).toMatchObject({ status: 201 })
    expect(await upload()).toMatchObject({ status: 409, json: { code: 'OPERATION_REPLAYED' } })
    await remake(house, 'clinic', key)
    expect(await upload()).toMatchObject({ status: 201 })
  })
})

describe('a run of a tenant that was deleted', () => {
  test('that fails later is not the next one’s in the statistics', async () => {
    const house = await buildHouse()
    await house.upload('alice', MODEL, '?name=m')
    await house.ask('PUT', '/v1/models/m/grants/*', { as: 'alice' })
    const key = await make(house, 'clinic')
    const gate = Promise.withResolvers<void>()
    const record = house.models.resolve('clinic', 'alice~m')
    const serving = house.inference.serve({ name: 'clinic', role: 'owner' }, record, async () => {
      await gate.promise
      throw new Error('late')
    })
    await remake(house, 'clinic', key)
    gate.resolve()
    await expect(serving).rejects.toThrow('late')
    const failures = async (model: string, how: object): Promise<unknown> =>
      Object((await house.ask('GET', `/v2/models/${model}/stats`, how)).json).model_stats[0].inference_stats.fail.count
    expect(await failures('alice~m', { key })).toBe(0)
    expect(await failures('m', { as: 'alice' })).toBe(1)
  })
})
