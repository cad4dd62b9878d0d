import { describe, expect, test } from 'vitest'
import { CHECK_SUMMARIES } from '../src/appraisal/check-codes.ts'
import { CheckList } from '../src/appraisal/check-list.ts'

describe('a list of checks', () => {
  const CODE = 'policy.tcb-evaluation-number'
  const summary = CHECK_SUMMARIES[CODE]
  test('says of a check that nobody ran neither that it passed nor that it failed', () => {
    const checks = new CheckList([CODE])
    expect([checks.hasPassed(CODE), checks.hasFailed(CODE)]).toEqual([false, false])
    expect(checks.all).toEqual([{ code: CODE, status: 'skipped', summary }])
  })
  test('says of a check how it ended', () => {
    const checks = new CheckList([CODE])
    checks.pass(CODE)
    expect([checks.hasPassed(CODE), checks.hasFailed(CODE)]).toEqual([true, false])
    expect(checks.all).toEqual([{ code: CODE, status: 'passed', summary }])
    checks.skip(CODE)
    expect([checks.hasPassed(CODE), checks.hasFailed(CODE)]).toEqual([false, false])
  })
  test('shows each of its checks in words', () => {
    for (const [code, words] of Object.entries(CHECK_SUMMARIES)) {
      expect(words.split(' ').length, code).toBeGreaterThan(2)
    }
  })
})
