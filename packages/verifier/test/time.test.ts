import { describe, expect, test } from 'vitest'
import { civilToUnixSeconds, parseDate, parseTimestamp } from '../src/time.ts'

const refused = (expected: string): unknown =>
  expect.objectContaining({ code: 'WRONG_VALUE', details: { field: 'date', expected } })
const DATE = 'a date like 2026-11-23'
const TIME = 'a time like 2026-11-23T04:19:30Z'
const EXISTS = 'a date and time from 1970 to 9999'

/** Years on both sides of each rule for leap years, and the first and last that are read. */
const YEARS = [1970, 1971, 1972, 1999, 2000, 2001, 2023, 2024, 2026, 2099, 2100, 2101, 2399, 2400, 9999]
const two = (n: number): string => String(n).padStart(2, '0')

describe('a date', () => {
  for (const year of YEARS) {
    test(`of ${year} is the second that Date says, on the first and last day of each month`, () => {
      for (let month = 1; month <= 12; month++) {
        const last = new Date(Date.UTC(year, month, 0)).getUTCDate()
        for (const day of [1, last]) {
          expect(parseDate('date', `${year}-${two(month)}-${two(day)}`)).toBe(Date.UTC(year, month - 1, day) / 1000)
        }
        expect(() => parseDate('date', `${year}-${two(month)}-${last + 1}`)).toThrowError(refused(EXISTS))
      }
    })
  }
  test('outside of the calendar is refused', () => {
    for (const text of ['1969-12-31', '2026-00-10', '2026-13-10', '2026-11-00', '2026-11-31', '2026-02-29']) {
      expect(() => parseDate('date', text)).toThrowError(refused(EXISTS))
    }
  })
  test('in another spelling is refused', () => {
    for (const text of [
      '',
      '2026-11-23 ',
      ' 2026-11-23',
      '26-11-23',
      '2026-1-23',
      '2026-11-2',
      'abcd-ef-gh',
      '2026/11/23',
    ]) {
      expect(() => parseDate('date', text)).toThrowError(refused(DATE))
    }
  })
})

describe('a moment of the calendar', () => {
  const midnight = { month: 1, day: 1, hour: 0, minute: 0, second: 0 }
  test.each([1969, 10_000])('is not in the year %i', (year) =>
    expect(() => civilToUnixSeconds('date', { ...midnight, year })).toThrowError(refused(EXISTS)),
  )
})

describe('a time', () => {
  test('is the second that Date says', () => {
    for (const text of [
      '1970-01-01T00:00:00Z',
      '2026-11-23T04:19:30Z',
      '2024-02-29T23:59:59Z',
      '9999-12-31T23:59:59Z',
    ]) {
      expect(parseTimestamp('date', text)).toBe(Date.parse(text) / 1000)
    }
  })
  test('that no clock shows is refused', () => {
    for (const text of [
      '2026-11-23T24:00:00Z',
      '2026-11-23T00:60:00Z',
      '2026-11-23T23:59:60Z',
      '2026-02-30T00:00:00Z',
    ]) {
      expect(() => parseTimestamp('date', text)).toThrowError(refused(EXISTS))
    }
  })
  test('in another spelling is refused', () => {
    const text = '2026-11-23T04:19:30Z'
    const others = [
      ...[text.slice(1), text.slice(0, -1), `${text} `, ` ${text}`, text.toLowerCase(), text.replace('T', ' ')],
      ...['2026-11-23T04:19:30.0Z', '2026-11-23T04:19:30+00:00', '2026-1-23T04:19:30Z', '2026-11-3T04:19:30Z'],
      ...['2026-11-23T4:19:30Z', '2026-11-23T04:9:30Z', '2026-11-23T04:19:3Z', 'abcd-ef-ghTij:kl:mnZ'],
    ]
    for (const other of others) expect(() => parseTimestamp('date', other)).toThrowError(refused(TIME))
  })
})
