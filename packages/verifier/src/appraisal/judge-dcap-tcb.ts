import type { ProvedTcb } from '../dcap/tcb-claims.ts'
import { VerifierError } from '../errors/verifier-error.ts'
import type { DcapTcbPolicy } from '../policy/policy.ts'
import type { CheckList } from './check-list.ts'

/** Holds the TCB of an Intel platform against a policy, for SGX and TDX alike. */
export function judgeDcapTcb(
  checks: CheckList,
  proved: ProvedTcb & { readonly trustClass: 'hardware' | 'simulated' },
  policy: DcapTcbPolicy<string>,
): void {
  const { tcb, tcbDate, evaluationNumbers } = proved
  const { acceptedTcbStatuses: accepted, minimumTcbDate, minimumTcbEvaluationDataNumber: minimum } = policy
  checks.judge('policy.tcb-status', true, () => {
    if (accepted.includes(tcb.status)) return
    throw new VerifierError('TCB_STATUS_NOT_ACCEPTED', { accepted, actual: tcb.status })
  })
  checks.judge('policy.tcb-date', minimumTcbDate !== undefined, () => {
    if (minimumTcbDate === undefined || tcbDate >= minimumTcbDate) return
    throw new VerifierError('TCB_DATE_TOO_OLD', { minimum: minimumTcbDate, actual: tcbDate })
  })
  // A simulated authority has no TCB recoveries to keep up with.
  checks.judge('policy.tcb-evaluation-number', proved.trustClass !== 'simulated', () => {
    requireNumber('TCB info', minimum, evaluationNumbers.tcbInfo)
    requireNumber('QE identity', minimum, evaluationNumbers.qeIdentity)
  })
  const { allow, deny } = policy.advisories
  checks.judge('policy.advisories', allow !== undefined || deny.length > 0, () => {
    for (const advisory of tcb.advisoryIds) {
      if (deny.includes(advisory)) throw new VerifierError('ADVISORY_DENIED', { advisory })
      if (allow?.includes(advisory) === false) throw new VerifierError('ADVISORY_NOT_ALLOWED', { advisory })
    }
  })
}

function requireNumber(subject: string, minimum: number, actual: number): void {
  if (actual < minimum) throw new VerifierError('TCB_EVALUATION_NUMBER_TOO_LOW', { subject, minimum, actual })
}
