import type { AnswerCatalogue } from './answer.ts'

/** One security version that is too low. */
interface TooLow {
  readonly component: string
  readonly has: number
  readonly needs: number
}

/** The facts that go with each code about AMD SEV-SNP reports. */
export interface SnpErrorDetails {
  SNP_CRL_MISSING: { readonly issuer: string }
  SNP_PRODUCT_MISMATCH: { readonly subject: string; readonly expected: string; readonly actual: string }
  SNP_REPORT_NOT_SIGNED: { readonly field: string }
  SNP_SIGNING_KEY_MISMATCH: { readonly report: string; readonly certificate: string }
  SNP_CHIP_ID_MISMATCH: { readonly certificate: string; readonly report: string }
  SNP_TCB_MISMATCH: { readonly component: string; readonly certificate: number; readonly report: number }
  SNP_SIGNATURE_INVALID: { readonly signer: string }
  SNP_TCB_ORDER: { readonly lower: string; readonly higher: string } & TooLow
  SNP_DEBUG: { readonly policy: string }
  SNP_POLICY_BIT_NOT_ALLOWED: {
    readonly name: string
    readonly bit: number
    readonly actual: boolean
    readonly policy: string
  }
  SNP_POLICY_BIT_RESERVED: { readonly bit: number; readonly expected: boolean; readonly policy: string }
  SNP_POLICY_ABI_TOO_HIGH: { readonly abi: string; readonly firmware: string }
  SNP_VMPL_NOT_ALLOWED: { readonly accepted: readonly number[]; readonly actual: number }
  SNP_PLATFORM_BIT_MISSING: { readonly name: string; readonly platformInfo: string }
  SNP_PLATFORM_BIT_NOT_ALLOWED: { readonly name: string; readonly bit: number; readonly platformInfo: string }
  SNP_PLATFORM_BIT_RESERVED: { readonly bit: number; readonly platformInfo: string }
  SNP_PRODUCT_NOT_ACCEPTED: { readonly accepted: readonly string[]; readonly actual: string }
  SNP_SIGNING_KEY_NOT_ACCEPTED: { readonly accepted: readonly string[]; readonly actual: string }
  SNP_PROVIDER_NOT_ACCEPTED: { readonly accepted: readonly string[]; readonly actual: string }
  SNP_TCB_TOO_LOW: { readonly tcb: string } & TooLow
  SNP_MITIGATION_MISSING: { readonly vector: 'launch' | 'current'; readonly bit: number }
  SNP_CHIP_DENIED: { readonly chipId: string }
  SNP_CHIP_NOT_ALLOWED: { readonly chipId: string }
  SNP_ID_KEY_NOT_ACCEPTED: { readonly accepted: readonly string[]; readonly actual: string }
  SNP_AUTHOR_KEY_NOT_ACCEPTED: { readonly accepted: readonly string[]; readonly actual: string }
  SNP_GUEST_SVN_TOO_LOW: { readonly minimum: number; readonly actual: number }
}

const FORGED = 'Treat the evidence as forged.'
const RIGHT_CERTIFICATE = 'Fetch the certificate of this chip at the TCB that the report names.'
const RESTART = 'Start the guest with another policy.'

