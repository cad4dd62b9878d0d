import { utf8 } from '@blindai/core'
import { parseHeaderLength, parseInferRequest } from '@blindai/protocol'
import { describe, expect, test } from 'vitest'
import { thrownBy } from './requests.ts'

const FP32 = '"datatype":"FP32"'

describe('binary data is refused', () => {
  const parse = (members: string, binary: readonly number[], headerLength?: number): unknown => {
    const json = utf8(`{"inputs":[{"name":"x",${members}}]}`)
    return thrownBy(() => parseInferRequest(new Uint8Array([...json, ...binary]), headerLength ?? json.byteLength))
  }

  test.each<[string, string, number[], object]>([
    [
      'when its size is not that of the shape',
      `${FP32},"shape":[1],"parameters":{"binary_data_size":8}`,
      [0, 0, 0, 0, 0, 0, 0, 0],
      { code: 'BINARY_SIZE_MISMATCH', details: { expected: 4, actual: 8 } },
    ],
    ['when it is cut', `${FP32},"shape":[1],"parameters":{"binary_data_size":4}`, [0, 0, 0], { code: 'TRUNCATED' }],
    [
      'when some is left',
      `${FP32},"shape":[1],"parameters":{"binary_data_size":4}`,
      [0, 0, 0, 0, 0],
      { code: 'TRAILING_BYTES' },
    ],
    ['when nothing speaks of it', `${FP32},"shape":[1],"data":[1]`, [0], { code: 'TRAILING_BYTES' }],
    ['for a negative size', `${FP32},"shape":[1],"parameters":{"binary_data_size":-4}`, [0], { code: 'WRONG_TYPE' }],
    [
      'for a huge size',
      `"datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":99999999999999999999}`,
      [0],
      { code: 'WRONG_TYPE' },
    ],
    [
      'for a size past the limit',
      `"datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":999999999999}`,
      [0],
      { code: 'TENSOR_TOO_LARGE' },
    ],
    [
      'for a size in text',
      `${FP32},"shape":[1],"parameters":{"binary_data_size":"4"}`,
      [0, 0, 0, 0],
      { code: 'WRONG_TYPE' },
    ],
    [
      'for a BOOL of 2',
      `"datatype":"BOOL","shape":[2],"parameters":{"binary_data_size":2}`,
      [1, 2],
      { code: 'VALUE_OUT_OF_RANGE', details: { index: 1 } },
    ],
    [
      'for BYTES without a length',
      `"datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":3}`,
      [0, 0, 0],
      { code: 'BYTES_MALFORMED' },
    ],
    [
      'for BYTES past their end',
      `"datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":5}`,
      [2, 0, 0, 0, 9],
      { code: 'BYTES_MALFORMED' },
    ],
    [
      'for BYTES of 4 GB',
      `"datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":5}`,
      [255, 255, 255, 255, 9],
      { code: 'BYTES_MALFORMED' },
    ],
    [
      'for more elements of BYTES than are looked at',
      `"datatype":"BYTES","shape":[1048577],"parameters":{"binary_data_size":5}`,
      [1, 0, 0, 0, 9],
      { code: 'TOO_MANY_ITEMS', details: { limit: 1048576 } },
    ],
    [
      'for an element of BYTES too few',
      `"datatype":"BYTES","shape":[2],"parameters":{"binary_data_size":5}`,
      [1, 0, 0, 0, 9],
      { code: 'BYTES_MALFORMED', details: { index: 1 } },
    ],
    [
      'for BYTES left over',
      `"datatype":"BYTES","shape":[0],"parameters":{"binary_data_size":5}`,
      [1, 0, 0, 0, 9],
      { code: 'BINARY_SIZE_MISMATCH' },
    ],
  ])('%s', (_, members, binary, refusal) => {
    expect(parse(members, binary)).toMatchObject(refusal)
  })

  test('when the second tensor is cut', () => {
    const entry = (name: string): string => `{"name":"${name}",${FP32},"shape":[1],"parameters":{"binary_data_size":4}}`
    const json = utf8(`{"inputs":[${entry('a')},${entry('b')}]}`)
    const body = new Uint8Array([...json, 0, 0, 0, 0, 0, 0, 0])
    expect(thrownBy(() => parseInferRequest(body, json.byteLength))).toMatchObject({
      code: 'TRUNCATED',
      details: { field: 'inputs[1]', needed: 4, available: 3 },
    })
  })

  test('for a first BOOL of 2', () => {
    expect(parse('"datatype":"BOOL","shape":[1],"parameters":{"binary_data_size":1}', [2])).toMatchObject({
      code: 'VALUE_OUT_OF_RANGE',
      details: { index: 0 },
    })
  })

  test('without a header length', () => {
    const json = utf8(`{"inputs":[{"name":"x",${FP32},"shape":[1],"parameters":{"binary_data_size":4}}]}`)
    expect(thrownBy(() => parseInferRequest(json, undefined))).toMatchObject({ code: 'TRUNCATED' })
  })

  test.each([-1, 1.5, Number.NaN, 1_000_000])('with a header length of %s', (headerLength) => {
    expect(parse(`${FP32},"shape":[0],"data":[]`, [], headerLength)).toMatchObject({ code: 'HEADER_LENGTH_INVALID' })
  })

  test.each(['', ' 1', '1 ', '+1', '-1', '0x10', '1.0', '01', '1,2', '99999999999999999999'])(
    'with a header that says "%s"',
    (value) => {
      expect(thrownBy(() => parseHeaderLength(value))).toMatchObject({ code: 'HEADER_LENGTH_INVALID' })
    },
  )

  test('and a header length is read when it is one', () => {
    expect([parseHeaderLength(undefined), parseHeaderLength('0'), parseHeaderLength('1234')]).toEqual([
      undefined,
      0,
      1234,
    ])
  })
})
