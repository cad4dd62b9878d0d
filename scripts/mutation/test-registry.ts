/**
 * What stands in for vitest when tests are run many times in one process: `describe` and `test` only collect.
 *
 * `expect` is vitest's own. Promised is what our suites use and no more: a test that asks for anything else fails to load,
 * and the run stops before its first mutant.
 */
import { expect } from 'vitest'

/** One test of one file, as often as it is asked for. */
export interface CollectedTest {
  /** File and full name, numbered where a name comes twice. */
  readonly id: string
  readonly file: string
  /** Names of its groups, and its own. */
  readonly path: readonly string[]
  readonly run: () => unknown
}

type Body = () => unknown
/** A row that is a list is given as arguments, as vitest does. */
type Each = (rows: readonly unknown[]) => (name: string, body: (...row: readonly unknown[]) => unknown) => void

/** The module that a test file of one loading gets for `vitest`. */
export interface TestModule {
  readonly describe: (name: string, body: Body) => void
  readonly test: ((name: string, body: Body) => void) & { readonly each: Each }
  readonly it: TestModule['test']
  readonly expect: typeof expect
}

/** Collects the tests of files that load one after another. */
export class TestRegistry {
  readonly tests: Map<string, CollectedTest> = new Map()
  readonly module: TestModule
  #file = ''
  #path: readonly string[] = []

  constructor() {
    const test = Object.assign((name: string, body: Body): void => this.#add(name, body), {
      each:
        (rows: readonly unknown[]) =>
        (name: string, body: (...row: readonly unknown[]) => unknown): void => {
          for (const [i, row] of rows.entries()) {
            this.#add(`${name} #${i}`, () => (Array.isArray(row) ? body(...row) : body(row)))
          }
        },
    })
    this.module = { describe: (name, body) => this.#describe(name, body), test, it: test, expect }
  }

  /** Says which file loads from here on. */
  enter(file: string): void {
    this.#file = file
    this.#path = []
  }

  #describe(name: string, body: Body): void {
    const outer = this.#path
    this.#path = [...outer, name]
    const pending: unknown = body()
    this.#path = outer
    if (pending instanceof Promise) throw new TypeError(`describe('${name}') returned a promise`)
  }

  #add(name: string, run: Body): void {
    if (typeof run !== 'function') throw new TypeError(`test('${name}') is in a form that is not collected`)
    const path = [...this.#path, name]
    const full = `${this.#file}#${path.join(' ')}`
    let id = full
    for (let n = 2; this.tests.has(id); n++) id = `${full} (${n})`
    this.tests.set(id, { id, file: this.#file, path, run })
  }
}
