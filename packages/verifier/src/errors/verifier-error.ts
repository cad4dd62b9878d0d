import { CodedError, isMalformedError } from '@blindai/core'
import type { Answer, AnswerCatalogue } from './answer.ts'
import { APPRAISAL_ERRORS, type AppraisalErrorDetails } from './appraisal-errors.ts'
import { DCAP_ERRORS, type DcapErrorDetails } from './dcap-errors.ts'
import { EVENT_LOG_ERRORS, type EventLogErrorDetails } from './event-log-errors.ts'
import { HCL_ERRORS, type HclErrorDetails } from './hcl-errors.ts'
import { NITRO_ERRORS, type NitroErrorDetails } from './nitro-errors.ts'
import { SGX_ERRORS, type SgxErrorDetails } from './sgx-errors.ts'
import { SNP_ERRORS, type SnpErrorDetails } from './snp-errors.ts'
import { TPM_ERRORS, type TpmErrorDetails } from './tpm-errors.ts'
import { X509_ERRORS, type X509ErrorDetails } from './x509-errors.ts'

/** The facts that go with each code of `VerifierError`. */
export interface VerifierErrorDetails
  extends X509ErrorDetails,
    DcapErrorDetails,
    SgxErrorDetails,
    SnpErrorDetails,
    NitroErrorDetails,
    EventLogErrorDetails,
    TpmErrorDetails,
    HclErrorDetails,
    AppraisalErrorDetails {}

/** Messages, hints and answers of `VerifierError`. */
export const VERIFIER_CATALOGUE: AnswerCatalogue<VerifierErrorDetails> = {
  ...X509_ERRORS,
  ...DCAP_ERRORS,
  ...SGX_ERRORS,
  ...SNP_ERRORS,
  ...NITRO_ERRORS,
  ...EVENT_LOG_ERRORS,
  ...TPM_ERRORS,
  ...HCL_ERRORS,
  ...APPRAISAL_ERRORS,
}

/** Evidence, an endorsement or a statement that is not what it claims, or not what the policy wants. */
export class VerifierError<Code extends keyof VerifierErrorDetails = keyof VerifierErrorDetails> extends CodedError<
  VerifierErrorDetails,
  Code
> {
  /** Which of the three answers this is. */
  readonly answer: Answer

  constructor(code: Code, details: VerifierErrorDetails[Code], options?: ErrorOptions) {
    super('VerifierError', VERIFIER_CATALOGUE, code, details, options)
    this.answer = VERIFIER_CATALOGUE[code].answer
  }
}

/** `VerifierError` as a union, so that a switch over `code` narrows `details`. */
export type AnyVerifierError = {
  readonly [Code in keyof VerifierErrorDetails]: VerifierError<Code>
}[keyof VerifierErrorDetails]

/** True for a `VerifierError` of any copy of this package. */
export function isVerifierError(error: unknown): error is AnyVerifierError {
  return error instanceof Error && error.name === 'VerifierError' && 'code' in error
}

/** The answer that an error gives; undefined for an error that is a fault of the program. */
export function answerOf(error: unknown): Answer | undefined {
  if (isMalformedError(error)) return 'malformed'
  return isVerifierError(error) ? error.answer : undefined
}
