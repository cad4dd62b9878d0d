import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runFuzzer } from './run.ts'

const PLANTED = join(import.meta.dirname, 'planted')

const FAULTS = [
  ['crash', 'crash', /^TypeError: .*planted\/crash\.ts/],
  ['endless', 'hang', /no end/],
  ['slow', 'hang', /processor time/],
  ['allocation', 'allocation', /bytes of arrays/],
  ['heap', 'allocation', /bytes of heap|MB of heap/],
  ['retained', 'allocation', /^\d+ bytes of heap$/],
  ['hoard', 'allocation', /bytes of heap kept for the last \d+ inputs/],
  ['undocumented', 'undocumented', /^MalformedError WRONG_VALUE/],
  ['not-deterministic', 'not-deterministic', /accepted, then accepted/],
  ['input-changed', 'input-changed', /wrote into its input/],
  ['not-rewritten', 'not-rewritten', /written and parsed again/],
] as const

describe('flags that say nothing that can be done', () => {
  test.each([
    ['--seconds', 'abc'],
    ['--seed', 'abc'],
    ['--seed', ''],
    ['--jobs', '0'],
    ['--second', '1'],
  ])('end the run with a status that is none of a finding: %s %j', { timeout: 60_000 }, async (...flags) => {
    const { status, results } = await runFuzzer('crash', '--targets', PLANTED, '--stop', ...flags)
    expect(results).toEqual([])
    expect(status).toBe(2)
  })
})

describe('a fault that was planted', () => {
  for (const [name, kind, detail] of FAULTS) {
    test(`is found: ${name}`, { timeout: 120_000 }, async () => {
      const { status, results } = await runFuzzer(name, '--targets', PLANTED, '--seconds', '90', '--stop')
      expect(results[0]?.findings[0]).toEqual({ kind, detail: expect.stringMatching(detail) })
      expect(status).toBe(1)
    })
  }
  test('ends the run of its target where all are run, when that was asked for', { timeout: 120_000 }, async () => {
    const flags = ['--targets', PLANTED, '--seconds', '90', '--stop']
    const started = performance.now()
    const { status, results } = await runFuzzer('--all', ...flags, 'input-changed', 'undocumented')
    expect(results.map(({ findings }) => findings.length)).toEqual([1, 1])
    expect(performance.now() - started).toBeLessThan(90_000)
    expect(status).toBe(1)
  })
  test('is missing, and nothing is found', { timeout: 60_000 }, async () => {
    const { status, results } = await runFuzzer('sound', '--targets', PLANTED, '--seconds', '1')
    expect(results[0]?.findings).toEqual([])
    expect(results[0]?.executions).toBeGreaterThan(100)
    expect(status).toBe(0)
  })
})
