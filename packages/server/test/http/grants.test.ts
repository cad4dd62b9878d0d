import { describe, expect, test } from 'vitest'
import { buildHouse, digestOf } from '../fixtures/house.ts'

const MODEL = new Uint8Array(300_000).map((_, i) => i)
const SHA256 = digestOf(MODEL)
const PATH = `/v1/models/${SHA256}`

describe('a model', () => {
  test('is listed and shown to its owner with its grants', async () => {
    const { ask, upload } = await buildHouse()
    await upload('alice', MODEL, '?name=digits')
    await ask('PUT', '/v1/models/digits/grants/carol', { as: 'alice' })
    const listed = {
      sha256: SHA256,
      name: 'digits',
      kind: 'onnx',
      bytes: MODEL.byteLength,
      owner: true,
      createdAt: 1_800_000_000,
      grants: ['carol'],
    }
    expect(await ask('GET', '/v1/models', { as: 'alice' })).toMatchObject({ status: 200, json: { models: [listed] } })
    expect(await ask('GET', '/v1/models/digits', { as: 'alice' })).toMatchObject({
      json: { ...listed, inputs: [{ name: 'x' }] },
    })
  })

  test('is run, but not changed, by whom it is granted to', async () => {
    const { ask, upload } = await buildHouse()
    await upload('alice', MODEL, '?name=digits')
    await ask('PUT', `${PATH}/grants/bob`, { as: 'alice' })
    const shown = await ask('GET', '/v1/models/alice~digits', { as: 'bob' })
    expect(shown).toMatchObject({ status: 200, json: { owner: false, name: 'alice~digits' } })
    expect(await ask('GET', '/v1/models', { as: 'bob' })).toMatchObject({
      json: { models: [{ name: 'alice~digits' }] },
    })
    expect(await ask('GET', '/v2/models/alice~digits', { as: 'bob' })).toMatchObject({ json: { name: 'alice~digits' } })
    expect(shown.json).not.toHaveProperty('grants')
    for (const [method, path] of [
      ['DELETE', PATH],
      ['PUT', `${PATH}/grants/carol`],
    ] as const) {
      expect(await ask(method, path, { as: 'bob' })).toMatchObject({ status: 403, json: { code: 'FORBIDDEN' } })
    }
    await ask('DELETE', `${PATH}/grants/bob`, { as: 'alice' })
    expect(await ask('GET', '/v1/models/alice~digits', { as: 'bob' })).toMatchObject({ status: 404 })
  })

  test('can be granted to all', async () => {
    const { ask, upload } = await buildHouse()
    await upload('alice', MODEL)
    expect(await ask('PUT', `${PATH}/grants/*`, { as: 'alice' })).toMatchObject({ status: 204 })
    expect(await ask('GET', PATH, { as: 'carol' })).toMatchObject({ status: 200 })
  })

  test('is granted to so many by name and no more', async () => {
    const { ask, upload } = await buildHouse()
    await upload('alice', MODEL)
    for (let i = 0; i < 1000; i++) await ask('PUT', `${PATH}/grants/t${i}`, { as: 'alice' })
    expect(await ask('PUT', `${PATH}/grants/t0`, { as: 'alice' })).toMatchObject({ status: 204 })
    expect(await ask('PUT', `${PATH}/grants/one-more`, { as: 'alice' })).toMatchObject({
      status: 403,
      json: { code: 'GRANT_LIMIT' },
    })
  })

  test('that is foreign, ungranted or missing looks the same, byte for byte, on every route', async () => {
    const { ask, upload } = await buildHouse()
    await upload('alice', MODEL, '?name=digits')
    await ask('PUT', `${PATH}/grants/carol`, { as: 'alice' })
    const nobody = 'ef'.repeat(32)
    for (const [method, build] of [
      ['GET', (m: string) => `/v1/models/${m}`],
      ['HEAD', (m: string) => `/v1/models/${m}`],
      ['DELETE', (m: string) => `/v1/models/${m}`],
      ['PUT', (m: string) => `/v1/models/${m}/grants/carol`],
      ['DELETE', (m: string) => `/v1/models/${m}/grants/carol`],
      ['GET', (m: string) => `/v2/models/${m}`],
      ['GET', (m: string) => `/v2/models/${m}/ready`],
      ['POST', (m: string) => `/v2/models/${m}/infer`],
      ['POST', (m: string) => `/v2/models/${m}/versions/7/infer`],
    ] as const) {
      const how = { as: 'bob', ...(method === 'POST' ? { body: '{"inputs":[]}' } : {}) } as const
      const foreign = await ask(method, build(SHA256), how)
      const missing = await ask(method, build(nobody), how)
      expect(foreign).toMatchObject({ status: 404, headers: { 'x-blindai-error': 'MODEL_NOT_FOUND' } })
      expect(foreign.bytes).toEqual(missing.bytes)
      expect({ ...foreign.headers, 'x-request-id': '' }).toEqual({ ...missing.headers, 'x-request-id': '' })
    }
  })

  test('that is foreign looks missing to a task, too', async () => {
    const { ask, upload } = await buildHouse()
    await upload('alice', MODEL)
    const run = (model: string) =>
      ask('POST', '/v1/tasks/text-classification', { as: 'bob', body: JSON.stringify({ model, inputs: ['x'] }) })
    const foreign = await run(SHA256)
    expect(foreign).toMatchObject({ status: 404, json: { code: 'MODEL_NOT_FOUND' } })
    expect(foreign.bytes).toEqual((await run('ef'.repeat(32))).bytes)
  })

  test('that is uploaded by two tenants is there for each until that one deletes it', async () => {
    const { ask, engines, upload } = await buildHouse()
    await upload('alice', MODEL)
    await upload('bob', MODEL)
    expect(await ask('DELETE', PATH, { as: 'alice' })).toMatchObject({ status: 204 })
    expect(await ask('GET', PATH, { as: 'alice' })).toMatchObject({ status: 404 })
    expect(await ask('GET', PATH, { as: 'bob' })).toMatchObject({ status: 200 })
    expect(engines.living).toHaveLength(1)
  })
})
