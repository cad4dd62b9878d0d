import { fromUtf8, utf8 } from '@blindai/core'
import {
  encodeInferRequest,
  encodeInferResponse,
  fromRaw,
  joinBytesElements,
  jsonObstacle,
  parseInferRequest,
  parseInferResponse,
  type RawTensor,
  type Tensor,
  toRaw,
} from '@blindai/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rawTensors } from './arbitraries.ts'
import { parseInput, thrownBy } from './requests.ts'

/** The tensor after a journey as JSON, in a request and in a response. */
function throughJson(tensor: RawTensor): RawTensor[] {
  const request = encodeInferRequest({ inputs: [tensor], binaryOutputsByDefault: false }, { binary: false })
  const response = encodeInferResponse(
    { modelName: 'm', modelVersion: '1', outputs: [tensor] },
    { binaryOutputsByDefault: false },
  )
  expect([request.headerLength, response.headerLength]).toEqual([undefined, undefined])
  return [...parseInferRequest(request.body, undefined).inputs, ...parseInferResponse(response.body, undefined).outputs]
}

function expectExact(tensor: Tensor): void {
  const raw = toRaw(tensor)
  for (const copy of throughJson(raw)) expect(copy).toEqual(raw)
}

describe('integers of 64 bits in JSON', () => {
  test('keep every digit at the ends of their range', () => {
    const signed = new BigInt64Array([-(2n ** 63n), 2n ** 63n - 1n, -(2n ** 53n) - 1n, 2n ** 53n + 1n, -1n, 0n])
    expectExact({ name: 'x', datatype: 'INT64', shape: [6], data: signed })
    const unsigned = new BigUint64Array([2n ** 64n - 1n, 2n ** 63n, 2n ** 53n + 1n, 0n])
    expectExact({ name: 'x', datatype: 'UINT64', shape: [4], data: unsigned })
  })

  test('keep every digit anywhere', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), (values) => {
        expectExact({ name: 'x', datatype: 'INT64', shape: [values.length], data: BigInt64Array.from(values) })
      }),
    )
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })), (values) => {
        expectExact({ name: 'x', datatype: 'UINT64', shape: [values.length], data: BigUint64Array.from(values) })
      }),
    )
  })

  test.each([
    ['INT64', '9223372036854775808'],
    ['INT64', '-9223372036854775809'],
    ['INT64', '100000000000000000000000000000000'],
    ['UINT64', '18446744073709551616'],
    ['UINT64', '-1'],
    ['UINT64', '-9007199254740993'],
    ['UINT32', '4294967296'],
    ['UINT32', '-1'],
    ['INT32', '2147483648'],
    ['UINT16', '65536'],
    ['INT16', '-32769'],
    ['UINT8', '256'],
    ['INT8', '-129'],
    ['INT8', '1000000000000000000000000'],
    ['FP32', '3.5e38'],
    ['FP32', '-1e39'],
    ['FP64', '1e309'],
  ])('outside the range of %s are refused: %s', (datatype, value) => {
    expect(thrownBy(() => parseInput(`"datatype":"${datatype}","shape":[2],"data":[0,${value}]`))).toMatchObject({
      code: 'VALUE_OUT_OF_RANGE',
      details: { field: 'inputs[0].data', datatype, index: 1 },
    })
  })
})

describe('floating-point numbers in JSON', () => {
  test('come back bit for bit, negative zero and subnormals included', () => {
    expectExact({
      name: 'x',
      datatype: 'FP64',
      shape: [4],
      data: new Float64Array([-0, 5e-324, 1.7976931348623157e308, 0.1]),
    })
    expectExact({ name: 'x', datatype: 'FP32', shape: [3], data: new Float32Array([-0, 1e-45, 3.4028234663852886e38]) })
    fc.assert(
      fc.property(fc.float64Array({ noNaN: true, noDefaultInfinity: true, maxLength: 40 }), (data) => {
        expectExact({ name: 'x', datatype: 'FP64', shape: [data.length], data })
      }),
    )
    fc.assert(
      fc.property(fc.float32Array({ noNaN: true, noDefaultInfinity: true, maxLength: 40 }), (data) => {
        expectExact({ name: 'x', datatype: 'FP32', shape: [data.length], data })
      }),
    )
  })

  test('are read like any correct reader reads them, in short rows and long ones', () => {
    const digits = fc.stringMatching(/^(?:0|[1-9][0-9]{0,20})(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,2})?$/)
    const numbers = fc.tuple(fc.constantFrom('', '-'), digits).map(([sign, text]) => sign + text)
    fc.assert(
      fc.property(fc.array(numbers, { minLength: 1, maxLength: 40 }), (texts) => {
        const raw = parseInput(`"datatype":"FP64","shape":[${texts.length}],"data":[${texts.join(' , ')}]`)
        expect(fromRaw(raw).data).toEqual(Float64Array.from(texts, Number))
      }),
    )
  })

  test.each(['NaN', 'Infinity', '-Infinity', 'null'])('refuse %s by name', (value) => {
    for (const row of [value, `${'0,'.repeat(100)}${value}`]) {
      const count = row.split(',').length
      expect(thrownBy(() => parseInput(`"datatype":"FP32","shape":[${count}],"data":[${row}]`))).toMatchObject({
        code: 'USE_BINARY',
        details: { field: 'inputs[0].data', reason: 'not-finite' },
      })
    }
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'are not written when one is %s',
    (value) => {
      const tensor = toRaw({ name: 'x', datatype: 'FP32', shape: [2], data: new Float32Array([1, value]) })
      const refusal = { code: 'USE_BINARY', details: { reason: 'not-finite' } }
      expect(thrownBy(() => throughJson(tensor))).toMatchObject(refusal)
      const answer = { modelName: 'm', modelVersion: '1', outputs: [tensor] }
      expect(thrownBy(() => encodeInferResponse(answer, { binaryOutputsByDefault: false }))).toMatchObject(refusal)
    },
  )

  test('of 16 bits are refused both ways', () => {
    const refusal = { code: 'USE_BINARY', details: { reason: 'fp16' } }
    expect(thrownBy(() => parseInput('"datatype":"FP16","shape":[1],"data":[1]'))).toMatchObject(refusal)
    const tensor = toRaw({ name: 'x', datatype: 'FP16', shape: [1], data: new Uint16Array([0x3c00]) })
    expect(thrownBy(() => throughJson(tensor))).toMatchObject(refusal)
  })
})

