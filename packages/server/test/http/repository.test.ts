import { describe, expect, test } from 'vitest'
import { buildHouse, digestOf } from '../fixtures/house.ts'

const MODEL = new Uint8Array([1, 2, 3])
const ASK = { as: 'alice', body: '{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}' } as const

async function houseWithModel() {
  const house = await buildHouse()
  await house.upload('alice', MODEL, '?name=m')
  return house
}

describe('the repository index', () => {
  test('lists every version that the caller may run, and nothing else', async () => {
    const { ask, upload } = await houseWithModel()
    await upload('alice', new Uint8Array([9]), '?name=m')
    await upload('bob', MODEL, '?name=secret')
    await upload('bob', new Uint8Array([8]), '?name=shared')
    await ask('PUT', '/v1/models/shared/grants/alice', { as: 'bob' })
    const ready = { state: 'READY', reason: '' }
    expect(await ask('POST', '/v2/repository/index', { as: 'alice' })).toMatchObject({
      status: 200,
      json: [
        { name: 'm', version: '1', ...ready },
        { name: 'm', version: '2', ...ready },
        { name: 'bob~shared', version: '1', ...ready },
      ],
    })
    expect((await ask('POST', '/v2/repository/index', { as: 'carol', body: '{}' })).json).toEqual([])
  })

  test('of what is ready leaves out what was unloaded', async () => {
    const { ask } = await houseWithModel()
    await ask('POST', '/v2/repository/models/m/unload', { as: 'alice' })
    expect((await ask('POST', '/v2/repository/index', { as: 'alice', body: '{"ready":true}' })).json).toEqual([])
    expect((await ask('POST', '/v2/repository/index', { as: 'alice', body: '{"ready":false}' })).json).toEqual([
      { name: 'm', version: '1', state: 'UNAVAILABLE', reason: 'unloaded' },
    ])
  })

  test.each([
    ['ready is no boolean', '{"ready":1}', 'WRONG_TYPE'],
    ['the body is no object', '[]', 'WRONG_TYPE'],
    ['the body is no JSON', '{', 'NOT_JSON'],
  ])('is refused where %s', async (_name, body, code) => {
    const { ask } = await buildHouse()
    expect(await ask('POST', '/v2/repository/index', { as: 'alice', body })).toMatchObject({
      status: 400,
      json: { code },
    })
  })
})

