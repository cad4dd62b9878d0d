import { describe, expect, test } from 'vitest'
import { engineError, TENSOR } from '../fixtures/fake-engines.ts'
import { type Ask, buildHouse } from '../fixtures/house.ts'

const X = { name: 'x', datatype: 'FP32', shape: [1], data: [1] }

async function houseWithModel(
  inputs?: readonly { name: string; datatype: 'FP32' | 'BYTES' | 'BOOL'; shape: number[] }[],
  limits = {},
) {
  const house = await buildHouse({ limits })
  if (inputs !== undefined) house.engines.description = { ...house.engines.description, inputs }
  await house.upload('alice', new Uint8Array([1]), '?name=m')
  const infer = (how: Ask) => house.ask('POST', '/v2/models/m/infer', { as: 'alice', ...how })
  const ask = (members: object) => infer({ body: JSON.stringify({ inputs: [X], ...members }) })
  const raw = (body: Uint8Array) => infer({ body, headers: { 'inference-header-content-length': '0' } })
  return { ...house, infer, ask, raw, request: house.ask }
}

describe('the parameters of a request', () => {
  test.each([
    ['sequence_id', { parameters: { sequence_id: 1 } }],
    ['sequence_start', { parameters: { sequence_start: true } }],
    ['sequence_end', { parameters: { sequence_end: false } }],
    ['headers', { parameters: { headers: 'canary' } }],
    ['triton_*', { parameters: { triton_canary: true } }],
    ['classification', { outputs: [{ name: 'y', parameters: { classification: 3 } }] }],
  ])('are refused by name where they ask for what is not done: %s', async (named, members) => {
    const { ask, engines } = await houseWithModel()
    const answer = await ask(members)
    expect(answer).toMatchObject({
      status: 400,
      json: { code: 'PARAMETER_UNSUPPORTED', error: expect.stringContaining(named) },
    })
    expect(Buffer.from(answer.bytes).toString()).not.toContain('canary')
    expect(engines.runs).toEqual([])
  })

  test.each([
    ['an input', { inputs: [{ ...X, data: undefined, parameters: { shared_memory_region: 'canary' } }] }],
    ['an output', { outputs: [{ name: 'y', parameters: { shared_memory_region: 'canary' } }] }],
  ])('never lead to memory that is shared, for %s', async (_name, members) => {
    const { ask } = await houseWithModel()
    const answer = await ask(members)
    expect(answer).toMatchObject({ status: 400, json: { code: 'SHARED_MEMORY_UNSUPPORTED' } })
    expect(Buffer.from(answer.bytes).toString()).not.toContain('canary')
  })

  test('of a model’s own are passed over', async () => {
    const { ask } = await houseWithModel()
    expect(await ask({ parameters: { temperature: 0.5, timeout: 0 } })).toMatchObject({ status: 200 })
  })

  test.each([{ timeout: 'canary' }, { timeout: -1 }, { priority: 'canary' }, { priority: 11 }])(
    'are numbers within their bounds: %o',
    async (parameters) => {
      const { ask, engines } = await houseWithModel()
      const answer = await ask({ parameters })
      expect(answer).toMatchObject({ status: 400, json: { code: 'PARAMETER_INVALID' } })
      expect(Buffer.from(answer.bytes).toString()).not.toContain('canary')
      expect(engines.runs).toEqual([])
    },
  )

  test('end a run after the time that they give, in microseconds', async () => {
    const { ask, engines } = await houseWithModel()
    engines.onRun = () => undefined
    expect(await ask({ parameters: { timeout: 2000 } })).toMatchObject({
      status: 504,
      json: { code: 'DEADLINE_EXCEEDED', error: expect.stringContaining('2 ms') },
    })
  })

  test('say nothing of a failure that comes before their time is over', async () => {
    const { ask, engines } = await houseWithModel()
    engines.onRun = (run) => run.fail(engineError('RUN_FAILED'))
    expect(await ask({ parameters: { timeout: 60_000_000 } })).toMatchObject({
      status: 422,
      json: { code: 'RUN_FAILED' },
    })
  })
})

describe('the outputs of an answer', () => {
  test('are those that were asked for, each in the form that it was asked for in', async () => {
    const { ask, engines } = await houseWithModel()
    engines.onRun = (run) =>
      run.answer([
        { ...TENSOR, name: 'b' },
        { ...TENSOR, name: 'a' },
      ])
    const answer = await ask({
      parameters: { binary_data_output: true },
      outputs: [{ name: 'b', parameters: { binary_data: false } }, { name: 'a' }],
    })
    const length = Number(answer.headers['inference-header-content-length'])
    expect(JSON.parse(Buffer.from(answer.bytes.subarray(0, length)).toString())).toMatchObject({
      outputs: [
        { name: 'b', data: [0] },
        { name: 'a', parameters: { binary_data_size: 4 } },
      ],
    })
    expect(answer.bytes.byteLength - length).toBe(4)
  })

  test('name the version that was run, as the path names it', async () => {
    const { request, upload } = await houseWithModel()
    const digest = await upload('alice', new Uint8Array([2]), '?name=m')
    const body = JSON.stringify({ inputs: [X] })
    for (const [path, version] of [
      ['m', '2'],
      ['m/versions/1', '1'],
      [`m/versions/${digest}`, digest],
    ]) {
      expect(await request('POST', `/v2/models/${path}/infer`, { as: 'alice', body })).toMatchObject({
        json: { model_name: 'm', model_version: version },
      })
    }
  })
})

