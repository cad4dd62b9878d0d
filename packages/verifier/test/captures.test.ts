import { describe, expect, test } from 'vitest'
import { parsePolicy, verifyEvidence } from '../src/index.ts'
import { captures } from './support/captures.ts'

describe('a capture of real hardware', () => {
  for (const { name, quote, endorsements, now, policy, expect: expected } of captures) {
    test(name, async () => {
      const result = await verifyEvidence({ format: 'tdx', bytes: quote, endorsements }, parsePolicy(policy), { now })
      expect(
        {
          status: result.status,
          code: result.failed?.error?.code,
          ...(result.tcb &&
            'tcbDate' in result.tcb && {
              tcbStatus: result.tcb.status,
              advisoryIds: result.tcb.advisoryIds,
              tcbDate: result.tcb.tcbDate,
            }),
          ...('paddingBytes' in expected && {
            paddingBytes: result.claims && 'paddingBytes' in result.claims && result.claims.paddingBytes,
          }),
        },
        JSON.stringify(result.failed),
      ).toEqual(expected)
    })
  }
})
