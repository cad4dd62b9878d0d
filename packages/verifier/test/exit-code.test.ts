import { describe, expect, test } from 'vitest'
import { type Answer, type Check, type EvidenceResult, exitCode } from '../src/index.ts'

const check: Check = { code: 'evidence.form', status: 'skipped', summary: 'it has the form' }
const failed = (code: string, answer: Answer): Check => ({
  ...check,
  status: 'failed',
  error: { code, answer, message: '', hint: '', details: {} },
})
const evidence: EvidenceResult = {
  version: 1,
  scope: 'evidence-only',
  status: 'warning',
  trustClass: 'none',
  trustFlags: [],
  checks: [],
  now: 0,
  policy: 'test',
}

describe('the exit code of bare evidence', () => {
  test.each([
    ['that nobody asked more of', 0, {}],
    ['that lacks what is only skipped', 0, { failed: check }],
    ['of a key that nobody was asked about', 0, { failed: failed('TPM_AK_NOT_CHECKED', 'not-proved') }],
    ['of a key that is none of those that count', 20, { failed: failed('TPM_AK_NOT_BOUND', 'not-proved') }],
    ['that is none', 10, { status: 'none', failed: failed('TRUNCATED', 'malformed') }],
    ['that is not proved', 20, { status: 'none', failed: failed('ROOT_NOT_TRUSTED', 'not-proved') }],
    ['of which nothing was asked', 20, { status: 'none', failed: check }],
    ['of which nothing is known', 20, { status: 'none' }],
    ['that is not wanted', 30, { status: 'contraindicated' }],
  ] as const)('%s is %i', (_, code, changed) => expect(exitCode({ ...evidence, ...changed })).toBe(code))
})
