import { describe, expect, test } from 'vitest'
import { ApiError } from '../../src/http/index.ts'
import { bodyOfPieces } from '../../src/http/memory-body.ts'
import { engineError } from '../fixtures/fake-engines.ts'
import { answerOf, buildHouse, digestOf, KEYS, provedConnection } from '../fixtures/house.ts'

const MODEL = new Uint8Array(300_000).map((_, i) => i)
const SHA256 = digestOf(MODEL)
const PATH = `/v1/models/${SHA256}`

describe('an upload', () => {
  test('in one piece makes a model, described by the engine that loaded it', async () => {
    const { ask, engines } = await buildHouse()
    expect(await ask('PUT', `${PATH}?name=digits`, { as: 'alice', body: MODEL })).toMatchObject({
      status: 201,
      json: {
        sha256: SHA256,
        name: 'digits',
        kind: 'onnx',
        bytes: MODEL.byteLength,
        inputs: [{ name: 'x', datatype: 'FP32', shape: [-1] }],
        outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
      },
    })
    expect(engines.engines).toHaveLength(1)
  })

  test('of what is there already says so, keeps it, and may rename it', async () => {
    const { ask, upload } = await buildHouse()
    await upload('alice', MODEL, '?name=old')
    expect(await ask('PUT', `${PATH}?name=new`, { as: 'alice', body: MODEL })).toMatchObject({
      status: 200,
      json: { name: 'new' },
    })
    expect(await ask('GET', '/v1/models/old', { as: 'alice' })).toMatchObject({ status: 404 })
  })

  test('of what is there already is read as far as the model is long', async () => {
    const { dispatch, upload } = await buildHouse()
    await upload('alice', MODEL)
    let read = 0
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        read += 100_000
        yield new Uint8Array(100_000)
      }
    }
    const answer = await dispatch({
      method: 'PUT',
      path: PATH,
      query: '',
      headers: { authorization: `Bearer ${KEYS.alice}` },
      body: bodyOfPieces(endless(), undefined),
      signal: new AbortController().signal,
      channel: { kind: 'tls', connection: provedConnection() },
    })
    expect(await answerOf(answer)).toMatchObject({ status: 400, json: { code: 'UPLOAD_TOO_LONG' } })
    expect(read).toBe(400_000)
  })

  test('as another kind of what is there is refused', async () => {
    const { ask, upload } = await buildHouse()
    await upload('alice', MODEL)
    expect(await ask('PUT', `${PATH}?kind=bundle`, { as: 'alice', body: MODEL })).toMatchObject({
      status: 409,
      json: { code: 'MODEL_EXISTS' },
    })
  })

  test('under the digest of other bytes is refused and leaves nothing', async () => {
    const { ask, models } = await buildHouse()
    expect(await ask('PUT', PATH, { as: 'alice', body: MODEL.subarray(1) })).toMatchObject({
      status: 422,
      json: { code: 'DIGEST_MISMATCH' },
    })
    expect(models.quota.of('alice')).toBe(0)
    expect(await ask('HEAD', PATH, { as: 'alice' })).toMatchObject({ status: 404 })
  })

  test('that the engine refuses is refused with the engine’s code and leaves nothing', async () => {
    const { ask, engines, models, scheduler } = await buildHouse()
    engines.beforeStart = async () => {
      throw engineError('MODEL_REFUSED')
    }
    expect(await ask('PUT', PATH, { as: 'alice', body: MODEL })).toMatchObject({
      headers: { 'x-blindai-error': 'MODEL_REFUSED' },
    })
    expect(models.list('alice')).toEqual([])
    expect(models.quota.of('alice')).toBe(0)
    expect(scheduler.engines).toBe(0)
  })

  test('in one piece that breaks off leaves nothing', async () => {
    const { dispatch, models } = await buildHouse()
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield MODEL.subarray(0, 1000)
      throw new ApiError('BODY_TRUNCATED', { received: 1000 })
    }
    const response = await dispatch({
      method: 'PUT',
      path: PATH,
      query: '',
      headers: { authorization: `Bearer ${KEYS.alice}` },
      body: bodyOfPieces(broken(), MODEL.byteLength),
      signal: new AbortController().signal,
      channel: { kind: 'tls', connection: provedConnection() },
    })
    expect(response).toMatchObject({ status: 400, headers: { 'x-blindai-error': 'BODY_TRUNCATED' } })
    expect(models.findUpload('alice', SHA256)).toBeUndefined()
    expect(models.quota.of('alice')).toBe(0)
  })

  test.each([
    ['a path that is no digest', '/v1/models/digits', 'PARAMETER_INVALID'],
    ['an upper-case digest', `/v1/models/${'AB'.repeat(32)}`, 'PARAMETER_INVALID'],
    ['an unknown parameter', `${PATH}?overwrite=1`, 'PARAMETER_INVALID'],
    ['a parameter given twice', `${PATH}?name=a&name=b`, 'PARAMETER_INVALID'],
    ['a name with a slash', `${PATH}?name=a%2Fb`, 'PARAMETER_INVALID'],
    ['a digest for a name', `${PATH}?name=${'ab'.repeat(32)}`, 'PARAMETER_INVALID'],
    ['a kind that does not exist', `${PATH}?kind=pickle`, 'PARAMETER_INVALID'],
    ['a task without a bundle', `${PATH}?task=text-classification`, 'PARAMETER_INVALID'],
  ])('is refused with %s', async (_name, target, code) => {
    const { ask } = await buildHouse()
    expect(await ask('PUT', target, { as: 'alice', body: MODEL })).toMatchObject({ status: 400, json: { code } })
  })

  test('larger than a model may be is refused by its announced length', async () => {
    const { ask } = await buildHouse({ limits: { maxModelBytes: 1000 } })
    expect(await ask('PUT', PATH, { as: 'alice', body: MODEL })).toMatchObject({
      status: 413,
      json: { code: 'MODEL_TOO_LARGE' },
    })
  })
})