describe('a model that its owner unloads', () => {
  test('serves nobody, has no engine, and is served again once it is loaded', async () => {
    const { ask, engines } = await houseWithModel()
    expect(await ask('POST', '/v2/models/m/infer', ASK)).toMatchObject({ status: 200 })
    expect(await ask('POST', '/v2/repository/models/m/unload', { as: 'alice' })).toMatchObject({ status: 200 })
    expect(engines.living).toEqual([])
    expect(await ask('GET', '/v2/models/m/ready', { as: 'alice' })).toMatchObject({ status: 503 })
    const unloaded = { status: 409, json: { code: 'MODEL_UNLOADED' } }
    expect(await ask('POST', '/v2/models/m/infer', ASK)).toMatchObject(unloaded)
    const task = { as: 'alice', body: '{"model":"m","inputs":["x"]}' } as const
    expect(await ask('POST', '/v1/tasks/fill-mask', task)).toMatchObject(unloaded)
    expect(await ask('POST', '/v2/repository/models/m/load', { as: 'alice', body: '{}' })).toMatchObject({
      status: 200,
    })
    expect(engines.living).toHaveLength(1)
    expect(await ask('GET', '/v2/models/m/ready', { as: 'alice' })).toMatchObject({ status: 200 })
    expect(await ask('POST', '/v2/models/m/infer', ASK)).toMatchObject({ status: 200 })
  })

  test('answers the request that it is working on first', async () => {
    const { ask, engines } = await houseWithModel()
    engines.onRun = () => undefined
    const running = ask('POST', '/v2/models/m/infer', ASK)
    const run = await engines.run(0)
    const unloading = ask('POST', '/v2/repository/models/m/unload', { as: 'alice' })
    expect(await ask('POST', '/v2/models/m/infer', ASK)).toMatchObject({ status: 409 })
    expect(engines.living).toHaveLength(1)
    run.answer()
    expect([(await running).status, (await unloading).status]).toEqual([200, 200])
    expect(engines.living).toEqual([])
  })

  test('is unloaded in all its versions, and loaded in all of them', async () => {
    const { ask, upload } = await houseWithModel()
    await upload('alice', new Uint8Array([9]), '?name=m')
    await ask('POST', '/v2/repository/models/m/unload', { as: 'alice' })
    for (const version of ['1', '2']) {
      expect(await ask('GET', `/v2/models/m/versions/${version}/ready`, { as: 'alice' })).toMatchObject({ status: 503 })
    }
    await ask('POST', '/v2/repository/models/m/load', { as: 'alice' })
    expect(await ask('GET', '/v2/models/m/versions/1/ready', { as: 'alice' })).toMatchObject({ status: 200 })
  })

  test('is loaded again when it is deleted and comes back', async () => {
    const { ask, upload } = await houseWithModel()
    await ask('POST', '/v2/repository/models/m/unload', { as: 'alice' })
    await ask('DELETE', '/v1/models/m', { as: 'alice' })
    await upload('alice', MODEL, '?name=m')
    expect(await ask('POST', '/v2/models/m/infer', ASK)).toMatchObject({ status: 200 })
  })

  test('is not another’s to load or unload, whether it was granted or not', async () => {
    const { ask } = await houseWithModel()
    for (const order of ['load', 'unload']) {
      const path = `/v2/repository/models/alice~m/${order}`
      const unseen = { status: 404, json: { code: 'MODEL_NOT_FOUND' } }
      expect(await ask('POST', path, { as: 'bob' })).toMatchObject(unseen)
      expect(await ask('POST', path, { as: 'carol' })).toMatchObject({ status: 403, json: { code: 'FORBIDDEN' } })
      await ask('PUT', '/v1/models/m/grants/bob', { as: 'alice' })
      expect(await ask('POST', path, { as: 'bob' })).toMatchObject({ status: 403, json: { code: 'FORBIDDEN' } })
      await ask('DELETE', '/v1/models/m/grants/bob', { as: 'alice' })
    }
  })

  test.each([
    ['load', '{"parameters":{"config":"{}"}}', 'PARAMETER_UNSUPPORTED', 'config'],
    ['load', '{"parameters":{"file:1/canary":"AAAA"}}', 'PARAMETER_UNSUPPORTED', 'file:*'],
    ['load', '{"parameters":{"canary":1}}', 'PARAMETER_UNSUPPORTED', 'not known'],
    ['load', '{"parameters":[]}', 'WRONG_TYPE', 'object'],
    ['unload', '{"parameters":{"canary":true}}', 'PARAMETER_UNSUPPORTED', 'not known'],
  ])('is refused to %s with %s', async (order, body, code, named) => {
    const { ask } = await houseWithModel()
    const answer = await ask('POST', `/v2/repository/models/m/${order}`, { as: 'alice', body })
    expect(answer).toMatchObject({ status: 400, json: { code, error: expect.stringContaining(named) } })
    expect(Buffer.from(answer.bytes).toString()).not.toContain('canary')
  })

  test('takes unload_dependents, of which it has none', async () => {
    const { ask } = await houseWithModel()
    const body = '{"parameters":{"unload_dependents":false}}'
    expect(await ask('POST', '/v2/repository/models/m/unload', { as: 'alice', body })).toMatchObject({ status: 200 })
  })
})

