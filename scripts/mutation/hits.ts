/** How often each test ran each mutant's place in the first run: one row per test, one column per mutant, saturated. */
const MOST = 0xffff

export class Hits {
  readonly tests: number
  readonly mutants: number
  readonly #counts: Uint16Array

  private constructor(tests: number, mutants: number, counts: Uint16Array) {
    this.tests = tests
    this.mutants = mutants
    this.#counts = counts
  }

  static of(rows: readonly Readonly<Record<string, number>>[]): Hits {
    const mutants = rows.reduce((most, row) => Object.keys(row).reduce((m, id) => Math.max(m, Number(id) + 1), most), 0)
    const counts = new Uint16Array(rows.length * mutants)
    for (const [test, row] of rows.entries()) {
      for (const [id, count] of Object.entries(row)) counts[test * mutants + Number(id)] = Math.min(count, MOST)
    }
    return new Hits(rows.length, mutants, counts)
  }

  static fromBytes(tests: number, bytes: Uint8Array): Hits {
    const counts = new Uint16Array(bytes.slice().buffer)
    return new Hits(tests, tests === 0 ? 0 : counts.length / tests, counts)
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.#counts.buffer)
  }

  of(test: number, mutant: number): number {
    return this.#counts[test * this.mutants + mutant] ?? 0
  }

  /** A number that is the same for tests that ran every place from one mutant to another equally often. */
  way(test: number, from: number, to: number): number {
    let hash = 0x811c_9dc5
    for (let id = Math.max(0, from); id <= Math.min(to, this.mutants - 1); id++) {
      hash = Math.imul(hash ^ this.of(test, id), 0x0100_0193)
    }
    return hash
  }
}