describe('an upload in parts', () => {
  const part = (from: number, to: number, length = MODEL.byteLength) => ({
    as: 'alice' as const,
    body: MODEL.subarray(from, to),
    headers: { 'upload-offset': String(from), 'upload-length': String(length) },
  })

  test('tells after each part where the next begins, and becomes a model with the last', async () => {
    const { ask } = await buildHouse()
    expect(await ask('PUT', PATH, part(0, 100_000))).toMatchObject({
      status: 202,
      json: { offset: 100_000 },
      headers: { 'upload-offset': '100000' },
    })
    expect(await ask('HEAD', PATH, { as: 'alice' })).toMatchObject({
      status: 200,
      headers: { 'upload-offset': '100000', 'upload-length': '300000' },
    })
    expect(await ask('PUT', PATH, part(100_000, 300_000))).toMatchObject({ status: 201 })
    expect(await ask('HEAD', PATH, { as: 'alice' })).toMatchObject({ headers: { 'upload-offset': '300000' } })
  })

  test('is nothing to another tenant', async () => {
    const { ask } = await buildHouse()
    await ask('PUT', PATH, part(0, 100_000))
    expect(await ask('HEAD', PATH, { as: 'bob' })).toMatchObject({ status: 404 })
    expect(await ask('PUT', PATH, { ...part(100_000, 300_000), as: 'bob' })).toMatchObject({
      status: 409,
      json: { code: 'UPLOAD_OFFSET_MISMATCH' },
      headers: { 'upload-offset': '0' },
    })
  })

  test('keeps what arrived of a part that broke off', async () => {
    const { ask, dispatch } = await buildHouse()
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield MODEL.subarray(0, 70_000)
      throw new ApiError('BODY_TRUNCATED', { received: 70_000 })
    }
    await answerOf(
      await dispatch({
        method: 'PUT',
        path: PATH,
        query: '',
        headers: { authorization: `Bearer ${KEYS.alice}`, ...part(0, 0).headers },
        body: bodyOfPieces(broken(), undefined),
        signal: new AbortController().signal,
        channel: { kind: 'tls', connection: provedConnection() },
      }),
    )
    expect(await ask('HEAD', PATH, { as: 'alice' })).toMatchObject({ headers: { 'upload-offset': '70000' } })
    expect(await ask('PUT', PATH, part(70_000, 300_000))).toMatchObject({ status: 201 })
  })

  test('at the wrong place is told the right one', async () => {
    const { ask } = await buildHouse()
    await ask('PUT', PATH, part(0, 1000))
    expect(await ask('PUT', PATH, part(2000, 3000))).toMatchObject({
      status: 409,
      headers: { 'x-blindai-error': 'UPLOAD_OFFSET_MISMATCH', 'upload-offset': '1000' },
    })
    expect(await ask('PUT', PATH, part(1000, 2000, 400_000))).toMatchObject({
      status: 409,
      json: { code: 'UPLOAD_LENGTH_MISMATCH' },
    })
  })

  test('can begin anew, and be given up', async () => {
    const { ask, models } = await buildHouse()
    await ask('PUT', PATH, part(0, 1000))
    expect(await ask('PUT', PATH, part(0, 500))).toMatchObject({ status: 202, json: { offset: 500 } })
    expect(await ask('DELETE', PATH, { as: 'alice' })).toMatchObject({ status: 204 })
    expect(models.quota.of('alice')).toBe(0)
    expect(await ask('DELETE', PATH, { as: 'alice' })).toMatchObject({ status: 404 })
  })

  test('that goes on past its announced length is given up', async () => {
    const { ask, models } = await buildHouse()
    expect(await ask('PUT', PATH, part(0, 1000, 999))).toMatchObject({ status: 400, json: { code: 'UPLOAD_TOO_LONG' } })
    expect(models.findUpload('alice', SHA256)).toBeUndefined()
  })

  test.each([
    ['no length', { 'upload-offset': '0' }],
    ['an offset past its length', { 'upload-offset': '10', 'upload-length': '9' }],
    ['an offset that is no number', { 'upload-offset': '0x0', 'upload-length': '9' }],
    ['a length that is no number', { 'upload-offset': '0', 'upload-length': '-1' }],
  ])('is refused with %s', async (_name, headers) => {
    const { ask } = await buildHouse()
    expect(await ask('PUT', PATH, { as: 'alice', headers })).toMatchObject({
      status: 400,
      json: { code: 'HEADER_INVALID' },
    })
  })
})

