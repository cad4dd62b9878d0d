import type { AnswerCatalogue } from './answer.ts'

/** The facts that go with each code about SGX enclaves. `attributes` and `miscSelect` are hex of the whole field. */
export interface SgxErrorDetails {
  SGX_DEBUG: { readonly attributes: string }
  SGX_NOT_INITIALIZED: { readonly attributes: string }
  SGX_ATTRIBUTE_RESERVED: { readonly bit: number; readonly attributes: string }
  SGX_ATTRIBUTE_NOT_ALLOWED: { readonly attribute: string; readonly bit: number; readonly attributes: string }
  SGX_ATTRIBUTE_REQUIRED: { readonly attribute: string; readonly bit: number; readonly attributes: string }
  SGX_XFRM_RESERVED: { readonly bit: number; readonly attributes: string }
  SGX_XFRM_REQUIRED: { readonly feature: string; readonly bit: number; readonly attributes: string }
  SGX_MISCSELECT_RESERVED: { readonly bit: number; readonly miscSelect: string }
  SGX_MISCSELECT_NOT_ALLOWED: { readonly name: string; readonly bit: number; readonly miscSelect: string }
}

const UPDATE = 'Update the verifier.'

/** Messages, hints and answers of those codes. */
export const SGX_ERRORS: AnswerCatalogue<SgxErrorDetails> = {
  SGX_DEBUG: {
    answer: 'not-wanted',
    message: (d) => `the enclave is in debug mode (ATTRIBUTES ${d.attributes}): its host reads its memory`,
    hint: 'Sign the enclave for production and start it without debug.',
  },
  SGX_NOT_INITIALIZED: {
    answer: 'not-wanted',
    message: (d) => `the report is of an enclave that was never initialized (ATTRIBUTES ${d.attributes})`,
    hint: 'Treat the evidence as forged: such an enclave cannot report.',
  },
  SGX_ATTRIBUTE_RESERVED: {
    answer: 'not-wanted',
    message: (d) => `bit ${d.bit} of ATTRIBUTES ${d.attributes} is set, and its meaning is not known here`,
    hint: UPDATE,
  },
  SGX_ATTRIBUTE_NOT_ALLOWED: {
    answer: 'not-wanted',
    message: (d) => `the enclave has the attribute ${d.attribute}, which the policy does not allow`,
    hint: 'Start the enclave without it, or name it in `sgx.allowedAttributes`.',
  },
  SGX_ATTRIBUTE_REQUIRED: {
    answer: 'not-wanted',
    message: (d) => `the enclave lacks the attribute ${d.attribute}, which the policy requires`,
    hint: 'Start the enclave with it, or leave it out of `sgx.requiredAttributes`.',
  },
  SGX_XFRM_RESERVED: {
    answer: 'not-wanted',
    message: (d) => `bit ${d.bit} of XFRM in ATTRIBUTES ${d.attributes} is set, and its meaning is not known here`,
    hint: UPDATE,
  },
  SGX_XFRM_REQUIRED: {
    answer: 'not-wanted',
    message: (d) => `XFRM in ATTRIBUTES ${d.attributes} lacks ${d.feature}, without which no enclave is made`,
    hint: 'Treat the evidence as forged.',
  },
  SGX_MISCSELECT_RESERVED: {
    answer: 'not-wanted',
    message: (d) => `bit ${d.bit} of MISCSELECT ${d.miscSelect} is set, and its meaning is not known here`,
    hint: UPDATE,
  },
  SGX_MISCSELECT_NOT_ALLOWED: {
    answer: 'not-wanted',
    message: (d) => `MISCSELECT has ${d.name}, which the policy does not allow`,
    hint: 'Start the enclave without it, or name it in `sgx.allowedMiscSelect`.',
  },
}
