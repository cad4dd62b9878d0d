import type { AnswerCatalogue } from './answer.ts'

/** The two texts that one comparison of a field found. Digests, identifiers and numbers; never secrets. */
export interface Difference {
  readonly field: string
  readonly expected: string
  readonly actual: string
}

/** The facts that go with each code about quotes, their endorsements and the platform's TCB. */
export interface DcapErrorDetails {
  UNKNOWN_VERSION: { readonly field: string; readonly actual: number }
  UNSUPPORTED_VALUE: Difference
  RESERVED_NOT_ZERO: { readonly field: string }
  ENDORSEMENTS_MISSING: { readonly format: string }
  ROOT_NOT_TRUSTED: { readonly format: string; readonly rootSha256: string }
  ROOTS_DIFFER: { readonly chain: string; readonly expected: string; readonly actual: string }
  SIMULATED_NOT_ALLOWED: { readonly rootSha256: string }
  SIMULATED_ROOT_UNKNOWN: { readonly rootSha256: string; readonly allowed: readonly string[] }
  SIMULATED_LABELLED_HARDWARE: { readonly format: string; readonly rootSha256: string }
  HARDWARE_LABELLED_SIMULATED: { readonly rootSha256: string }
  PCK_ISSUER_MISMATCH: { readonly expected: string; readonly actual: string }
  TCB_INFO_SIGNATURE_INVALID: { readonly signer: string }
  TCB_INFO_KIND_MISMATCH: { readonly expected: string; readonly actual: string }
  FMSPC_MISMATCH: { readonly pck: string; readonly tcbInfo: string }
  PCEID_MISMATCH: { readonly pck: string; readonly tcbInfo: string }
  QE_IDENTITY_SIGNATURE_INVALID: { readonly signer: string }
  QE_IDENTITY_KIND_MISMATCH: { readonly expected: string; readonly actual: string }
  QE_REPORT_SIGNATURE_INVALID: { readonly signer: string }
  QE_REPORT_DATA_MISMATCH: { readonly expected: string; readonly actual: string }
  QE_MRSIGNER_MISMATCH: Difference
  QE_ISVPRODID_MISMATCH: Difference
  QE_MISCSELECT_MISMATCH: Difference
  QE_ATTRIBUTES_MISMATCH: Difference
  QUOTE_SIGNATURE_INVALID: { readonly format: string }
  TDX_MODULE_UNKNOWN: { readonly version: number }
  TDX_MODULE_MRSIGNER_MISMATCH: Difference
  TDX_MODULE_ATTRIBUTES_MISMATCH: Difference
  TCB_NOT_SUPPORTED: { readonly part: 'platform' | 'tdx-module' | 'qe'; readonly svn: string }
}

const FORGED = 'Treat the evidence as forged.'
const FRESH_ENDORSEMENTS = 'Fetch fresh endorsements for this platform.'