describe('over Oblivious HTTP an upload or delete', () => {
  const channel = { kind: 'ohttp' } as const
  const headers = { 'blindai-operation-id': 'operation-0123456789' }

  test('needs an operation id', async () => {
    const { ask } = await buildHouse()
    for (const method of ['PUT', 'DELETE']) {
      expect(await ask(method, PATH, { as: 'alice', channel })).toMatchObject({
        status: 400,
        json: { code: 'OPERATION_ID_NEEDED' },
      })
    }
  })

  test('takes effect once for each id, which is its tenant’s alone', async () => {
    const { ask } = await buildHouse()
    expect(await ask('PUT', PATH, { as: 'alice', body: MODEL, channel, headers })).toMatchObject({ status: 201 })
    expect(await ask('DELETE', PATH, { as: 'alice', channel, headers })).toMatchObject({
      status: 409,
      json: { code: 'OPERATION_REPLAYED' },
    })
    expect(await ask('PUT', PATH, { as: 'bob', body: MODEL, channel, headers })).toMatchObject({ status: 201 })
  })

  test('is refused when more ids are remembered than may be', async () => {
    const { ask } = await buildHouse({ limits: { maxOperationIdsPerTenant: 1 } })
    await ask('DELETE', PATH, { as: 'alice', channel, headers })
    const another = { 'blindai-operation-id': 'operation-9876543210' }
    expect(await ask('DELETE', PATH, { as: 'alice', channel, headers: another })).toMatchObject({
      status: 429,
      headers: { 'retry-after': '3601', 'x-blindai-error': 'OPERATION_LIMIT' },
    })
  })
})

describe('whether requests to a model can share a run', () => {
  const limits = { maxBatchElements: 1000 }

  test('is shown to its owner alone, with the type of operator that forbids it', async () => {
    const { ask, engines, upload } = await buildHouse({ limits })
    const rows = { reason: 'over-rows', operator: 'Softmax' }
    engines.description = { ...engines.description, rows }
    await upload('alice', MODEL)
    await ask('PUT', `${PATH}/grants/carol`, { as: 'alice' })
    expect((await ask('GET', PATH, { as: 'alice' })).json).toMatchObject({ rows })
    expect((await ask('GET', PATH, { as: 'carol' })).json).not.toHaveProperty('rows')
  })

  test('with other tenants is for its owner to allow, at the first upload', async () => {
    const { ask, models, upload } = await buildHouse()
    await upload('alice', MODEL, '?crossTenantBatching=allowed')
    await upload('bob', MODEL)
    expect(models.resolve('alice', SHA256)).toMatchObject({ allowsCrossTenantBatches: true })
    expect(models.resolve('bob', SHA256)).not.toHaveProperty('allowsCrossTenantBatches')
    expect(await ask('PUT', `${PATH}?crossTenantBatching=allowed`, { as: 'bob', body: MODEL })).toMatchObject({
      status: 409,
      headers: { 'x-blindai-error': 'MODEL_EXISTS' },
    })
    expect(await ask('PUT', `${PATH}?crossTenantBatching=yes`, { as: 'bob', body: MODEL })).toMatchObject({
      status: 400,
      headers: { 'x-blindai-error': 'PARAMETER_INVALID' },
    })
  })
})
