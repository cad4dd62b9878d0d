import { concatBytes, fromHex, isMalformedError, utf8 } from '@blindai/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import examples from '../../../vectors/crypto/cbor/appendix_a.json' with { type: 'json' }
import { CborTagged, type CborValue, parseCbor } from '../src/cbor/cbor-reader.ts'
import { MapReader } from '../src/cbor/map-reader.ts'
import { isVerifierError } from '../src/index.ts'

const hex = (text: string): Uint8Array => fromHex('test', text)
const read = (text: string): CborValue => parseCbor('test', hex(text))
const refused = (code: string, details: object = {}): unknown =>
  expect.objectContaining({ code, details: expect.objectContaining(details) })

/** What the strict reader does not take, by the first byte or by how it goes on. */
function isOutside(text: string): boolean {
  const initial = Number.parseInt(text.slice(0, 2), 16)
  const isFloatOrSimple = initial >= 0xe0 && ![0xf4, 0xf5, 0xf6].includes(initial)
  // Lengths left out, also further inside, and the date that is a fraction.
  const isIndefinite = /^(5f|7f|9f|bf)/.test(text) || ['83018202039f0405ff', '83019f0203ff820405'].includes(text)
  return isFloatOrSimple || isIndefinite || text === '826161bf61626163ff' || text.startsWith('c1fb')
}

/** A value as the examples write it in JSON. */
function plain(value: CborValue): unknown {
  if (typeof value === 'bigint') return { bigint: String(value) }
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]))
  return Array.isArray(value) ? value.map(plain) : value
}

describe('the examples of RFC 8949, appendix A', () => {
  for (const example of examples) {
    const { hex: text } = example
    if (isOutside(text)) {
      test(`${text} is outside the strict form and refused`, () => {
        expect(() => read(text)).toThrowError(refused('NOT_CBOR'))
      })
    } else if ('decoded' in example && !/^[cd]/.test(text)) {
      test(`${text} is read as its value`, () => expect(plain(read(text))).toEqual(example.decoded))
    } else test(`${text} is read`, () => expect(() => read(text)).not.toThrow())
  }
  test('are all there', () => expect(examples).toHaveLength(82))
})

