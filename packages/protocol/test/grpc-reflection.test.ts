import { concatBytes, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import {
  encodeGrpcHealth,
  encodeGrpcReflectionResponse,
  parseGrpcDescriptorSet,
  parseGrpcHealthRequest,
  parseGrpcReflectionRequest,
} from '../src/index.ts'

/** A field of bytes. */
const field = (number: number, ...parts: readonly (Uint8Array | string)[]): Uint8Array => {
  const body = concatBytes(...parts.map((part) => (typeof part === 'string' ? utf8(part) : part)))
  return concatBytes(Uint8Array.of(number * 8 + 2, body.byteLength), body)
}

describe('a question of reflection', () => {
  test.each([
    [3, 'file_by_filename'],
    [4, 'file_containing_symbol'],
    [6, 'all_extension_numbers_of_type'],
    [7, 'list_services'],
  ] as const)('in field %i is %s', (number, asks) => {
    const message = concatBytes(field(1, 'here'), field(number, 'a.B'))
    expect(parseGrpcReflectionRequest(message)).toEqual({ host: 'here', asks, name: 'a.B' })
  })

  test('about an extension is not read', () => {
    const asks = 'file_containing_extension'
    expect(parseGrpcReflectionRequest(field(5, field(1, 'a.B')))).toEqual({ host: '', asks, name: '' })
  })

  test('may be none, and passes over what is not known', () => {
    expect(parseGrpcReflectionRequest(field(9, 'x'))).toEqual({ host: '', asks: undefined, name: '' })
  })

  test.each([
    ['two in one', concatBytes(field(3, 'a'), field(4, 'b')), 'DUPLICATE_MEMBER'],
    ['two hosts', concatBytes(field(1, 'a'), field(1, 'b')), 'DUPLICATE_MEMBER'],
    ['a number for a name', Uint8Array.of(0x20, 1), 'NOT_PROTOBUF'],
    ['a number for an extension', Uint8Array.of(0x28, 1), 'NOT_PROTOBUF'],
    ['a name beyond its end', Uint8Array.of(0x22, 9, 0x61), 'NOT_PROTOBUF'],
    ['a name that is no text', field(4, Uint8Array.of(0xff)), 'NOT_UTF8'],
  ])('is refused with %s', (_, message, code) => {
    expect(() => parseGrpcReflectionRequest(message)).toThrow(expect.objectContaining({ code }))
  })
})

describe('an answer of reflection', () => {
  const question = field(7)
  const head = concatBytes(field(1, 'here'), field(2, question))

  test.each([
    ['files', { files: [utf8('one'), utf8('two')] }, field(4, field(1, 'one'), field(1, 'two'))],
    ['services', { services: ['a.B', 'C'] }, field(6, field(1, field(1, 'a.B')), field(1, field(1, 'C')))],
    ['no services', { services: [] }, field(6)],
    ['an error', { error: { status: 5, message: 'no' } }, field(7, Uint8Array.of(8, 5), field(2, 'no'))],
  ])('has the question, and %s', (_, answer, expected) => {
    const pieces = encodeGrpcReflectionResponse('here', question, answer)
    expect(concatBytes(...pieces)).toEqual(concatBytes(head, expected))
  })
})

describe('a question of health', () => {
  test('is about the server or a service', () => {
    expect(parseGrpcHealthRequest(new Uint8Array())).toBe('')
    expect(parseGrpcHealthRequest(field(1, 'a.B'))).toBe('a.B')
    expect(() => parseGrpcHealthRequest(concatBytes(field(1, 'a'), field(1, 'b')))).toThrow(
      expect.objectContaining({ code: 'DUPLICATE_MEMBER' }),
    )
  })

  test('is answered with serving or not serving', () => {
    expect([encodeGrpcHealth(true), encodeGrpcHealth(false)]).toEqual([Uint8Array.of(8, 1), Uint8Array.of(8, 2)])
  })
})

describe('a set of descriptors', () => {
  const inner = field(3, field(1, 'Inner'), field(4, field(1, 'Kind')))
  const file = concatBytes(
    field(1, 'a.proto'),
    field(2, 'a.b'),
    field(4, field(1, 'Outer'), inner),
    field(5, field(1, 'Choice')),
    field(6, field(1, 'Service'), field(2, field(1, 'Run')), field(2, field(1, 'Stop'))),
  )

  test('gives of each file its name, its bytes, and the full names of what it declares', () => {
    expect(parseGrpcDescriptorSet(concatBytes(field(1, file), field(1, field(4, field(1, 'Alone')))))).toEqual([
      {
        name: 'a.proto',
        bytes: file,
        services: ['a.b.Service'],
        symbols: [
          ...['a.b.Outer', 'a.b.Outer.Inner', 'a.b.Outer.Inner.Kind', 'a.b.Choice'],
          ...['a.b.Service', 'a.b.Service.Run', 'a.b.Service.Stop'],
        ],
      },
      { name: '', bytes: field(4, field(1, 'Alone')), services: [], symbols: ['Alone'] },
    ])
  })

  test('is refused when it is cut short', () => {
    expect(() => parseGrpcDescriptorSet(field(1, file).subarray(0, -1))).toThrow(
      expect.objectContaining({ code: 'NOT_PROTOBUF' }),
    )
  })
})
