import type { UnixSeconds } from '@blindai/core'
import { VerifierError } from '../errors/verifier-error.ts'
import type { Policy } from '../policy/policy.ts'
import type { CheckList } from './check-list.ts'

/** How far a clock that signs evidence may be ahead of ours. */
const TOLERATED_SECONDS = 60

/** What shows how young evidence is. */
interface Age {
  /** The time that the evidence signs, where its format does. */
  readonly signedAt: UnixSeconds | undefined
  /** Ours, which the evidence answers. */
  readonly nonce: Uint8Array | undefined
  readonly now: UnixSeconds
}

/** A quote or report signs no time: only a nonce of ours shows that it is young. A time that is signed is looked at always. */
export function judgeAge(
  checks: CheckList,
  { maximumEvidenceAgeSeconds }: Policy,
  { signedAt, nonce, now }: Age,
): void {
  checks.judge('policy.evidence-age', maximumEvidenceAgeSeconds !== undefined, () => {
    if (maximumEvidenceAgeSeconds === undefined) return
    const maximumSeconds = maximumEvidenceAgeSeconds
    if (signedAt !== undefined) requireYoung(signedAt, maximumSeconds, now)
    else if (nonce === undefined) throw new VerifierError('EVIDENCE_AGE_UNKNOWN', { maximumSeconds })
  })
}

function requireYoung(signedAt: UnixSeconds, maximumSeconds: number, now: UnixSeconds): void {
  if (now - signedAt > maximumSeconds) throw new VerifierError('EVIDENCE_TOO_OLD', { signedAt, maximumSeconds, now })
  if (signedAt - now > TOLERATED_SECONDS) {
    throw new VerifierError('EVIDENCE_FROM_FUTURE', { signedAt, toleratedSeconds: TOLERATED_SECONDS, now })
  }
}
