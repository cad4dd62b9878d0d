import { formatUnixSeconds, type UnixSeconds, unixSeconds } from '@blindai/core'
import { ChannelError } from './channel-error.ts'

const EXPECTED = 'one Date field in the form "Sun, 06 Nov 1994 08:49:37 GMT"'
const DAYS = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const IMF_FIXDATE = /^[A-Z][a-z]{2}, ([0-2]\d|3[01]) ([A-Z][a-z]{2}) (\d{4}) ([01]\d|2[0-3]):([0-5]\d):([0-5]\d) GMT$/
const DAY_SECONDS = 86_400

/** The IMF-fixdate form of a time. Source: RFC 9110 section 5.6.7. */
export function formatHttpDate(time: UnixSeconds): string {
  const [year = '', month = '', rest = ''] = formatUnixSeconds(time).split('-')
  const day = DAYS[Math.floor(time / DAY_SECONDS) % 7]
  return `${day}, ${rest.slice(0, 2)} ${MONTHS[Number(month) - 1]} ${year} ${rest.slice(3, 11)} GMT`
}

/**
 * The time of an IMF-fixdate; the obsolete forms, impossible days and wrong day names are refused.
 *
 * Source: RFC 9110 section 5.6.7.
 *
 * @throws {ChannelError} `DATE_INVALID`.
 */
export function parseHttpDate(text: string): UnixSeconds {
  const [, day, month = '', year, hour, minute, second] = IMF_FIXDATE.exec(text) ?? []
  const days = daysSince1970(Number(year), MONTHS.indexOf(month) + 1, Number(day))
  const seconds = days * DAY_SECONDS + Number(hour) * 3600 + Number(minute) * 60 + Number(second)
  if (!(seconds >= 0)) throw invalid()
  const time = unixSeconds(seconds)
  // Whatever is out of its range (a 30th of February, an unknown month, a wrong weekday) comes back spelt otherwise.
  if (formatHttpDate(time) !== text) throw invalid()
  return time
}

/**
 * The time in the only Date field of a message.
 *
 * @throws {ChannelError} `DATE_INVALID`.
 */
export function dateOf(headers: readonly (readonly [string, string])[]): UnixSeconds {
  const [date, ...others] = headers.filter(([name]) => name === 'date')
  if (date === undefined || others.length > 0) throw invalid()
  return parseHttpDate(date[1])
}

/** Days of the Gregorian calendar, counted in years that start in March so that the leap day comes last. */
function daysSince1970(year: number, month: number, day: number): number {
  const marchYear = month > 2 ? year : year - 1
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400)
  const monthDays = Math.floor((153 * ((month + 9) % 12) + 2) / 5)
  return 365 * marchYear + leapDays + monthDays + day - 1 - 719_468
}

function invalid(): ChannelError {
  return new ChannelError('DATE_INVALID', { expected: EXPECTED })
}
