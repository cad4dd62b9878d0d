import type { Endorsements, EvidenceSource, UnixSeconds } from '@blindai/core'
import { unixSeconds } from '@blindai/core'
import { nextUpdateOf } from './endorsement-age.ts'

/** Endorsements with the time until which they are used without asking the source again. */
export interface HeldEndorsements {
  readonly value: Endorsements | undefined
  readonly refreshAt: UnixSeconds
  /** From here on the source must give new ones; undefined when the endorsements say nothing of it. */
  readonly staleAt: UnixSeconds | undefined
  /** What the evidence that they go with calls them. */
  readonly name: string | undefined
}

/** The source is asked at least so often. */
const MAX_AGE_SECONDS = 3600
/** How long before the next update new ones are wanted. */
const MARGIN_SECONDS = 600
/** How long to wait before asking again, when the source has nothing newer or failed. */
const RETRY_SECONDS = 60

/**
 * Asks a source for endorsements and holds what it gave: for an hour, and less when they go stale earlier. When the source
 * fails, those at hand serve on until they are stale. The caller asks from one job at a time.
 */
export class EndorsementCache {
  readonly #source: EvidenceSource
  #held: HeldEndorsements | undefined

  constructor(source: EvidenceSource) {
    this.#source = source
  }

  /**
   * Those that go with evidence. Rejects as the source does when there is nothing to fall back on.
   *
   * @param name - what that evidence calls them: a platform that was updated needs others.
   */
  async at(now: UnixSeconds, name: string | undefined): Promise<HeldEndorsements> {
    const held = this.#held?.name === name ? this.#held : undefined
    if (held !== undefined && now < held.refreshAt) return held
    try {
      this.#held = hold(await this.#source.endorsements(), now, name)
    } catch (error) {
      if (held === undefined || isStale(held, now)) throw error
      this.#held = { ...held, refreshAt: retryAt(now) }
    }
    return this.#held
  }
}

/** True when a verifier would refuse them for their age. */
export function isStale(held: HeldEndorsements, now: UnixSeconds): boolean {
  return held.staleAt !== undefined && now >= held.staleAt
}

/** The time of the next try after a failure. */
export function retryAt(now: UnixSeconds): UnixSeconds {
  return unixSeconds(now + RETRY_SECONDS)
}

function hold(value: Endorsements | undefined, now: UnixSeconds, name: string | undefined): HeldEndorsements {
  const staleAt = nextUpdateOf(value)
  const wanted = Math.min(now + MAX_AGE_SECONDS, (staleAt ?? Number.POSITIVE_INFINITY) - MARGIN_SECONDS)
  return { value, staleAt, name, refreshAt: unixSeconds(Math.max(now + RETRY_SECONDS, wanted)) }
}
