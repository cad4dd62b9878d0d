import { MalformedError, type UnixSeconds, unixSeconds } from '@blindai/core'

const EXPECTED = 'Unix seconds, or a time such as 2026-11-23T10:00:00Z'

/** Source: RFC 3339 section 5.6, without second 60: Unix seconds do not count it. */
const RFC3339 = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.\d{1,9})?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/

/**
 * A time as the command line and JSON give it: whole Unix seconds, or RFC 3339 with the fraction cut off.
 *
 * @param field - names it in the error.
 * @throws {MalformedError} `WRONG_VALUE`.
 */
export function parseTime(field: string, value: unknown): UnixSeconds {
  const seconds = typeof value === 'string' ? secondsOf(value) : value
  try {
    if (typeof seconds === 'number') return unixSeconds(seconds)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
  }
  throw new MalformedError('WRONG_VALUE', { field, expected: EXPECTED })
}

function secondsOf(text: string): number | undefined {
  if (/^\d{1,12}$/.test(text)) return Number(text)
  const [, date, clock, sign, hours = '00', minutes = '00'] = RFC3339.exec(text) ?? []
  const local = new Date(`${date}T${clock}Z`)
  // Dates that do not exist are rolled over, or no date at all.
  if (Number.isNaN(local.getTime()) || local.toISOString() !== `${date}T${clock}.000Z`) return undefined
  if (hours > '23' || minutes > '59') return undefined
  const offset = (Number(hours) * 60 + Number(minutes)) * 60
  return local.getTime() / 1000 - (sign === '-' ? -offset : offset)
}
