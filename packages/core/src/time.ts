import type { Brand } from './brand.ts'

/** Whole seconds since 1970-01-01T00:00:00Z, leap seconds not counted. */
export type UnixSeconds = Brand<number, 'UnixSeconds'>

/** The last second that a four-digit year can name: 9999-12-31T23:59:59Z. */
const LAST_SECOND = 253_402_300_799

/**
 * Makes `UnixSeconds` of a number.
 *
 * @throws {RangeError} when the number is not whole, is negative or lies past the year 9999.
 */
export function unixSeconds(value: number): UnixSeconds {
  if (!Number.isSafeInteger(value) || value < 0 || value > LAST_SECOND) {
    throw new RangeError(`time is not a whole number of seconds from 1970 to 9999: ${value}`)
  }
  return value as UnixSeconds
}

/** The RFC 3339 form of a time, to the second: `2026-11-23T04:19:30Z`. */
export function formatUnixSeconds(time: UnixSeconds): string {
  return new Date(time * 1000).toISOString().replace('.000Z', 'Z')
}
