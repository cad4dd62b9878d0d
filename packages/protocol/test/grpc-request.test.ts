import { concatBytes } from '@blindai/core'
import {
  DATATYPES,
  DEFAULT_LIMITS,
  encodeGrpcInferRequest,
  encodeGrpcInferResponse,
  parseGrpcInferRequest,
  parseGrpcInferResponse,
  parseGrpcModelReference,
  parseGrpcRepositoryIndexRequest,
  parseGrpcRepositoryModelRequest,
} from '@blindai/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rawTensors, requests } from './arbitraries.ts'
import { field, inputOf, integer, message, tag, varint } from './protobuf.ts'
import { thrownBy } from './requests.ts'

const FF = 0xffn
const named = requests.filter(({ inputs, outputs }) => [...inputs, ...(outputs ?? [])].every(({ name }) => name !== ''))

/** What a request with one FP32 input of two elements has besides its data. */
const HEAD = inputOf('FP32', [2])
const DATA = Uint8Array.of(0, 0, 128, 63, 0, 0, 0, 64)

/** A message of each kind, whole. */
const WHOLE = message(
  field(1, 'm'),
  field(2, '1'),
  field(3, 'id'),
  field(4, [field(1, 'p'), field(2, [integer(2, 7)])]),
  HEAD,
  field(6, [field(1, 'y')]),
  field(7, DATA),
)

function refusalOf(bytes: Uint8Array, limits = DEFAULT_LIMITS): unknown {
  return thrownBy(() => parseGrpcInferRequest(bytes, limits))
}

