import { describe, expect, test } from 'vitest'
import { checkRemembered } from '../src/appraisal/judge-rollback.ts'

describe('a number that is remembered', () => {
  const seen = (number: number) => () => checkRemembered([{ rootSha256: 'aa', tee: 'tdx', number }])
  test('is a whole one, 0 included, and cannot be asked for otherwise', () => {
    for (const number of [0, 1, Number.MAX_SAFE_INTEGER]) expect(seen(number)).not.toThrow()
    for (const number of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(seen(number)).toThrow(new RangeError(`an evaluation number is a whole number, not ${number}`))
    }
  })
})
