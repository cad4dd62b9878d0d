import { utf8 } from '@blindai/core'
import { encodeInferRequest, parseInferRequest } from '@blindai/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { requests } from './arbitraries.ts'
import { parseInput, parseText } from './requests.ts'

describe('an inference request in JSON', () => {
  test('is read as the protocol shows it', () => {
    const request = parseText(`{
      "id" : "42",
      "inputs" : [
        { "name" : "input0", "shape" : [ 2, 2 ], "datatype" : "UINT32", "data" : [ 1, 2, 3, 4 ] },
        { "name" : "input1", "shape" : [ 3 ], "datatype" : "BOOL", "data" : [ true, false, true ] }
      ],
      "outputs" : [ { "name" : "output0" } ]
    }`)
    expect(request).toEqual({
      id: '42',
      inputs: [
        { name: 'input0', datatype: 'UINT32', shape: [2, 2], data: u32(1, 2, 3, 4) },
        { name: 'input1', datatype: 'BOOL', shape: [3], data: new Uint8Array([1, 0, 1]) },
      ],
      outputs: [{ name: 'output0', binary: false }],
      binaryOutputsByDefault: false,
    })
  })

  test('may nest its data as the shape says', () => {
    const flat = parseInput('"datatype":"FP32","shape":[2,1,3],"data":[1,2.5,-3,4,5e-1,6]')
    const nested = parseInput('"datatype":"FP32","shape":[2,1,3],"data":[[[1,2.5,-3]],[[4,5e-1,6]]]')
    expect(nested).toEqual(flat)
  })

  test('may give data before datatype and shape', () => {
    expect(parseInput('"data":[[7,8]],"shape":[1,2],"datatype":"UINT32"').data).toEqual(u32(7, 8))
  })

  test('holds the one element of a scalar', () => {
    expect(parseInput('"datatype":"UINT32","shape":[],"data":[9]')).toMatchObject({ shape: [], data: u32(9) })
  })

  test('holds nothing in a tensor with an empty dimension, flat or nested', () => {
    expect(parseInput('"datatype":"FP32","shape":[2,0],"data":[]').data).toEqual(new Uint8Array(0))
    expect(parseInput('"datatype":"FP32","shape":[2,0],"data":[[],[]]').data).toEqual(new Uint8Array(0))
  })

  test('keeps parameters, and leaves out those of the binary extension', () => {
    const request = parseText(
      '{"inputs":[],"parameters":{"binary_data_output":true,"priority":3,"tag":"a","on":false}}',
    )
    expect(request.binaryOutputsByDefault).toBe(true)
    expect({ ...request.parameters }).toEqual({ priority: 3, tag: 'a', on: false })
  })

  test('lets an output overrule the default form of outputs', () => {
    const request = parseText(`{"inputs":[],"outputs":[{"name":"a"},{"name":"b","parameters":{"binary_data":false}}],
      "parameters":{"binary_data_output":true}}`)
    expect(request.outputs).toEqual([
      { name: 'a', binary: true },
      { name: 'b', binary: false },
    ])
  })

  test('keeps the parameters of an output', () => {
    const { outputs } = parseText(
      '{"inputs":[],"outputs":[{"name":"a","parameters":{"classes":3,"binary_data":true}}]}',
    )
    expect(outputs).toHaveLength(1)
    expect(outputs?.[0]).toMatchObject({ name: 'a', binary: true, parameters: { classes: 3 } })
    expect(outputs?.[0]?.parameters).not.toHaveProperty('binary_data')
  })

  test('with an empty list of outputs asks for all', () => {
    expect(parseText('{"inputs":[],"outputs":[]}').outputs).toBeUndefined()
  })

  test('may have members that the protocol does not name', () => {
    expect(parseText('{"model_name":"m","x":[{"y":null}],"inputs":[]}').inputs).toEqual([])
    expect(parseInput('"extra":{"a":[1,{}]},"datatype":"UINT32","shape":[1],"data":[1]').data).toEqual(u32(1))
  })

  test('takes names that look special', () => {
    expect(parseText('{"inputs":[],"parameters":{"__proto__":1}}').parameters).toHaveProperty('__proto__', 1)
  })
})

describe('an inference request with binary data', () => {
  test('is read as the extension shows it', () => {
    const json = utf8(`{
      "model_name" : "mymodel",
      "inputs" : [
        { "name" : "input0", "shape" : [ 2, 2 ], "datatype" : "UINT32", "parameters" : { "binary_data_size" : 16 } },
        { "name" : "input1", "shape" : [ 3 ], "datatype" : "BOOL", "parameters" : { "binary_data_size" : 3 } }
      ],
      "outputs" : [ { "name" : "output0", "parameters" : { "binary_data" : true } } ]
    }`)
    const body = new Uint8Array([...json, ...u32(1, 2, 3, 4), 1, 0, 1])
    expect(parseInferRequest(body, json.byteLength)).toEqual({
      inputs: [
        { name: 'input0', datatype: 'UINT32', shape: [2, 2], data: u32(1, 2, 3, 4) },
        { name: 'input1', datatype: 'BOOL', shape: [3], data: new Uint8Array([1, 0, 1]) },
      ],
      outputs: [{ name: 'output0', binary: true }],
      binaryOutputsByDefault: false,
    })
  })

  test('may mix binary tensors and JSON tensors', () => {
    const json = utf8(`{"inputs":[{"name":"a","shape":[1],"datatype":"UINT32","data":[5]},
      {"name":"b","shape":[1],"datatype":"FP16","parameters":{"binary_data_size":2}}]}`)
    const request = parseInferRequest(new Uint8Array([...json, 0, 0x3c]), json.byteLength)
    expect(request.inputs.map((input) => input.data)).toEqual([u32(5), new Uint8Array([0, 0x3c])])
  })

  test('is not copied: tensors are views of the body', () => {
    const { body, headerLength } = encodeInferRequest(
      {
        inputs: [{ name: 'x', datatype: 'UINT8', shape: [4], data: new Uint8Array(4) }],
        binaryOutputsByDefault: false,
      },
      { binary: true },
    )
    const [input] = parseInferRequest(body, headerLength).inputs
    expect(input?.data.buffer).toBe(body.buffer)
  })

  test('is not copied by the encoder either, unless one piece is asked for', () => {
    const data = new Uint8Array(4)
    const encoded = encodeInferRequest(
      { inputs: [{ name: 'x', datatype: 'UINT8', shape: [4], data }], binaryOutputsByDefault: false },
      { binary: true },
    )
    expect(encoded.parts[1]).toBe(data)
    expect(encoded.byteLength).toBe(encoded.body.byteLength)
  })

  test('starts its data at a multiple of eight bytes', () => {
    for (const name of ['x', 'xy', 'xyz']) {
      const { headerLength } = encodeInferRequest(
        { inputs: [{ name, datatype: 'UINT8', shape: [0], data: new Uint8Array(0) }], binaryOutputsByDefault: false },
        { binary: true },
      )
      expect((headerLength ?? 1) % 8).toBe(0)
    }
  })

  test('comes back bit for bit, whatever it holds', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const { body, headerLength } = encodeInferRequest(request, { binary: true })
        expect(parseInferRequest(body, headerLength)).toEqual(request)
      }),
    )
  })
})

function u32(...values: number[]): Uint8Array {
  return new Uint8Array(new Uint32Array(values).buffer)
}
