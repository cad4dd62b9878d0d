import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { instrumentModules } from './instrument.ts'
import { ROOT } from './root.ts'

/** How often a place was passed, in steps: a loop that runs longer is news. Source: AFL, "technical details", section 1. */
const STEPS: readonly number[] = [1, 2, 3, 4, 8, 16, 32, 128]

/** Bits of a feature that say the step. */
const STEP_BITS = 3

/** A place of the product's code and the step that its count reached, as one number. */
export type Feature = number

interface Script {
  readonly url: string
  readonly counters: Uint32Array
  /** The number of its first place. */
  readonly first: number
}

/** Of the places of some files, how many were ever passed. */
export interface Reached {
  readonly reached: number
  readonly places: number
}

/** What inputs reach in the modules that are loaded after this was made. */
export class Coverage {
  readonly #scripts: Script[] = []
  /** Steps seen of each place, one bit each. */
  readonly #seen: number[] = []

  constructor() {
    const CountersOf = globalThis.Uint32Array
    instrumentModules((url, offsets) => {
      const counters = new CountersOf(offsets.length)
      this.#scripts.push({ url, counters, first: this.#seen.length })
      for (const _ of offsets) this.#seen.push(0)
      return counters
    })
  }

  /** Features since the last call that were not seen before; they count as seen from now on. */
  takeNews(): readonly Feature[] {
    return this.takeAll().filter((feature) => this.#remember(feature))
  }

  /** All features since the last call. */
  takeAll(): readonly Feature[] {
    const features: Feature[] = []
    for (const { counters, first } of this.#scripts) {
      for (let i = 0; i < counters.length; i++) {
        const count = counters[i] ?? 0
        if (count > 0) features.push(((first + i) << STEP_BITS) | stepOf(count))
      }
      counters.fill(0)
    }
    return features
  }

  /** Places of files below the root. */
  reachedIn(sources: readonly string[]): Reached {
    const urls = sources.map((source) => pathToFileURL(join(ROOT, source)).href)
    let reached = 0
    let places = 0
    for (const { url, counters, first } of this.#scripts) {
      if (!urls.includes(url)) continue
      places += counters.length
      for (let i = 0; i < counters.length; i++) if (this.#seen[first + i] !== 0) reached++
    }
    return { reached, places }
  }

  #remember(feature: Feature): boolean {
    const place = feature >> STEP_BITS
    const step = 1 << (feature & (2 ** STEP_BITS - 1))
    const known = this.#seen[place] ?? 0
    this.#seen[place] = known | step
    return (known & step) === 0
  }
}

function stepOf(count: number): number {
  return STEPS.findLastIndex((least) => count >= least)
}
