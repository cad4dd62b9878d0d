import type { EvidenceFormat } from '@blindai/core'
import type { CheckCode } from './check-codes.ts'

/** Which checks there are for each format, in the order in which they are made. */

/** What comes before the evidence, and between evidence and policy. */
const OPENING: readonly CheckCode[] = ['document.form', 'statement.form', 'evidence.form', 'endorsements.form']
const BINDING: readonly CheckCode[] = [
  'binding.nonce',
  'binding.report-data',
  'binding.statement-window',
  'binding.channel-key',
  'policy.trust-class',
]
const CLOSING: readonly CheckCode[] = [
  'policy.evidence-age',
  'policy.measurement',
  'policy.optional-registers',
  'policy.software',
  'policy.config',
  'policy.key-source',
  'policy.operator-key',
  'policy.config-digest',
]

/** Everything up to the attestation key of an Intel platform, and what is wanted of its TCB. */
const DCAP: readonly CheckCode[] = [
  'dcap.root',
  'dcap.pck-chain',
  'dcap.root-crl',
  'dcap.pck-crl',
  'dcap.revocation',
  'dcap.tcb-signer',
  'dcap.tcb-info',
  'dcap.qe-identity',
  'dcap.qe-report',
  'dcap.attestation-key',
  'dcap.qe',
]
const DCAP_POLICY: readonly CheckCode[] = [
  'policy.platform',
  'policy.tcb-status',
  'policy.tcb-date',
  'policy.tcb-evaluation-number',
  'policy.advisories',
]

/** The checks of a document with a TDX quote, in order; also of one whose format was not read yet. */
export const DOCUMENT_CHECKS: readonly CheckCode[] = [
  ...OPENING,
  ...DCAP,
  'tdx.quote-signature',
  'tdx.module',
  'tdx.tcb',
  'tdx.event-log',
  ...BINDING,
  'tdx.debug',
  'tdx.attributes',
  ...DCAP_POLICY,
  ...CLOSING,
]

/** The checks of a document with an SGX quote, in order. */
const SGX_DOCUMENT_CHECKS: readonly CheckCode[] = [
  ...OPENING,
  ...DCAP,
  'sgx.quote-signature',
  'sgx.tcb',
  ...BINDING,
  'sgx.debug',
  'sgx.initialized',
  'sgx.attributes',
  'sgx.xfrm',
  'sgx.misc-select',
  ...DCAP_POLICY,
  ...CLOSING,
]

/** What is proved of an SEV-SNP report, and what is wanted of its machine. */
const SNP: readonly CheckCode[] = [
  'snp.root',
  'snp.chain',
  'snp.crl',
  'snp.revocation',
  'snp.product',
  'snp.signing-key',
  'snp.chip-id',
  'snp.reported-tcb',
  'snp.report-signature',
  'snp.tcb-order',
]
const SNP_POLICY: readonly CheckCode[] = [
  'snp.platform-info',
  'policy.product',
  'policy.signing-key',
  'policy.tcb-minimum',
  'policy.mitigations',
  'policy.chip',
  'policy.id-key',
  'policy.author-key',
  'policy.guest-svn',
]

/** The checks of a document with an SEV-SNP report, in order. */
const SNP_DOCUMENT_CHECKS: readonly CheckCode[] = [
  ...OPENING,
  ...SNP,
  ...BINDING,
  'snp.debug',
  'snp.guest-policy',
  'snp.vmpl',
  ...SNP_POLICY,
  ...CLOSING,
]

/** What is checked of an Azure confidential virtual machine on the one hardware, and on the other. */
const HCL_SNP_PROOF: readonly CheckCode[] = [...SNP, 'hcl.paravisor']
const HCL_SNP_POLICY: readonly CheckCode[] = ['snp.debug', 'snp.guest-policy', ...SNP_POLICY]
const HCL_TDX_PROOF: readonly CheckCode[] = [...DCAP, 'tdx.quote-signature', 'tdx.module', 'tdx.tcb', 'hcl.td-report']
const HCL_TDX_POLICY: readonly CheckCode[] = ['tdx.debug', 'tdx.attributes', ...DCAP_POLICY]

