import { describe, expect, test } from 'vitest'
import { type AffirmingResult, seenEvaluation } from '../src/index.ts'

/** Only what is looked at; a result has much more. */
function result(claims: object | undefined, tcb: object | undefined): AffirmingResult {
  return JSON.parse(JSON.stringify({ status: 'affirming', claims, tcb }))
}

const ROOT = 'ab'.repeat(32)
const TCB = { status: 'UpToDate', tcbEvaluationDataNumber: 20 }

describe('what is remembered of an affirming result', () => {
  test.each([
    ['tdx', 'tdx'],
    ['simulated', 'tdx'],
    ['azure-hcl', 'tdx'],
    ['sgx', 'sgx'],
    ['simulated-sgx', 'sgx'],
  ])('is the evaluation number of %s, under %s and the root', (format, tee) => {
    expect(seenEvaluation(result({ format, rootSha256: ROOT }, TCB))).toEqual({ rootSha256: ROOT, tee, number: 20 })
  })
  test.each<[string, object | undefined, object | undefined]>([
    ['without claims', undefined, TCB],
    ['without a root', { format: 'tdx' }, TCB],
    ['without a TCB', { format: 'tdx', rootSha256: ROOT }, undefined],
    ['whose TCB counts no recoveries', { format: 'sev-snp', rootSha256: ROOT }, { status: 'UpToDate' }],
  ])('is nothing of one %s', (_, claims, tcb) => {
    expect(seenEvaluation(result(claims, tcb))).toBeUndefined()
  })
})
