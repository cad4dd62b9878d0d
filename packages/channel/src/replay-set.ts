import type { UnixSeconds } from '@blindai/core'

/** What the set says to an identifier. */
export type Admission = 'fresh' | 'seen' | 'full'

/**
 * Remembers identifiers until a stated second has passed, and forgets none before: when it is full it says so.
 *
 * Identifiers are kept by that second, and a whole second is forgotten at once. A replay is the same bytes, so it
 * carries the same date and is looked for in the right place. Time must not run backwards between calls (see
 * `SteadyClock`).
 */
export class ReplaySet {
  readonly capacity: number
  readonly #bySecond = new Map<UnixSeconds, Set<string>>()
  #size = 0
  #sweptAt: UnixSeconds | undefined

  /** @param capacity - identifiers held at once; each takes about 100 bytes. */
  constructor(capacity: number) {
    if (!Number.isSafeInteger(capacity) || capacity < 1) throw new RangeError(`not a capacity: ${capacity}`)
    this.capacity = capacity
  }

  /** Identifiers held. */
  get size(): number {
    return this.#size
  }

  /** True when nothing more is admitted at this time. */
  isFull(now: UnixSeconds): boolean {
    this.#sweep(now)
    return this.#size >= this.capacity
  }

  /**
   * Asks whether an identifier is fresh, and remembers it if so, in one step.
   *
   * @param id - few bytes of high entropy, such as a digest.
   * @param lastSecond - the last second at which it must still be recognised; the same whenever the same one comes.
   */
  admit(id: Uint8Array, lastSecond: UnixSeconds, now: UnixSeconds): Admission {
    this.#sweep(now)
    const key = String.fromCharCode(...id)
    const second = this.#bySecond.get(lastSecond) ?? new Set<string>()
    if (second.has(key)) return 'seen'
    if (this.#size >= this.capacity) return 'full'
    second.add(key)
    this.#bySecond.set(lastSecond, second)
    this.#size++
    return 'fresh'
  }

  /** At most once a second, over as many entries as the window has seconds. */
  #sweep(now: UnixSeconds): void {
    if (this.#sweptAt === now) return
    this.#sweptAt = now
    for (const [lastSecond, second] of this.#bySecond) {
      if (lastSecond >= now) continue
      this.#bySecond.delete(lastSecond)
      this.#size -= second.size
    }
  }
}
