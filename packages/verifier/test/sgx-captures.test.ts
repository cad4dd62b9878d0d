import { describe, expect, test } from 'vitest'
import { parsePolicy, verifyEvidence } from '../src/index.ts'
import { sgxCaptures } from './support/captures.ts'

describe('a quote of a real SGX enclave', () => {
  for (const { name, quote, endorsements, now, policy, expect: expected } of sgxCaptures) {
    const said = 'code' in expected ? `${expected.status}, ${expected.code}` : String(expected.status)
    test(`${name} (${said})`, async () => {
      const result = await verifyEvidence({ format: 'sgx', bytes: quote, endorsements }, parsePolicy(policy), { now })
      const found = {
        status: result.status,
        ...(result.failed?.error && { code: result.failed.error.code }),
        ...(result.tcb &&
          'tcbDate' in result.tcb && {
            tcbStatus: result.tcb.status,
            advisoryIds: result.tcb.advisoryIds,
            tcbDate: result.tcb.tcbDate,
          }),
      }
      expect(found, JSON.stringify(result.failed)).toEqual(expected)
    })
  }
})