describe('statistics', () => {
  test('count what was asked, in the shape that clients of the extension read', async () => {
    const { ask } = await houseWithModel()
    await ask('POST', '/v2/models/m/infer', ASK)
    await ask('POST', '/v2/models/m/infer', ASK)
    await ask('POST', '/v2/models/m/infer', { ...ASK, body: '{}' })
    const once = (count: number) => ({ count, ns: expect.any(Number) })
    const compute = { compute_input: once(3), compute_infer: once(2), compute_output: once(2) }
    const stats = {
      name: 'm',
      version: '1',
      last_inference: 1_800_000_000_000,
      inference_count: 2,
      execution_count: 2,
      inference_stats: {
        success: once(2),
        fail: once(1),
        queue: once(2),
        ...compute,
        cache_hit: { count: 0, ns: 0 },
        cache_miss: { count: 0, ns: 0 },
      },
      batch_stats: [{ batch_size: 1, ...compute }],
    }
    for (const path of ['/v2/models/stats', '/v2/models/m/stats', '/v2/models/m/versions/1/stats']) {
      expect((await ask('GET', path, { as: 'alice' })).json).toEqual({ model_stats: [stats] })
    }
  })

  test('of a granted model are the caller’s own; its owner sees those of all together', async () => {
    const { ask } = await houseWithModel()
    await ask('PUT', '/v1/models/m/grants/*', { as: 'alice' })
    await ask('POST', '/v2/models/m/infer', ASK)
    await ask('POST', '/v2/models/alice~m/infer', { ...ASK, as: 'bob' })
    const seen = async (as: 'alice' | 'bob' | 'carol') =>
      (await ask('GET', `/v2/models/${as === 'alice' ? '' : 'alice~'}m/stats`, { as })).json
    expect(await seen('alice')).toMatchObject({ model_stats: [{ inference_count: 2 }] })
    expect(await seen('bob')).toMatchObject({ model_stats: [{ name: 'alice~m', inference_count: 1 }] })
    expect(await seen('carol')).toMatchObject({
      model_stats: [{ inference_count: 0, last_inference: 0, batch_stats: [] }],
    })
  })

  test('say nothing of models that the caller may not run', async () => {
    const { ask } = await houseWithModel()
    expect((await ask('GET', '/v2/models/stats', { as: 'bob' })).json).toEqual({ model_stats: [] })
    expect(await ask('GET', '/v2/models/alice~m/stats', { as: 'bob' })).toMatchObject({
      status: 404,
      json: { code: 'MODEL_NOT_FOUND' },
    })
  })

  test('are gone with their model', async () => {
    const { ask, upload } = await houseWithModel()
    await ask('POST', '/v2/models/m/infer', ASK)
    await ask('DELETE', '/v1/models/m', { as: 'alice' })
    await upload('alice', MODEL, '?name=m')
    expect((await ask('GET', '/v2/models/m/stats', { as: 'alice' })).json).toMatchObject({
      model_stats: [{ inference_count: 0 }],
    })
  })

  test('of all models do not hide a model that has their name', async () => {
    const { ask, upload } = await buildHouse()
    await upload('alice', MODEL, '?name=stats')
    expect(await ask('POST', '/v2/models/stats/infer', ASK)).toMatchObject({ status: 200 })
    expect((await ask('GET', '/v2/models/stats', { as: 'alice' })).json).toMatchObject({
      model_stats: [{ name: 'stats' }],
    })
  })
})

describe('the configuration of a model', () => {
  test('has the names that clients of the extension read', async () => {
    const { ask } = await houseWithModel()
    const tensor = (name: string) => ({ name, data_type: 'TYPE_FP32', dims: [-1] })
    for (const path of ['/v2/models/m/config', `/v2/models/${digestOf(MODEL)}/versions/1/config`]) {
      expect(await ask('GET', path, { as: 'alice' })).toMatchObject({
        status: 200,
        json: {
          name: 'm',
          platform: 'onnxruntime_onnx',
          backend: 'onnxruntime',
          max_batch_size: 0,
          input: [tensor('x')],
          output: [tensor('y')],
          parameters: { sha256: { string_value: digestOf(MODEL) } },
        },
      })
    }
  })
})

describe('an extension that is not served', () => {
  test.each([
    ['GET', '/v2/systemsharedmemory/status', 'shared memory'],
    ['POST', '/v2/systemsharedmemory/region/r/register', 'shared memory'],
    ['POST', '/v2/cudasharedmemory/region/r/register', 'CUDA shared memory'],
    ['POST', '/v2/trace/setting', 'trace'],
    ['GET', '/v2/models/m/trace/setting', 'trace'],
    ['POST', '/v2/logging', 'logging'],
    ['POST', '/v2/models/m/generate', 'generate'],
  ])('is refused by name: %s %s', async (method, path, extension) => {
    const { ask } = await houseWithModel()
    expect(await ask(method, path, { as: 'alice', body: method === 'POST' ? '{}' : '' })).toMatchObject({
      status: 404,
      json: { code: 'EXTENSION_UNSUPPORTED', error: expect.stringContaining(`the ${extension} extension`) },
    })
  })
})

describe('a path', () => {
  test('that can be read can be asked for its headers', async () => {
    const { ask } = await houseWithModel()
    const get = await ask('GET', '/v2/models/m', { as: 'alice' })
    const head = await ask('HEAD', '/v2/models/m', { as: 'alice' })
    expect(head).toMatchObject({ status: 200, headers: { 'content-length': String(get.bytes.byteLength) } })
    expect(head.bytes.byteLength).toBe(0)
  })

  test.each([
    ['/v2/models/m', 'GET, HEAD, OPTIONS'],
    ['/v2/models/m/infer', 'POST, OPTIONS'],
    ['/v1/models/m', 'GET, HEAD, PUT, DELETE, OPTIONS'],
  ])('tells its methods: %s', async (path, allow) => {
    const { ask } = await buildHouse()
    expect(await ask('OPTIONS', path)).toMatchObject({ status: 204, headers: { allow } })
  })

  test('that is none has no methods either', async () => {
    const { ask } = await buildHouse()
    expect(await ask('OPTIONS', '/v3')).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } })
  })
})
