import { VerifierError } from '../errors/verifier-error.ts'
import type { CheckList } from './check-list.ts'
import type { ProvedEvidence } from './evidence.ts'

/** The TCB evaluation number that proved endorsements had. */
export interface SeenEvaluation {
  /** Lower-case hex SHA-256 of the root that vouched for it. Numbers of one root say nothing of another. */
  readonly rootSha256: string
  readonly tee: 'tdx' | 'sgx'
  readonly number: number
}

/**
 * Holds the evaluation numbers of Intel's endorsements against those that were seen before: who staples older ones than he
 * has had hides what was found since. An Azure confidential virtual machine is held against those of its hardware. The
 * policy's own minimum is judged elsewhere, and both must hold.
 */
export function judgeRollback(checks: CheckList, proved: ProvedEvidence, remembered: readonly SeenEvaluation[]): void {
  const machine = proved.technology === 'hcl' ? proved.hardware : proved
  if (machine.technology !== 'tdx' && machine.technology !== 'sgx') return
  const { technology, claims, evaluationNumbers } = machine
  const numbers = remembered
    .filter((seen) => seen.tee === technology && seen.rootSha256 === claims.rootSha256)
    .map((seen) => seen.number)
  // Whatever the policy found stands.
  if (numbers.length === 0 || checks.hasFailed('policy.tcb-evaluation-number')) return
  const least = Math.max(...numbers)
  checks.judge('policy.tcb-evaluation-number', true, () => {
    refuseOlder('TCB info', least, evaluationNumbers.tcbInfo)
    refuseOlder('QE identity', least, evaluationNumbers.qeIdentity)
  })
}

function refuseOlder(subject: string, remembered: number, actual: number): void {
  if (actual < remembered) throw new VerifierError('TCB_EVALUATION_ROLLED_BACK', { subject, remembered, actual })
}

/** @throws {RangeError} for numbers that none could be lower than. */
export function checkRemembered(remembered: readonly SeenEvaluation[] = []): void {
  for (const { number } of remembered) {
    if (Number.isSafeInteger(number) && number >= 0) continue
    throw new RangeError(`an evaluation number is a whole number, not ${number}`)
  }
}
