import { fromUtf8, utf8 } from '@blindai/core'
import { encodeInferResponse, type InferResponse, parseInferResponse, toRaw } from '@blindai/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rawTensors } from './arbitraries.ts'
import { thrownBy } from './requests.ts'

const LOGITS = toRaw({ name: 'logits', datatype: 'FP32', shape: [1, 2], data: new Float32Array([0.5, -1]) })
const COUNT = toRaw({ name: 'count', datatype: 'INT64', shape: [1], data: new BigInt64Array([2n ** 53n + 1n]) })
const RESPONSE: InferResponse = { modelName: 'spam', modelVersion: '1', id: '42', outputs: [LOGITS, COUNT] }

describe('an inference response', () => {
  test('is JSON as the protocol shows it, when nothing else was asked for', () => {
    const { body, headerLength, contentType } = encodeInferResponse(RESPONSE, { binaryOutputsByDefault: false })
    expect([headerLength, contentType]).toEqual([undefined, 'application/json'])
    expect(fromUtf8('body', body)).toBe(
      '{"model_name":"spam","model_version":"1","id":"42","outputs":[' +
        '{"name":"logits","datatype":"FP32","shape":[1,2],"data":[0.5,-1]},' +
        '{"name":"count","datatype":"INT64","shape":[1],"data":[9007199254740993]}]}',
    )
    expect(parseInferResponse(body, undefined)).toEqual(RESPONSE)
  })

  test('carries as binary data what was asked for so', () => {
    const encoded = encodeInferResponse(RESPONSE, {
      outputs: [{ name: 'count', binary: true }],
      binaryOutputsByDefault: false,
    })
    expect(encoded.contentType).toBe('application/octet-stream')
    expect(encoded.parts.slice(1)).toEqual([COUNT.data])
    expect(parseInferResponse(encoded.body, encoded.headerLength)).toEqual(RESPONSE)
  })

  test('carries as JSON what was taken out of the default', () => {
    const encoded = encodeInferResponse(RESPONSE, {
      outputs: [{ name: 'count', binary: false }],
      binaryOutputsByDefault: true,
    })
    expect(encoded.parts.slice(1)).toEqual([LOGITS.data])
    expect(parseInferResponse(encoded.body, encoded.headerLength)).toEqual(RESPONSE)
  })

  test('comes back bit for bit as binary data, whatever it holds', () => {
    const outputs = fc.uniqueArray(rawTensors, { maxLength: 4, selector: (tensor) => tensor.name })
    fc.assert(
      fc.property(outputs, (tensors) => {
        const response = { modelName: 'm', modelVersion: '', outputs: tensors }
        const { body, headerLength } = encodeInferResponse(response, { binaryOutputsByDefault: true })
        expect(parseInferResponse(body, headerLength)).toEqual(response)
      }),
    )
  })

  test('may lack a version and have members that the protocol does not name', () => {
    const body = utf8('{"model_name":"m","took":{"ms":1},"parameters":{"a":1},"outputs":[]}')
    expect(parseInferResponse(body, undefined)).toMatchObject({ modelName: 'm', modelVersion: '', outputs: [] })
  })

  test.each<[string, object]>([
    ['{"outputs":[]}', { code: 'MISSING_MEMBER', details: { member: 'model_name' } }],
    ['{"model_name":"m"}', { code: 'MISSING_MEMBER', details: { member: 'outputs' } }],
    ['{"model_name":"m","outputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[null]}]}', { code: 'USE_BINARY' }],
    ['{"error":"no"}', { code: 'MISSING_MEMBER' }],
  ])('is refused when it is %s', (text, refusal) => {
    expect(thrownBy(() => parseInferResponse(utf8(text), undefined))).toMatchObject(refusal)
  })

  test('is not made of two outputs of one name', () => {
    const response = { ...RESPONSE, outputs: [LOGITS, LOGITS] }
    expect(thrownBy(() => encodeInferResponse(response, { binaryOutputsByDefault: true }))).toMatchObject({
      code: 'DUPLICATE_TENSOR',
    })
  })

  test('is not made of an output whose bytes are not those of its shape', () => {
    const response = { ...RESPONSE, outputs: [{ ...LOGITS, shape: [3] }] }
    for (const binaryOutputsByDefault of [true, false]) {
      expect(thrownBy(() => encodeInferResponse(response, { binaryOutputsByDefault }))).toMatchObject({
        code: 'BINARY_SIZE_MISMATCH',
      })
    }
  })
})