describe('a request over gRPC', () => {
  test('is read', () => {
    expect(parseGrpcInferRequest(WHOLE)).toEqual({
      model: 'm',
      version: '1',
      id: 'id',
      parameters: { p: 7 },
      inputs: [{ name: 'x', datatype: 'FP32', shape: [2], data: DATA }],
      outputs: [{ name: 'y', binary: true }],
      binaryOutputsByDefault: true,
    })
  })

  test('comes back from its encoding, whatever its tensors', () => {
    fc.assert(
      fc.property(named, fc.string({ maxLength: 5 }), ({ outputs, ...request }, version) => {
        const binary = outputs?.map(({ name }) => ({ name, binary: true }))
        const sent = {
          ...request,
          ...(binary && { outputs: binary }),
          model: 'm',
          version,
          binaryOutputsByDefault: true,
        }
        const { id, ...rest } = sent
        const expected = id === undefined || id === '' ? rest : sent
        expect(parseGrpcInferRequest(concatBytes(...encodeGrpcInferRequest(sent)))).toEqual(expected)
      }),
    )
  })

  test('gives raw tensors as views, without a copy', () => {
    const [input] = parseGrpcInferRequest(WHOLE).inputs
    expect(input?.data.buffer).toBe(WHOLE.buffer)
    const typed = message(field(1, 'm'), inputOf('FP32', [2], field(5, [field(6, DATA)])))
    expect(parseGrpcInferRequest(typed).inputs[0]?.data.buffer).toBe(typed.buffer)
  })

  test('passes over fields that it does not know, of every kind', () => {
    const unknown = message(
      integer(100, 1),
      field(101, 'text'),
      message(tag(102, 5), new Uint8Array(4)),
      message(tag(103, 1), new Uint8Array(8)),
    )
    expect(parseGrpcInferRequest(message(unknown, WHOLE, unknown))).toEqual(parseGrpcInferRequest(WHOLE))
  })

  test('is refused in every place where it is cut, or is another request', () => {
    for (let length = 0; length < WHOLE.byteLength; length++) {
      const cut = WHOLE.slice(0, length)
      try {
        // What ends between two fields is a message of its own.
        expect(parseGrpcInferRequest(cut)).not.toEqual(parseGrpcInferRequest(WHOLE))
      } catch (error) {
        expect(error).toMatchObject({ name: expect.stringMatching(/^(?:Protocol|Malformed)Error$/) })
      }
    }
  })

  test.each<[string, Uint8Array, object]>([
    ['a field that goes on past the end', message(tag(3, 2), varint(5), Uint8Array.of(1)), { code: 'NOT_PROTOBUF' }],
    ['a length of 2^32 and more', message(tag(7, 2), varint(2n ** 40n)), { code: 'NOT_PROTOBUF' }],
    ['a length of 2^64 - 1', message(tag(7, 2), varint(-1)), { code: 'NOT_PROTOBUF' }],
    ['a number of eleven bytes', Uint8Array.from([8, ...new Array(10).fill(0xff), 1]), { code: 'NOT_PROTOBUF' }],
    ['a number of more than 64 bits', Uint8Array.from([8, ...new Array(9).fill(0xff), 2]), { code: 'NOT_PROTOBUF' }],
    ['the field number 0', Uint8Array.of(0, 1), { code: 'NOT_PROTOBUF' }],
    ['a tag of more than 32 bits', message(varint(2n ** 35n), varint(1)), { code: 'NOT_PROTOBUF' }],
    ['a group', message(tag(50, 3), tag(50, 4)), { code: 'NOT_PROTOBUF' }],
    ['a wire type that is none', Uint8Array.of(0xa7, 1), { code: 'NOT_PROTOBUF' }],
    ['a name that is a number', integer(1, 5), { code: 'NOT_PROTOBUF' }],
    ['a name that is no UTF-8', field(1, Uint8Array.of(0xc0, 0x80)), { code: 'NOT_UTF8' }],
    ['a name of 513 characters', field(1, 'x'.repeat(513)), { code: 'TOO_LONG' }],
    ['a name of 100 kB', field(1, 'x'.repeat(100_000)), { code: 'TOO_LONG' }],
    ['two models', message(field(1, 'a'), field(1, 'b')), { code: 'DUPLICATE_MEMBER' }],
    ['an input without a name', field(5, [field(2, 'FP32')]), { code: 'MISSING_MEMBER', details: { member: 'name' } }],
    ['an input without a datatype', field(5, [field(1, 'x')]), { code: 'MISSING_MEMBER' }],
    ['a datatype that is none', inputOf('FP8', [1]), { code: 'DATATYPE_UNKNOWN' }],
    ['BF16, which no engine has', inputOf('BF16', [1]), { code: 'DATATYPE_UNKNOWN' }],
    ['a datatype in small letters', inputOf('fp32', [1]), { code: 'DATATYPE_UNKNOWN' }],
    ['a negative dimension', inputOf('FP32', [-1]), { code: 'SHAPE_INVALID' }],
    ['33 dimensions', inputOf('FP32', new Array(33).fill(1)), { code: 'SHAPE_INVALID' }],
    ['dimensions whose product cannot be counted', inputOf('FP32', [2 ** 40, 2 ** 40]), { code: 'SHAPE_INVALID' }],
    ['a shape that is larger than may be', inputOf('FP32', [2 ** 40]), { code: 'TENSOR_TOO_LARGE' }],
    ['an input twice', message(HEAD, HEAD), { code: 'DUPLICATE_TENSOR' }],
    ['an output twice', message(field(6, [field(1, 'y')]), field(6, [field(1, 'y')])), { code: 'DUPLICATE_TENSOR' }],
    ['an output without a name', field(6, []), { code: 'MISSING_MEMBER' }],
    ['raw contents for fewer inputs', message(HEAD, inputY(), field(7, DATA)), { code: 'RAW_CONTENTS_MISMATCH' }],
    ['raw contents for more inputs', message(HEAD, field(7, DATA), field(7, DATA)), { code: 'RAW_CONTENTS_MISMATCH' }],
    ['raw contents too long', message(HEAD, field(7, new Uint8Array(9))), { code: 'BINARY_SIZE_MISMATCH' }],
    ['raw contents too short', message(HEAD, field(7, new Uint8Array(7))), { code: 'BINARY_SIZE_MISMATCH' }],
    ['a raw BOOL of 2', message(inputOf('BOOL', [1]), field(7, Uint8Array.of(2))), { code: 'VALUE_OUT_OF_RANGE' }],
    [
      'raw BYTES that are cut',
      message(inputOf('BYTES', [1]), field(7, Uint8Array.of(9, 0, 0, 0, 1))),
      { code: 'BYTES_MALFORMED' },
    ],
    [
      'both kinds of contents',
      message(inputOf('FP32', [2], field(5, [field(6, DATA)])), field(7, DATA)),
      { code: 'DATA_AMBIGUOUS' },
    ],
    [
      'an input in shared memory',
      inputOf('FP32', [2], field(4, [field(1, 'shared_memory_region'), field(2, [field(3, 'r')])])),
      { code: 'SHARED_MEMORY_UNSUPPORTED', details: { field: 'inputs[0]' } },
    ],
    [
      'an output in shared memory',
      field(6, [field(1, 'y'), field(2, [field(1, 'shared_memory_region'), field(2, [field(3, 'r')])])]),
      { code: 'SHARED_MEMORY_UNSUPPORTED', details: { field: 'outputs[0]' } },
    ],
    ['a parameter twice', message(parameter('p'), parameter('p')), { code: 'DUPLICATE_MEMBER' }],
    ['a parameter without a value', field(4, [field(1, 'p')]), { code: 'WRONG_TYPE' }],
    ['a parameter with an empty value', field(4, [field(1, 'p'), field(2, [])]), { code: 'WRONG_TYPE' }],
    ['a parameter with two values', field(4, [field(2, [integer(1, 1), integer(2, 2)])]), { code: 'DUPLICATE_MEMBER' }],
  ])('is refused for %s', (_, bytes, expected) => {
    expect(refusalOf(bytes)).toMatchObject(expected)
  })

  test('is refused for more items than may be', () => {
    const limits = { ...DEFAULT_LIMITS, maxItems: 2 }
    const inputs = ['a', 'b', 'c'].map((name) => field(5, [field(1, name), field(2, 'FP32'), field(3, varint(0))]))
    expect(refusalOf(message(...inputs), limits)).toMatchObject({
      code: 'TOO_MANY_ITEMS',
      details: { field: 'inputs' },
    })
    const raw = message(field(7, ''), field(7, ''), field(7, ''))
    expect(refusalOf(raw, limits)).toMatchObject({ code: 'TOO_MANY_ITEMS', details: { field: 'inputs' } })
    const outputs = ['a', 'b', 'c'].map((name) => field(6, [field(1, name)]))
    expect(refusalOf(message(...outputs), limits)).toMatchObject({
      code: 'TOO_MANY_ITEMS',
      details: { field: 'outputs' },
    })
    const parameters = ['a', 'b', 'c'].map(parameter)
    expect(refusalOf(message(...parameters), limits)).toMatchObject({ code: 'TOO_MANY_ITEMS' })
  })

  test('names no content in its refusals', () => {
    const secret = 'SECRET-MARKER'
    const named = message(field(1, 'm'), field(5, [field(1, secret), field(2, secret)]))
    expect(String(refusalOf(named))).not.toContain(secret)
  })
})

