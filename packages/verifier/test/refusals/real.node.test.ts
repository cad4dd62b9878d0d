import type { EvidenceFormat, JsonObject } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { parsePolicy, verifyEvidence } from '../../src/index.ts'
import { type Capture, capture } from '../support/captures.ts'

/**
 * What only real evidence can be refused for: a simulated authority has no vendor's root, and no TCB recoveries to keep up
 * with. The captures have no reference values, so that what is accepted is a warning.
 */

/** One thing wrong with how a real capture is labelled, or with what the policy wants of it. */
interface RealRefusal {
  readonly code: string
  readonly check: string
  readonly why: string
  readonly status: 'none' | 'contraindicated'
  readonly label?: EvidenceFormat
  readonly policy?: JsonObject
}

const [TDX, SGX] = [capture('TDX 1.5 in a version 4 quote'), capture('a production enclave')]
const REAL = {
  tdx: TDX,
  sgx: accepting(SGX, 'ConfigurationAndSWHardeningNeeded'),
} as const

/** The capture under a policy that accepts its status. */
function accepting(real: Capture, status: string): Capture {
  const sgx = { ...Object(real.policy.sgx), acceptedTcbStatuses: [status] }
  return { ...real, policy: { ...real.policy, sgx } }
}

const refusals = (tee: 'tdx' | 'sgx'): readonly RealRefusal[] => [
  {
    code: 'HARDWARE_LABELLED_SIMULATED',
    check: 'dcap.root',
    why: `evidence of real ${tee} that claims to be simulated`,
    status: 'none',
    label: tee === 'tdx' ? 'simulated' : 'simulated-sgx',
  },
  {
    code: 'TRUST_CLASS_NOT_ACCEPTED',
    check: 'policy.trust-class',
    why: `real ${tee} under a policy for measured boot alone`,
    status: 'contraindicated',
    policy: { trustClasses: ['measured-boot'] },
  },
  {
    code: 'TCB_EVALUATION_NUMBER_TOO_LOW',
    check: 'policy.tcb-evaluation-number',
    why: `real ${tee} judged by an older TCB recovery than is wanted`,
    status: 'contraindicated',
    policy: { [tee]: { ...Object(REAL[tee].policy[tee]), minimumTcbEvaluationDataNumber: 1000 } },
  },
]

function judge({ quote, endorsements, now, policy }: Capture, format: EvidenceFormat, more: JsonObject = {}) {
  return verifyEvidence({ format, bytes: quote, endorsements }, parsePolicy({ ...policy, ...more }), { now })
}

for (const tee of ['tdx', 'sgx'] as const) {
  describe(`real evidence of ${tee}`, () => {
    for (const { code, check, why, status, label, policy } of refusals(tee)) {
      test(`${code}: ${why}`, async () => {
        const accepted = await judge(REAL[tee], tee)
        expect(accepted, JSON.stringify(accepted.failed)).toMatchObject({ status: 'warning' })
        const result = await judge(REAL[tee], label ?? tee, policy)
        expect(result, JSON.stringify(result.failed)).toMatchObject({
          status,
          failed: { code: check, error: { code } },
        })
      })
    }
  })
}
