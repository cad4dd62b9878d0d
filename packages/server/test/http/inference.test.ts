import { encodeInferRequest, encodeTaskRequest, parseInferResponse, type RawTensor } from '@blindai/protocol'
import { describe, expect, test } from 'vitest'
import { engineError } from '../fixtures/fake-engines.ts'
import { type Ask, buildHouse } from '../fixtures/house.ts'

const MODEL = new Uint8Array([1, 2, 3])
const INPUT: RawTensor = {
  name: 'x',
  datatype: 'FP32',
  shape: [2],
  data: new Uint8Array(new Float32Array([1.5, -2]).buffer),
}

async function houseWithModel(limits = {}) {
  const house = await buildHouse({ limits })
  const model = await house.upload('alice', MODEL, '?name=m')
  const infer = (how: Ask = {}, path = '/v2/models/m/infer') => house.ask('POST', path, { as: 'alice', ...how })
  return { ...house, model, infer }
}

function binaryAsk(): Ask {
  const { body, headerLength } = encodeInferRequest({ inputs: [INPUT], binaryOutputsByDefault: true }, { binary: true })
  return { body, headers: { 'inference-header-content-length': String(headerLength) } }
}

const JSON_ASK: Ask = { body: '{"id":"7","inputs":[{"name":"x","datatype":"FP32","shape":[2],"data":[1.5,-2]}]}' }

describe('health', () => {
  test('is told to anybody', async () => {
    const { ask } = await buildHouse()
    expect(await ask('GET', '/v2/health/live')).toMatchObject({ status: 200, json: { live: true } })
    expect(await ask('GET', '/v2/health/ready')).toMatchObject({ status: 200, json: { ready: true } })
  })
})

describe('metadata', () => {
  test('of the server names the extensions', async () => {
    const { ask } = await buildHouse()
    expect(await ask('GET', '/v2', { as: 'carol' })).toMatchObject({
      json: {
        name: 'blindai',
        version: '0.1.0',
        extensions: ['binary_tensor_data', 'model_repository', 'model_configuration', 'statistics'],
      },
    })
  })

  test('of a model gives its tensors; its versions are 1 and its digest', async () => {
    const { ask, model } = await houseWithModel()
    const metadata = {
      name: 'm',
      versions: ['1', model],
      platform: 'onnxruntime_onnx',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
    }
    for (const path of ['', '/versions/1', `/versions/${model}`]) {
      expect(await ask('GET', `/v2/models/m${path}`, { as: 'alice' })).toMatchObject({ status: 200, json: metadata })
    }
    expect(await ask('GET', '/v2/models/m/versions/2', { as: 'alice' })).toMatchObject({
      status: 404,
      json: { code: 'VERSION_NOT_FOUND' },
    })
  })
})