describe('BYTES in JSON', () => {
  test('are text, and come back', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
        const data = texts.map((text) => utf8(text))
        const raw: RawTensor = { name: 'x', datatype: 'BYTES', shape: [data.length], data: joinBytesElements(data) }
        for (const copy of throughJson(raw)) expect(copy).toEqual(raw)
      }),
    )
  })

  test('that are not UTF-8 are refused by name', () => {
    const tensor = toRaw({ name: 'x', datatype: 'BYTES', shape: [1], data: [new Uint8Array([0xff])] })
    expect(thrownBy(() => throughJson(tensor))).toMatchObject({ code: 'USE_BINARY', details: { reason: 'not-text' } })
  })

  test('that hold half a surrogate pair are refused', () => {
    expect(thrownBy(() => parseInput('"datatype":"BYTES","shape":[2],"data":["a","\\ud800"]'))).toMatchObject({
      code: 'VALUE_TYPE_MISMATCH',
      details: { datatype: 'BYTES', index: 1 },
    })
  })
})

describe('any tensor in JSON', () => {
  test('comes back bit for bit or is refused with USE_BINARY', () => {
    fc.assert(
      fc.property(rawTensors, (tensor) => {
        let copies: RawTensor[]
        try {
          copies = throughJson(tensor)
        } catch (error) {
          expect(error).toMatchObject({ code: 'USE_BINARY' })
          return
        }
        for (const copy of copies) expect(copy).toEqual(tensor)
      }),
    )
  })

  test('can be known beforehand to be refused', () => {
    fc.assert(
      fc.property(rawTensors, (tensor) => {
        const reason = jsonObstacle(tensor)
        const binary = reason !== undefined
        const { body, headerLength } = encodeInferRequest(
          { inputs: [tensor], binaryOutputsByDefault: false },
          { binary: (input) => jsonObstacle(input) !== undefined },
        )
        expect(headerLength !== undefined).toBe(binary)
        expect(parseInferRequest(body, headerLength).inputs).toEqual([tensor])
        if (binary)
          expect(thrownBy(() => throughJson(tensor))).toMatchObject({ code: 'USE_BINARY', details: { reason } })
      }),
    )
  })

  test('is read the same flat and nested', () => {
    fc.assert(
      fc.property(rawTensors, (tensor) => {
        if (tensor.datatype === 'FP16' || tensor.datatype === 'BYTES') return
        const values = Array.from({ length: fromRaw(tensor).data.length }, (_, index) => index % 2)
        const json = tensor.datatype === 'BOOL' ? values.map((value) => value === 1) : values
        const nested = JSON.stringify(nest(json, tensor.shape))
        const members = `"datatype":"${tensor.datatype}","shape":${JSON.stringify(tensor.shape)}`
        expect(parseInput(`${members},"data":${nested}`)).toEqual(
          parseInput(`${members},"data":${JSON.stringify(json)}`),
        )
      }),
    )
  })

  test('is text that JSON.parse reads', () => {
    const { body } = encodeInferRequest(
      {
        inputs: [toRaw({ name: 'é"', datatype: 'FP32', shape: [2], data: new Float32Array([-0, 1e30]) })],
        binaryOutputsByDefault: false,
      },
      { binary: false },
    )
    expect(JSON.parse(fromUtf8('body', body))).toEqual({
      inputs: [{ name: 'é"', datatype: 'FP32', shape: [2], data: [-0, Math.fround(1e30)] }],
    })
  })
})

/** Nests values as a shape says; a scalar stays flat. */
function nest(values: readonly unknown[], shape: readonly number[]): unknown {
  const [length, ...rest] = shape
  if (length === undefined || rest.length === 0) return values
  const size = values.length / Math.max(length, 1)
  return Array.from({ length }, (_, index) => nest(values.slice(index * size, (index + 1) * size), rest))
}
