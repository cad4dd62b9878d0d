import { isMalformedError, type JsonValue } from '@blindai/core'
import type { Answer } from '../errors/answer.ts'
import { answerOf, isVerifierError } from '../errors/verifier-error.ts'
import { CHECK_SUMMARIES, type CheckCode } from './check-codes.ts'

/** Why a check did not pass. */
export interface CheckError {
  readonly code: string
  readonly answer: Answer
  readonly message: string
  readonly hint: string
  readonly details: JsonValue
}

/** How one check ended. `skipped` is shown, and is never a pass. */
export interface Check {
  readonly code: CheckCode
  readonly status: 'passed' | 'failed' | 'skipped'
  /** What was checked, in plain words. */
  readonly summary: string
  readonly error?: CheckError
}

/** Thrown once something is not proved: what comes after would be words about nothing. */
export class Halt extends Error {
  constructor() {
    super('a check failed that the rest depends on')
    this.name = 'Halt'
  }
}

/**
 * Runs checks in order and keeps how each ended. What must be proved stops at the first failure (`prove`); what the policy
 * wants is judged to the end (`judge`), so that a person sees all of it at once.
 */
export class CheckList {
  #plan: readonly CheckCode[]
  readonly #ended = new Map<CheckCode, Check>()

  /** @param plan - the checks there are, in order; those that nobody ran are listed as skipped. */
  constructor(plan: readonly CheckCode[]) {
    this.#plan = plan
  }

  /** Replaces the plan, once it is known what there is to check. */
  planFor(plan: readonly CheckCode[]): void {
    this.#plan = plan
  }

  /** Leaves out of the plan what there is nothing to check of. */
  drop(codes: readonly CheckCode[]): void {
    this.#plan = this.#plan.filter((code) => !codes.includes(code))
  }

  /** @throws {Halt} when the action refuses what it looks at. */
  async prove<T>(code: CheckCode, action: () => T | Promise<T>): Promise<T> {
    try {
      const value = await action()
      this.#end(code, 'passed')
      return value
    } catch (error) {
      this.#end(code, 'failed', describeError(error))
      throw new Halt()
    }
  }

  /** @param isAsked - whether the policy asks for this at all; a check that nobody asked for is skipped. */
  judge(code: CheckCode, isAsked: boolean, action: () => void): void {
    if (!isAsked) {
      this.skip(code)
      return
    }
    try {
      action()
      this.#end(code, 'passed')
    } catch (error) {
      this.#end(code, 'failed', describeError(error))
    }
  }

  /** Notes what another check has shown already. */
  pass(code: CheckCode): void {
    this.#end(code, 'passed')
  }

  /** Notes why a check could not be made. */
  skip(code: CheckCode, reason?: Error): void {
    this.#end(code, 'skipped', reason && describeError(reason))
  }

  hasPassed(code: CheckCode): boolean {
    return this.#ended.get(code)?.status === 'passed'
  }

  /** All checks of the plan, in its order. */
  get all(): readonly Check[] {
    return this.#plan.map(
      (code) => this.#ended.get(code) ?? { code, status: 'skipped', summary: CHECK_SUMMARIES[code] },
    )
  }

  #end(code: CheckCode, status: Check['status'], error?: CheckError): void {
    this.#ended.set(code, { code, status, summary: CHECK_SUMMARIES[code], ...(error && { error }) })
  }
}

/** The facts of an error that evidence can cause; any other error is a fault of the program and goes on. */
function describeError(error: unknown): CheckError {
  const answer = answerOf(error)
  if (answer === undefined || !(isMalformedError(error) || isVerifierError(error))) throw error
  const { code, message, hint, details } = error
  return { code, answer, message, hint, details: { ...details } }
}
