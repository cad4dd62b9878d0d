import { parseJson } from '@blindai/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe('strict JSON', () => {
  test('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        expect(plain(parseJson('document', text))).toEqual(plain(JSON.parse(text)))
      }),
    )
  })
  test('refuses a member named twice, also when one name is spelt with an escape', () => {
    expect(() => parseJson('document', '{"a":1,"\\u0061":2}')).toThrowError(
      expect.objectContaining({ code: 'DUPLICATE_MEMBER', details: { field: 'document', member: 'a' } }),
    )
  })
  test('shows no more than 64 characters of such a name', () => {
    const name = 'a'.repeat(1000)
    expect(() => parseJson('document', `{"${name}":1,"${name}":2}`)).toThrowError(
      expect.objectContaining({ details: { field: 'document', member: 'a'.repeat(64) } }),
    )
  })
  test('gives no name a special meaning', () => {
    const value = parseJson('document', '{"__proto__":{"admin":true},"constructor":1}')
    expect(Object.keys(Object(value))).toEqual(['__proto__', 'constructor'])
    expect(Reflect.get(Object(value), 'admin')).toBeUndefined()
  })
  test('refuses to nest past 32 levels, and reads 32', () => {
    expect(() => parseJson('document', '['.repeat(32) + ']'.repeat(32))).not.toThrow()
    expect(() => parseJson('document', '['.repeat(100_000))).toThrowError(
      expect.objectContaining({ code: 'JSON_TOO_DEEP', details: { field: 'document', limit: 32 } }),
    )
  })
  test.each([
    '',
    ' ',
    '{',
    '{"a"}',
    '{"a":1,}',
    '[1,]',
    '[1 2]',
    '01',
    '+1',
    '1.',
    '.5',
    '1e',
    'NaN',
    'Infinity',
    '1e999',
    "'a'",
    '"a',
    '"\u0001"',
    '"\\x41"',
    'true false',
    'nul',
    '\u00a01',
    '// c\n1',
  ])('refuses %j', (text) => {
    expect(() => parseJson('document', text)).toThrowError(expect.objectContaining({ code: 'NOT_JSON' }))
  })
})
