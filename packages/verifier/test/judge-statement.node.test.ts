import { describe, expect, test } from 'vitest'
import { CheckList } from '../src/appraisal/check-list.ts'
import { judgeAge } from '../src/appraisal/judge-age.ts'
import { judgeStatement } from '../src/appraisal/judge-statement.ts'
import { parsePolicy } from '../src/index.ts'
import { NOW, STATEMENT } from './support/mock.ts'

describe('a server whose configuration names no operator', () => {
  const judged = (credentials: readonly string[]): unknown => {
    const checks = new CheckList(['policy.operator-key'])
    checks.pass('policy.measurement')
    const statement = { ...STATEMENT, config: { ...STATEMENT.config, credentials: [] } }
    judgeStatement(checks, statement, parsePolicy({ version: 1, name: 'test', config: { credentials } }))
    return checks.all
  }
  test('is what a policy wants that wants none', () =>
    expect(judged([])).toMatchObject([{ code: 'policy.operator-key', status: 'passed' }]))
  test('is not what a policy wants that names one', () => {
    const accepted = ['11'.repeat(32)]
    expect(judged(accepted)).toMatchObject([
      { error: { code: 'OPERATOR_KEY_NOT_ACCEPTED', details: { accepted, actual: '(none)' } } },
    ])
  })
})

test('the age of evidence is skipped where the policy does not limit it, and not passed', () => {
  const checks = new CheckList(['policy.evidence-age'])
  judgeAge(checks, parsePolicy({ version: 1, name: 'test' }), { signedAt: NOW, nonce: undefined, now: NOW })
  expect(checks.all).toMatchObject([{ status: 'skipped' }])
})
