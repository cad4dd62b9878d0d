import type { JsonObject } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { ObjectReader, text } from '../src/json/object-reader.ts'

const read = (value: JsonObject): ObjectReader => new ObjectReader('policy', value)
const refused = (code: string, details: object): unknown => expect.objectContaining({ code, details })

describe('an object of a JSON text', () => {
  for (const value of [null, [], 'text', 1, true, undefined]) {
    test(`is not ${JSON.stringify(value) ?? 'absent'}`, () => {
      expect(() => new ObjectReader('policy', value)).toThrowError(
        refused('WRONG_TYPE', { field: 'policy', expected: 'an object' }),
      )
    })
  }
  test('lacks what is not there', () => {
    expect(() => read({}).value('name')).toThrowError(refused('MISSING_MEMBER', { field: 'policy', member: 'name' }))
  })
  test('has nothing by inheritance', () => {
    expect(() => read({}).value('toString')).toThrowError(
      refused('MISSING_MEMBER', { field: 'policy', member: 'toString' }),
    )
  })
  test('has no member that was not read', () => {
    const reader = read({ name: 'a', other: 1 })
    reader.string('name', 1)
    expect(() => reader.end()).toThrowError(refused('UNKNOWN_MEMBER', { field: 'policy', member: 'other' }))
  })
  test('ends when each of its members was read', () => {
    const reader = read({ name: 'a' })
    reader.string('name', 1)
    expect(() => reader.end()).not.toThrow()
  })
})

describe('a member of an object', () => {
  const wrongType = (expected: string, field = 'policy.m'): unknown => refused('WRONG_TYPE', { field, expected })
  const wrongValue = (expected: string, field = 'policy.m'): unknown => refused('WRONG_VALUE', { field, expected })

  test('that has to be an array is nothing that looks like one', () => {
    expect(() => read({ m: 'ab' }).array('m', 9)).toThrowError(wrongType('an array'))
    expect(() => read({ m: { length: 1 } }).array('m', 9)).toThrowError(wrongType('an array'))
  })
  test('that has to be an array has at most so many items', () => {
    expect(read({ m: [1, 2] }).array('m', 2)).toEqual([1, 2])
    expect(() => read({ m: [1, 2] }).array('m', 1)).toThrowError(
      refused('TOO_LONG', { field: 'policy.m', length: 2, limit: 1 }),
    )
  })
  test('that has to be texts names the item that is none', () => {
    expect(read({ m: ['a', 'b'] }).strings('m', 2, 1)).toEqual(['a', 'b'])
    expect(() => read({ m: ['a', 1] }).strings('m', 2, 1)).toThrowError(wrongType('a text', 'policy.m[1]'))
    expect(() => read({ m: ['a', 'bc'] }).strings('m', 2, 1)).toThrowError(
      refused('TOO_LONG', { field: 'policy.m[1]', length: 2, limit: 1 }),
    )
  })
  test('that has to be a text may be as long as the limit', () => {
    expect(read({ m: 'ab' }).string('m', 2)).toBe('ab')
    expect(() => read({ m: 'abc' }).string('m', 2)).toThrowError(
      refused('TOO_LONG', { field: 'policy.m', length: 3, limit: 2 }),
    )
    expect(() => text('m', 1, 2)).toThrowError(wrongType('a text', 'm'))
  })
  test('that has to be a word is one of those that are listed', () => {
    expect(read({ m: 'b' }).word('m', ['a', 'b'])).toBe('b')
    expect(() => read({ m: 'c' }).word('m', ['a', 'b'])).toThrowError(wrongValue('one of a, b'))
  })
  test('that has to be words names each of them once', () => {
    expect(read({ m: ['b', 'a'] }).words('m', ['a', 'b'])).toEqual(['b', 'a'])
    expect(() => read({ m: ['a', 'c'] }).words('m', ['a', 'b'])).toThrowError(wrongValue('one of a, b', 'policy.m[1]'))
    expect(() => read({ m: ['a', 'a'] }).words('m', ['a', 'b'])).toThrowError(
      wrongValue('a list that names each value once'),
    )
    expect(() => read({ m: ['a', 'a', 'b'] }).words('m', ['a', 'b'])).toThrowError(
      refused('TOO_LONG', { field: 'policy.m', length: 3, limit: 2 }),
    )
  })
  test('that has to be a whole number is one, and a safe one', () => {
    for (const value of ['1', 1.5, 2 ** 53, null, true]) {
      expect(() => read({ m: value }).integer('m', 0, 9)).toThrowError(wrongType('a whole number'))
    }
  })
  test('that has to be a whole number may be either bound', () => {
    expect(read({ m: 2 }).integer('m', 2, 4)).toBe(2)
    expect(read({ m: 4 }).integer('m', 2, 4)).toBe(4)
    for (const value of [1, 5])
      expect(() => read({ m: value }).integer('m', 2, 4)).toThrowError(wrongValue('from 2 to 4'))
  })
  test('that has to be true or false is nothing that counts as either', () => {
    expect(read({ m: true }).boolean('m')).toBe(true)
    expect(read({ m: false }).boolean('m')).toBe(false)
    expect(() => read({ m: 1 }).boolean('m')).toThrowError(wrongType('true or false'))
  })
  test('that has to be hexadecimal comes back in lower case, and has its length', () => {
    expect(read({ m: 'AB0c' }).hex('m', 2)).toBe('ab0c')
    expect(() => read({ m: 'ab' }).hex('m', 2)).toThrowError(
      refused('WRONG_LENGTH', { field: 'policy.m', expected: 2, actual: 1 }),
    )
    expect(() => read({ m: 'ab0c1' }).hex('m', 2)).toThrowError(
      refused('TOO_LONG', { field: 'policy.m', length: 5, limit: 4 }),
    )
  })
  test('that has to be base64url has its length, or at most the most', () => {
    expect(read({ m: 'AQID' }).bytes('m', { exactly: 3 })).toEqual(Uint8Array.of(1, 2, 3))
    expect(read({ m: 'AQI' }).bytes('m', { most: 3 })).toEqual(Uint8Array.of(1, 2))
    expect(() => read({ m: 'AQI' }).bytes('m', { exactly: 3 })).toThrowError(
      refused('WRONG_LENGTH', { field: 'policy.m', expected: 3, actual: 2 }),
    )
    expect(() => read({ m: 'AQIDBA' }).bytes('m', { most: 3 })).toThrowError(
      refused('TOO_LONG', { field: 'policy.m', length: 6, limit: 4 }),
    )
    expect(() => read({ m: 'AQID' }).bytes('m', { exactly: 2 })).toThrowError(
      refused('TOO_LONG', { field: 'policy.m', length: 4, limit: 3 }),
    )
  })
  test('that has to be base64url can stay text, checked all the same', () => {
    expect(read({ m: 'AQID' }).base64url('m', { exactly: 3 })).toBe('AQID')
    expect(() => read({ m: 'AQI' }).base64url('m', { exactly: 3 })).toThrowError(
      refused('WRONG_LENGTH', { field: 'policy.m', expected: 3, actual: 2 }),
    )
  })
})
