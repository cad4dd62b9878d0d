import { concatBytes, isMalformedError, utf8 } from '@blindai/core'
import {
  DEFAULT_LIMITS,
  encodeTaskRequest,
  encodeTaskResponse,
  isProtocolError,
  parseTaskRequest,
  parseTaskResponse,
  type TaskInput,
} from '@blindai/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { thrownBy } from './requests.ts'

const parse = (json: string, binary: readonly number[] = []): unknown =>
  parseTaskRequest(concatBytes(utf8(json), new Uint8Array(binary)), utf8(json).byteLength)

const texts: fc.Arbitrary<TaskInput> = fc.string({ unit: 'grapheme' }).map((text) => ({ kind: 'text', text }))
const files: fc.Arbitrary<TaskInput> = fc
  .uint8Array({ maxLength: 20 })
  .map((data) => ({ kind: 'binary', data, contentType: 'image/jpeg' }))

describe('a task request', () => {
  test('is read with texts and files in their order', () => {
    const json = `{"model":"m","inputs":["hello",{"binary_data_size":2,"content_type":"audio/wav"},
      {"base64":"AQID","content_type":"image/png"},{"binary_data_size":1}],"parameters":{"top_k":2}}`
    expect(parse(json, [7, 8, 9])).toMatchObject({
      model: 'm',
      inputs: [
        { kind: 'text', text: 'hello' },
        { kind: 'binary', data: new Uint8Array([7, 8]), contentType: 'audio/wav' },
        { kind: 'binary', data: new Uint8Array([1, 2, 3]), contentType: 'image/png' },
        { kind: 'binary', data: new Uint8Array([9]), contentType: 'application/octet-stream' },
      ],
      parameters: { top_k: 2 },
    })
  })

  test('may lack parameters', () => {
    expect(parse('{"model":"m","inputs":["a"]}')).toMatchObject({ parameters: {} })
  })

  test('has no name with a meaning among its parameters, also where it lacks them', () => {
    for (const json of ['{"model":"m","inputs":["a"]}', '{"model":"m","inputs":["a"],"parameters":{}}']) {
      const { parameters } = parseTaskRequest(utf8(json), undefined)
      expect(Reflect.get(parameters, 'constructor')).toBeUndefined()
    }
  })

  test('comes back whatever it holds', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(texts, files), { maxLength: 5 }), (inputs) => {
        const { body, headerLength } = encodeTaskRequest({ model: 'm', inputs, parameters: { top_k: 3 } })
        const request = parseTaskRequest(body, headerLength)
        expect({ ...request, parameters: { ...request.parameters } }).toEqual({
          model: 'm',
          inputs,
          parameters: { top_k: 3 },
        })
      }),
    )
  })

  test.each<[string, string, number[], object]>([
    ['without model', '{"inputs":[]}', [], { code: 'MISSING_MEMBER', details: { member: 'model' } }],
    ['without inputs', '{"model":"m"}', [], { code: 'MISSING_MEMBER', details: { member: 'inputs' } }],
    [
      'with an unknown member',
      '{"model":"m","inputs":[],"input":1}',
      [],
      { code: 'UNKNOWN_MEMBER', details: { member: 'input' } },
    ],
    ['with a repeated member', '{"model":"m","model":"n","inputs":[]}', [], { code: 'DUPLICATE_MEMBER' }],
    ['with a model that is no text', '{"model":1,"inputs":[]}', [], { code: 'WRONG_TYPE' }],
    ['with a very long model', `{"model":"${'m'.repeat(513)}","inputs":[]}`, [], { code: 'TOO_LONG' }],
    ['with parameters that are a list', '{"model":"m","inputs":[],"parameters":[]}', [], { code: 'WRONG_TYPE' }],
    [
      'with an item that is a number',
      '{"model":"m","inputs":[1]}',
      [],
      { code: 'WRONG_TYPE', details: { field: 'inputs[0]' } },
    ],
    ['with an item of nothing', '{"model":"m","inputs":[{}]}', [], { code: 'MISSING_MEMBER' }],
    ['with half a surrogate pair', '{"model":"m","inputs":["\\udc00"]}', [], { code: 'WRONG_VALUE' }],
    [
      'with an item of two kinds',
      '{"model":"m","inputs":[{"base64":"","binary_data_size":0}]}',
      [],
      { code: 'DATA_AMBIGUOUS' },
    ],
    ['with a file that is cut', '{"model":"m","inputs":[{"binary_data_size":2}]}', [1], { code: 'TRUNCATED' }],
    ['with bytes left', '{"model":"m","inputs":[{"binary_data_size":2}]}', [1, 2, 3], { code: 'TRAILING_BYTES' }],
    ['with a size of part of a byte', '{"model":"m","inputs":[{"binary_data_size":0.5}]}', [], { code: 'WRONG_TYPE' }],
    ['with a negative size', '{"model":"m","inputs":[{"binary_data_size":-1}]}', [], { code: 'WRONG_TYPE' }],
    ['with base64 that is not padded', '{"model":"m","inputs":[{"base64":"AQI"}]}', [], { code: 'WRONG_VALUE' }],
    ['with base64url', '{"model":"m","inputs":[{"base64":"-_-_"}]}', [], { code: 'WRONG_VALUE' }],
    ['with base64 of two spellings', '{"model":"m","inputs":[{"base64":"AQJ="}]}', [], { code: 'NOT_BASE64URL' }],
    ['with base64 that is none', '{"model":"m","inputs":[{"base64":"A!=="}]}', [], { code: 'NOT_BASE64URL' }],
    [
      'with a media type that is none',
      '{"model":"m","inputs":[{"base64":"","content_type":"jpeg\\r\\nx: y"}]}',
      [],
      { code: 'WRONG_VALUE' },
    ],
  ])('is refused %s', (_, json, binary, refusal) => {
    expect(thrownBy(() => parse(json, binary))).toMatchObject(refusal)
  })

  test('is refused with too many inputs', () => {
    const body = utf8('{"model":"m","inputs":["a","b","c"]}')
    expect(thrownBy(() => parseTaskRequest(body, undefined, { ...DEFAULT_LIMITS, maxItems: 2 }))).toMatchObject({
      code: 'TOO_MANY_ITEMS',
      details: { limit: 2 },
    })
  })

  test('with a changed byte is a request or a refusal, never another error', () => {
    const { body, headerLength } = encodeTaskRequest({
      model: 'm',
      inputs: [
        { kind: 'text', text: 'hello' },
        { kind: 'binary', data: new Uint8Array(9), contentType: 'image/png' },
      ],
      parameters: { top_k: 1 },
    })
    fc.assert(
      fc.property(fc.nat({ max: body.byteLength - 1 }), fc.integer({ min: 1, max: 255 }), (place, flip) => {
        const changed = body.map((byte, index) => (index === place ? byte ^ flip : byte))
        try {
          parseTaskRequest(changed, headerLength)
        } catch (error) {
          expect(isMalformedError(error) || isProtocolError(error)).toBe(true)
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('a task response', () => {
  test('comes back', () => {
    const response = { model: 'ab', task: 'text-classification', outputs: [[{ label: 'ham', score: 0.9 }]] }
    expect(JSON.parse(JSON.stringify(parseTaskResponse(encodeTaskResponse(response))))).toEqual(response)
  })

  test('is refused without outputs', () => {
    expect(thrownBy(() => parseTaskResponse(utf8('{"model":"m","task":"t"}')))).toMatchObject({
      code: 'MISSING_MEMBER',
    })
  })
})
