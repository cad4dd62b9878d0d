import { VerifierError } from '../errors/verifier-error.ts'
import type { Policy, TrustClass } from '../policy/policy.ts'
import type { CheckList } from './check-list.ts'

/** Judges what the root of the evidence stands for. */
export function judgeClass(checks: CheckList, trustClass: TrustClass, { trustClasses }: Policy): void {
  checks.judge('policy.trust-class', true, () => {
    if (trustClasses.includes(trustClass)) return
    throw new VerifierError('TRUST_CLASS_NOT_ACCEPTED', { accepted: trustClasses, actual: trustClass })
  })
}
