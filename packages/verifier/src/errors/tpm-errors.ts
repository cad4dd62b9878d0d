import type { AnswerCatalogue } from './answer.ts'

/** An attribute of a key, and all of them. */
interface Attribute {
  readonly attribute: string
  readonly objectAttributes: string
}

/** The facts that go with each code about a TPM. */
export interface TpmErrorDetails {
  TPM_NOT_GENERATED: { readonly actual: string }
  TPM_NOT_A_QUOTE: { readonly actual: string }
  TPM_AK_ATTRIBUTE_RESERVED: Attribute
  TPM_AK_ATTRIBUTE_MISSING: Attribute
  TPM_AK_ATTRIBUTE_FORBIDDEN: Attribute
  TPM_AK_PARAMETER_FORBIDDEN: { readonly parameter: string }
  TPM_AK_SCHEME_MISSING: Readonly<Record<string, never>>
  TPM_SIGNATURE_SCHEME_MISMATCH: { readonly expected: string; readonly actual: string }
  TPM_SIGNATURE_INVALID: { readonly signer: string }
  TPM_PCR_MISSING: { readonly bank: string; readonly pcr: number }
  TPM_PCR_NOT_QUOTED: { readonly bank: string; readonly pcr: number }
  TPM_PCR_DIGEST_MISMATCH: { readonly expected: string; readonly actual: string }
  TPM_AK_CERTIFICATE_MISSING: { readonly format: string }
  TPM_AK_CERTIFICATE_MISMATCH: { readonly subject: string }
  TPM_AK_NOT_CHECKED: { readonly name: string }
  TPM_AK_NOT_BOUND: { readonly name: string; readonly accepted: readonly string[] }
  TPM_REGISTERS_NOT_VOUCHED: { readonly name: string }
}

const MAKE_AK = 'Make an attestation key by a template of the TCG, or use the one that the TPM came with.'
const ENROL =
  'Enrol the machine and name its key in `tpm.attestationKeys`, or name the authority of its certificate in `tpm.akRoots`.'
const AS_QUOTED = 'Read the registers again after the quote, and quote again if they changed.'

/** Messages, hints and answers of those codes. */
export const TPM_ERRORS: AnswerCatalogue<TpmErrorDetails> = {
  TPM_NOT_GENERATED: {
    answer: 'malformed',
    message: (d) => `the quote starts with ${d.actual}, not with 0xff544347: no TPM made it`,
    hint: 'Pass TPMS_ATTEST as TPM2_Quote returned it, without a length before it.',
  },
  TPM_NOT_A_QUOTE: {
    answer: 'malformed',
    message: (d) => `the TPM's statement is of the type ${d.actual}, not a quote (0x8018)`,
    hint: 'Pass what TPM2_Quote returned.',
  },
  TPM_AK_ATTRIBUTE_RESERVED: {
    answer: 'not-proved',
    message: (d) => `the attestation key has the reserved attribute ${d.attribute} (${d.objectAttributes})`,
    hint: 'Update the verifier, or treat the evidence as forged.',
  },
  TPM_AK_ATTRIBUTE_MISSING: {
    answer: 'not-proved',
    message: (d) => `the attestation key lacks the attribute ${d.attribute} (${d.objectAttributes})`,
    hint: MAKE_AK,
  },
  TPM_AK_ATTRIBUTE_FORBIDDEN: {
    answer: 'not-proved',
    message: (d) => `the attestation key has the attribute ${d.attribute} (${d.objectAttributes})`,
    hint: MAKE_AK,
  },
  TPM_AK_PARAMETER_FORBIDDEN: {
    answer: 'not-proved',
    message: (d) => `the attestation key has the parameter ${d.parameter}, so it is a key that stores others`,
    hint: MAKE_AK,
  },
  TPM_AK_SCHEME_MISSING: {
    answer: 'not-proved',
    message: () => 'the attestation key names no scheme to sign by, which a restricted key must',
    hint: MAKE_AK,
  },
  TPM_SIGNATURE_SCHEME_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the signature is ${d.actual}; the key is for ${d.expected}`,
    hint: 'Treat the evidence as forged.',
  },
  TPM_SIGNATURE_INVALID: {
    answer: 'not-proved',
    message: (d) => `the quote is not signed by ${d.signer}`,
    hint: 'Treat the evidence as forged.',
  },
  TPM_PCR_MISSING: {
    answer: 'not-proved',
    message: (d) => `the quote is over PCR ${d.pcr} of ${d.bank}, and its value is not there`,
    hint: 'Send the value of each register that was quoted.',
  },
  TPM_PCR_NOT_QUOTED: {
    answer: 'not-proved',
    message: (d) => `there is a value for PCR ${d.pcr} of ${d.bank}, and the quote is not over it`,
    hint: 'Send the values of the registers that were quoted, and of no others.',
  },
  TPM_PCR_DIGEST_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the values of the registers have the digest ${d.actual}; the quote is over ${d.expected}`,
    hint: AS_QUOTED,
  },
  TPM_AK_CERTIFICATE_MISSING: {
    answer: 'not-proved',
    message: (d) => `${d.format} evidence has no certificate of its attestation key, so that nothing says who made it`,
    hint: 'Staple `akCertificate` and `akChain`.',
  },
  TPM_AK_CERTIFICATE_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the certificate "${d.subject}" is of another key than the one that signed the quote`,
    hint: 'Staple the certificate of the attestation key; that of the endorsement key is another.',
  },
  TPM_AK_NOT_CHECKED: {
    answer: 'not-proved',
    message: (d) => `nothing vouches for the attestation key ${d.name}, and the policy names no key or authority`,
    hint: ENROL,
  },
  TPM_AK_NOT_BOUND: {
    answer: 'not-proved',
    message: (d) =>
      `nothing that the policy names vouches for the attestation key ${d.name}; its keys are ${d.accepted.join(', ') || '(none)'}`,
    hint: ENROL,
  },
  TPM_REGISTERS_NOT_VOUCHED: {
    answer: 'not-proved',
    message: (d) => `the registers are the word of the attestation key ${d.name}, for which nothing vouches`,
    hint: ENROL,
  },
}
