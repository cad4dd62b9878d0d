import { utf8 } from '@blindai/core'
import {
  buildModelPath,
  buildTaskPath,
  encodeErrorBody,
  type ModelPath,
  parseErrorBody,
  parseModelMetadata,
  parseModelPath,
  parseServerMetadata,
  parseTaskPath,
} from '@blindai/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { thrownBy } from './requests.ts'

describe('the path of a model', () => {
  test.each<[string, ModelPath]>([
    ['/v2/models/spam', { model: 'spam', action: 'metadata' }],
    ['/v2/models/spam/ready', { model: 'spam', action: 'ready' }],
    ['/v2/models/spam/infer', { model: 'spam', action: 'infer' }],
    ['/v2/models/spam/versions/1', { model: 'spam', version: '1', action: 'metadata' }],
    ['/v2/models/spam/versions/1/infer', { model: 'spam', version: '1', action: 'infer' }],
    ['/v2/models/a%2Fb%20c/infer', { model: 'a/b c', action: 'infer' }],
  ])('%s is read and written', (path, resource) => {
    expect(parseModelPath(path)).toEqual(resource)
    expect(buildModelPath(resource)).toBe(path)
  })

  test('comes back for any name', () => {
    const names = fc.string({ unit: 'grapheme', minLength: 1 })
    fc.assert(
      fc.property(names, names, (model, version) => {
        const resource: ModelPath = { model, version, action: 'ready' }
        expect(parseModelPath(buildModelPath(resource))).toEqual(resource)
      }),
    )
  })

  test.each([
    '/v2/models',
    '/v2/models/',
    '/v2/models/a/',
    '/v2/models/a/load',
    '/v2/models/%ff',
    '/v2/models/a/versions/%',
    '/v2/models/a/infer/b',
    '/v1/models/a',
  ])('%s is none', (path) => expect(parseModelPath(path)).toBeUndefined())
})

describe('the path of a task', () => {
  test('is read and written', () => {
    expect(buildTaskPath('text-classification')).toBe('/v1/tasks/text-classification')
    expect(parseTaskPath('/v1/tasks/text-classification')).toBe('text-classification')
  })

  test('is none when it has more or less', () => {
    expect([parseTaskPath('/v1/tasks'), parseTaskPath('/v1/tasks/'), parseTaskPath('/v1/tasks/a/b')]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })
})

describe('metadata', () => {
  const model = {
    name: 'spam',
    versions: ['1'],
    platform: 'onnx',
    inputs: [{ name: 'input_ids', datatype: 'INT64' as const, shape: [-1, -1] }],
    outputs: [{ name: 'logits', datatype: 'FP32' as const, shape: [-1, 2] }],
  }

  test('of a model comes back', () => {
    expect(parseModelMetadata(utf8(JSON.stringify(model)))).toEqual(model)
  })

  test('of a model may lack versions', () => {
    const { versions: _, ...rest } = model
    expect(parseModelMetadata(utf8(JSON.stringify({ ...rest, more: {} }))).versions).toEqual([])
  })

  test.each<[string, object, object]>([
    ['a dimension of -2', { inputs: [{ name: 'x', datatype: 'FP32', shape: [-2] }] }, { code: 'SHAPE_INVALID' }],
    [
      'an unknown datatype',
      { outputs: [{ name: 'x', datatype: 'TYPE_FP32', shape: [] }] },
      { code: 'DATATYPE_UNKNOWN' },
    ],
    ['inputs that are no list', { inputs: {} }, { code: 'WRONG_TYPE' }],
    ['a name that is no text', { name: 1 }, { code: 'WRONG_TYPE', details: { field: 'model metadata.name' } }],
  ])('of a model is refused with %s', (_, change, refusal) => {
    expect(thrownBy(() => parseModelMetadata(utf8(JSON.stringify({ ...model, ...change }))))).toMatchObject(refusal)
  })

  test('of a server comes back', () => {
    const server = { name: 'blindai', version: '0.1.0', extensions: ['binary_tensor_data'] }
    expect(parseServerMetadata(utf8(JSON.stringify(server)))).toEqual(server)
    expect(thrownBy(() => parseServerMetadata(utf8('{"name":"a","version":"1"}')))).toMatchObject({
      code: 'MISSING_MEMBER',
    })
  })
})

describe('an error body', () => {
  test('comes back', () => {
    const body = { error: 'the model is not there', code: 'MODEL_NOT_FOUND', hint: 'Upload it.' }
    expect(parseErrorBody(encodeErrorBody(body))).toEqual(body)
    expect(parseErrorBody(encodeErrorBody({ error: 'no' }))).toEqual({ error: 'no' })
  })

  test.each(['', 'Bad gateway', '{"message":"x"}', '{"error":{"message":"x"}}', '[]', 'null'])(
    'of another server is none: %s',
    (text) => expect(parseErrorBody(utf8(text))).toBeUndefined(),
  )

  test('keeps no code that is not of our form', () => {
    expect(parseErrorBody(utf8('{"error":"x","code":"a b","hint":1}'))).toEqual({ error: 'x' })
  })
})
