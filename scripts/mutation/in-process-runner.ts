/**
 * Runs the verifier's tests for Stryker, all in one process. Stryker makes the mutants, switches and judges them; this only
 * loads tests once and runs those that can notice. About fifty times as fast as starting vitest for each mutant.
 *
 * Not promised: a survivor was asked by as many tests as fit into a budget, those most likely to notice first, so that the
 * score is a lower bound. A kill is checked: if the test that failed fails without the mutant too, it counts for nothing.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Injector, type PluginContext, tokens } from '@stryker-mutator/api/plugin'
import {
  type CompleteDryRunResult,
  type DryRunResult,
  DryRunStatus,
  determineHitLimitReached,
  type MutantRunOptions,
  type MutantRunResult,
  MutantRunStatus,
  type TestResult,
  type TestRunner,
  type TestRunnerCapabilities,
  TestStatus,
} from '@stryker-mutator/api/test-runner'
import fc from 'fast-check'
import { Hits as HitTable } from './hits.ts'
import { describe, outcome, TIMED_OUT } from './outcome.ts'
import { type Loading, TestLoader } from './test-loader.ts'
import { type Findings, TestOrder } from './test-order.ts'

const TESTS = 'packages/verifier/test/**/*.test.ts'
/** Those that look at other tests, or at how the parser asks: they need more of vitest than is stood in for. */
const NOT_COLLECTED = ['catalogue.node.test.ts', 'policy-schema.test.ts', '.browser.test.ts']
const SOURCES = 'packages/verifier/src/**/*.ts'
const FINDINGS = 'mutation-findings.json'
const HITS = 'mutation-hits.bin'
/** Tests that try each bit or each cut. They take seconds each, and what they would notice others have to. */
const EXHAUSTIVE =
  / any one (?:bit|character) | wherever (?:it|a chain) is cut$| cut or followed |throws nothing but what it says/
/** What the tests of one mutant may take of the processor, as they did in the first run; loading a file of tests counts. */
const BUDGET_MS = Number(process.env.BLINDAI_MUTATION_BUDGET_MS ?? 1_000)
/** Properties look at the same examples in each run, and do not look for a smaller one after a failure. */
const PROPERTIES = { seed: 20_261_127, endOnFailure: true }

/** What the switches in the mutated code look at. */
interface Switches {
  activeMutant?: string | undefined
  currentTestId?: string | undefined
  hitCount?: number | undefined
  hitLimit?: number | undefined
  mutantCoverage?: Coverage | undefined
}
type Hits = Record<string, number>
interface Coverage {
  readonly static: Hits
  readonly perTest: Record<string, Hits>
}

export class InProcessRunner implements TestRunner {
  readonly #root = process.cwd()
  readonly #switches: Switches
  #loader: TestLoader | undefined
  #findings: Findings | undefined
  #hits: HitTable | undefined
  #order: TestOrder | undefined
  #loaded: Loading | undefined

  constructor(namespace: '__stryker__' | '__stryker2__') {
    const holder: { [name: string]: Switches | undefined } = Object(globalThis)
    this.#switches = holder[namespace] ??= {}
    fc.configureGlobal(PROPERTIES)
    // A promise that nobody waits for any more, after the test that made it has failed.
    process.on('unhandledRejection', () => undefined)
  }

  capabilities(): TestRunnerCapabilities {
    return { reloadEnvironment: true }
  }

  async init(): Promise<void> {
    this.#loader = await TestLoader.open(this.#root)
  }

  async dispose(): Promise<void> {
    await this.#loader?.close()
  }

