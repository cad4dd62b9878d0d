import { describe, expect, test } from 'vitest'
import { urgencyOfHeaders } from '../../src/http/urgency.ts'
import { urgencyOfParameters } from '../../src/inference/urgency.ts'
import { buildHouse } from '../fixtures/house.ts'

const MODEL = new Uint8Array([1, 2, 3])
const INPUT = '"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]'

describe('how urgent a request is', () => {
  test('is said by the parameters priority and timeout, in microseconds', () => {
    expect(urgencyOfParameters({ priority: 1, timeout: 1500 })).toEqual({ priority: 1, timeoutMs: 1.5 })
    expect(urgencyOfParameters({ priority: 10, other: 'x' })).toEqual({ priority: 10 })
  })

  test('is nothing special where they are 0 or absent', () => {
    expect(urgencyOfParameters({ priority: 0, timeout: 0 })).toEqual({})
    expect(urgencyOfParameters(undefined)).toEqual({})
    expect(urgencyOfHeaders({})).toEqual({})
  })

  test('is said by headers where the parameters are the task’s', () => {
    expect(urgencyOfHeaders({ 'blindai-priority': '2', 'blindai-timeout': '250000' })).toEqual({
      priority: 2,
      timeoutMs: 250,
    })
  })

  test.each([11, -1, 1.5, '1', true, Number.MAX_VALUE])('is refused by name as %s', (value) => {
    const details = { parameter: 'priority' }
    expect(() => urgencyOfParameters({ priority: value })).toThrow(
      expect.objectContaining({ code: 'PARAMETER_INVALID', details: expect.objectContaining(details) }),
    )
  })

  test.each(['11', '-1', '1.5', ' 1', '01', '', '1e1', '0x1', 'high'])('is refused as the header "%s"', (value) => {
    expect(() => urgencyOfHeaders({ 'blindai-priority': value })).toThrow(
      expect.objectContaining({ code: 'HEADER_INVALID' }),
    )
  })

  test('reaches the scheduler: an answer is given up when its timeout is over, and the client hears of it', async () => {
    const { ask, engines, upload } = await buildHouse()
    await upload('alice', MODEL, '?name=m')
    engines.onRun = () => undefined
    const body = `{"parameters":{"timeout":20000},${INPUT}}`
    expect(await ask('POST', '/v2/models/m/infer', { as: 'alice', body })).toMatchObject({
      status: 504,
      json: { code: 'DEADLINE_EXCEEDED' },
    })
    engines.runs[0]?.answer()
  })

  test('is checked before anything runs', async () => {
    const { ask, engines, upload } = await buildHouse()
    await upload('alice', MODEL, '?name=m')
    const body = `{"parameters":{"priority":"high"},${INPUT}}`
    expect(await ask('POST', '/v2/models/m/infer', { as: 'alice', body })).toMatchObject({
      status: 400,
      json: { code: 'PARAMETER_INVALID' },
    })
    const headers = { 'blindai-timeout': 'soon' }
    const task = { as: 'alice', headers, body: '{"model":"m","inputs":[]}' } as const
    expect(await ask('POST', '/v1/tasks/text-classification', task)).toMatchObject({
      status: 400,
      json: { code: 'HEADER_INVALID' },
    })
    expect(engines.runs).toHaveLength(0)
  })
})
