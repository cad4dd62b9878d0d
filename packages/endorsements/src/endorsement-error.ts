import { type Catalogue, CodedError, formatUnixSeconds, type UnixSeconds } from '@blindai/core'

/** The facts that go with each code of `EndorsementError`. `resource` is the address without what was asked for in detail. */
export interface EndorsementErrorDetails {
  SERVICE_NOT_CONFIGURED: { readonly technology: string }
  SERVICE_UNREACHABLE: { readonly resource: string; readonly reason: string }
  SERVICE_TIMED_OUT: { readonly resource: string; readonly timeoutMs: number }
  SERVICE_BUSY: { readonly resource: string; readonly status: number; readonly retryAfterSeconds: number }
  SERVICE_FAILED: { readonly resource: string; readonly status: number }
  SERVICE_REFUSED: { readonly resource: string; readonly status: number }
  SERVICE_REDIRECTS: { readonly resource: string; readonly status: number }
  ENDORSEMENT_NOT_FOUND: { readonly resource: string; readonly status: number }
  RESPONSE_CUT: { readonly resource: string }
  RESPONSE_TOO_LONG: { readonly resource: string; readonly limit: number }
  RESPONSE_TYPE_WRONG: { readonly resource: string; readonly actual: string }
  ISSUER_CHAIN_MISSING: { readonly resource: string; readonly header: string; readonly count: number }
  ENDORSEMENT_MALFORMED: { readonly resource: string; readonly reason: string }
  ENDORSEMENT_MISMATCH: {
    readonly resource: string
    readonly field: string
    readonly expected: string
    readonly actual: string
  }
  ENDORSEMENT_STALE: { readonly resource: string; readonly notAfter: UnixSeconds; readonly now: UnixSeconds }
  LENT_KEY_NOT_GIVEN: { readonly product: string }
  FETCHER_CLOSED: Record<never, never>
}

const OPERATOR = 'Check the address in the configuration, and what stands between this machine and the service.'
const LATER = 'Try again later; endorsements at hand serve on for as long as they are valid.'

/** Messages and hints of `EndorsementError`. */
export const ENDORSEMENT_CATALOGUE: Catalogue<EndorsementErrorDetails> = {
  SERVICE_NOT_CONFIGURED: {
    message: (d) => `no service is configured that endorses ${d.technology}`,
    hint: 'Name the service in `endorsements` of the configuration.',
  },
  SERVICE_UNREACHABLE: {
    message: (d) => `${d.resource} cannot be reached: ${d.reason}`,
    hint: OPERATOR,
  },
  SERVICE_TIMED_OUT: {
    message: (d) => `${d.resource} did not answer within ${d.timeoutMs} ms`,
    hint: LATER,
  },
  SERVICE_BUSY: {
    message: (d) => `${d.resource} answered ${d.status} and wants to be left alone for ${d.retryAfterSeconds} s`,
    hint: LATER,
  },
  SERVICE_FAILED: {
    message: (d) => `${d.resource} answered ${d.status}`,
    hint: LATER,
  },
  SERVICE_REFUSED: {
    message: (d) => `${d.resource} refuses the request: status ${d.status}`,
    hint: OPERATOR,
  },
  SERVICE_REDIRECTS: {
    message: (d) => `${d.resource} answered ${d.status}, a redirect, which is not followed`,
    hint: OPERATOR,
  },
  ENDORSEMENT_NOT_FOUND: {
    message: (d) => `${d.resource} has no endorsement for this platform: status ${d.status}`,
    hint: 'Check that the service knows the platform; a caching service may have to be filled first.',
  },
  RESPONSE_CUT: {
    message: (d) => `the answer of ${d.resource} ended early`,
    hint: LATER,
  },
  RESPONSE_TOO_LONG: {
    message: (d) => `the answer of ${d.resource} has more than ${d.limit} bytes`,
    hint: OPERATOR,
  },
  RESPONSE_TYPE_WRONG: {
    message: (d) => `${d.resource} answered with the content type ${d.actual}`,
    hint: OPERATOR,
  },
  ISSUER_CHAIN_MISSING: {
    message: (d) => `the answer of ${d.resource} has the header ${d.header} ${d.count} times, not once`,
    hint: OPERATOR,
  },
  ENDORSEMENT_MALFORMED: {
    message: (d) => `what ${d.resource} answered has not the form of an endorsement: ${d.reason}`,
    hint: OPERATOR,
  },
  ENDORSEMENT_MISMATCH: {
    message: (d) => `${d.resource} answered for ${d.field} ${d.actual}; ${d.expected} was asked`,
    hint: OPERATOR,
  },
  ENDORSEMENT_STALE: {
    message: (d) =>
      `what ${d.resource} answered ended at ${formatUnixSeconds(d.notAfter)}; now is ${formatUnixSeconds(d.now)}`,
    hint: 'Check the clock of this machine; otherwise the service hands out old endorsements.',
  },
  LENT_KEY_NOT_GIVEN: {
    message: (d) => `the report is signed by a key lent for ${d.product}, whose certificate only the host has`,
    hint: 'Have the host put the certificate of the VLEK into the table that comes with a report.',
  },
  FETCHER_CLOSED: {
    message: () => 'endorsements are not fetched any more: the server ends',
    hint: 'Connect again when the server is back.',
  },
}

/** Endorsements that cannot be had now. */
export class EndorsementError<
  Code extends keyof EndorsementErrorDetails = keyof EndorsementErrorDetails,
> extends CodedError<EndorsementErrorDetails, Code> {
  constructor(code: Code, details: EndorsementErrorDetails[Code], options?: ErrorOptions) {
    super('EndorsementError', ENDORSEMENT_CATALOGUE, code, details, options)
  }
}

/** `EndorsementError` as a union, so that a switch over `code` narrows `details`. */
export type AnyEndorsementError = {
  readonly [Code in keyof EndorsementErrorDetails]: EndorsementError<Code>
}[keyof EndorsementErrorDetails]

/** True for an `EndorsementError` of any copy of this package. */
export function isEndorsementError(error: unknown): error is AnyEndorsementError {
  return error instanceof Error && error.name === 'EndorsementError' && 'code' in error
}