  /** Runs everything once without a mutant, and notes what runs which mutant, while it loads and while it tests. */
  async dryRun(): Promise<DryRunResult> {
    const loader = this.#opened()
    const switches = this.#switches
    const ids: string[] = []
    const reached: Hits[] = []
    const results: TestResult[] = []
    const costsMs: number[] = []
    const perTest: Record<string, Hits> = {}
    const inLoading = new Set<string>()
    const everywhere: Hits = {}

    for (const file of this.#testFiles()) {
      // One object for a whole loading: each mutated file keeps the one that it meets first.
      const coverage = newCoverage()
      switches.mutantCoverage = coverage
      const loading = loader.start()
      switches.currentTestId = SOURCES
      for (const source of loader.files(SOURCES)) await loading.importFile(source)
      switches.currentTestId = file
      await loading.importFile(file)
      const ofSources = coverage.perTest[SOURCES] ?? {}
      const ofFile = coverage.perTest[file] ?? {}
      Object.assign(everywhere, ofSources)
      for (const id of [...Object.keys(ofSources), ...Object.keys(ofFile)]) inLoading.add(id)

      for (const { id, run } of loading.registry.tests.values()) {
        if (EXHAUSTIVE.test(id)) continue
        switches.currentTestId = id
        const started = performance.now()
        const processor = process.cpuUsage()
        const failure = await outcome(run, Number.POSITIVE_INFINITY)
        const timeSpentMs = performance.now() - started
        costsMs.push(usedMs(processor))
        switches.currentTestId = undefined
        const hits = coverage.perTest[id] ?? {}
        add(hits, ofFile)
        ids.push(id)
        reached.push(hits)
        const short = shortId(results.length)
        perTest[short] = hits
        const name = id.slice(id.indexOf('#') + 1)
        const common = { id: short, name, fileName: join(this.#root, file), timeSpentMs }
        results.push(
          failure === undefined
            ? { ...common, status: TestStatus.Success }
            : { ...common, status: TestStatus.Failed, failureMessage: describe(failure) },
        )
      }
    }
    // What the sources run while they load can be noticed by any test.
    for (const hits of reached) add(hits, everywhere)
    switches.mutantCoverage = undefined
    this.#findings = { tests: ids, costsMs, inLoading: [...inLoading] }
    this.#hits = HitTable.of(reached)
    writeFileSync(join(this.#root, FINDINGS), JSON.stringify(this.#findings))
    writeFileSync(join(this.#root, HITS), this.#hits.bytes)
    const complete: CompleteDryRunResult = {
      status: DryRunStatus.Complete,
      tests: results,
      mutantCoverage: { static: {}, perTest },
    }
    return complete
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, sandboxFileName }: MutantRunOptions): Promise<MutantRunResult> {
    const findings = this.#read()
    this.#hits ??= HitTable.fromBytes(findings.tests.length, readFileSync(join(this.#root, HITS)))
    this.#order ??= new TestOrder(findings, this.#hits)
    const { id, fileName } = activeMutant
    const wanted = testFilter === undefined ? undefined : new Set(testFilter)
    const tests = this.#order
      .for(Number(id), fileName)
      .filter((test) => wanted === undefined || wanted.has(shortId(test)))
    const needsLoading = findings.inLoading.includes(id)
    const asked = needsLoading ? await this.#closeFirst(tests, sandboxFileName) : tests
    const result = await this.#ask(id, asked, needsLoading, hitLimit)
    if (result.killer !== undefined) this.#order.killed(fileName, result.killer)
    return result.outcome
  }

  /** What runs while a module loads tells no tests apart; those whose file imports the module itself are about it. */
  async #closeFirst(tests: readonly number[], source: string): Promise<readonly number[]> {
    await this.#allLoaded()
    const importers = this.#opened().importersOf(source)
    const ids = this.#read().tests
    const isClose = (test: number): boolean => importers.has((ids[test] ?? '').split('#')[0] ?? '')
    return [...tests.filter(isClose), ...tests.filter((test) => !isClose(test))]
  }

  async #ask(
    mutant: string,
    tests: readonly number[],
    needsLoading: boolean,
    hitLimit: number | undefined,
  ): Promise<{ readonly outcome: MutantRunResult; readonly killer?: number }> {
    const { tests: ids, costsMs } = this.#read()
    const switches = this.#switches
    const loading = needsLoading ? this.#opened().start() : await this.#allLoaded()
    const imported = new Set<string>()
    let spentMs = 0
    let nrOfTests = 0
    for (const test of tests) {
      const cost = costsMs[test] ?? 0
      if (spentMs > 0 && spentMs + cost > BUDGET_MS) continue
      const name = ids[test] ?? ''
      switches.hitCount = 0
      switches.hitLimit = hitLimit ?? Number.POSITIVE_INFINITY
      switches.activeMutant = mutant
      const started = process.cpuUsage()
      const failure = await outcome(async () => {
        const file = name.slice(0, name.indexOf('#'))
        if (needsLoading && !imported.has(file)) {
          imported.add(file)
          await loading.importFile(file)
        }
        const found = loading.registry.tests.get(name)
        if (found === undefined) throw new Error('the test is not registered')
        await found.run()
      })
      switches.activeMutant = undefined
      spentMs += needsLoading ? usedMs(started) : cost
      nrOfTests++
      if (failure === undefined) continue
      const limit = determineHitLimitReached(switches.hitCount, hitLimit)
      if (limit !== undefined) {
        this.#loaded = undefined
        return {
          outcome: { status: MutantRunStatus.Timeout, ...(limit.reason && { reason: limit.reason }) },
          killer: test,
        }
      }
      if (failure === TIMED_OUT) {
        this.#loaded = undefined
        // On a busy machine a long test can be late by itself.
        if (await this.#failsAnyway(name)) continue
        return { outcome: { status: MutantRunStatus.Timeout, reason: `${name} hangs` }, killer: test }
      }
      if (!needsLoading && (await this.#failsAnyway(name))) {
        // Something kept a value that an earlier mutant made: judge this one again from a clean state.
        this.#loaded = undefined
        return this.#ask(mutant, tests, true, hitLimit)
      }
      return {
        outcome: {
          status: MutantRunStatus.Killed,
          killedBy: [shortId(test)],
          failureMessage: describe(failure),
          nrOfTests,
        },
        killer: test,
      }
    }
    return { outcome: { status: MutantRunStatus.Survived, nrOfTests } }
  }

  async #failsAnyway(name: string): Promise<boolean> {
    const test = (await this.#allLoaded()).registry.tests.get(name)
    return test === undefined || (await outcome(test.run)) !== undefined
  }

  /** The loading that mutants share which run in tests only. */
  async #allLoaded(): Promise<Loading> {
    if (this.#loaded !== undefined) return this.#loaded
    const loading = this.#opened().start()
    for (const file of this.#testFiles()) await loading.importFile(file)
    this.#loaded = loading
    return loading
  }

  #testFiles(): readonly string[] {
    return this.#opened()
      .files(TESTS)
      .filter((file) => !NOT_COLLECTED.some((end) => file.endsWith(end)))
  }

  #opened(): TestLoader {
    if (this.#loader === undefined) throw new Error('used before init()')
    return this.#loader
  }

  #read(): Findings {
    this.#findings ??= JSON.parse(readFileSync(join(this.#root, FINDINGS), 'utf8'))
    if (this.#findings === undefined) throw new Error('no findings')
    return this.#findings
  }
}

/** What Stryker calls a test: it sends the names of all that reach a mutant with each one. */
function shortId(test: number): string {
  return `t${test}`
}

function usedMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return Math.round((user + system) / 10) / 100
}

function newCoverage(): Coverage {
  return { static: {}, perTest: {} }
}

function add(to: Hits, from: Hits): void {
  for (const [id, count] of Object.entries(from)) to[id] = (to[id] ?? 0) + count
}

createInProcessRunner.inject = tokens('$injector')
/** As Stryker's plug-ins make their runners. */
export function createInProcessRunner(_: Injector<PluginContext>): InProcessRunner {
  return new InProcessRunner('__stryker__')
}
