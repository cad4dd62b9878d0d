/** How long a caller must have been the only one. */
const ALONE_MS = 2000

/**
 * Notices that for some time one pool has had all jobs there were, one after the other and never two at once: a caller who
 * waits for each answer, and nobody else.
 */
export class LoneCaller {
  #pool: string | undefined
  #sinceMs = 0

  /** A job comes while so many others wait or run. */
  arrives(pool: string, others: number, nowMs: number): void {
    if (others === 0 && pool === this.#pool) return
    this.#pool = others === 0 ? pool : undefined
    this.#sinceMs = nowMs
  }

  isAlone(pool: string, nowMs: number): boolean {
    return pool === this.#pool && nowMs - this.#sinceMs >= ALONE_MS
  }
}
