import { unixSeconds } from '@blindai/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatHttpDate, parseHttpDate } from '../src/index.ts'

describe('an HTTP date', () => {
  test('is written and read as RFC 9110 shows it', () => {
    expect(formatHttpDate(unixSeconds(784_111_777))).toBe('Sun, 06 Nov 1994 08:49:37 GMT')
    expect(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT')).toBe(784_111_777)
  })

  test('comes back for every second that has one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (seconds) => {
        const text = formatHttpDate(unixSeconds(seconds))
        expect(text).toBe(new Date(seconds * 1000).toUTCString())
        expect(parseHttpDate(text)).toBe(seconds)
      }),
    )
  })

  test('is refused in any other form', () => {
    const wrong = [
      '',
      'Sunday, 06-Nov-94 08:49:37 GMT',
      'Sun Nov  6 08:49:37 1994',
      '1994-11-06T08:49:37Z',
      'Mon, 06 Nov 1994 08:49:37 GMT',
      'Sun, 6 Nov 1994 08:49:37 GMT',
      'Sun, 06 nov 1994 08:49:37 GMT',
      'Sun, 06 Foo 1994 08:49:37 GMT',
      'Sun, 06 Nov 1994 08:49:37 UTC',
      'Sun, 06 Nov 1994 24:00:00 GMT',
      'Sun, 06 Nov 1994 08:49:60 GMT',
      'Wed, 30 Feb 2000 00:00:00 GMT',
      'Thu, 29 Feb 2100 00:00:00 GMT',
      'Wed, 31 Dec 1969 23:59:59 GMT',
      'Sat, 00 Jan 2000 00:00:00 GMT',
      'Fri, 31 Dec 9999 23:59:60 GMT',
      ' Sun, 06 Nov 1994 08:49:37 GMT',
    ]
    for (const text of wrong) {
      expect(() => parseHttpDate(text)).toThrowError(expect.objectContaining({ code: 'DATE_INVALID' }))
    }
  })
})