/** Left out once it is known that the hardware is the other. */
export const HCL_SNP_CHECKS: readonly CheckCode[] = [...HCL_SNP_PROOF, ...HCL_SNP_POLICY]
export const HCL_TDX_CHECKS: readonly CheckCode[] = [...HCL_TDX_PROOF, ...HCL_TDX_POLICY]

/** The checks of a document of an Azure confidential virtual machine, in order, as long as its hardware is not known. */
const HCL_DOCUMENT_CHECKS: readonly CheckCode[] = [
  ...OPENING,
  ...HCL_SNP_PROOF,
  ...HCL_TDX_PROOF,
  'hcl.runtime-claims',
  'tpm.quote-signature',
  'tpm.pcr-digest',
  'tpm.event-log',
  ...BINDING,
  ...HCL_SNP_POLICY,
  ...HCL_TDX_POLICY,
  ...CLOSING.filter((code) => code !== 'policy.optional-registers'),
]

/** The checks of a document with a Nitro attestation document, in order. */
const NITRO_DOCUMENT_CHECKS: readonly CheckCode[] = [
  ...OPENING,
  'nitro.root',
  'nitro.chain',
  'nitro.signature',
  'nitro.timestamp',
  ...BINDING,
  'nitro.debug',
  'policy.tcb-status',
  ...CLOSING,
]

/** The checks of a document with a TPM's quote, in order. */
const TPM_DOCUMENT_CHECKS: readonly CheckCode[] = [
  ...OPENING,
  'tpm.ak-attributes',
  'tpm.ak-chain',
  'tpm.ak-bound',
  'tpm.ek-chain',
  'tpm.quote-signature',
  'tpm.pcr-digest',
  'tpm.event-log',
  ...BINDING,
  ...CLOSING.filter((code) => code !== 'policy.optional-registers'),
]

/** The checks of a document with a report of an NVIDIA GPU, in order. */
const NVIDIA_DOCUMENT_CHECKS: readonly CheckCode[] = [
  ...OPENING,
  'nvidia.root',
  'nvidia.chain',
  'nvidia.report-signature',
  'nvidia.fwid',
  'nvidia.rim-root',
  'nvidia.rim-chain',
  'nvidia.rim-signature',
  'nvidia.rim-match',
  'nvidia.revocation',
  ...BINDING,
  'nvidia.host',
  'nvidia.measurements',
  'nvidia.protected-pcie',
  'policy.driver-version',
  'policy.vbios-version',
  ...CLOSING,
]

const NEED_A_DOCUMENT: readonly CheckCode[] = [
  'document.form',
  'statement.form',
  'binding.nonce',
  'binding.report-data',
  'binding.statement-window',
  'binding.channel-key',
  'nvidia.host',
  'policy.evidence-age',
  'policy.software',
  'policy.config',
  'policy.key-source',
  'policy.operator-key',
  'policy.config-digest',
]

/** The checks of a document whose evidence is of a format. */
export function documentChecks(format: EvidenceFormat): readonly CheckCode[] {
  if (format === 'nvidia' || format === 'simulated-nvidia') return NVIDIA_DOCUMENT_CHECKS
  if (isNitro(format)) return NITRO_DOCUMENT_CHECKS
  if (format === 'tpm' || format === 'simulated-tpm') return TPM_DOCUMENT_CHECKS
  if (format === 'azure-hcl' || format === 'simulated-azure-hcl') return HCL_DOCUMENT_CHECKS
  if (format === 'sgx' || format === 'simulated-sgx') return SGX_DOCUMENT_CHECKS
  return format === 'sev-snp' || format === 'simulated-sev-snp' ? SNP_DOCUMENT_CHECKS : DOCUMENT_CHECKS
}

/** What can be checked of bare evidence of a format, without a statement that it speaks for. */
export function evidenceChecks(format: EvidenceFormat): readonly CheckCode[] {
  // Nitro signs its time, so its age can be judged without a nonce.
  const isAsked = (code: CheckCode): boolean => code === 'policy.evidence-age' && isNitro(format)
  return documentChecks(format).filter((code) => !NEED_A_DOCUMENT.includes(code) || isAsked(code))
}

function isNitro(format: EvidenceFormat): boolean {
  return format === 'nitro' || format === 'simulated-nitro'
}
