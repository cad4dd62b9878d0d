import { checkRawTensor, elementCount, fromRaw, packHalf, type Tensor, toRaw, unpackHalf } from '@blindai/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rawTensors } from './arbitraries.ts'
import { thrownBy } from './requests.ts'

describe('a tensor with typed elements', () => {
  test('comes back from its bytes, at any alignment', () => {
    fc.assert(
      fc.property(rawTensors, fc.integer({ min: 0, max: 8 }), (raw, shift) => {
        const buffer = new Uint8Array(shift + raw.data.byteLength)
        buffer.set(raw.data, shift)
        expect(toRaw(fromRaw({ ...raw, data: buffer.subarray(shift) }))).toEqual(raw)
      }),
    )
  })

  test('has little-endian bytes', () => {
    const tensor: Tensor = { name: 'x', datatype: 'INT32', shape: [1], data: new Int32Array([-2]) }
    expect(toRaw(tensor).data).toEqual(new Uint8Array([0xfe, 0xff, 0xff, 0xff]))
  })

  test('shares memory with its bytes', () => {
    const data = new Float32Array([1, 2, 3, 4])
    const raw = toRaw({ name: 'x', datatype: 'FP32', shape: [2], data: data.subarray(1, 3) })
    expect(raw.data.buffer).toBe(data.buffer)
    expect(fromRaw(raw).data).toEqual(new Float32Array([2, 3]))
    expect(fromRaw(raw).data).toMatchObject({ buffer: data.buffer })
  })

  test('of BYTES has a length before each element', () => {
    const raw = toRaw({ name: 'x', datatype: 'BYTES', shape: [2], data: [new Uint8Array([7, 8]), new Uint8Array(0)] })
    expect(raw.data).toEqual(new Uint8Array([2, 0, 0, 0, 7, 8, 0, 0, 0, 0]))
    expect(fromRaw(raw).data).toEqual([new Uint8Array([7, 8]), new Uint8Array(0)])
  })

  test('is refused when its shape says otherwise', () => {
    const tensor: Tensor = { name: 'x', datatype: 'INT32', shape: [3], data: new Int32Array(2) }
    expect(thrownBy(() => toRaw(tensor))).toMatchObject({
      code: 'BINARY_SIZE_MISMATCH',
      details: { field: 'x', expected: 12, actual: 8 },
    })
  })

  test('is refused when its shape is none', () => {
    for (const shape of [[-1], [0.5], [Number.NaN], [2 ** 53], [2 ** 30, 2 ** 30]]) {
      expect(thrownBy(() => elementCount('shape', shape))).toMatchObject({ code: 'SHAPE_INVALID' })
      expect(
        thrownBy(() => checkRawTensor('x', { name: 'x', datatype: 'INT8', shape, data: new Uint8Array(1) })),
      ).toMatchObject({
        code: 'SHAPE_INVALID',
        details: { field: 'x.shape' },
      })
    }
  })
})

describe('a half', () => {
  test('comes back from its number, each of them', () => {
    const halves = Uint16Array.from({ length: 0x10000 }, (_, bits) => bits).filter((bits) => (bits & 0x7fff) <= 0x7c00)
    expect(packHalf(unpackHalf(halves))).toEqual(halves)
  })

  test.each([
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65519, 0x7bff],
    [65520, 0x7c00],
    [1e9, 0x7c00],
    [-0, 0x8000],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [2 ** -25 * 1.5, 0x0001],
    [2 ** -24 * 1.5, 0x0002],
    [2 ** -24 * 2.5, 0x0002],
    [2 ** -14 - 2 ** -26, 0x0400],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [Number.NEGATIVE_INFINITY, 0xfc00],
    [Number.NaN, 0x7e00],
  ])('of %d has the bits %d', (value, bits) => {
    expect([...packHalf([value])]).toEqual([bits])
  })

  test('is not a number when its bits say so', () => {
    expect([...unpackHalf(new Uint16Array([0x7e00, 0x7c01, 0xfc00]))]).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NEGATIVE_INFINITY,
    ])
  })
})