describe('the strict reader of CBOR', () => {
  test('gives tags without a meaning', () => {
    expect(read('d28400000000')).toBeInstanceOf(CborTagged)
    expect(read('c11a514b67b0')).toEqual(new CborTagged(1, 1_363_896_240))
  })
  test('gives byte strings, text and maps with keys of both kinds', () => {
    expect(read('4401020304')).toEqual(hex('01020304'))
    expect(read('a20102616103')).toEqual(
      new Map<unknown, unknown>([
        [1, 2],
        ['a', 3],
      ]),
    )
    expect(read('a12003')).toEqual(new Map([[-1, 3]]))
  })
  test('gives numbers past 2^53 exactly', () => {
    expect(read('1b001fffffffffffff')).toBe(Number.MAX_SAFE_INTEGER)
    expect(read('1b0020000000000000')).toBe(2n ** 53n)
    expect(read('3bffffffffffffffff')).toBe(-(2n ** 64n))
    expect(read('3b001fffffffffffff')).toBe(-(2 ** 53))
  })
  for (const text of ['1800', '1817', '190018', '1900ff', '1a0000ffff', '1b00000000ffffffff', '5801ff', '3817']) {
    test(`refuses ${text}, which is not the shortest form`, () => {
      expect(() => read(text)).toThrowError(
        refused('NOT_CBOR', { offset: 0, expected: 'the shortest form of a number' }),
      )
    })
  }
  for (const text of ['1c', '1d', '1e', '1f', '5f', '7f', '9f', 'bf', 'df', '3f', '5c', 'fc', 'ff', 'f7', 'f820']) {
    test(`refuses ${text}, which is reserved, indefinite or of no use here`, () => {
      expect(() => read(text)).toThrowError(refused('NOT_CBOR', { offset: 0 }))
    })
  }
  test('refuses a key that is there twice, also when it is written otherwise', () => {
    expect(() => read('a201020103')).toThrowError(refused('DUPLICATE_MEMBER', { member: '1' }))
    expect(() => read('a2616102616103')).toThrowError(refused('DUPLICATE_MEMBER', { member: 'a' }))
    expect(() => read('a201021801ff')).toThrowError(refused('NOT_CBOR'))
  })
  test('keeps the number 1 and the text "1" apart', () => {
    expect(read('a201026131 03'.replace(' ', ''))).toEqual(
      new Map<unknown, unknown>([
        [1, 2],
        ['1', 3],
      ]),
    )
  })
  for (const [text, what] of [
    ['a14000', 'bytes'],
    ['a1f600', 'null'],
    ['a18000', 'a list'],
    ['a11bffffffffffffffff00', 'a number past 2^53'],
  ] as const) {
    test(`refuses ${what} as a key`, () => expect(() => read(text)).toThrowError(refused('NOT_CBOR', { offset: 1 })))
  }
  test('refuses lengths, counts and tags that no memory holds', () => {
    for (const text of ['5bffffffffffffffff', '9bffffffffffffffff', 'bbffffffffffffffff', 'dbffffffffffffffff']) {
      expect(() => read(text)).toThrowError(
        refused('NOT_CBOR', { offset: 0, expected: 'a length, count or tag below 2^53' }),
      )
    }
    for (const text of ['5b001fffffffffffff', '9b001fffffffffffff', 'bb001fffffffffffff', 'db001fffffffffffff']) {
      expect(() => read(text)).toThrowError(refused('TRUNCATED'))
    }
  })
  test('refuses text that is no UTF-8', () => expect(() => read('61ff')).toThrowError(refused('NOT_UTF8')))
  test('reads 8 levels and refuses the ninth', () => {
    expect(() => read(`${'81'.repeat(8)}00`)).not.toThrow()
    expect(() => read(`${'81'.repeat(9)}00`)).toThrowError(refused('CBOR_TOO_DEEP', { limit: 8 }))
    expect(() => read(`${'c1'.repeat(9)}00`)).toThrowError(refused('CBOR_TOO_DEEP'))
    expect(() => read('a1'.repeat(9))).toThrowError(refused('CBOR_TOO_DEEP'))
    expect(() => read('a100'.repeat(9))).toThrowError(refused('CBOR_TOO_DEEP'))
    expect(() => read('81'.repeat(100_000))).toThrowError(refused('CBOR_TOO_DEEP'))
  })
  test('refuses what follows the value, and a value that is cut', () => {
    expect(() => read('0000')).toThrowError(refused('TRAILING_BYTES', { count: 1 }))
    for (const text of ['', '18', '19ff', '42ff', '8200', 'a101', 'c1']) {
      expect(() => read(text), text).toThrowError(refused('TRUNCATED'))
    }
  })
  test('takes an outermost map without a length only where a format has one', () => {
    const loose = (text: string): CborValue => parseCbor('test', hex(text), { outermostMapMayBeIndefinite: true })
    expect(loose('bf0102ff')).toEqual(new Map([[1, 2]]))
    expect(loose('bfff')).toEqual(new Map())
    expect(() => loose('bf0102')).toThrowError(refused('TRUNCATED'))
    expect(() => loose('bf01ff')).toThrowError(refused('NOT_CBOR'))
    expect(() => loose('bf01020103ff')).toThrowError(refused('DUPLICATE_MEMBER'))
    expect(() => loose('bf0102ff00')).toThrowError(refused('TRAILING_BYTES'))
    for (const text of ['a101bfff', '81bfff', '9fff', 'c1bfff', 'bf019fffff']) {
      expect(() => loose(text), text).toThrowError(refused('NOT_CBOR'))
    }
  })
  test('throws nothing but what it says, whatever comes in', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (bytes, outermostMapMayBeIndefinite) => {
        try {
          parseCbor('test', bytes, { outermostMapMayBeIndefinite })
        } catch (error) {
          expect(isMalformedError(error) || isVerifierError(error)).toBe(true)
        }
      }),
      { numRuns: 5000, seed: 20261123 },
    )
  })
  test('reads back what was written, and refuses every truncation of it', () => {
    const item = fc.oneof(
      fc.integer({ min: 0, max: 23 }).map((n) => new Uint8Array([n])),
      fc.uint8Array({ maxLength: 20 }).map((bytes) => concatBytes(new Uint8Array([0x40 | bytes.length]), bytes)),
      fc.constantFrom(hex('f6'), hex('f4'), hex('80'), concatBytes(hex('62'), utf8('ab'))),
    )
    fc.assert(
      fc.property(fc.array(item, { maxLength: 20 }), (items) => {
        const bytes = concatBytes(new Uint8Array([0x80 | items.length]), ...items)
        expect(parseCbor('test', bytes)).toHaveLength(items.length)
        for (let length = 0; length < bytes.byteLength; length++) {
          expect(() => parseCbor('test', bytes.slice(0, length))).toThrowError(refused('TRUNCATED'))
        }
      }),
      { numRuns: 200, seed: 20261123 },
    )
  })
})