/** Messages, hints and answers of those codes. */
export const DCAP_ERRORS: AnswerCatalogue<DcapErrorDetails> = {
  UNKNOWN_VERSION: {
    answer: 'malformed',
    message: (d) => `${d.field} is ${d.actual}, a version that is not known here`,
    hint: 'Update the verifier.',
  },
  UNSUPPORTED_VALUE: {
    answer: 'malformed',
    message: (d) => `${d.field} is ${d.actual}; ${d.expected} is required`,
    hint: 'Pass evidence of the format that the document names.',
  },
  RESERVED_NOT_ZERO: {
    answer: 'malformed',
    message: (d) => `${d.field} is reserved and is not zero`,
    hint: 'Update the verifier, or treat the evidence as forged.',
  },
  ENDORSEMENTS_MISSING: {
    answer: 'not-proved',
    message: (d) => `evidence of format ${d.format} came without endorsements`,
    hint: 'Have the server staple endorsements, or bring your own.',
  },
  ROOT_NOT_TRUSTED: {
    answer: 'not-proved',
    message: (d) => `evidence of format ${d.format} ends in the unknown root ${d.rootSha256}`,
    hint: 'Do not trust this server; it is not hardware of the vendor that it names.',
  },
  ROOTS_DIFFER: {
    answer: 'not-proved',
    message: (d) => `the ${d.chain} ends in the root ${d.actual}, the evidence in ${d.expected}`,
    hint: 'Staple endorsements of the vendor that made the platform.',
  },
  SIMULATED_NOT_ALLOWED: {
    answer: 'not-proved',
    message: (d) =>
      `the evidence is simulated, under the root ${d.rootSha256}; the policy allows no simulated evidence`,
    hint: 'Use a server on real hardware, or name this root in `simulated.rootSha256` for a trial without secrets.',
  },
  SIMULATED_ROOT_UNKNOWN: {
    answer: 'not-proved',
    message: (d) => `the evidence is simulated under the root ${d.rootSha256}, which the policy does not name`,
    hint: 'Connect to your own installation, or make a new policy for this one.',
  },
  SIMULATED_LABELLED_HARDWARE: {
    answer: 'not-proved',
    message: (d) => `the evidence claims the format ${d.format} and ends in the simulated root ${d.rootSha256}`,
    hint: 'Do not trust this server; it presents a simulation as hardware.',
  },
  HARDWARE_LABELLED_SIMULATED: {
    answer: 'not-proved',
    message: (d) => `the evidence claims to be simulated and ends in the hardware root ${d.rootSha256}`,
    hint: 'Have the server name the format of its evidence rightly.',
  },
  PCK_ISSUER_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the PCK certificate was issued by ${d.expected}, the stapled list by ${d.actual}`,
    hint: 'Fetch the revocation list of the authority that issued the PCK certificate.',
  },
  TCB_INFO_SIGNATURE_INVALID: {
    answer: 'not-proved',
    message: (d) => `the TCB info is not signed by ${d.signer}`,
    hint: 'Staple the TCB info as the exact text that was served.',
  },
  TCB_INFO_KIND_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the TCB info is for ${d.actual}; the evidence is ${d.expected}`,
    hint: FRESH_ENDORSEMENTS,
  },
  FMSPC_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the TCB info is for the platform family ${d.tcbInfo}; the PCK certificate says ${d.pck}`,
    hint: FRESH_ENDORSEMENTS,
  },
  PCEID_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the TCB info is for the PCE ${d.tcbInfo}; the PCK certificate says ${d.pck}`,
    hint: FRESH_ENDORSEMENTS,
  },
  QE_IDENTITY_SIGNATURE_INVALID: {
    answer: 'not-proved',
    message: (d) => `the QE identity is not signed by ${d.signer}`,
    hint: 'Staple the QE identity as the exact text that was served.',
  },
  QE_IDENTITY_KIND_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the QE identity is of ${d.actual}; the evidence needs ${d.expected}`,
    hint: FRESH_ENDORSEMENTS,
  },
  QE_REPORT_SIGNATURE_INVALID: {
    answer: 'not-proved',
    message: (d) => `the report of the quoting enclave is not signed by the key of ${d.signer}`,
    hint: FORGED,
  },
  QE_REPORT_DATA_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the quoting enclave vouches for the attestation key ${d.actual}, not for ${d.expected}`,
    hint: FORGED,
  },
  QE_MRSIGNER_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the quoting enclave's ${d.field} is ${d.actual}; its identity says ${d.expected}`,
    hint: FORGED,
  },
  QE_ISVPRODID_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the quoting enclave's ${d.field} is ${d.actual}; its identity says ${d.expected}`,
    hint: FORGED,
  },
  QE_MISCSELECT_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the quoting enclave's ${d.field} under the mask is ${d.actual}; its identity says ${d.expected}`,
    hint: FORGED,
  },
  QE_ATTRIBUTES_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the quoting enclave's ${d.field} under the mask is ${d.actual}; its identity says ${d.expected}`,
    hint: FORGED,
  },
  QUOTE_SIGNATURE_INVALID: {
    answer: 'not-proved',
    message: (d) => `the ${d.format} quote is not signed by its attestation key`,
    hint: FORGED,
  },
  TDX_MODULE_UNKNOWN: {
    answer: 'not-proved',
    message: (d) => `the TCB info knows no TDX module of version ${d.version}`,
    hint: FRESH_ENDORSEMENTS,
  },
  TDX_MODULE_MRSIGNER_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the TDX module's ${d.field} is ${d.actual}; its identity says ${d.expected}`,
    hint: 'Do not trust this platform; its TDX module is not by Intel.',
  },
  TDX_MODULE_ATTRIBUTES_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the TDX module's ${d.field} is ${d.actual}; its identity says ${d.expected}`,
    hint: 'Do not trust this platform; its TDX module runs in a mode that is not for production.',
  },
  TCB_NOT_SUPPORTED: {
    answer: 'not-proved',
    message: (d) => `the security versions ${d.svn} of the ${d.part} are below every level that the vendor lists`,
    hint: 'Have the operator update firmware, microcode and the TDX module.',
  },
}
