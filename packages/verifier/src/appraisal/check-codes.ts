import type { EvidenceFormat } from '@blindai/core'

/** A stable name of a check. */
export type CheckCode =
  | 'document.form'
  | 'statement.form'
  | 'evidence.form'
  | 'endorsements.form'
  | 'dcap.root'
  | 'dcap.pck-chain'
  | 'dcap.root-crl'
  | 'dcap.pck-crl'
  | 'dcap.revocation'
  | 'dcap.tcb-signer'
  | 'dcap.tcb-info'
  | 'dcap.qe-identity'
  | 'dcap.qe-report'
  | 'dcap.attestation-key'
  | 'dcap.qe'
  | 'tdx.quote-signature'
  | 'tdx.module'
  | 'tdx.tcb'
  | 'tdx.event-log'
  | 'sgx.quote-signature'
  | 'sgx.tcb'
  | 'snp.root'
  | 'snp.chain'
  | 'snp.crl'
  | 'snp.revocation'
  | 'snp.product'
  | 'snp.signing-key'
  | 'snp.chip-id'
  | 'snp.reported-tcb'
  | 'snp.report-signature'
  | 'snp.tcb-order'
  | 'nitro.root'
  | 'nitro.chain'
  | 'nitro.signature'
  | 'nitro.timestamp'
  | 'hcl.paravisor'
  | 'hcl.td-report'
  | 'hcl.runtime-claims'
  | 'tpm.ak-attributes'
  | 'tpm.ak-chain'
  | 'tpm.ak-bound'
  | 'tpm.ek-chain'
  | 'tpm.quote-signature'
  | 'tpm.pcr-digest'
  | 'tpm.event-log'
  | 'binding.nonce'
  | 'binding.report-data'
  | 'binding.statement-window'
  | 'binding.channel-key'
  | 'policy.trust-class'
  | 'tdx.debug'
  | 'tdx.attributes'
  | 'sgx.debug'
  | 'sgx.initialized'
  | 'sgx.attributes'
  | 'sgx.xfrm'
  | 'sgx.misc-select'
  | 'snp.debug'
  | 'snp.guest-policy'
  | 'snp.vmpl'
  | 'snp.platform-info'
  | 'nitro.debug'
  | 'policy.product'
  | 'policy.signing-key'
  | 'policy.tcb-minimum'
  | 'policy.chip'
  | 'policy.id-key'
  | 'policy.author-key'
  | 'policy.guest-svn'
  | 'policy.tcb-status'
  | 'policy.tcb-date'
  | 'policy.tcb-evaluation-number'
  | 'policy.advisories'
  | 'policy.evidence-age'
  | 'policy.measurement'
  | 'policy.optional-registers'
  | 'policy.software'
  | 'policy.config'

