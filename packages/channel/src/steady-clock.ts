import { type UnixSeconds, unixSeconds } from '@blindai/core'

/** No true clock shows less: 2026-11-22T00:00:00Z, before this code was written. Each release may raise it. */
export const BUILD_DATE_FLOOR: UnixSeconds = unixSeconds(1_795_305_600)

/**
 * A clock that is never set back: it shows the latest time ever read, and at least a floor.
 *
 * Replay refusal rests on it. An operator who sets the clock back would otherwise make old requests fresh again after
 * they were forgotten. An operator who sets it forward only makes the gateway refuse.
 */
export class SteadyClock {
  readonly #read: () => UnixSeconds
  #latest: UnixSeconds

  constructor(read: () => UnixSeconds, floor: UnixSeconds = BUILD_DATE_FLOOR) {
    this.#read = read
    this.#latest = floor
  }

  now(): UnixSeconds {
    const read = this.#read()
    if (read > this.#latest) this.#latest = read
    return this.#latest
  }
}
