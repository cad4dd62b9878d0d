import type { FailureCode } from '../wire/messages.ts'

/** A failure that the gatekeeper is told of. `reason` is a fixed word, `subject` a name or a limit; never a value. */
export class Failure extends Error {
  readonly code: FailureCode
  readonly reason: string
  readonly subject: string | null

  constructor(code: FailureCode, reason: string, subject: string | number | null = null, options?: ErrorOptions) {
    super(`${code}: ${reason}`, options)
    this.name = 'Failure'
    this.code = code
    this.reason = reason
    this.subject = subject === null ? null : String(subject)
  }
}

/** ONNX Runtime, V8 and libvips say that memory ran out in words only; these are all the words. */
const MEMORY_WORDS = /std::bad_alloc|failed to allocate memory|array buffer allocation failed|out of memory/i

/** True when memory ran out under `error`. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && MEMORY_WORDS.test(error.message)
}

/** `error` as a failure: itself, or one that says where it came up and keeps it as the cause. */
export function asFailure(error: unknown, code: FailureCode, reason: string): Failure {
  if (error instanceof Failure) return error
  if (isOutOfMemory(error)) return new Failure('MODEL_NEEDS_MORE_MEMORY', 'memory-exhausted', null, { cause: error })
  return new Failure(code, reason, null, { cause: error })
}
