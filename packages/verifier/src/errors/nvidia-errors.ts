import type { AnswerCatalogue } from './answer.ts'

/** The facts that go with each code about XML, OCSP, and NVIDIA GPUs. */
export interface NvidiaErrorDetails {
  NOT_XML: { readonly field: string; readonly offset: number; readonly expected: string }
  RIM_FORM: { readonly rim: string; readonly expected: string }
  RIM_DIGEST_MISMATCH: { readonly rim: string; readonly expected: string; readonly actual: string }
  RIM_SIGNATURE_INVALID: { readonly rim: string; readonly signer: string }
  RIM_PRODUCT_MISMATCH: { readonly rim: string; readonly expected: string; readonly actual: string }
  RIM_VERSION_MISMATCH: { readonly rim: string; readonly expected: string; readonly actual: string }
  RIM_INDEX_CONFLICT: { readonly index: number }
  OCSP_NOT_SUCCESSFUL: { readonly response: string; readonly status: number }
  OCSP_RESPONSE_MISSING: { readonly subject: string; readonly serial: string }
  OCSP_RESPONSE_UNMATCHED: { readonly response: string; readonly serial: string }
  OCSP_RESPONDER_NOT_AUTHORISED: { readonly response: string; readonly signer: string }
  OCSP_SIGNATURE_INVALID: { readonly response: string; readonly signer: string }
  CERTIFICATE_STATUS_UNKNOWN: { readonly subject: string }
  NVIDIA_SIGNATURE_INVALID: { readonly signer: string }
  NVIDIA_FWID_MISMATCH: { readonly expected: string; readonly actual: string }
  NVIDIA_DEVICE_KEY_MISMATCH: { readonly subject: string }
  NVIDIA_MEASUREMENT_MISMATCH: {
    readonly index: number
    readonly released: readonly string[]
    readonly actual: string
    readonly differing: readonly number[]
  }
  NVIDIA_PROTECTED_PCIE_NOT_ACCEPTED: { readonly accepted: readonly boolean[]; readonly actual: boolean }
  NVIDIA_VERSION_TOO_LOW: { readonly part: string; readonly minimum: string; readonly actual: string }
  DEVICE_EVIDENCE_ALONE: { readonly format: string }
}

const FORGED = 'Treat the evidence as forged.'
const FETCH = 'Fetch the manifests of the driver and VBIOS that the GPU runs, as NVIDIA serves them.'
const ASK = "Ask NVIDIA's responder again, and staple the answer."

/** Messages, hints and answers of those codes. */
export const NVIDIA_ERRORS: AnswerCatalogue<NvidiaErrorDetails> = {
  NOT_XML: {
    answer: 'malformed',
    message: (d) => `${d.field} is not XML in its strict form at character ${d.offset}: expected ${d.expected}`,
    hint: 'Pass the text as its service sent it.',
  },
  RIM_FORM: {
    answer: 'malformed',
    message: (d) => `the ${d.rim} has not the form of NVIDIA's manifests: expected ${d.expected}`,
    hint: 'Pass the text as its service sent it.',
  },
  RIM_DIGEST_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the ${d.rim} has the digest ${d.actual}; its signature is over ${d.expected}`,
    hint: FETCH,
  },
  RIM_SIGNATURE_INVALID: {
    answer: 'not-proved',
    message: (d) => `the ${d.rim} is not signed by ${d.signer}`,
    hint: FETCH,
  },
  RIM_PRODUCT_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the ${d.rim} is for ${d.actual}; the GPU is ${d.expected}`,
    hint: FETCH,
  },
  RIM_VERSION_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the ${d.rim} is for version ${d.actual}; the GPU runs ${d.expected}`,
    hint: FETCH,
  },
  RIM_INDEX_CONFLICT: {
    answer: 'not-proved',
    message: (d) => `both manifests say what measurement ${d.index} may be`,
    hint: FETCH,
  },
  OCSP_NOT_SUCCESSFUL: {
    answer: 'not-proved',
    message: (d) => `${d.response} is an error of the responder: ${d.status}`,
    hint: ASK,
  },
  OCSP_RESPONSE_MISSING: {
    answer: 'not-proved',
    message: (d) => `no OCSP response is about ${d.subject} with serial ${d.serial}`,
    hint: `${ASK} To do without, say \`"requireOcsp": false\` in the policy.`,
  },
  OCSP_RESPONSE_UNMATCHED: {
    answer: 'not-proved',
    message: (d) => `${d.response} is about serial ${d.serial}, which is no certificate of these chains`,
    hint: 'Staple responses about the certificates of these chains, and no others.',
  },
  OCSP_RESPONDER_NOT_AUTHORISED: {
    answer: 'not-proved',
    message: (d) => `${d.signer} may not sign ${d.response}`,
    hint: 'Treat the response as forged.',
  },
  OCSP_SIGNATURE_INVALID: {
    answer: 'not-proved',
    message: (d) => `${d.response} is not signed by ${d.signer}`,
    hint: 'Treat the response as forged.',
  },
  CERTIFICATE_STATUS_UNKNOWN: {
    answer: 'not-proved',
    message: (d) => `the responder does not know ${d.subject}`,
    hint: 'Treat the chain as forged.',
  },
  NVIDIA_SIGNATURE_INVALID: {
    answer: 'not-proved',
    message: (d) => `the report is not signed by ${d.signer}`,
    hint: FORGED,
  },
  NVIDIA_FWID_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `the attestation key is of the firmware ${d.actual}; the report names ${d.expected}`,
    hint: FORGED,
  },
  NVIDIA_DEVICE_KEY_MISMATCH: {
    answer: 'not-proved',
    message: (d) => `${d.subject} is for another device than the one that issued it`,
    hint: FORGED,
  },
  NVIDIA_MEASUREMENT_MISMATCH: {
    answer: 'not-wanted',
    message: (d) => `measurement ${d.index} is ${d.actual}; NVIDIA released ${d.released.join(' or ')}`,
    hint: 'Have the operator install firmware and driver as NVIDIA released them.',
  },
  NVIDIA_PROTECTED_PCIE_NOT_ACCEPTED: {
    answer: 'not-wanted',
    message: (d) => `protected PCIe is ${d.actual ? 'on' : 'off'}, which the policy does not accept`,
    hint: 'Have the operator change the mode of the GPU, or name it in `protectedPcie`.',
  },
  NVIDIA_VERSION_TOO_LOW: {
    answer: 'not-wanted',
    message: (d) => `the ${d.part} is ${d.actual}; at least ${d.minimum} is required`,
    hint: 'Have the operator update it.',
  },
  DEVICE_EVIDENCE_ALONE: {
    answer: 'not-wanted',
    message: (d) => `${d.format} evidence is of a device: it says nothing of the machine that asked for it`,
    hint: 'Ask for evidence of the machine; keys cannot rest on a device alone.',
  },
}
