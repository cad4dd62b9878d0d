import { toHex } from '@blindai/core'
import { VerifierError } from '../errors/verifier-error.ts'
import type { ProvedSnp, SnpTcbs } from '../formats/snp/prove-snp.ts'
import { lowerComponents, SNP_TCB_NAMES } from '../formats/snp/tcb-version.ts'
import { OPTIONAL_SNP_REGISTERS, SNP_REGISTERS } from '../policy/parse-sev-snp.ts'
import type { Policy } from '../policy/policy.ts'
import type { SevSnpPolicy, SnpMinimumTcb, SnpReference } from '../policy/sev-snp-policy.ts'
import type { SnpTcbClaims, SnpTcbGap } from '../result/snp-claims.ts'
import type { CheckList } from './check-list.ts'
import { judgeClass } from './judge-class.ts'
import { judgeMeasurement } from './judge-measurement.ts'
import { judgeGuestPolicy, judgePlatformInfo } from './judge-snp-bits.ts'

/**
 * Holds proved SEV-SNP evidence, real or simulated, against a policy. Every check is made, whatever the others find.
 *
 * @returns how the TCB stands to the policy's minimum, and the reference value that matched, if one did.
 */
export function judgeSnp(
  checks: CheckList,
  proved: ProvedSnp,
  policy: Policy,
): { readonly tcb: SnpTcbClaims; readonly release: SnpReference | undefined } {
  const { sevSnp } = policy
  const { report, claims, trustClass } = proved
  const tcb = judgeSnpMachine(checks, proved, policy)
  checks.judge('snp.vmpl', true, () => {
    if (sevSnp.vmpl.includes(report.vmpl)) return
    throw new VerifierError('SNP_VMPL_NOT_ALLOWED', { accepted: sevSnp.vmpl, actual: report.vmpl })
  })
  const references = trustClass === 'simulated' ? (policy.simulated?.sevSnpMeasurements ?? []) : sevSnp.measurements
  const registers = { always: SNP_REGISTERS, optional: OPTIONAL_SNP_REGISTERS }
  return { tcb, release: judgeMeasurement(checks, claims, references, registers) }
}

/**
 * Judges platform and guest, all but what was measured and who asked for the report.
 *
 * @returns how the TCB stands to the policy's minimum.
 */
export function judgeSnpMachine(checks: CheckList, proved: ProvedSnp, policy: Policy): SnpTcbClaims {
  const { sevSnp } = policy
  const { report, trustClass } = proved
  judgeClass(checks, trustClass, policy)
  judgeGuestPolicy(checks, report, sevSnp)
  judgePlatformInfo(checks, report.platformInfo, sevSnp)
  judgePlatform(checks, proved, sevSnp)
  const tcb = judgeTcb(checks, proved.tcbs, sevSnp.minimumTcb[proved.endorsementKey.product])
  judgeGuest(checks, proved, sevSnp)
  return tcb
}

function judgePlatform(checks: CheckList, { endorsementKey, report }: ProvedSnp, policy: SevSnpPolicy): void {
  const { product, kind, provider } = endorsementKey
  const { products, signingKeys, vlekProviders, chipIds } = policy
  checks.judge('policy.product', true, () => {
    if (products.includes(product)) return
    throw new VerifierError('SNP_PRODUCT_NOT_ACCEPTED', { accepted: products, actual: product })
  })
  checks.judge('policy.signing-key', true, () => {
    if (!signingKeys.includes(kind)) {
      throw new VerifierError('SNP_SIGNING_KEY_NOT_ACCEPTED', { accepted: signingKeys, actual: kind })
    }
    if (provider !== undefined && vlekProviders?.includes(provider) === false) {
      throw new VerifierError('SNP_PROVIDER_NOT_ACCEPTED', { accepted: vlekProviders, actual: provider })
    }
  })
  const chipId = toHex(report.chipId)
  checks.judge('policy.chip', chipIds.allow !== undefined || chipIds.deny.length > 0, () => {
    if (chipIds.deny.includes(chipId)) throw new VerifierError('SNP_CHIP_DENIED', { chipId })
    if (chipIds.allow?.includes(chipId) === false) throw new VerifierError('SNP_CHIP_NOT_ALLOWED', { chipId })
  })
}

function judgeTcb(checks: CheckList, tcbs: SnpTcbs, minimum: SnpMinimumTcb): SnpTcbClaims {
  const gaps: readonly SnpTcbGap[] = SNP_TCB_NAMES.flatMap((tcb) =>
    lowerComponents(tcbs[tcb], minimum[tcb]).map((gap) => ({ tcb, ...gap })),
  )
  checks.judge('policy.tcb-minimum', true, () => {
    const [first] = gaps
    if (first !== undefined) throw new VerifierError('SNP_TCB_TOO_LOW', first)
  })
  return { status: gaps.length === 0 ? 'UpToDate' : 'OutOfDate', ...tcbs, gaps }
}

/** An author key digest counts only where the report says that there is one. */
function judgeGuest(checks: CheckList, { report, claims }: ProvedSnp, policy: SevSnpPolicy): void {
  const { idKeyDigests, authorKeyDigests, minimumGuestSvn } = policy
  checks.judge('policy.id-key', idKeyDigests !== undefined, () => {
    if (idKeyDigests === undefined || idKeyDigests.includes(claims.idKeyDigest)) return
    throw new VerifierError('SNP_ID_KEY_NOT_ACCEPTED', { accepted: idKeyDigests, actual: claims.idKeyDigest })
  })
  checks.judge('policy.author-key', authorKeyDigests !== undefined, () => {
    if (authorKeyDigests === undefined) return
    if (report.hasAuthorKey && authorKeyDigests.includes(claims.authorKeyDigest)) return
    const actual = report.hasAuthorKey ? claims.authorKeyDigest : '(none)'
    throw new VerifierError('SNP_AUTHOR_KEY_NOT_ACCEPTED', { accepted: authorKeyDigests, actual })
  })
  checks.judge('policy.guest-svn', minimumGuestSvn !== undefined, () => {
    if (minimumGuestSvn === undefined || report.guestSvn >= minimumGuestSvn) return
    throw new VerifierError('SNP_GUEST_SVN_TOO_LOW', { minimum: minimumGuestSvn, actual: report.guestSvn })
  })
}
