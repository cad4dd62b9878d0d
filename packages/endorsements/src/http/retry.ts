import { setTimeout as sleepFor } from 'node:timers/promises'
import { type UnixSeconds, unixSeconds } from '@blindai/core'
import { EndorsementError, isEndorsementError } from '../endorsement-error.ts'
import { type Exchange, exchange, resourceOf, type ServiceAnswer } from './exchange.ts'

/** What waiting depends on; tests bring their own. */
export interface Pace {
  readonly clock: () => UnixSeconds
  /** From 0 to 1, 1 excluded. */
  readonly random: () => number
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
}

/** How often and how long a resource is tried. */
export interface RetryRules {
  readonly attempts: number
  /** The wait before the second attempt is up to this, before the third up to twice as much, and so on. */
  readonly firstWaitMs: number
  /** A service that wants to be left alone for longer is not waited for. */
  readonly longestWaitMs: number
}

export const DEFAULT_RETRY: RetryRules = { attempts: 3, firstWaitMs: 500, longestWaitMs: 5000 }

/** Services that asked to be left alone, and until when. One that is busy for one resource is busy for all. */
export class QuietServices {
  readonly #until = new Map<string, UnixSeconds>()

  /** @throws {EndorsementError} `SERVICE_BUSY` while a service wants to be left alone. */
  check(url: URL, now: UnixSeconds): void {
    const until = this.#until.get(url.origin)
    if (until === undefined) return
    if (now >= until) this.#until.delete(url.origin)
    else {
      const facts = { resource: resourceOf(url), status: 503, retryAfterSeconds: until - now }
      throw new EndorsementError('SERVICE_BUSY', facts)
    }
  }

  note(url: URL, until: UnixSeconds): void {
    const known = this.#until.get(url.origin)
    if (known === undefined || known < until) this.#until.set(url.origin, until)
  }
}

/** Waits as long as it says; an abort ends the wait with the signal's reason. */
export async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleepFor(milliseconds, undefined, { signal })
  } catch (cause) {
    signal.throwIfAborted()
    throw cause
  }
}

/**
 * Asks until there is an answer, waiting between attempts a random part of a doubling time, and at least as long as the
 * service asks. What another attempt cannot change is not tried again.
 *
 * @throws as `exchange` does, after the last attempt.
 */
export async function exchangeWithRetry(
  asked: Exchange,
  rules: RetryRules,
  pace: Pace,
  quiet: QuietServices,
): Promise<ServiceAnswer> {
  for (let attempt = 1; ; attempt++) {
    quiet.check(asked.url, pace.clock())
    try {
      return await exchange(asked, pace.clock())
    } catch (error) {
      const waitMs = waitAfter(error, attempt, rules, pace)
      if (waitMs !== undefined && waitMs <= rules.longestWaitMs && attempt < rules.attempts) {
        await pace.sleep(waitMs, asked.signal)
      } else {
        if (isBusy(error)) quiet.note(asked.url, unixSeconds(pace.clock() + error.details.retryAfterSeconds))
        throw error
      }
    }
  }
}

const WORTH_ANOTHER_TRY: readonly string[] = [
  'SERVICE_UNREACHABLE',
  'SERVICE_TIMED_OUT',
  'SERVICE_FAILED',
  'SERVICE_BUSY',
  'RESPONSE_CUT',
]

/** How long to wait before the next attempt; undefined when there should be none. */
function waitAfter(error: unknown, attempt: number, rules: RetryRules, pace: Pace): number | undefined {
  if (!isEndorsementError(error) || !WORTH_ANOTHER_TRY.includes(error.code)) return undefined
  const backoff = pace.random() * rules.firstWaitMs * 2 ** (attempt - 1)
  return isBusy(error) ? error.details.retryAfterSeconds * 1000 + backoff : backoff
}

function isBusy(error: unknown): error is EndorsementError<'SERVICE_BUSY'> {
  return isEndorsementError(error) && error.code === 'SERVICE_BUSY'
}