describe('the reader of a CBOR map', () => {
  const map = (text: string): MapReader => new MapReader('test', read(text))
  test('takes nothing but a map', () => {
    for (const text of ['80', '40', 'f6', '00', 'c1a0', '1bffffffffffffffff']) {
      expect(() => map(text), text).toThrowError(refused('WRONG_TYPE', { field: 'test', expected: 'a map' }))
    }
  })
  test('names what is absent, unread, too long, too short or of another type', () => {
    expect(() => map('a0').value('a')).toThrowError(refused('MISSING_MEMBER', { field: 'test', member: 'a' }))
    expect(() => map('a1016161').end()).toThrowError(refused('UNKNOWN_MEMBER', { member: '1' }))
    expect(() => map('a1016161').text(1, { least: 2, most: 3 })).toThrowError(
      refused('WRONG_VALUE', { field: 'test 1' }),
    )
    expect(() => map('a10141ff').bytes(1, { least: 0, most: 0 })).toThrowError(refused('TOO_LONG', { length: 1 }))
    expect(() => map('a1016161').bytes(1, { least: 0, most: 9 })).toThrowError(refused('WRONG_TYPE'))
    expect(() => map('a1016161').integer(1, 0, 9)).toThrowError(refused('WRONG_TYPE'))
    expect(() => map('a1010a').integer(1, 0, 9)).toThrowError(refused('WRONG_VALUE', { expected: 'from 0 to 9' }))
  })
  test('takes a whole number from one bound to the other, and none past 2^53', () => {
    const outside = (least: number, most: number): unknown =>
      refused('WRONG_VALUE', { field: 'test 1', expected: `from ${least} to ${most}` })
    expect(map('a10109').integer(1, 9, 9)).toBe(9)
    expect(() => map('a10108').integer(1, 9, 9)).toThrowError(outside(9, 9))
    expect(() => map('a1010a').integer(1, 9, 9)).toThrowError(outside(9, 9))
    expect(() => map('a1011b0020000000000000').integer(1, 0, 2 ** 60)).toThrowError(outside(0, 2 ** 60))
  })
  test('takes null for what is optional, and nothing else', () => {
    const span = { least: 0, most: 4 }
    expect(map('a101f6').optionalBytes(1, span)).toBeUndefined()
    expect(map('a0').optionalBytes(1, span)).toBeUndefined()
    expect(map('a10140').optionalBytes(1, span)).toEqual(new Uint8Array())
    expect(() => map('a10100').optionalBytes(1, span)).toThrowError(refused('WRONG_TYPE'))
  })
})
