import { describe, expect, test } from 'vitest'
import { buildHouse, digestOf } from '../fixtures/house.ts'
import { type House, INPUT, MODEL, make } from '../fixtures/tenants.ts'

const PATH = `/v1/models/${digestOf(MODEL)}`

describe('a quota', () => {
  test('of models and of bytes holds where the server would allow more', async () => {
    const house = await buildHouse()
    const key = await make(house, 'clinic', { quotas: { maxModels: 1, maxModelBytes: MODEL.byteLength } })
    expect(await house.ask('PUT', PATH, { key, body: MODEL })).toMatchObject({ status: 201 })
    const small = new Uint8Array([1])
    const one = `/v1/models/${digestOf(small)}`
    expect(await house.ask('PUT', one, { key, body: small })).toMatchObject({ json: { code: 'MODEL_LIMIT' } })
    await house.ask('PUT', '/v1/tenants/clinic', {
      as: 'root',
      body: JSON.stringify({ role: 'owner', quotas: { maxModels: 2, maxModelBytes: MODEL.byteLength } }),
    })
    expect(await house.ask('PUT', one, { key, body: small })).toMatchObject({ json: { code: 'TENANT_STORAGE_FULL' } })
  })

  test('never is more than the server’s limit', async () => {
    const house = await buildHouse({ limits: { maxModelsPerTenant: 1 } })
    const key = await make(house, 'clinic', { quotas: { maxModels: 100 } })
    await house.ask('PUT', PATH, { key, body: MODEL })
    const small = new Uint8Array([1])
    expect(await house.ask('PUT', `/v1/models/${digestOf(small)}`, { key, body: small })).toMatchObject({
      json: { code: 'MODEL_LIMIT' },
    })
  })

  test('of requests fills evenly, says when to come back, and is each tenant’s own', async () => {
    let nowMs = 0
    const house = await buildHouse({ nowMs: () => nowMs })
    const quotas = { maxRequestsPerMinute: 6 }
    const [key, other] = [await make(house, 'clinic', { quotas }), await make(house, 'guest', { quotas })]
    const ask = () => house.ask('GET', '/v2', { key })
    for (let i = 0; i < 6; i++) expect(await ask()).toMatchObject({ status: 200 })
    expect(await ask()).toMatchObject({
      status: 429,
      headers: { 'retry-after': '10' },
      json: { code: 'TENANT_RATE_LIMITED' },
    })
    expect(await house.ask('GET', '/v2', { key: other })).toMatchObject({ status: 200 })
    nowMs += 9000
    expect(await ask()).toMatchObject({ status: 429, headers: { 'retry-after': '1' } })
    nowMs += 1000
    expect(await ask()).toMatchObject({ status: 200 })
    expect(await ask()).toMatchObject({ status: 429 })
    nowMs += 3_600_000
    for (let i = 0; i < 6; i++) expect(await ask()).toMatchObject({ status: 200 })
    expect(await ask()).toMatchObject({ status: 429 })
  })

  test('of requests is not used up by who has no key', async () => {
    const house = await buildHouse({ limits: { maxRequestsPerMinutePerTenant: 2 } })
    for (let i = 0; i < 5; i++) {
      expect(await house.ask('GET', '/v2', { key: 'of nobody' })).toMatchObject({ status: 401 })
      expect(await house.ask('GET', '/v2/health/live')).toMatchObject({ status: 200 })
    }
    expect(await house.ask('GET', '/v2', { as: 'alice' })).toMatchObject({ status: 200 })
  })

  test('of engine time refuses runs when it is spent, and nothing else, until the debt is paid', async () => {
    let nowMs = 0
    const house = await buildHouse({ nowMs: () => nowMs })
    const key = await make(house, 'clinic', { quotas: { maxEngineMsPerMinute: 1000 } })
    await house.ask('PUT', `${PATH}?name=m`, { key, body: MODEL })
    house.engines.onRun = (run) => {
      nowMs += 3000
      run.answer()
    }
    const infer = () => house.ask('POST', '/v2/models/m/infer', { key, body: INPUT })
    expect(await infer()).toMatchObject({ status: 200 })
    const refused = await infer()
    expect(refused).toMatchObject({ status: 429, json: { code: 'TENANT_ENGINE_TIME_SPENT' } })
    // 2000 ms of debt and the next one, at 1000 ms a minute.
    expect(refused.headers['retry-after']).toBe('121')
    expect(await house.ask('GET', '/v1/models', { key })).toMatchObject({ status: 200 })
    const task = JSON.stringify({ model: 'm', inputs: ['x'] })
    expect(await house.ask('POST', '/v1/tasks/text-classification', { key, body: task })).toMatchObject({ status: 429 })
    nowMs += 121_000
    expect(await infer()).toMatchObject({ status: 200 })
  })
})

