import type { RawTensor } from '@blindai/protocol'
import { describe, expect, test, vi } from 'vitest'
import type { EngineDescription } from '../../src/runtime/host/index.ts'
import type { FakeRun } from '../fixtures/fake-engines.ts'
import { buildHouse, digestOf } from '../fixtures/house.ts'

const MODEL = Buffer.from('a model of texts')
const SHA256 = digestOf(MODEL)
const PATH = `/v1/models/${SHA256}`

/** Gives each id of a text back, and a mark of the text. */
const ECHO: EngineDescription = {
  inputs: [
    { name: 'input_ids', datatype: 'INT64', shape: [-1, -1] },
    { name: 'attention_mask', datatype: 'INT64', shape: [-1, -1] },
  ],
  outputs: [
    { name: 'each', datatype: 'INT64', shape: [-1, -1] },
    { name: 'mark', datatype: 'INT64', shape: [-1, 1] },
  ],
  rows: { maxRows: 8 },
}

function echoed([ids]: readonly RawTensor[]): RawTensor[] {
  if (ids === undefined) throw new Error('a text has ids')
  const mark = { name: 'mark', datatype: 'INT64', shape: [1, 1], data: new Uint8Array(8).fill(7) } as const
  return [{ ...ids, name: 'each' }, mark]
}

const answerAtOnce = (run: FakeRun): void => run.answer(echoed(run.inputs))

function textBody(length: number, outputs?: readonly string[]): string {
  const tensor = (name: string, data: readonly number[]): object => ({
    name,
    datatype: 'INT64',
    shape: [1, length],
    data,
  })
  const ids = Array.from({ length }, (_, at) => 10 + at)
  const inputs = [
    tensor('input_ids', ids),
    tensor(
      'attention_mask',
      ids.map(() => 1),
    ),
  ]
  return JSON.stringify({ inputs, outputs: outputs?.map((name) => ({ name })) })
}

async function house(query: string, maxBatchElements = 1000) {
  const built = await buildHouse({ limits: { cores: 1, maxBatchElements } })
  built.engines.description = ECHO
  built.engines.onRun = answerAtOnce
  return { ...built, uploaded: await built.ask('PUT', `${PATH}?name=echo${query}`, { as: 'alice', body: MODEL }) }
}

describe('a model whose owner lets its texts be filled up', () => {
  test('answers as long as the question was, whichever output is wanted', async () => {
    const { ask, engines, uploaded } = await house('&padToMultipleOf=16')
    expect(uploaded.status).toBe(201)
    const answer = await ask('POST', '/v2/models/echo/infer', { as: 'alice', body: textBody(5) })
    expect(engines.runs.at(-1)?.inputs.map(({ shape }) => shape)).toEqual([
      [1, 16],
      [1, 16],
    ])
    expect(answer.json).toMatchObject({
      outputs: [
        { name: 'each', shape: [1, 5], data: [10, 11, 12, 13, 14] },
        { name: 'mark', shape: [1, 1] },
      ],
    })
    engines.onRun = (run) => run.answer(echoed(run.inputs).reverse())
    const turned = await ask('POST', '/v2/models/echo/infer', { as: 'alice', body: textBody(5, ['mark', 'each']) })
    expect(turned.json).toMatchObject({ outputs: [{ name: 'mark', shape: [1, 1] }, { shape: [1, 5] }] })
  })

  test.for([
    ['share a run', '&padToMultipleOf=16', 2],
    ['do not, where it does not', '', 1],
  ] as const)('texts of two lengths %s', async ([, query, requests]) => {
    const { ask, engines, scheduler } = await house(query)
    const held: FakeRun[] = []
    engines.onRun = (run) => held.push(run)
    const answers = [ask('POST', '/v2/models/echo/infer', { as: 'alice', body: textBody(40) })]
    await vi.waitFor(() => expect(held).toHaveLength(1))
    for (const length of [4, 9])
      answers.push(ask('POST', '/v2/models/echo/infer', { as: 'alice', body: textBody(length) }))
    await vi.waitFor(() => expect(scheduler.waiting).toBe(2))
    engines.onRun = (run) => {
      held.push(run)
      answerAtOnce(run)
    }
    answerAtOnce(held[0] as FakeRun)
    for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ status: 200 })
    expect(held[1]?.requests).toBe(requests)
  })

  test('is asked as it is where the operator lets no requests share a run', async () => {
    const { ask, engines } = await house('&padToMultipleOf=16', 0)
    const answer = await ask('POST', '/v2/models/echo/infer', { as: 'alice', body: textBody(5) })
    expect(answer.json).toMatchObject({ outputs: [{ shape: [1, 5], data: [10, 11, 12, 13, 14] }, { shape: [1, 1] }] })
    expect(engines.runs.at(-1)?.inputs.map(({ shape }) => shape)).toEqual([
      [1, 5],
      [1, 5],
    ])
  })

  test('says so to whom it is, and keeps saying it', async () => {
    const { ask, models } = await house('&padToMultipleOf=16')
    await ask('PUT', `${PATH}/grants/carol`, { as: 'alice' })
    expect(models.resolve('alice', SHA256)).toMatchObject({
      padToMultipleOf: 16,
      description: { lengthAxes: [[1], []] },
    })
    expect((await ask('GET', PATH, { as: 'alice' })).json).toMatchObject({ padToMultipleOf: 16 })
    expect((await ask('GET', PATH, { as: 'carol' })).json).not.toHaveProperty('padToMultipleOf')
    expect((await ask('GET', '/v2/models/echo/config', { as: 'alice' })).json).toMatchObject({
      parameters: { pad_to_multiple_of: { string_value: '16' } },
    })
    const again = await ask('PUT', `${PATH}?padToMultipleOf=8`, { as: 'alice', body: MODEL })
    expect(again).toMatchObject({ status: 409, headers: { 'x-blindai-error': 'MODEL_EXISTS' } })
    expect((await ask('PUT', PATH, { as: 'alice', body: MODEL })).status).toBe(200)
  })

  test('is not there when it answers otherwise for it', async () => {
    const { ask, engines, models } = await buildHouse()
    engines.description = ECHO
    engines.onRun = (run) => {
      const [each, mark] = echoed(run.inputs)
      if (each !== undefined && mark !== undefined)
        run.answer([each, { ...mark, data: mark.data.fill(each.shape[1] ?? 0) }])
    }
    const refused = await ask('PUT', `${PATH}?padToMultipleOf=16`, { as: 'alice', body: MODEL })
    expect(refused).toMatchObject({ status: 422, headers: { 'x-blindai-error': 'PADDING_NOT_PROVEN' } })
    expect(models.find('alice', SHA256)).toBeUndefined()
    expect(engines.living).toEqual([])
    expect((await ask('PUT', PATH, { as: 'alice', body: MODEL })).status).toBe(201)
  })

  test.for(['', '0', '1', '513', '08', '8.5', '-8', '1e2', 'x'])(
    'is asked for by a number of places: %j',
    async (places) => {
      const { ask } = await buildHouse()
      expect(await ask('PUT', `${PATH}?padToMultipleOf=${places}`, { as: 'alice', body: MODEL })).toMatchObject({
        status: 400,
        headers: { 'x-blindai-error': 'PARAMETER_INVALID' },
      })
    },
  )
})
