import { describe, expect, test } from 'vitest'
import { parsePolicy, verifyEvidence } from '../src/index.ts'
import { snpCaptures } from './support/snp-captures.ts'

describe('a report of real SEV-SNP hardware', () => {
  for (const { name, report, endorsements, now, policy, expect: expected } of snpCaptures) {
    const said = 'code' in expected ? `${expected.status}, ${expected.code}` : String(expected.status)
    test(`${name} (${said})`, async () => {
      const evidence = { format: 'sev-snp', bytes: report, endorsements } as const
      const result = await verifyEvidence(evidence, parsePolicy(policy), { now })
      const found = {
        status: result.status,
        ...(result.failed?.error && { code: result.failed.error.code }),
        ...(result.tcb && { tcbStatus: result.tcb.status }),
      }
      expect(found, JSON.stringify(result.failed)).toEqual(expected)
    })
  }
})