describe('an engine', () => {
  const bothRun = async (sharedEngines: boolean, query: string): Promise<House> => {
    const house = await buildHouse({ sharedEngines })
    await house.upload('alice', MODEL, `?name=m${query}`)
    await house.ask('PUT', `${PATH}/grants/bob`, { as: 'alice' })
    for (const [as, model] of [
      ['alice', 'm'],
      ['bob', 'alice~m'],
    ] as const) {
      expect(await house.ask('POST', `/v2/models/${model}/infer`, { as, body: INPUT })).toMatchObject({ status: 200 })
    }
    return house
  }

  test.each([
    ['one tenant, unless the owner allows more', true, '', 2],
    ['one tenant, unless the operator allows more', false, '&shared=true', 2],
    ['several, where both allow it', true, '&shared=true', 1],
  ])('serves %s', async (_name, sharedEngines, query, count) => {
    const { engines } = await bothRun(sharedEngines, query)
    expect(engines.engines).toHaveLength(count)
  })

  test('that served several is killed when the owner allows it no more', async () => {
    const { ask, engines } = await bothRun(true, '&shared=true')
    expect(await ask('GET', PATH, { as: 'alice' })).toMatchObject({ json: { sharedEngines: true } })
    expect((await ask('GET', PATH, { as: 'bob' })).json).not.toHaveProperty('sharedEngines')
    expect(await ask('DELETE', `${PATH}/shared-engines`, { as: 'bob' })).toMatchObject({ status: 403 })
    expect(await ask('DELETE', `${PATH}/shared-engines`, { as: 'alice' })).toMatchObject({ status: 204 })
    expect(engines.living).toHaveLength(0)
    await ask('POST', '/v2/models/m/infer', { as: 'alice', body: INPUT })
    await ask('POST', '/v2/models/alice~m/infer', { as: 'bob', body: INPUT })
    expect(engines.living).toHaveLength(2)
  })

  test('of a version that was never shared lives and runs on when the sharing of its name ends', async () => {
    const { ask, engines, upload } = await buildHouse({ sharedEngines: true })
    await upload('alice', MODEL, '?name=v&shared=true')
    const own = await upload('alice', MODEL.subarray(1), '?name=v')
    const infer = (version: number) =>
      ask('POST', `/v2/models/v/versions/${version}/infer`, { as: 'alice', body: INPUT })
    expect(await infer(1)).toMatchObject({ status: 200 })
    engines.onRun = () => undefined
    const runs = engines.runs.length
    const running = infer(2)
    const run = await engines.run(runs)
    expect(await ask('DELETE', '/v1/models/v/shared-engines', { as: 'alice' })).toMatchObject({ status: 204 })
    run.answer()
    expect(await running).toMatchObject({ status: 200 })
    expect(engines.living).toEqual([run.engine])
    expect(await ask('GET', `/v1/models/${own}`, { as: 'alice' })).toMatchObject({ json: { sharedEngines: false } })
  })

  test('is shared from when the owner allows it', async () => {
    const { ask, engines } = await bothRun(true, '')
    expect(await ask('PUT', '/v1/models/m/shared-engines', { as: 'alice' })).toMatchObject({ status: 204 })
    await ask('POST', '/v2/models/m/infer', { as: 'alice', body: INPUT })
    await ask('POST', '/v2/models/alice~m/infer', { as: 'bob', body: INPUT })
    expect(engines.engines).toHaveLength(3)
  })

  test('is shared under a name for its newest version, and no more for all of them', async () => {
    const { ask, upload } = await buildHouse({ sharedEngines: true })
    const older = await upload('alice', MODEL, '?name=v&shared=true')
    const newer = await upload('alice', MODEL.subarray(1), '?name=v')
    const shared = async (sha256: string): Promise<unknown> =>
      Object((await ask('GET', `/v1/models/${sha256}`, { as: 'alice' })).json).sharedEngines
    expect([await shared(older), await shared(newer)]).toEqual([true, false])
    expect(await ask('PUT', '/v1/models/v/shared-engines', { as: 'alice' })).toMatchObject({ status: 204 })
    expect([await shared(older), await shared(newer)]).toEqual([true, true])
    expect(await ask('DELETE', '/v1/models/v/shared-engines', { as: 'alice' })).toMatchObject({ status: 204 })
    expect([await shared(older), await shared(newer)]).toEqual([false, false])
  })
})