describe('typed contents', () => {
  const contents = (datatype: string, count: number, ...fields: Uint8Array[]): Uint8Array =>
    message(field(1, 'm'), inputOf(datatype, [count], field(5, fields)))
  const dataOf = (bytes: Uint8Array): Uint8Array | undefined => parseGrpcInferRequest(bytes).inputs[0]?.data
  const packed = (number: number, ...values: (bigint | number)[]): Uint8Array =>
    field(number, message(...values.map(varint)))

  test.each<[string, number, (bigint | number)[], number[]]>([
    ['BOOL', 1, [1, 0], [1, 0]],
    ['INT8', 2, [-1, 127], [0xff, 0x7f]],
    ['INT16', 2, [-2, 1], [0xfe, 0xff, 1, 0]],
    ['INT32', 2, [-(2 ** 31)], [0, 0, 0, 0x80]],
    ['UINT8', 4, [255], [0xff]],
    ['UINT16', 4, [0xfffe], [0xfe, 0xff]],
    ['UINT32', 4, [0xffff_fffe], [0xfe, 0xff, 0xff, 0xff]],
    ['INT64', 3, [-(2n ** 63n)], [0, 0, 0, 0, 0, 0, 0, 0x80]],
    ['UINT64', 5, [2n ** 64n - 2n], [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
  ])('of %s are read packed and single', (datatype, number, values, expected) => {
    const single = message(...values.map((value) => integer(number, value)))
    expect(dataOf(contents(datatype, values.length, packed(number, ...values)))).toEqual(Uint8Array.from(expected))
    expect(dataOf(contents(datatype, values.length, single))).toEqual(Uint8Array.from(expected))
  })

  test('of floats are read in one piece, in several and single, bit for bit', () => {
    const nan = Uint8Array.of(1, 0, 160, 127)
    const one = Uint8Array.of(0, 0, 128, 63)
    const both = concatBytes(nan, one)
    expect(dataOf(contents('FP32', 2, field(6, both)))).toEqual(both)
    expect(dataOf(contents('FP32', 2, field(6, nan), field(6, one)))).toEqual(both)
    expect(dataOf(contents('FP32', 2, concatBytes(tag(6, 5), nan), concatBytes(tag(6, 5), one)))).toEqual(both)
    const double = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
    expect(dataOf(contents('FP64', 1, concatBytes(tag(7, 1), double)))).toEqual(double)
  })

  test('of BYTES get their lengths', () => {
    expect(dataOf(contents('BYTES', 2, field(8, 'ab'), field(8, '')))).toEqual(
      Uint8Array.of(2, 0, 0, 0, 97, 98, 0, 0, 0, 0),
    )
  })

  test('of no elements may be left out', () => {
    for (const datatype of DATATYPES) expect(dataOf(message(inputOf(datatype, [0])))).toEqual(new Uint8Array())
  })

  test.each<[string, Uint8Array, object]>([
    ['FP16, which travels raw only', contents('FP16', 1, field(6, DATA)), { code: 'USE_BINARY' }],
    ['too few', contents('INT32', 3, packed(2, 1, 2)), { code: 'SHAPE_MISMATCH', details: { expectedElements: 3 } }],
    ['too many', contents('INT32', 1, packed(2, 1, 2)), { code: 'SHAPE_MISMATCH' }],
    ['none at all', message(inputOf('INT32', [1])), { code: 'SHAPE_MISMATCH' }],
    ['too many floats', contents('FP32', 1, field(6, DATA)), { code: 'SHAPE_MISMATCH' }],
    ['too few floats', contents('FP32', 3, field(6, DATA)), { code: 'SHAPE_MISMATCH' }],
    ['a float that is cut', contents('FP32', 1, field(6, DATA.slice(0, 5))), { code: 'NOT_PROTOBUF' }],
    ['a float of eight bytes', contents('FP32', 1, concatBytes(tag(6, 1), DATA)), { code: 'NOT_PROTOBUF' }],
    ['too many BYTES', contents('BYTES', 1, field(8, 'a'), field(8, 'b')), { code: 'SHAPE_MISMATCH' }],
    ['more BYTES than may be', contents('BYTES', 2 ** 20 + 1), { code: 'TOO_MANY_ITEMS' }],
    ['another datatype', contents('INT32', 1, packed(4, 1)), { code: 'VALUE_TYPE_MISMATCH' }],
    ['two datatypes', contents('INT32', 1, packed(2, 1), packed(4, 1)), { code: 'VALUE_TYPE_MISMATCH' }],
    ['128 as INT8', contents('INT8', 2, packed(2, 1, 128)), { code: 'VALUE_OUT_OF_RANGE', details: { index: 1 } }],
    ['-129 as INT8', contents('INT8', 1, packed(2, -129)), { code: 'VALUE_OUT_OF_RANGE' }],
    ['2^15 as INT16', contents('INT16', 1, packed(2, 2 ** 15)), { code: 'VALUE_OUT_OF_RANGE' }],
    ['2^31 as INT32', contents('INT32', 1, packed(2, 2 ** 31)), { code: 'VALUE_OUT_OF_RANGE' }],
    ['2^32 as INT32', contents('INT32', 1, packed(2, 2 ** 32)), { code: 'VALUE_OUT_OF_RANGE' }],
    ['256 as UINT8', contents('UINT8', 1, packed(4, 256)), { code: 'VALUE_OUT_OF_RANGE' }],
    ['-1 as UINT32', contents('UINT32', 1, packed(4, -1)), { code: 'VALUE_OUT_OF_RANGE' }],
    ['2^32 as UINT32', contents('UINT32', 1, packed(4, 2 ** 32)), { code: 'VALUE_OUT_OF_RANGE' }],
    ['2 as BOOL', contents('BOOL', 1, packed(1, 2)), { code: 'VALUE_OUT_OF_RANGE' }],
    ['2^32 as BOOL', contents('BOOL', 1, packed(1, 2 ** 32)), { code: 'VALUE_OUT_OF_RANGE' }],
    ['a packed number that is cut', contents('INT32', 1, field(2, Uint8Array.of(0x80))), { code: 'NOT_PROTOBUF' }],
  ])('are refused for %s', (_, bytes, expected) => {
    expect(refusalOf(bytes)).toMatchObject(expected)
  })

  test('that are read one by one are bounded, all of a message together; floats are not', () => {
    const limits = { ...DEFAULT_LIMITS, maxJsonBytes: 6 }
    const two = (number: number, datatype: string, data: Uint8Array, count: number): Uint8Array =>
      message(
        inputOf(datatype, [count], field(5, [field(number, data)])),
        field(5, [field(1, 'y'), field(2, datatype), field(3, varint(count)), field(5, [field(number, data)])]),
      )
    expect(refusalOf(two(2, 'INT32', Uint8Array.of(1, 2), 2), limits)).toMatchObject({ code: 'TOO_LONG' })
    expect(parseGrpcInferRequest(two(2, 'INT32', Uint8Array.of(1), 1), limits).inputs).toHaveLength(2)
    expect(parseGrpcInferRequest(two(6, 'FP32', DATA, 2), limits).inputs).toHaveLength(2)
  })

  test('that are floats use up nothing of that bound, wherever they stand', () => {
    const limits = { ...DEFAULT_LIMITS, maxJsonBytes: 6 }
    const floats = field(5, [
      field(1, 'f'),
      field(2, 'FP64'),
      field(3, varint(100)),
      field(5, [field(7, new Uint8Array(800))]),
    ])
    const integersOf = (count: number): Uint8Array =>
      field(5, [field(1, 'i'), field(2, 'INT32'), field(3, varint(count)), field(5, [field(2, new Uint8Array(count))])])
    const asked = (...inputs: Uint8Array[]): Uint8Array => message(field(1, 'm'), ...inputs)
    for (const order of [
      [floats, integersOf(4)],
      [integersOf(4), floats],
    ]) {
      expect(parseGrpcInferRequest(asked(...order), limits).inputs).toHaveLength(2)
    }
    for (const order of [
      [floats, integersOf(5)],
      [integersOf(5), floats],
    ]) {
      expect(refusalOf(asked(...order), limits)).toMatchObject({ code: 'TOO_LONG', details: { length: 7, limit: 6 } })
    }
  })

  test('allocate nothing that the message is too short for', () => {
    // 100 million elements of 8 bytes, and one byte of contents.
    expect(refusalOf(contents('INT64', 60_000_000, packed(3, 1)))).toMatchObject({ code: 'SHAPE_MISMATCH' })
  })
})

describe('a response over gRPC', () => {
  test('comes back from its encoding, whatever its tensors', () => {
    const outputs = fc.uniqueArray(
      rawTensors.filter(({ name }) => name !== ''),
      { maxLength: 3, selector: ({ name }) => name },
    )
    fc.assert(
      fc.property(outputs, (tensors) => {
        const response = { modelName: 'm', modelVersion: '3', id: 'i', parameters: { a: 1, b: -0.5 }, outputs: tensors }
        expect(parseGrpcInferResponse(concatBytes(...encodeGrpcInferResponse(response)))).toEqual(response)
      }),
    )
  })

  test('is refused without a model, and for what a request is refused for', () => {
    expect(thrownBy(() => parseGrpcInferResponse(new Uint8Array()))).toMatchObject({ code: 'MISSING_MEMBER' })
    expect(thrownBy(() => parseGrpcInferResponse(message(field(1, 'm'), field(1, 'm'))))).toMatchObject({
      code: 'DUPLICATE_MEMBER',
    })
  })
})

describe('the other requests over gRPC', () => {
  test('name a model, or leave it out', () => {
    expect(parseGrpcModelReference(message(field(1, 'm'), field(2, '2')))).toEqual({ model: 'm', version: '2' })
    expect(parseGrpcModelReference(new Uint8Array())).toEqual({ model: '', version: '' })
    expect(parseGrpcRepositoryIndexRequest(integer(2, FF))).toEqual({ repository: '', onlyReady: true })
  })

  test('are refused for what is twice, or missing', () => {
    expect(thrownBy(() => parseGrpcModelReference(message(field(1, 'm'), field(1, 'm'))))).toMatchObject({
      code: 'DUPLICATE_MEMBER',
    })
    expect(thrownBy(() => parseGrpcRepositoryModelRequest(field(1, 'r')))).toMatchObject({ code: 'MISSING_MEMBER' })
  })

  test('tell the names of their parameters', () => {
    const config = field(3, [field(1, 'config'), field(2, [field(3, '{}')])])
    expect(parseGrpcRepositoryModelRequest(message(field(2, 'm'), config))).toEqual({
      repository: '',
      model: 'm',
      parameters: ['config'],
    })
  })
})

function inputY(): Uint8Array {
  return field(5, [field(1, 'y'), field(2, 'FP32'), field(3, varint(2))])
}

function parameter(name: string): Uint8Array {
  return field(4, [field(1, name), field(2, [integer(2, 7)])])
}
