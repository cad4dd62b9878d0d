import { encodeInferRequest, fromRaw, parseInferRequest, toRaw } from '@blindai/protocol'
import { describe, expect, test } from 'vitest'

describe('a body in a Buffer of Node', () => {
  const FLOATS = toRaw({ name: 'x', datatype: 'FP32', shape: [2], data: new Float32Array([1, 2]) })
  const { body, headerLength } = encodeInferRequest(
    { inputs: [FLOATS], binaryOutputsByDefault: false },
    { binary: true },
  )

  test('gives tensors that are plain byte arrays', () => {
    const [input] = parseInferRequest(Buffer.from(body), headerLength).inputs
    expect(input?.data.constructor).toBe(Uint8Array)
    expect(input).toEqual(FLOATS)
  })

  test('gives the right elements at any place in a pool', () => {
    const pool = Buffer.alloc(64, 0xee)
    for (let place = 0; place < 9; place++) {
      pool.set(FLOATS.data, place)
      expect(fromRaw({ ...FLOATS, data: pool.subarray(place, place + 8) }).data).toEqual(new Float32Array([1, 2]))
    }
  })
})