describe('a request that is one tensor and nothing else', () => {
  const floats = (...values: number[]) => new Uint8Array(new Float32Array(values).buffer)

  test('has the name, datatype and shape that the model says, and is answered in binary', async () => {
    const { engines, raw } = await houseWithModel()
    const answer = await raw(floats(1, 2, 3))
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'application/octet-stream' } })
    expect(engines.runs[0]?.inputs).toEqual([{ name: 'x', datatype: 'FP32', shape: [3], data: floats(1, 2, 3) }])
  })

  test.each([
    [[-1, 2], 4, [2, 2]],
    [[2, -1], 4, [2, 2]],
    [[2, 2], 4, [2, 2]],
    [[], 1, []],
    [[-1], 0, [0]],
  ])('for an input of shape %j takes %i elements', async (shape, count, expected) => {
    const { engines, raw } = await houseWithModel([{ name: 'x', datatype: 'FP32', shape }])
    expect(await raw(new Uint8Array(4 * count))).toMatchObject({ status: 200 })
    expect(engines.runs[0]?.inputs[0]?.shape).toEqual(expected)
  })

  test('for an input of bytes is one element, the whole body', async () => {
    const { engines, raw } = await houseWithModel([{ name: 'x', datatype: 'BYTES', shape: [1, -1] }])
    expect(await raw(Buffer.from('hi'))).toMatchObject({ status: 200 })
    expect(engines.runs[0]?.inputs[0]).toMatchObject({ datatype: 'BYTES', shape: [1, 1] })
    expect([...(engines.runs[0]?.inputs[0]?.data ?? [])]).toEqual([2, 0, 0, 0, 0x68, 0x69])
  })

  test('for an input of bytes needs memory for the element beside the body', async () => {
    const inputs = [{ name: 'x', datatype: 'BYTES' as const, shape: [1] }]
    const body = new Uint8Array(600)
    const tight = await houseWithModel(inputs, { maxBodyMemoryBytesPerTenant: 1203 })
    expect(await tight.raw(body)).toMatchObject({ status: 413, json: { code: 'BODY_TOO_LARGE_FOR_MEMORY' } })
    expect(tight.engines.runs).toEqual([])
    const wide = await houseWithModel(inputs, { maxBodyMemoryBytesPerTenant: 1204 })
    expect(await wide.raw(body)).toMatchObject({ status: 200 })
  })

  test.each([
    [[-1, 2], 4, 'RAW_REQUEST_SIZE_MISMATCH'],
    [[3], 8, 'RAW_REQUEST_SIZE_MISMATCH'],
    [[3], 16, 'RAW_REQUEST_SIZE_MISMATCH'],
    [[-1], 5, 'RAW_REQUEST_SIZE_MISMATCH'],
    [[0, -1], 4, 'RAW_REQUEST_SIZE_MISMATCH'],
    [[-1, -1], 4, 'RAW_REQUEST_UNSUPPORTED'],
  ])('for an input of shape %j is refused with %i bytes', async (shape, bytes, code) => {
    const { raw } = await houseWithModel([{ name: 'x', datatype: 'FP32', shape }])
    expect(await raw(new Uint8Array(bytes))).toMatchObject({ status: 400, json: { code } })
  })

  test('is refused where it holds what its datatype does not have', async () => {
    const { raw } = await houseWithModel([{ name: 'x', datatype: 'BOOL', shape: [-1] }])
    expect(await raw(Uint8Array.of(0, 1))).toMatchObject({ status: 200 })
    expect(await raw(Uint8Array.of(0, 2))).toMatchObject({ status: 400, json: { code: 'VALUE_OUT_OF_RANGE' } })
  })

  test('is refused for a model of two inputs, and for several elements of bytes', async () => {
    const input = { name: 'x', datatype: 'FP32', shape: [1] } as const
    const two = await houseWithModel([
      { ...input, shape: [1] },
      { ...input, shape: [1], name: 'z' },
    ])
    expect(await two.raw(new Uint8Array(4))).toMatchObject({ json: { code: 'RAW_REQUEST_UNSUPPORTED' } })
    const texts = await houseWithModel([{ name: 'x', datatype: 'BYTES', shape: [2] }])
    expect(await texts.raw(new Uint8Array(4))).toMatchObject({ json: { code: 'RAW_REQUEST_UNSUPPORTED' } })
  })
})