/** What each check says when it has passed. The order is the order of the checks. */
export const CHECK_SUMMARIES: { readonly [Code in CheckCode]: string } = {
  'document.form': 'the document has its form',
  'statement.form': 'the statement has its form',
  'evidence.form': 'the evidence has the form of its format',
  'endorsements.form': 'the endorsements have their form',
  'dcap.root': 'the chain of the evidence ends in a root that is pinned',
  'dcap.pck-chain': 'the certificate of the platform was issued through that root and is valid now',
  'dcap.root-crl': 'the revocation list of the root is signed and current',
  'dcap.pck-crl': 'the revocation list of the platform authority is signed and current',
  'dcap.revocation': 'no certificate of the platform is revoked',
  'dcap.tcb-signer': 'the signers of TCB info and QE identity were issued by that root, are valid now and not revoked',
  'dcap.tcb-info': 'the TCB info is signed, current and of this platform family',
  'dcap.qe-identity': 'the QE identity is signed, current and of this kind of quoting enclave',
  'dcap.qe-report': 'the report of the quoting enclave is signed by the platform',
  'dcap.attestation-key': 'the quoting enclave vouches for the attestation key',
  'dcap.qe': 'the quoting enclave is the one that its identity describes',
  'tdx.quote-signature': 'the quote is signed by the attestation key',
  'tdx.module': 'the TDX module is one that the TCB info describes',
  'tdx.tcb': 'the security versions reach a level that the TCB info lists',
  'tdx.event-log': 'the event log replays to the registers that it measures into',
  'sgx.quote-signature': 'the quote is signed by the attestation key',
  'sgx.tcb': 'the security versions reach a level that the TCB info lists',
  'snp.root': 'the chain of the report ends in a root that is pinned',
  'snp.chain': 'the certificate of the endorsement key was issued through that root and is valid now',
  'snp.crl': 'the revocation list of the root is signed and current',
  'snp.revocation': 'neither the root nor the authority below it is revoked',
  'snp.product': 'certificate and processor are of the product that the root is for',
  'snp.signing-key': 'the report is signed, and by the kind of key that the certificate is of',
  'snp.chip-id': 'the certificate is of the chip that the report names',
  'snp.reported-tcb': 'the certificate is for the TCB that the report names',
  'snp.report-signature': 'the report is signed by the endorsement key',
  'snp.tcb-order': 'reported, committed and current TCB do not contradict each other',
  'nitro.root': 'the chain of the document ends in a root that is pinned',
  'nitro.chain': 'the certificate of the enclave was issued through that root and is valid now',
  'nitro.signature': 'the document is signed by the key of that certificate',
  'nitro.timestamp': 'the document was signed while that certificate was valid',
  'hcl.paravisor': 'the report was asked for by the paravisor, which has the TPM, and not by the guest below it',
  'hcl.td-report': "the quote is of the TD report that the paravisor's report holds",
  'hcl.runtime-claims': 'the hardware vouches for the claims of the paravisor, which name the key of its TPM',
  'tpm.ak-attributes': 'the attestation key is bound to its TPM and signs only what the TPM made',
  'tpm.ak-chain': 'the certificate of the attestation key was issued by an authority that counts, and is valid now',
  'tpm.ak-bound': 'the policy, or a certificate of an authority that counts, vouches for the attestation key',
  'tpm.ek-chain':
    'the endorsement key was issued by an authority of the policy; it says nothing of the attestation key',
  'tpm.quote-signature': 'the quote is signed by the attestation key',
  'tpm.pcr-digest': 'the registers are those that the quote is over',
  'tpm.event-log': 'the event log replays to the registers that it measures into',
  'binding.nonce': 'the document answers our nonce',
  'binding.report-data': 'the evidence vouches for this statement and nonce',
  'binding.statement-window': 'the keys of the statement are valid now',
  'binding.channel-key': 'the connection ends at a key of the statement',
  'policy.trust-class': 'the trust class is accepted',
  'tdx.debug': 'debug is off',
  'tdx.attributes': 'the trust domain has no attribute that is not wanted',
  'sgx.debug': 'debug is off',
  'sgx.initialized': 'the enclave was initialized',
  'sgx.attributes': 'the enclave has no attribute that is not wanted, and those that are',
  'sgx.xfrm': 'the enclave uses only processor state that is known here',
  'sgx.misc-select': 'the enclave is told nothing of its exceptions that is not wanted',
  'snp.debug': 'debug is off',
  'snp.guest-policy': 'every bit of the guest policy has a value that is accepted',
  'snp.vmpl': 'the report was asked for at a privilege level that is accepted',
  'snp.platform-info': 'the platform is configured as it has to be, and in no way that is not wanted',
  'nitro.debug': 'debug is off',
  'policy.product': 'the product is accepted',
  'policy.signing-key': 'the kind of endorsement key, and to whom it is lent, are accepted',
  'policy.tcb-minimum': 'all four TCB versions are at least the minimum',
  'policy.chip': 'the chip is accepted',
  'policy.id-key': 'the identity of the guest is signed by an accepted key',
  'policy.author-key': 'that key is certified by an accepted author',
  'policy.guest-svn': 'the security version of the guest is high enough',
  'policy.tcb-status': 'the TCB status is accepted',
  'policy.tcb-date': 'the TCB is recent enough',
  'policy.tcb-evaluation-number': 'the TCB was judged by a recent enough TCB recovery',
  'policy.advisories': 'no advisory that is not wanted applies',
  'policy.evidence-age': 'the evidence is recent enough',
  'policy.measurement': 'the measurements are those of a reviewed release',
  'policy.optional-registers': 'the other registers are those of that release',
  'policy.software': 'the software digest is accepted',
  'policy.config': 'the configuration is accepted',
}

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

const NEED_A_DOCUMENT: readonly CheckCode[] = [
  'document.form',
  'statement.form',
  'binding.nonce',
  'binding.report-data',
  'binding.statement-window',
  'binding.channel-key',
  'policy.evidence-age',
  'policy.software',
  'policy.config',
]

/** The checks of a document whose evidence is of a format. */
export function documentChecks(format: EvidenceFormat): readonly CheckCode[] {
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
