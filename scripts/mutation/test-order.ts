/**
 * Which tests reach which mutant, and in which order to ask them.
 *
 * Most tests of a verifier walk through most of its code, so that "reaches the mutant" says little. What says more is how
 * a test goes past it: one that is refused there runs what comes before once more than what comes after. Tests that ran
 * everything near the mutant equally often are of one way, and one of each way is asked before a second one of any. Ids are
 * given in the order of the text, so near means near in id.
 */
import type { Hits } from './hits.ts'

/** How many mutants before and after count as near: about a function. */
const NEAR = 25
/** How many of those that found neighbours are asked first. */
const PROVEN = 3

/** What the first run of all tests found out; kept in a file for the other processes. */
export interface Findings {
  /** Ids of the tests, in the order of their files. */
  readonly tests: readonly string[]
  /** What each took of the processor. */
  readonly costsMs: readonly number[]
  /** Mutants that run while sources or tests load: these need a loading of their own. */
  readonly inLoading: readonly string[]
}

export class TestOrder {
  readonly #findings: Findings
  readonly #hits: Hits
  /** Per source file: how often each test has found a mutant of it. */
  readonly #kills = new Map<string, Map<number, number>>()

  constructor(findings: Findings, hits: Hits) {
    this.#findings = findings
    this.#hits = hits
  }

  for(mutant: number, file: string): readonly number[] {
    const { tests, costsMs } = this.#findings
    const cost = (test: number): number => costsMs[test] ?? 0
    const ways = new Map<number, number[]>()
    for (const test of tests.keys()) {
      if (this.#hits.of(test, mutant) === 0) continue
      const way = this.#hits.way(test, mutant - NEAR, mutant + NEAR)
      ways.set(way, [...(ways.get(way) ?? []), test])
    }
    const rare = [...ways.values()]
      .map((same) => same.sort((a, b) => cost(a) - cost(b)))
      .sort((a, b) => a.length - b.length || cost(a[0] ?? 0) - cost(b[0] ?? 0))
    const most = Math.max(0, ...rare.map(({ length }) => length))
    const inTurn = Array.from({ length: most }, (_, turn) => rare.flatMap((same) => same.slice(turn, turn + 1))).flat()
    return [...new Set([...this.#proven(file, new Set(inTurn)), ...inTurn])]
  }

  killed(file: string, test: number): void {
    const kills = this.#kills.get(file) ?? new Map<number, number>()
    kills.set(test, (kills.get(test) ?? 0) + 1)
    this.#kills.set(file, kills)
  }

  #proven(file: string, reaching: ReadonlySet<number>): readonly number[] {
    return [...(this.#kills.get(file) ?? [])]
      .filter(([test]) => reaching.has(test))
      .sort(([, a], [, b]) => b - a)
      .slice(0, PROVEN)
      .map(([test]) => test)
  }
}
