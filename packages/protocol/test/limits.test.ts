import { utf8 } from '@blindai/core'
import { DEFAULT_LIMITS, elementCount, type ProtocolLimits, parseInferRequest } from '@blindai/protocol'
import { describe, expect, test } from 'vitest'
import { parseText, requestText, thrownBy } from './requests.ts'

const FP32 = '"datatype":"FP32"'

describe('a request at a limit is accepted, and refused one past it', () => {
  test('of bytes of JSON', () => {
    const text = '{"inputs":[]}'
    expect(parseText(text, { ...DEFAULT_LIMITS, maxJsonBytes: text.length }).inputs).toEqual([])
    expect(thrownBy(() => parseText(text, { ...DEFAULT_LIMITS, maxJsonBytes: text.length - 1 }))).toMatchObject({
      code: 'TOO_LONG',
    })
  })

  test('of inputs and outputs', () => {
    const limits = { ...DEFAULT_LIMITS, maxItems: 2 }
    const inputs = (count: number): string =>
      `{"inputs":[${Array.from({ length: count }, (_, i) => `{"name":"${i}",${FP32},"shape":[0],"data":[]}`)}]}`
    const outputs = (count: number): string =>
      `{"inputs":[],"outputs":[${Array.from({ length: count }, (_, i) => `{"name":"${i}"}`)}]}`
    expect(parseText(inputs(2), limits).inputs).toHaveLength(2)
    expect(parseText(outputs(2), limits).outputs).toHaveLength(2)
    for (const [field, text] of Object.entries({ inputs: inputs(3), outputs: outputs(3) })) {
      expect(thrownBy(() => parseText(text, limits))).toMatchObject({ code: 'TOO_MANY_ITEMS', details: { field } })
    }
  })

  test('of bytes of a tensor, in JSON and as binary data', () => {
    const json = requestText(`${FP32},"shape":[2],"data":[1,2]`)
    const header = utf8(requestText(`${FP32},"shape":[2],"parameters":{"binary_data_size":8}`))
    const body = new Uint8Array([...header, 0, 0, 0, 0, 0, 0, 0, 0])
    for (const parse of [
      (limits: ProtocolLimits) => parseText(json, limits),
      (limits: ProtocolLimits) => parseInferRequest(body, header.byteLength, limits),
    ]) {
      expect(parse({ ...DEFAULT_LIMITS, maxTensorBytes: 8 }).inputs).toHaveLength(1)
      expect(thrownBy(() => parse({ ...DEFAULT_LIMITS, maxTensorBytes: 7 }))).toMatchObject({
        code: 'TENSOR_TOO_LARGE',
        details: { field: 'inputs[0]', limitBytes: 7 },
      })
    }
  })

  test('of a name and of a rank', () => {
    expect(parseText(`{"inputs":[],"id":"${'x'.repeat(512)}"}`).id).toHaveLength(512)
    expect(thrownBy(() => parseText(`{"inputs":[],"id":"${'x'.repeat(513)}"}`))).toMatchObject({ code: 'TOO_LONG' })
    expect(elementCount('shape', new Array(32).fill(1))).toBe(1)
    expect(thrownBy(() => elementCount('shape', new Array(33).fill(1)))).toMatchObject({ code: 'SHAPE_INVALID' })
  })
})
