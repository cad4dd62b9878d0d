/**
 * Which tests reach which mutant, and in which order to ask them.
 *
 * Most tests of a verifier walk through most of its code, so that "covers the mutant" says little. What says more: the test
 * reaches something near the mutant that few others reach. Ids are given in the order of the text, so near means near in id.
 */

/** How many mutants before and after count as near: about a function. */
const NEAR = 25

/** What the first run of all tests found out; kept in a file for the other processes. */
export interface Findings {
  /** Ids of the tests, in the order of their files; everything below names them by position. */
  readonly tests: readonly string[]
  /** What each took of the processor. */
  readonly costsMs: readonly number[]
  /** Per mutant: the tests that run it, or whose file does while it loads. */
  readonly reachedBy: Readonly<Record<string, readonly number[]>>
  /** Mutants that run while sources or tests load: these need a loading of their own. */
  readonly inLoading: readonly string[]
}

export class TestOrder {
  readonly #findings: Findings
  /** Per source file: how often each test has found a mutant of it. */
  readonly #kills = new Map<string, Map<number, number>>()

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** Tests that reach the mutant: those that found neighbours first, then by what is rare near it, then the fast ones. */
  for(mutant: string, file: string): readonly number[] {
    const { tests, reachedBy, costsMs } = this.#findings
    const rarest = new Float64Array(tests.length).fill(Number.POSITIVE_INFINITY)
    const id = Number(mutant)
    for (let near = id - NEAR; near <= id + NEAR; near++) {
      const reaching = reachedBy[near] ?? []
      for (const test of reaching) rarest[test] = Math.min(rarest[test] ?? 0, reaching.length)
    }
    const kills = this.#kills.get(file)
    return [...(reachedBy[mutant] ?? [])]
      .map((test) => ({
        test,
        rank: (rarest[test] ?? 0) / (1 + (kills?.get(test) ?? 0)),
        costMs: costsMs[test] ?? 0,
      }))
      .sort((a, b) => a.rank - b.rank || a.costMs - b.costMs)
      .map(({ test }) => test)
  }

  killed(file: string, test: number): void {
    const kills = this.#kills.get(file) ?? new Map<number, number>()
    kills.set(test, (kills.get(test) ?? 0) + 1)
    this.#kills.set(file, kills)
  }
}
