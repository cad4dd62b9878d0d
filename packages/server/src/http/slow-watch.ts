/** What bounds the time that bytes may take on a connection. */
export interface PaceLimits {
  readonly bodyGraceMs: number
  readonly minBodyBytesPerSecond: number
}

/** Bytes on their way, in either direction. */
export interface Transfer {
  /** Tells that bytes moved. */
  moved(bytes: number): void
  /** Ends the watch. */
  done(): void
}

interface Watched {
  readonly startedAtMs: number
  bytes: number
  readonly onSlow: () => void
}

const SWEEP_MS = 500

/**
 * Finds transfers that are slower than the least pace: the grace, and a second more for each second's worth of bytes.
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
  begin(onSlow: () => void): Transfer {
    const watched: Watched = { startedAtMs: performance.now(), bytes: 0, onSlow }
    this.#watched.add(watched)
    return {
      moved: (bytes) => {
        watched.bytes += bytes
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
      const allowedMs = this.#limits.bodyGraceMs + (1000 * watched.bytes) / this.#limits.minBodyBytesPerSecond
      if (now - watched.startedAtMs <= allowedMs) continue
      this.#watched.delete(watched)
      watched.onSlow()
    }
  }
}
