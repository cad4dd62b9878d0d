import { describe, expect, test } from 'vitest'
import { SHARES, shareAt, shareOf } from '../engine/share.ts'
import { wholeNumber } from '../engine/whole-number.ts'

const HOUR_MS = 3_600_000
const NOON_MS = Date.UTC(2026, 10, 27, 12)
const ALL = Array.from({ length: SHARES }, (_, share) => share)

describe('the share of a run', () => {
  test.each([
    ['hour', HOUR_MS],
    ['day, at the same hour', 24 * HOUR_MS],
    ['week, at the same hour', 7 * 24 * HOUR_MS],
  ])('is each of them in turn, with a run every %s', (_, everyMs) => {
    const seen = ALL.map((run) => shareAt(NOON_MS + run * everyMs))
    expect([...seen].sort((a, b) => a - b)).toEqual(ALL)
  })
  test('is the same for an hour', () => {
    expect(shareAt(NOON_MS + HOUR_MS - 1)).toBe(shareAt(NOON_MS))
    expect(shareAt(NOON_MS + HOUR_MS)).not.toBe(shareAt(NOON_MS))
  })
  test('has each target once in all of them, and as many as the others or one more', () => {
    const targets = Array.from({ length: 57 }, (_, target) => target)
    const shares = ALL.map((share) => shareOf(targets, share))
    expect(shares.flat().sort((a, b) => a - b)).toEqual(targets)
    expect(new Set(shares.map(({ length }) => length))).toEqual(new Set([3, 4]))
  })
})

describe('a number of seconds', () => {
  test.each(['1', '60', '999999999'])('may be %s', (text) => {
    expect(wholeNumber('seconds', text)).toBe(Number(text))
  })
  test.each([
    '',
    '0',
    '-1',
    '+1',
    ' 60',
    '60 ',
    '60\n',
    '060',
    '6e1',
    '0x10',
    '1.5',
    '60s',
    'NaN',
    'Infinity',
    '1000000000',
  ])('is not %j', (text) => {
    expect(() => wholeNumber('seconds', text)).toThrow(
      new RangeError(`seconds is a whole number from 1, not ${JSON.stringify(text)}`),
    )
  })
})
