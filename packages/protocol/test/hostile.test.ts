import { DEFAULT_LIMITS, parseInferRequest } from '@blindai/protocol'
import { describe, expect, test } from 'vitest'
import { parseInput, parseText, thrownBy } from './requests.ts'

const FP32 = '"datatype":"FP32"'

describe('an inference request is refused', () => {
  test.each<[string, string, object]>([
    ['for no JSON at all', '', { code: 'NOT_JSON' }],
    ['for two documents', '{"inputs":[]}{}', { code: 'NOT_JSON' }],
    ['for an array', '[]', { code: 'WRONG_TYPE' }],
    ['without inputs', '{}', { code: 'MISSING_MEMBER', details: { member: 'inputs' } }],
    ['for inputs that are no array', '{"inputs":{}}', { code: 'WRONG_TYPE', details: { field: 'inputs' } }],
    ['for an input that is no object', '{"inputs":[1]}', { code: 'WRONG_TYPE', details: { field: 'inputs[0]' } }],
    ['for a repeated member', '{"inputs":[],"inputs":[]}', { code: 'DUPLICATE_MEMBER', details: { member: 'inputs' } }],
    ['for a member repeated by an escape', '{"inputs":[],"input\\u0073":[]}', { code: 'DUPLICATE_MEMBER' }],
    ['for a comma too many', '{"inputs":[],}', { code: 'NOT_JSON' }],
    ['for no colon', '{"inputs"[]}', { code: 'NOT_JSON' }],
    ['for no comma between members', '{"inputs":[]"id":"a"}', { code: 'NOT_JSON' }],
    ['for no comma between items', '{"inputs":[],"outputs":[{"name":"a"}{"name":"b"}]}', { code: 'NOT_JSON' }],
    ['for a member name that is no string', '{"inputs":[],1:2}', { code: 'NOT_JSON' }],
    ['for brackets that do not match', '{"inputs":[}]', { code: 'NOT_JSON' }],
    ['for a broken unknown member', '{"x":[1,}],"inputs":[]}', { code: 'NOT_JSON' }],
    ['for an unknown member without value', '{"x":,"inputs":[]}', { code: 'NOT_JSON' }],
    ['for a string that does not end', '{"inputs":[],"id":"a', { code: 'NOT_JSON' }],
    ['for a control character in a string', '{"inputs":[],"id":"a\nb"}', { code: 'NOT_JSON' }],
    ['for a wrong escape', '{"inputs":[],"id":"\\x"}', { code: 'NOT_JSON' }],
    ['for an id that is no string', '{"inputs":[],"id":42}', { code: 'WRONG_TYPE', details: { field: 'id' } }],
    ['for a very long id', `{"inputs":[],"id":"${'x'.repeat(600)}"}`, { code: 'TOO_LONG' }],
    ['for deep nesting', `{"inputs":[],"x":${'['.repeat(99)}${']'.repeat(99)}}`, { code: 'JSON_TOO_DEEP' }],
    ['for a parameter that is an object', '{"inputs":[],"parameters":{"a":{}}}', { code: 'WRONG_TYPE' }],
    ['for a parameter that is null', '{"inputs":[],"parameters":{"a":null}}', { code: 'WRONG_TYPE' }],
    ['for a repeated parameter', '{"inputs":[],"parameters":{"a":1,"a":2}}', { code: 'DUPLICATE_MEMBER' }],
    ['for a binary_data_output of 1', '{"inputs":[],"parameters":{"binary_data_output":1}}', { code: 'WRONG_TYPE' }],
    [
      'for an output without name',
      '{"inputs":[],"outputs":[{}]}',
      { code: 'MISSING_MEMBER', details: { field: 'outputs[0]', member: 'name' } },
    ],
    [
      'for an output asked for twice',
      '{"inputs":[],"outputs":[{"name":"a"},{"name":"b"},{"name":"a"}]}',
      { code: 'DUPLICATE_TENSOR', details: { field: 'outputs[2]', first: 'outputs[0]' } },
    ],
    [
      'for an input given twice',
      `{"inputs":[{"name":"a",${FP32},"shape":[0],"data":[]},{"name":"a",${FP32},"shape":[0],"data":[]}]}`,
      { code: 'DUPLICATE_TENSOR', details: { field: 'inputs[1]', first: 'inputs[0]' } },
    ],
    [
      'for too many inputs',
      `{"inputs":[${Array.from({ length: 257 }, (_, i) => `{"name":"${i}",${FP32},"shape":[0],"data":[]}`)}]}`,
      { code: 'TOO_MANY_ITEMS', details: { field: 'inputs', limit: 256 } },
    ],
  ])('%s', (_, text, refusal) => {
    expect(thrownBy(() => parseText(text))).toMatchObject(refusal)
  })

  test('when its JSON part is not UTF-8', () => {
    expect(thrownBy(() => parseInferRequest(new Uint8Array([0xff]), undefined))).toMatchObject({ code: 'NOT_UTF8' })
  })

  test('when its JSON part is longer than allowed, before it is read', () => {
    const limits = { ...DEFAULT_LIMITS, maxJsonBytes: 10 }
    expect(thrownBy(() => parseInferRequest(new Uint8Array(11), undefined, limits))).toMatchObject({
      code: 'TOO_LONG',
      details: { length: 11, limit: 10 },
    })
  })
})

