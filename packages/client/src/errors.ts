import { CodedError } from '@blindai/core'
import type { AttestationResult } from '@blindai/verifier'
import { CLIENT_CATALOGUE, type ClientErrorDetails } from './error-catalogue.ts'
import { SERVER_CATALOGUE, type ServerErrorDetails } from './server-errors.ts'

/**
 * What a program can do about an error. `fix`: the call or the configuration is wrong, and stays wrong. `retry`: the same
 * call can work later. `stop`: what answers is not what the policy wants; do not send it anything.
 */
export type ErrorFamily = 'fix' | 'retry' | 'stop'

/** The facts that go with each code of `BlindAiError`. */
export interface BlindAiErrorDetails extends ClientErrorDetails, ServerErrorDetails {}

/** A code of `BlindAiError`: of this package, or of the server's closed list. */
export type BlindAiErrorCode = keyof BlindAiErrorDetails

const CATALOGUE = { ...CLIENT_CATALOGUE, ...SERVER_CATALOGUE }

/** What may be known besides the facts. */
export interface BlindAiErrorOptions extends ErrorOptions {
  readonly report?: AttestationResult | undefined
  readonly retryAfterMs?: number | undefined
}

/**
 * Every failure of this package, but an abort, which ends in the reason of the caller's signal.
 *
 * @example
 * catch (error) {
 *   if (!isBlindAiError(error)) throw error
 *   if (error.family === 'retry') await wait(error.retryAfterMs ?? 1000)
 *   else console.error(error.code, error.hint, error.report?.failed)
 * }
 */
export class BlindAiError<Code extends BlindAiErrorCode = BlindAiErrorCode> extends CodedError<
  BlindAiErrorDetails,
  Code
> {
  readonly family: ErrorFamily
  /** The verification, as far as it got. */
  readonly report?: AttestationResult
  /** How long the server asks to be left alone. */
  readonly retryAfterMs?: number

  constructor(code: Code, details: BlindAiErrorDetails[Code], options: BlindAiErrorOptions = {}) {
    super('BlindAiError', CATALOGUE, code, details, 'cause' in options ? { cause: options.cause } : undefined)
    this.family = CATALOGUE[code].family
    if (options.report !== undefined) this.report = options.report
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs
  }
}

/** `BlindAiError` as a union, so that a switch over `code` narrows `details`. */
export type AnyBlindAiError = { readonly [Code in BlindAiErrorCode]: BlindAiError<Code> }[BlindAiErrorCode]

/** True for a `BlindAiError` of any copy of this package. */
export function isBlindAiError(error: unknown): error is AnyBlindAiError {
  return error instanceof Error && error.name === 'BlindAiError' && 'code' in error && 'family' in error
}

/** The same error with the report that the session holds; an error that has one keeps its own. */
export function withReport(error: unknown, report: AttestationResult): unknown {
  if (!isBlindAiError(error) || error.report !== undefined) return error
  // A value of the union goes back through the constructor of the same code.
  return copy(error, report)
}

function copy<Code extends BlindAiErrorCode>(error: BlindAiError<Code>, report: AttestationResult): BlindAiError<Code> {
  const { code, details, retryAfterMs } = error
  return new BlindAiError(code, details, { report, retryAfterMs, cause: error.cause ?? error })
}