/** Messages, hints and answers of those codes. */
export const SNP_ERRORS: AnswerCatalogue<SnpErrorDetails> = {
  SNP_CRL_MISSING: {
    answer: 'not-proved',
    message: (d) => `the endorsements hold no revocation list of ${d.issuer}`,
    hint: 'Have the server staple it, or set `sevSnp.requireCrl` to false to do without.',
  },
  SNP_PRODUCT_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `${d.subject} is of the product ${d.actual}; the root is that of ${d.expected}`,
    hint: RIGHT_CERTIFICATE,
  },
  SNP_REPORT_NOT_SIGNED: {
    answer: 'not-proved',
    message: (d) => `the report says by ${d.field} that the firmware did not sign it`,
    hint: 'Have the operator configure the platform to sign reports.',
  },
  SNP_SIGNING_KEY_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the report is signed by a ${d.report}; the certificate is of a ${d.certificate}`,
    hint: RIGHT_CERTIFICATE,
  },
  SNP_CHIP_ID_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the certificate is of the chip ${d.certificate}; the report is of ${d.report}`,
    hint: RIGHT_CERTIFICATE,
  },
  SNP_TCB_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the certificate is for ${d.component} ${d.certificate}; the reported TCB has ${d.report}`,
    hint: RIGHT_CERTIFICATE,
  },
  SNP_SIGNATURE_INVALID: {
    answer: 'not-proved',
    message: (d) => `the report is not signed by the key of ${d.signer}`,
    hint: FORGED,
  },
  SNP_TCB_ORDER: {
    answer: 'not-proved',
    message: (d) => `the ${d.higher} TCB has ${d.component} ${d.has}, less than the ${d.lower} TCB's ${d.needs}`,
    hint: 'Do not trust this platform; its firmware contradicts itself.',
  },
  SNP_DEBUG: {
    answer: 'not-wanted',
    message: (d) => `the guest may be debugged (POLICY ${d.policy}): its host can read its memory`,
    hint: 'Start the guest without debug.',
  },
  SNP_POLICY_BIT_NOT_ALLOWED: {
    answer: 'not-wanted',
    message: (d) => `the guest policy has ${d.name} ${d.actual ? 'set' : 'clear'}, which is not accepted`,
    hint: `${RESTART.slice(0, -1)}, or name this value in \`sevSnp.guestPolicy\`.`,
  },
  SNP_POLICY_BIT_RESERVED: {
    answer: 'not-wanted',
    message: (d) => `bit ${d.bit} of the guest policy ${d.policy} is reserved and not ${d.expected ? 'one' : 'zero'}`,
    hint: 'Update the verifier.',
  },
  SNP_POLICY_ABI_TOO_HIGH: {
    answer: 'not-wanted',
    message: (d) => `the guest policy needs the firmware ABI ${d.abi}; the firmware is ${d.firmware}`,
    hint: FORGED,
  },
  SNP_VMPL_NOT_ALLOWED: {
    answer: 'not-wanted',
    message: (d) => `the report was asked for at VMPL ${d.actual}; the policy accepts ${d.accepted.join(', ')}`,
    hint: 'Ask for the report at an accepted level, or name this level in `sevSnp.vmpl`.',
  },
  SNP_PLATFORM_BIT_MISSING: {
    answer: 'not-wanted',
    message: (d) => `the platform does not say ${d.name}, which is required`,
    hint: 'Have the operator update or configure the platform, or remove it from `sevSnp.requiredPlatformInfo`.',
  },
  SNP_PLATFORM_BIT_NOT_ALLOWED: {
    answer: 'not-wanted',
    message: (d) => `the platform says ${d.name}, which the policy does not allow`,
    hint: 'Have the operator configure the platform, or name it in `sevSnp.allowedPlatformInfo`.',
  },
  SNP_PLATFORM_BIT_RESERVED: {
    answer: 'not-wanted',
    message: (d) => `bit ${d.bit} of PLATFORM_INFO ${d.platformInfo} is set, and its meaning is not known here`,
    hint: 'Update the verifier.',
  },
  SNP_PRODUCT_NOT_ACCEPTED: {
    answer: 'not-wanted',
    message: (d) => `the processor is a ${d.actual}; the policy accepts ${d.accepted.join(', ')}`,
    hint: 'Use another machine, or name this product in `sevSnp.products`.',
  },
  SNP_SIGNING_KEY_NOT_ACCEPTED: {
    answer: 'not-wanted',
    message: (d) => `the report is signed by a ${d.actual}; the policy accepts ${d.accepted.join(', ')}`,
    hint: 'Have the provider sign with another key, or name this kind in `sevSnp.signingKeys`.',
  },
  SNP_PROVIDER_NOT_ACCEPTED: {
    answer: 'not-wanted',
    message: (d) => `the VLEK is lent to "${d.actual}", which the policy does not name`,
    hint: 'Use another provider, or name this one in `sevSnp.vlekProviders`.',
  },
  SNP_TCB_TOO_LOW: {
    answer: 'not-wanted',
    message: (d) => `the ${d.tcb} TCB has ${d.component} ${d.has}; at least ${d.needs} is required`,
    hint: 'Have the operator update the firmware; to accept older one, name the number in `sevSnp.minimumTcb`.',
  },
  SNP_MITIGATION_MISSING: {
    answer: 'not-wanted',
    message: (d) => `the firmware has not verified mitigation ${d.bit}, which is required (${d.vector} vector)`,
    hint: 'Have the operator update the firmware and start the guest again, or remove it from `sevSnp.requiredMitigations`.',
  },
  SNP_CHIP_DENIED: {
    answer: 'not-wanted',
    message: (d) => `the policy denies the chip ${d.chipId}`,
    hint: 'Use another machine.',
  },
  SNP_CHIP_NOT_ALLOWED: {
    answer: 'not-wanted',
    message: (d) => `the policy does not name the chip ${d.chipId}`,
    hint: 'Use another machine, or add this chip to `sevSnp.chipIds.allow`.',
  },
  SNP_ID_KEY_NOT_ACCEPTED: {
    answer: 'not-wanted',
    message: (d) => `the identity of the guest is signed by the key ${d.actual}, which the policy does not name`,
    hint: 'Find out who signed it; if you trust them, add the key to `sevSnp.idKeyDigests`.',
  },
  SNP_AUTHOR_KEY_NOT_ACCEPTED: {
    answer: 'not-wanted',
    message: (d) => `the author key of the guest is ${d.actual}, which the policy does not name`,
    hint: 'Find out who signed it; if you trust them, add the key to `sevSnp.authorKeyDigests`.',
  },
  SNP_GUEST_SVN_TOO_LOW: {
    answer: 'not-wanted',
    message: (d) => `the guest has the security version ${d.actual}; at least ${d.minimum} is required`,
    hint: 'Have the operator start a newer guest.',
  },
}
