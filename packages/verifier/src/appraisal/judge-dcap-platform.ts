import { VerifierError } from '../errors/verifier-error.ts'
import type { DcapPlatformIdentifier, DcapPlatformPolicy } from '../policy/dcap-platform-policy.ts'
import type { DcapPlatformClaims } from '../result/claims.ts'
import type { CheckList } from './check-list.ts'

const IDENTIFIERS: readonly DcapPlatformIdentifier[] = ['fmspc', 'ppid', 'platformInstanceId']

/** Holds the names of an Intel platform against the lists of a policy, for SGX and TDX alike. */
export function judgeDcapPlatform(checks: CheckList, claims: DcapPlatformClaims, policy: DcapPlatformPolicy): void {
  const isAsked = IDENTIFIERS.some((one) => policy[one].allow !== undefined || policy[one].deny.length > 0)
  checks.judge('policy.platform', isAsked, () => {
    for (const identifier of IDENTIFIERS) {
      const { allow, deny } = policy[identifier]
      const value = claims[identifier]
      if (value !== undefined && deny.includes(value)) throw new VerifierError('PLATFORM_DENIED', { identifier, value })
      // A certificate of the processor authority names no instance, so it is none that was allowed.
      if (allow !== undefined && (value === undefined || !allow.includes(value))) {
        throw new VerifierError('PLATFORM_NOT_ALLOWED', { identifier, value: value ?? '(none)' })
      }
    }
  })
}
