import { MalformedError, type UnixSeconds, unixSeconds } from '@blindai/core'

/** A date and time of the proleptic Gregorian calendar in UTC. */
interface CivilTime {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
}

/**
 * Unix seconds of a calendar date; every part is checked, so 30 February and second 60 are refused.
 *
 * Written out instead of `Date`, which this package does without: it rolls impossible dates over, and it is a clock.
 *
 * @param field - names the value in the error.
 * @throws {MalformedError} `WRONG_VALUE`.
 */
export function civilToUnixSeconds(field: string, time: CivilTime): UnixSeconds {
  const { year, month, day, hour, minute, second } = time
  const exists =
    year >= 1970 &&
    year <= 9999 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysInMonth(year, month) &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59
  if (!exists) throw new MalformedError('WRONG_VALUE', { field, expected: 'a date and time from 1970 to 9999' })
  return unixSeconds(daysSinceEpoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

/**
 * Unix seconds of `YYYY-MM-DDTHH:MM:SSZ`, the one spelling that Intel's endorsements use.
 *
 * @throws {MalformedError} `WRONG_VALUE`.
 */
export function parseTimestamp(field: string, text: string): UnixSeconds {
  const parts = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})Z$/.exec(text)
  if (parts === null) throw new MalformedError('WRONG_VALUE', { field, expected: 'a time like 2026-11-23T04:19:30Z' })
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number)
  return civilToUnixSeconds(field, { year, month, day, hour, minute, second })
}

/**
 * Unix seconds of the first second of `YYYY-MM-DD`.
 *
 * @throws {MalformedError} `WRONG_VALUE`.
 */
export function parseDate(field: string, text: string): UnixSeconds {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
  if (parts === null) throw new MalformedError('WRONG_VALUE', { field, expected: 'a date like 2026-11-23' })
  const [year = 0, month = 0, day = 0] = parts.slice(1).map(Number)
  return civilToUnixSeconds(field, { year, month, day, hour: 0, minute: 0, second: 0 })
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

function daysSinceEpoch(year: number, month: number, day: number): number {
  const before = year - 1
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400) - 477
  let days = (year - 1970) * 365 + leapDays + day - 1
  for (let m = 1; m < month; m++) days += daysInMonth(year, m)
  return days
}
