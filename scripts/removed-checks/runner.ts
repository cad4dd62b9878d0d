import { type RunnerTestCase, TestRunner } from 'vitest'
import { GLOBAL } from './instrument.ts'
import { Removal, type Removed, type Thrown } from './removal.ts'

/** What became of a test when something was taken out. */
export interface Outcome {
  readonly removed: Removed
  /** Of the test: `passed` means that nothing noticed. */
  readonly test: 'passed' | 'failed'
  /** Of the input: another check refused it, none did, or the program went wrong over it. */
  readonly input: 'refused' | 'accepted' | 'crashed'
}

/** What was found of one test. */
export interface Finding {
  readonly thrown: readonly Thrown[]
  readonly outcomes: readonly Outcome[]
}

declare module 'vitest' {
  interface TaskMeta {
    removedChecks?: Finding
  }
}

const removal = new Removal()
Object.defineProperty(globalThis, GLOBAL, { value: removal })

/**
 * Runs each test as it is and notes what its input made the verifier throw; then once more for each code and each check that
 * threw, without it. A check that threw nothing cannot change a test, because the verifier is a pure function: so each check
 * is taken out exactly where that can make a difference.
 */
// biome-ignore lint/style/noDefaultExport: what Vitest loads as a runner
export default class RemovedChecksRunner extends TestRunner {
  async runTask(test: RunnerTestCase): Promise<void> {
    const action = TestRunner.getTestFn(test)
    const whole = await removal.without(undefined, action)
    if ('error' in whole) throw whole.error
    const outcomes: Outcome[] = []
    for (const removed of whatThrew(whole.thrown)) {
      const { thrown, error } = await removal.without(removed, action)
      const isCrash = error !== undefined && !(error instanceof Error && error.name === 'AssertionError')
      const input = isCrash ? 'crashed' : thrown.length > 0 ? 'refused' : 'accepted'
      outcomes.push({ removed, test: error === undefined ? 'passed' : 'failed', input })
    }
    test.meta.removedChecks = { thrown: whole.thrown, outcomes }
  }
}

function whatThrew(thrown: readonly Thrown[]): readonly Removed[] {
  const codes = new Set(thrown.map(({ code }) => code))
  const checks = new Set(thrown.flatMap(({ check }) => (check === undefined ? [] : [check])))
  return [...[...codes].map((code) => ({ code })), ...[...checks].map((check) => ({ check }))]
}
