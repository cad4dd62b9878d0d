import type { RawTensor } from '@blindai/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeFrameHeader, parseFrameHeader } from '../../src/runtime/wire/frame.ts'
import { encodeTensorTable, parseTensorTable } from '../../src/runtime/wire/tensor-table.ts'

const LIMITS = { maxHeadBytes: 1000, maxBodyBytes: 2 ** 40 }

describe('the header of a frame', () => {
  test('says what follows, more than four gigabytes included', () => {
    const header = { kind: 'infer', headBytes: 7, bodyBytes: 2 ** 33 + 1 } as const
    expect(parseFrameHeader(encodeFrameHeader(header), LIMITS)).toEqual(header)
  })

  test.for([
    ['a head too long', { kind: 'infer', headBytes: 1001, bodyBytes: 0 }, 'frame head'],
    ['a body too long', { kind: 'infer', headBytes: 0, bodyBytes: 2 ** 40 + 1 }, 'frame body'],
  ] as const)('is refused before anything is allocated for %s', ([, header, field]) => {
    expect(() => parseFrameHeader(encodeFrameHeader(header), LIMITS)).toThrow(
      expect.objectContaining({ code: 'TOO_LONG', details: expect.objectContaining({ field }) }),
    )
  })

  test('is refused with a kind that is none, and at every other length', () => {
    const header = encodeFrameHeader({ kind: 'ready', headBytes: 0, bodyBytes: 0 })
    expect(() =>
      parseFrameHeader(
        header.map((byte, at) => (at === 0 ? 99 : byte)),
        LIMITS,
      ),
    ).toThrow(expect.objectContaining({ code: 'WRONG_VALUE' }))
    for (let length = 0; length < header.byteLength; length++) {
      expect(() => parseFrameHeader(header.subarray(0, length), LIMITS)).toThrow(
        expect.objectContaining({ code: 'TRUNCATED' }),
      )
    }
  })
})

describe('a table of tensors', () => {
  const tensors: RawTensor[] = [
    { name: 'a', datatype: 'INT8', shape: [3], data: Uint8Array.of(1, 2, 3) },
    { name: 'größe', datatype: 'INT64', shape: [], data: new Uint8Array(8).fill(9) },
    { name: '', datatype: 'BYTES', shape: [0, 2 ** 40], data: new Uint8Array(0) },
  ]
  const { head, parts, bodyBytes } = encodeTensorTable({ tensors, wanted: ['y', 'z'] })
  const body = new Uint8Array(Buffer.concat(parts))

  test('comes back as it went, every tensor at a multiple of eight', () => {
    const table = parseTensorTable(head, body)
    expect(body.byteLength).toBe(bodyBytes)
    expect(table).toEqual({ tensors, wanted: ['y', 'z'] })
    for (const { data } of table.tensors) expect(data.byteOffset % 8).toBe(0)
  })

  test('tells all outputs from none', () => {
    expect(parseTensorTable(encodeTensorTable({ tensors: [], wanted: undefined }).head, new Uint8Array(0))).toEqual({
      tensors: [],
      wanted: undefined,
    })
    expect(parseTensorTable(encodeTensorTable({ tensors: [], wanted: [] }).head, new Uint8Array(0)).wanted).toEqual([])
  })

  test('is refused at each truncation of head or body, and with bytes behind either', () => {
    const isMalformed = expect.objectContaining({ name: 'MalformedError' })
    for (let length = 0; length < head.byteLength; length++) {
      expect(() => parseTensorTable(head.subarray(0, length), body)).toThrow(isMalformed)
    }
    for (let length = 0; length < body.byteLength; length++) {
      expect(() => parseTensorTable(head, body.subarray(0, length))).toThrow(isMalformed)
    }
    expect(() => parseTensorTable(Buffer.concat([head, Buffer.alloc(1)]), body)).toThrow(isMalformed)
    expect(() => parseTensorTable(head, Buffer.concat([body, Buffer.alloc(8)]))).toThrow(isMalformed)
  })

  test('is parsed or refused by name, whatever its bytes are', () => {
    fc.assert(
      fc.property(fc.nat(head.byteLength - 1), fc.integer({ min: 1, max: 255 }), (at, difference) => {
        const flipped = head.map((byte, index) => (index === at ? byte ^ difference : byte))
        try {
          parseTensorTable(flipped, body)
        } catch (error) {
          expect(error).toMatchObject({ name: 'MalformedError' })
        }
      }),
    )
  })
})