describe('an input is refused', () => {
  test.each<[string, string, object]>([
    ['without name', `"x":1},{${FP32},"shape":[1],"data":[1]`, { code: 'MISSING_MEMBER' }],
    ['without datatype', '"shape":[1],"data":[1]', { code: 'MISSING_MEMBER', details: { member: 'datatype' } }],
    ['without shape', `${FP32},"data":[1]`, { code: 'MISSING_MEMBER', details: { member: 'shape' } }],
    ['without data', `${FP32},"shape":[1]`, { code: 'MISSING_MEMBER', details: { member: 'data' } }],
    ['for a datatype in lower case', '"datatype":"fp32","shape":[1],"data":[1]', { code: 'DATATYPE_UNKNOWN' }],
    ['for BF16, which no engine has', '"datatype":"BF16","shape":[1],"data":[1]', { code: 'DATATYPE_UNKNOWN' }],
    [
      'for a datatype named like a method',
      '"datatype":"toString","shape":[1],"data":[1]',
      { code: 'DATATYPE_UNKNOWN' },
    ],
    ['for a negative dimension', `${FP32},"shape":[-1],"data":[1]`, { code: 'SHAPE_INVALID' }],
    ['for a dimension with a fraction', `${FP32},"shape":[1.0],"data":[1]`, { code: 'SHAPE_INVALID' }],
    ['for a dimension that is text', `${FP32},"shape":["1"],"data":[1]`, { code: 'SHAPE_INVALID' }],
    ['for a huge dimension', `${FP32},"shape":[18446744073709551615],"data":[1]`, { code: 'SHAPE_INVALID' }],
    ['for a product that overflows', `${FP32},"shape":[4294967296,4294967296],"data":[1]`, { code: 'SHAPE_INVALID' }],
    [
      'for an overflow hidden by zero',
      `${FP32},"shape":[94967296000,94967296000,0],"data":[]`,
      { code: 'SHAPE_INVALID' },
    ],
    ['for a product of NaNs', `${FP32},"shape":[1e400],"data":[1]`, { code: 'SHAPE_INVALID' }],
    ['for a high rank', `${FP32},"shape":[${'1,'.repeat(32)}1],"data":[1]`, { code: 'SHAPE_INVALID' }],
    ['for a size past the limit', `${FP32},"shape":[999999999],"data":[1]`, { code: 'TENSOR_TOO_LARGE' }],
    ['for a size that its text cannot hold', `${FP32},"shape":[99999999],"data":[1]`, { code: 'SHAPE_MISMATCH' }],
    ['for an element too few', `${FP32},"shape":[2],"data":[1]`, { code: 'SHAPE_MISMATCH' }],
    [
      'for an element too few, in many',
      `${FP32},"shape":[50],"data":[${'1,'.repeat(48)}1.25]`,
      { code: 'SHAPE_MISMATCH' },
    ],
    ['for an element too many', `${FP32},"shape":[2],"data":[1,2,3]`, { code: 'SHAPE_MISMATCH' }],
    ['for an element where none belongs', `${FP32},"shape":[0],"data":[1]`, { code: 'SHAPE_MISMATCH' }],
    ['for rows of the wrong length', `${FP32},"shape":[2,2],"data":[[1,2,3],[4]]`, { code: 'SHAPE_MISMATCH' }],
    ['for a row too many', `${FP32},"shape":[1,2],"data":[[1,2],[3,4]]`, { code: 'SHAPE_MISMATCH' }],
    ['for nesting that is too deep', `${FP32},"shape":[2],"data":[[1,2]]`, { code: 'SHAPE_MISMATCH' }],
    ['for nesting that starts late', `${FP32},"shape":[2,1],"data":[1,[2]]`, { code: 'SHAPE_MISMATCH' }],
    ['for nesting of another rank', `${FP32},"shape":[1,1,2],"data":[[1,2]]`, { code: 'SHAPE_MISMATCH' }],
    ['for no data after its colon', `${FP32},"shape":[1],"data":,"x":1`, { code: 'NOT_JSON' }],
    ['for data that only closes', `${FP32},"shape":[1],"data":]`, { code: 'NOT_JSON' }],
    ['for data that is no array', `${FP32},"shape":[1],"data":1`, { code: 'SHAPE_MISMATCH' }],
    ['for data that is an object', `${FP32},"shape":[1],"data":{"a":1}`, { code: 'SHAPE_MISMATCH' }],
    ['for data that is text', `${FP32},"shape":[1],"data":"AAAA"`, { code: 'SHAPE_MISMATCH' }],
    [
      'for text among numbers',
      `${FP32},"shape":[2],"data":[1,"2"]`,
      { code: 'VALUE_TYPE_MISMATCH', details: { index: 1 } },
    ],
    ['for truth among numbers', `${FP32},"shape":[1],"data":[true]`, { code: 'VALUE_TYPE_MISMATCH' }],
    ['for an object among numbers', `${FP32},"shape":[1],"data":[{}]`, { code: 'VALUE_TYPE_MISMATCH' }],
    ['for a number among truths', '"datatype":"BOOL","shape":[1],"data":[1]', { code: 'VALUE_TYPE_MISMATCH' }],
    ['for a number among texts', '"datatype":"BYTES","shape":[1],"data":[1]', { code: 'VALUE_TYPE_MISMATCH' }],
    ['for a fraction in an integer', '"datatype":"INT64","shape":[1],"data":[1.0]', { code: 'VALUE_TYPE_MISMATCH' }],
    ['for an exponent in an integer', '"datatype":"INT64","shape":[1],"data":[1e2]', { code: 'VALUE_TYPE_MISMATCH' }],
    [
      'for a fraction in a short integer',
      '"datatype":"INT8","shape":[1],"data":[1.5]',
      { code: 'VALUE_TYPE_MISMATCH' },
    ],
    ['for text in a short integer', '"datatype":"UINT32","shape":[1],"data":["1"]', { code: 'VALUE_TYPE_MISMATCH' }],
    [
      'for a number too large in a long row',
      `${FP32},"shape":[50],"data":[${'1,'.repeat(49)}1e999]`,
      { code: 'VALUE_OUT_OF_RANGE', details: { index: 49 } },
    ],
    ['for null in an integer', '"datatype":"INT64","shape":[1],"data":[null]', { code: 'VALUE_TYPE_MISMATCH' }],
    ['for a leading zero', `${FP32},"shape":[1],"data":[01]`, { code: 'NOT_JSON' }],
    ['for a leading zero in an integer', '"datatype":"INT64","shape":[1],"data":[01]', { code: 'NOT_JSON' }],
    ['for a leading plus', `${FP32},"shape":[1],"data":[+1]`, { code: 'NOT_JSON' }],
    ['for a number that ends in a point', `${FP32},"shape":[1],"data":[1.]`, { code: 'NOT_JSON' }],
    ['for a number that starts with a point', `${FP32},"shape":[1],"data":[.5]`, { code: 'NOT_JSON' }],
    ['for a lone sign', '"datatype":"INT8","shape":[1],"data":[-]', { code: 'NOT_JSON' }],
    ['for an empty exponent', `${FP32},"shape":[1],"data":[1e]`, { code: 'NOT_JSON' }],
    ['for hexadecimal', `${FP32},"shape":[1],"data":[0x1]`, { code: 'NOT_JSON' }],
    ['for a comma too many', `${FP32},"shape":[2],"data":[1,2,]`, { code: 'SHAPE_MISMATCH' }],
    ['for no comma', `${FP32},"shape":[2],"data":[1 2]`, { code: 'NOT_JSON' }],
    ['for brackets that do not match', `${FP32},"shape":[2],"data":[1,2}`, { code: 'NOT_JSON' }],
    [
      'for data in two places',
      `${FP32},"shape":[1],"data":[1],"parameters":{"binary_data_size":4}`,
      { code: 'DATA_AMBIGUOUS', details: { field: 'inputs[0]' } },
    ],
    [
      'for a shared memory region',
      `${FP32},"shape":[1],"parameters":{"shared_memory_region":"a"}`,
      { code: 'SHARED_MEMORY_UNSUPPORTED', details: { field: 'inputs[0]' } },
    ],
  ])('%s', (_, members, refusal) => {
    expect(thrownBy(() => parseInput(members))).toMatchObject(refusal)
  })
})
