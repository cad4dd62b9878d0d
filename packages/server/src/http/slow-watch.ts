/** What bounds the time that bytes may take on a connection. */
export interface PaceLimits {
  readonly bodyGraceMs: number
  readonly minBodyBytesPerSecond: number
  readonly requestTimeoutMs: number
}

/** Bytes on their way, in either direction. */
export interface Transfer {
  /** Tells that bytes moved. */
  moved(bytes: number): void
  /** Ends the watch. */
  done(): void
}

/**
 * Whether bytes that moved fast pay for a pause later. An answer is written in one go and then drains, so it does save; a
 * body must keep coming, or whoever sends most of one could hold its memory for as long as the whole may take. With no credit
 * there is one time for the whole, whatever moves.
 */
export type Credit = 'saved' | 'spent' | 'none'

interface Watched {
  deadlineMs: number
  readonly onSlow: () => void
}

const SWEEP_MS = 500

/**
 * Finds transfers that are slower than the least pace: the grace, and a second more for each second's worth of bytes.
 * Where credit is not saved, the time left is never more than the grace.
 *
 * One timer for all of them, so that a fast one costs an entry in a set.
 */
export class SlowWatch {
  readonly #limits: PaceLimits
  readonly #watched: Set<Watched> = new Set()
  readonly #timer: NodeJS.Timeout

  constructor(limits: PaceLimits) {
    this.#limits = limits
    this.#timer = setInterval(() => this.#sweep(), SWEEP_MS)
    this.#timer.unref()
  }

  /** @param onSlow - called once, and the watch is over. */
  begin(credit: Credit, onSlow: () => void): Transfer {
    const { bodyGraceMs, minBodyBytesPerSecond, requestTimeoutMs } = this.#limits
    const allowedMs = credit === 'none' ? requestTimeoutMs : bodyGraceMs
    const watched: Watched = { deadlineMs: performance.now() + allowedMs, onSlow }
    this.#watched.add(watched)
    return {
      moved: (bytes) => {
        if (credit === 'none') return
        const earned = watched.deadlineMs + (1000 * bytes) / minBodyBytesPerSecond
        watched.deadlineMs = credit === 'saved' ? earned : Math.min(earned, performance.now() + bodyGraceMs)
      },
      done: () => {
        this.#watched.delete(watched)
      },
    }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#watched.clear()
  }

  #sweep(): void {
    const now = performance.now()
    for (const watched of this.#watched) {
      if (now <= watched.deadlineMs) continue
      this.#watched.delete(watched)
      watched.onSlow()
    }
  }
}
