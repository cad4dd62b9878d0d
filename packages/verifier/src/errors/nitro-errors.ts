import { formatUnixSeconds, type UnixSeconds } from '@blindai/core'
import type { AnswerCatalogue } from './answer.ts'

/** The facts that go with each code about CBOR, and about AWS Nitro attestation documents. */
export interface NitroErrorDetails {
  NOT_CBOR: { readonly field: string; readonly offset: number; readonly expected: string }
  CBOR_TOO_DEEP: { readonly field: string; readonly limit: number }
  COSE_SIGNATURE_INVALID: { readonly format: string; readonly signer: string }
  EVIDENCE_TIME_OUTSIDE_CERTIFICATE: {
    readonly signedAt: UnixSeconds
    readonly notBefore: UnixSeconds
    readonly notAfter: UnixSeconds
  }
  NITRO_DEBUG: { readonly register: string }
  TCB_NOT_REPORTED: { readonly format: string }
  EVIDENCE_TOO_OLD: { readonly signedAt: UnixSeconds; readonly maximumSeconds: number; readonly now: UnixSeconds }
  EVIDENCE_FROM_FUTURE: { readonly signedAt: UnixSeconds; readonly toleratedSeconds: number; readonly now: UnixSeconds }
}

/** Messages, hints and answers of those codes. */
export const NITRO_ERRORS: AnswerCatalogue<NitroErrorDetails> = {
  NOT_CBOR: {
    answer: 'malformed',
    message: (d) => `${d.field} is not CBOR in its strict form at byte ${d.offset}: expected ${d.expected}`,
    hint: 'Pass the bytes as the security module wrote them.',
  },
  CBOR_TOO_DEEP: {
    answer: 'malformed',
    message: (d) => `${d.field} nests deeper than ${d.limit} levels`,
    hint: 'Pass the bytes as the security module wrote them.',
  },
  COSE_SIGNATURE_INVALID: {
    answer: 'not-proved',
    message: (d) => `the ${d.format} document is not signed by ${d.signer}`,
    hint: 'Treat the evidence as forged.',
  },
  EVIDENCE_TIME_OUTSIDE_CERTIFICATE: {
    answer: 'not-proved',
    message: (d) =>
      `the document says it was signed at ${formatUnixSeconds(d.signedAt)}; its certificate is valid from ${formatUnixSeconds(d.notBefore)} to ${formatUnixSeconds(d.notAfter)}`,
    hint: 'Ask for new evidence; if it happens twice, treat it as forged.',
  },
  NITRO_DEBUG: {
    answer: 'not-wanted',
    message: (d) => `${d.register} is zero, so the enclave is in debug mode: its parent instance reads its console`,
    hint: 'Start the enclave without debug.',
  },
  TCB_NOT_REPORTED: {
    answer: 'not-wanted',
    message: (d) => `${d.format} evidence names no version of what runs below the enclave`,
    hint: 'Nothing is to be done: AWS keeps the Nitro system up to date, and its word is all there is.',
  },
  EVIDENCE_TOO_OLD: {
    answer: 'not-wanted',
    message: (d) =>
      `the evidence was signed at ${formatUnixSeconds(d.signedAt)}; now is ${formatUnixSeconds(d.now)}, and at most ${d.maximumSeconds} s are wanted`,
    hint: 'Ask for new evidence.',
  },
  EVIDENCE_FROM_FUTURE: {
    answer: 'not-wanted',
    message: (d) =>
      `the evidence was signed at ${formatUnixSeconds(d.signedAt)}, more than ${d.toleratedSeconds} s after ${formatUnixSeconds(d.now)}`,
    hint: 'Check the clock behind `now`.',
  },
}
