import { type Catalogue, CodedError } from '@blindai/core'

/** The facts that go with each code of `AttesterError`. */
export interface AttesterErrorDetails {
  ATTESTER_BUSY: { readonly waiting: number; readonly limit: number }
  EVIDENCE_UNAVAILABLE: { readonly format: string }
  ATTESTER_CLOSED: { readonly format: string }
}

/** Messages and hints of `AttesterError`. A caller does well to try again after each of them. */
export const ATTESTER_CATALOGUE: Catalogue<AttesterErrorDetails> = {
  ATTESTER_BUSY: {
    message: (d) => `${d.waiting} callers wait for fresh evidence; at most ${d.limit} can`,
    hint: 'Try again in a second, or ask for cached evidence by leaving the nonce out.',
  },
  EVIDENCE_UNAVAILABLE: {
    message: (d) => `the source of ${d.format} evidence failed`,
    hint: 'Try again; if it lasts, the operator has to look at the attestation device.',
  },
  ATTESTER_CLOSED: {
    message: (d) => `the attester of ${d.format} evidence is closed`,
    hint: 'Connect again when the server is back.',
  },
}

/** A document that cannot be given now. */
export class AttesterError<Code extends keyof AttesterErrorDetails = keyof AttesterErrorDetails> extends CodedError<
  AttesterErrorDetails,
  Code
> {
  constructor(code: Code, details: AttesterErrorDetails[Code], options?: ErrorOptions) {
    super('AttesterError', ATTESTER_CATALOGUE, code, details, options)
  }
}

/** `AttesterError` as a union, so that a switch over `code` narrows `details`. */
export type AnyAttesterError = {
  readonly [Code in keyof AttesterErrorDetails]: AttesterError<Code>
}[keyof AttesterErrorDetails]

/** True for an `AttesterError` of any copy of this package. */
export function isAttesterError(error: unknown): error is AnyAttesterError {
  return error instanceof Error && error.name === 'AttesterError' && 'code' in error
}
