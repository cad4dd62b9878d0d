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
  | 'binding.nonce'
  | 'binding.report-data'
  | 'binding.statement-window'
  | 'binding.channel-key'
  | 'policy.trust-class'
  | 'tdx.debug'
  | 'tdx.attributes'
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
  'binding.nonce': 'the document answers our nonce',
  'binding.report-data': 'the evidence vouches for this statement and nonce',
  'binding.statement-window': 'the keys of the statement are valid now',
  'binding.channel-key': 'the connection ends at a key of the statement',
  'policy.trust-class': 'the trust class is accepted',
  'tdx.debug': 'debug is off',
  'tdx.attributes': 'the trust domain has no attribute that is not wanted',
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

/** The checks of a whole document, in order. */
export const DOCUMENT_CHECKS: readonly CheckCode[] = [
  'document.form',
  'statement.form',
  'evidence.form',
  'endorsements.form',
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
  'tdx.quote-signature',
  'tdx.module',
  'tdx.tcb',
  'binding.nonce',
  'binding.report-data',
  'binding.statement-window',
  'binding.channel-key',
  'policy.trust-class',
  'tdx.debug',
  'tdx.attributes',
  'policy.tcb-status',
  'policy.tcb-date',
  'policy.tcb-evaluation-number',
  'policy.advisories',
  'policy.evidence-age',
  'policy.measurement',
  'policy.optional-registers',
  'policy.software',
  'policy.config',
]

/** What can be checked of bare evidence, without a statement that it speaks for. */
export const EVIDENCE_CHECKS: readonly CheckCode[] = DOCUMENT_CHECKS.filter((code) => !NEED_A_DOCUMENT.includes(code))
