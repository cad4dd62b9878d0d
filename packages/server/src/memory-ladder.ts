/**
 * How full memory is, in the steps at which a server gives something up:
 *
 * 0 everything is taken; 1 no new upload; 2 no body beyond a small one either; 3 no new work at all.
 *
 * From 1 on engines that do nothing are to be stopped.
 */
export type PressureLevel = 0 | 1 | 2 | 3

/** What a part of the server may ask about memory. */
export interface MemoryPressure {
  level(): PressureLevel
}

/** Of the cap: where each level begins. */
const BEGINS: readonly [number, number, number] = [0.8, 0.88, 0.95]
/** A level ends this much below its beginning, so that what was freed by refusing does not at once undo the refusal. */
const HYSTERESIS = 0.05
const LEVELS: readonly PressureLevel[] = [0, 1, 2, 3]

/**
 * The level after a reading. It rises at once to whatever the reading calls for, and falls one level for each reading that is
 * below the end of the present one.
 *
 * @param used - as a part of the cap; not below 0.
 */
export function stepLadder(level: PressureLevel, used: number): PressureLevel {
  let called: PressureLevel = 0
  for (const candidate of LEVELS) if (candidate > 0 && used >= beginOf(candidate)) called = candidate
  if (called >= level) return called
  return used < beginOf(level) - HYSTERESIS ? (LEVELS[level - 1] ?? 0) : level
}

function beginOf(level: PressureLevel): number {
  return BEGINS[level - 1] ?? 0
}

export interface MemoryLadderOptions {
  /** What gatekeeper and engines may take together. */
  readonly capBytes: number
  /** What they take now. */
  readonly read: () => Promise<number> | number
  /** Told of each change, with the reading that called for it. */
  readonly onLevel: (level: PressureLevel, bytes: number) => void
  /** Called after each reading while the level is not 0: what holds memory without need is to let it go. */
  readonly relieve: (level: PressureLevel) => void
  /** Told when a reading failed. */
  readonly onFailure: (cause: unknown) => void
}

/** How often memory is read: what can be allocated in that time must fit between the last level and the cap. */
const READ_EVERY_MS = 250

/** Reads memory now and then and keeps the level. A reading that fails changes nothing; the next one is tried. */
export class MemoryLadder implements MemoryPressure {
  readonly #options: MemoryLadderOptions
  readonly #timer: NodeJS.Timeout
  #level: PressureLevel = 0
  #bytes = 0
  #reading = false

  constructor(options: MemoryLadderOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.look().catch(options.onFailure), READ_EVERY_MS)
    this.#timer.unref()
  }

  level(): PressureLevel {
    return this.#level
  }

  /** The last reading. */
  get bytes(): number {
    return this.#bytes
  }

  /** Reads once. Readings that are slow do not pile up. */
  async look(): Promise<void> {
    if (this.#reading) return
    this.#reading = true
    const { capBytes, read, onLevel, relieve } = this.#options
    try {
      this.#bytes = await read()
      const level = stepLadder(this.#level, this.#bytes / capBytes)
      if (level !== this.#level) {
        this.#level = level
        onLevel(level, this.#bytes)
      }
      if (level > 0) relieve(level)
    } finally {
      this.#reading = false
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }
}
