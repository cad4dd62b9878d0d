import { BlindAiError } from './errors.ts'

/** How long each kind of operation may take, in milliseconds. */
export interface Timeouts {
  /** TCP and TLS handshakes with the channel proof. */
  readonly connectMs: number
  /** From asking for evidence to its verdict. Hardware makes evidence slowly, and for one caller at a time. */
  readonly attestationMs: number
  /** One API call, its answer included; of an attested `fetch`, until the answer's headers are there. */
  readonly requestMs: number
}

export const DEFAULT_TIMEOUTS: Timeouts = { connectMs: 10_000, attestationMs: 60_000, requestMs: 300_000 }

/**
 * Runs work under a time limit and, where the caller has one, under its signal.
 *
 * An abort by the caller ends in the reason of its signal, as `fetch` does; the limit ends in `TIMED_OUT`. The timer and
 * the listener are gone when the work has ended. Work that ignores its signal is left to end by itself.
 *
 * @throws {BlindAiError} `TIMED_OUT`.
 */
export async function withDeadline<T>(
  what: string,
  timeoutMs: number,
  parent: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  parent?.throwIfAborted()
  const controller = new AbortController()
  const ended = Promise.withResolvers<never>()
  const end = (reason: unknown): void => {
    ended.reject(reason)
    controller.abort(reason)
  }
  const onParent = (): void => end(parent?.reason)
  const timer = setTimeout(() => end(new BlindAiError('TIMED_OUT', { what, timeoutMs })), timeoutMs)
  parent?.addEventListener('abort', onParent, { once: true })
  try {
    return await Promise.race([work(controller.signal), ended.promise])
  } catch (error) {
    // What breaks because of the abort says so in many ways; the reason is the one answer.
    throw controller.signal.aborted ? controller.signal.reason : error
  } finally {
    clearTimeout(timer)
    parent?.removeEventListener('abort', onParent)
  }
}

/** Waits for shared work, and stops waiting, without ending the work, when the caller's signal says so. */
export async function waitFor<T>(shared: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([aborted.promise, shared])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
