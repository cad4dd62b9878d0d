import { VerifierError } from '../errors/verifier-error.ts'
import { isSet, POLICY_BITS, policyAbi } from '../formats/snp/guest-policy.ts'
import { platformBits } from '../formats/snp/platform-info.ts'
import type { SnpReport } from '../formats/snp/report.ts'
import { firmwareText, hex64 } from '../formats/snp/snp-claims.ts'
import type { SevSnpPolicy } from '../policy/sev-snp-policy.ts'
import type { CheckList } from './check-list.ts'

/** Judges each of the 64 bits of the guest policy. */
export function judgeGuestPolicy(
  checks: CheckList,
  { policy, currentFirmware }: Pick<SnpReport, 'policy' | 'currentFirmware'>,
  wanted: SevSnpPolicy,
): void {
  const text = hex64(policy)
  checks.judge('snp.debug', true, () => {
    for (const [bit, rule] of POLICY_BITS) {
      if (rule.kind === 'debug' && isSet(policy, bit)) throw new VerifierError('SNP_DEBUG', { policy: text })
    }
  })
  checks.judge('snp.guest-policy', true, () => {
    for (const [bit, rule] of POLICY_BITS) {
      const actual = isSet(policy, bit)
      if (rule.kind === 'reserved' && actual !== rule.mustBe) {
        throw new VerifierError('SNP_POLICY_BIT_RESERVED', { bit, expected: rule.mustBe, policy: text })
      }
      if (rule.kind === 'choice' && !wanted.guestPolicy[rule.name].includes(actual)) {
        throw new VerifierError('SNP_POLICY_BIT_NOT_ALLOWED', { name: rule.name, bit, actual, policy: text })
      }
    }
    const { major, minor } = policyAbi(policy)
    const isAbove = major > currentFirmware.major || (major === currentFirmware.major && minor > currentFirmware.minor)
    // A firmware starts no guest that needs a newer one.
    if (isAbove) {
      const firmware = firmwareText(currentFirmware)
      throw new VerifierError('SNP_POLICY_ABI_TOO_HIGH', { abi: `${major}.${minor}`, firmware })
    }
  })
}

/** Judges each of the 64 bits of PLATFORM_INFO. */
export function judgePlatformInfo(checks: CheckList, info: bigint, wanted: SevSnpPolicy): void {
  const platformInfo = hex64(info)
  checks.judge('snp.platform-info', true, () => {
    const set = platformBits(info)
    for (const { bit, name } of set) {
      if (name === undefined) throw new VerifierError('SNP_PLATFORM_BIT_RESERVED', { bit, platformInfo })
      if (!wanted.allowedPlatformInfo.includes(name)) {
        throw new VerifierError('SNP_PLATFORM_BIT_NOT_ALLOWED', { name, bit, platformInfo })
      }
    }
    for (const name of wanted.requiredPlatformInfo) {
      if (set.some((one) => one.name === name)) continue
      throw new VerifierError('SNP_PLATFORM_BIT_MISSING', { name, platformInfo })
    }
  })
}