describe('an inference', () => {
  test('in JSON is answered in JSON, with its id', async () => {
    const { engines, infer } = await houseWithModel()
    expect(await infer(JSON_ASK)).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json' },
      json: {
        model_name: 'm',
        model_version: '1',
        id: '7',
        outputs: [{ name: 'y', datatype: 'FP32', shape: [1], data: [0] }],
      },
    })
    expect(engines.runs[0]?.inputs).toEqual([INPUT])
  })

  test('in binary is answered in binary', async () => {
    const { engines, infer } = await houseWithModel()
    const { status, headers, bytes } = await infer(binaryAsk())
    expect(status).toBe(200)
    const { outputs } = parseInferResponse(bytes, Number(headers['inference-header-content-length']))
    expect(outputs).toMatchObject([{ name: 'y', datatype: 'FP32', shape: [1] }])
    expect(engines.runs[0]?.inputs).toMatchObject([{ ...INPUT, data: expect.anything() }])
    expect(Buffer.from(engines.runs[0]?.inputs[0]?.data ?? []).equals(Buffer.from(INPUT.data))).toBe(true)
  })

  test('by digest and by version is the same model', async () => {
    const { infer, model } = await houseWithModel()
    for (const path of [`/v2/models/${model}/infer`, `/v2/models/m/versions/${model}/infer`]) {
      expect(await infer(JSON_ASK, path)).toMatchObject({ status: 200 })
    }
  })

  test('whose output JSON cannot hold says to use binary', async () => {
    const { engines, infer } = await houseWithModel()
    const data = new Uint8Array(new Float32Array([Number.NaN]).buffer)
    engines.onRun = (run) => run.answer([{ name: 'y', datatype: 'FP32', shape: [1], data }])
    expect(await infer(JSON_ASK)).toMatchObject({ status: 422, json: { code: 'USE_BINARY' } })
    expect(await infer(binaryAsk())).toMatchObject({ status: 200 })
  })

  test.each([
    ['no JSON', { body: '{nonsense}' }, 400, 'NOT_JSON'],
    ['no inputs', { body: '{}' }, 400, 'MISSING_MEMBER'],
    [
      'a header length that is no number',
      { ...JSON_ASK, headers: { 'inference-header-content-length': 'x' } },
      400,
      'HEADER_LENGTH_INVALID',
    ],
    [
      'a header length past its body',
      { ...JSON_ASK, headers: { 'inference-header-content-length': '999' } },
      400,
      'HEADER_LENGTH_INVALID',
    ],
    [
      'NaN in JSON',
      { body: '{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[NaN]}]}' },
      422,
      'USE_BINARY',
    ],
    [
      'a member twice, whose name is not repeated',
      { body: '{"canary":1,"canary":2,"inputs":[]}' },
      400,
      'DUPLICATE_MEMBER',
    ],
  ])('with %s is refused by name, and says nothing of its content', async (_name, how, status, code) => {
    const { infer } = await houseWithModel()
    const answer = await infer(how)
    expect(answer).toMatchObject({ status, json: { code } })
    expect(Buffer.from(answer.bytes).toString()).not.toMatch(/canary|nonsense|999/)
  })

  test('whose output is too large to be written as JSON says to use binary', async () => {
    const { engines, infer } = await houseWithModel({ maxJsonTensorBytes: 1024 })
    const large = { name: 'y', datatype: 'FP32', shape: [257], data: new Uint8Array(1028) } as const
    engines.onRun = (run) => run.answer([large])
    expect(await infer(JSON_ASK)).toMatchObject({ status: 422, json: { code: 'OUTPUT_TOO_LARGE_FOR_JSON' } })
    expect(await infer(binaryAsk())).toMatchObject({ status: 200 })
  })

  test('whose JSON is longer than it may be is refused', async () => {
    const { infer } = await houseWithModel({ maxJsonBytes: 1024 })
    const body = JSON.stringify({ inputs: [{ ...INPUT, data: Array(600).fill(1), shape: [600] }] })
    expect(await infer({ body })).toMatchObject({ status: 413, json: { code: 'TOO_LONG' } })
  })

  test('larger than it may be is refused', async () => {
    const { infer } = await houseWithModel({ maxRequestBytes: 1024 })
    expect(await infer({ body: new Uint8Array(1025) })).toMatchObject({ status: 413, json: { code: 'BODY_TOO_LARGE' } })
  })

  test.each([
    ['INPUT_INVALID', 400],
    ['DEADLINE_EXCEEDED', 504],
    ['ENGINE_CRASHED', 500],
    ['ENGINE_OUT_OF_MEMORY', 500],
  ])('that fails with %s is answered with %s', async (code, status) => {
    const { engines, infer } = await houseWithModel()
    engines.onRun = (run) => run.fail(engineError(code))
    const answer = await infer(JSON_ASK)
    expect(answer).toMatchObject({ headers: { 'x-blindai-error': code } })
    expect(answer.status).toBe(status)
  })

  test('of a model that crashed twice is refused until the model is uploaded again', async () => {
    const { ask, engines, infer, model } = await houseWithModel()
    engines.onRun = (run) => run.engine.die()
    await infer(JSON_ASK)
    await infer(JSON_ASK)
    expect(await infer(JSON_ASK)).toMatchObject({ status: 409, json: { code: 'MODEL_QUARANTINED' } })
    expect(await ask('GET', '/v2/models/m/ready', { as: 'alice' })).toMatchObject({
      status: 503,
      json: { ready: false },
    })
    engines.onRun = (run) => run.answer()
    await ask('PUT', `/v1/models/${model}`, { as: 'alice', body: MODEL })
    expect(await infer(JSON_ASK)).toMatchObject({ status: 200 })
  })

  test('of such a model goes on when an administrator lifts the quarantine', async () => {
    const { ask, engines, infer, model } = await houseWithModel()
    engines.onRun = (run) => run.engine.die()
    await infer(JSON_ASK)
    await infer(JSON_ASK)
    engines.onRun = (run) => run.answer()
    await ask('DELETE', `/v1/quarantine/${model}`, { as: 'root' })
    expect(await infer(JSON_ASK)).toMatchObject({ status: 200 })
  })

  test('past its tenant’s share is told when to come back', async () => {
    const { engines, infer } = await houseWithModel({ cores: 1, maxQueuedRequestsPerTenant: 1 })
    engines.onRun = () => undefined
    const first = infer(JSON_ASK)
    await engines.run(0)
    const second = infer(JSON_ASK)
    const third = await infer(JSON_ASK)
    expect(third).toMatchObject({ status: 429, headers: { 'x-blindai-error': 'TENANT_BUSY' } })
    expect(third.headers['retry-after']).toMatch(/^[1-9][0-9]*$/)
    engines.onRun = (run) => run.answer()
    engines.runs[0]?.answer()
    expect([(await first).status, (await second).status]).toEqual([200, 200])
  })

  test('in flight when its model is deleted is answered as if the model had never been', async () => {
    const { ask, engines, infer, model } = await houseWithModel()
    engines.onRun = () => undefined
    const running = infer(JSON_ASK)
    await engines.run(0)
    await ask('DELETE', `/v1/models/${model}`, { as: 'alice' })
    expect(await running).toMatchObject({ status: 404, json: { code: 'MODEL_NOT_FOUND' } })
  })
})

describe('a task', () => {
  test('takes texts and files, and answers one output for each', async () => {
    const { ask, model } = await houseWithModel()
    const { body, headerLength } = encodeTaskRequest({
      model: 'm',
      inputs: [
        { kind: 'text', text: 'hello' },
        { kind: 'binary', data: new Uint8Array([1]), contentType: 'image/png' },
      ],
      parameters: {},
    })
    const headers = { 'inference-header-content-length': String(headerLength) }
    expect(await ask('POST', '/v1/tasks/text-classification', { as: 'alice', body, headers })).toMatchObject({
      status: 200,
      json: {
        model,
        task: 'text-classification',
        outputs: [[{ label: 'text-classification', score: 1 }], [{ label: 'text-classification', score: 1 }]],
      },
    })
  })

  test('with an unknown member is refused without repeating it', async () => {
    const { ask } = await houseWithModel()
    const answer = await ask('POST', '/v1/tasks/t', { as: 'alice', body: '{"model":"m","inputs":[],"canary":1}' })
    expect(answer).toMatchObject({ status: 400, json: { code: 'UNKNOWN_MEMBER' } })
    expect(Buffer.from(answer.bytes).toString()).not.toContain('canary')
  })
})
