import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type Case, evaluate, type Wanted } from '../removed-checks/findings.ts'

const SCRIPT = fileURLToPath(new URL('../removed-checks.ts', import.meta.url))

/** A case that its own code and check alone explain. */
const SOUND: Case = {
  title: 'a: CODE_A: why',
  code: 'CODE_A',
  thrown: [
    { code: 'CODE_A', check: 'a.one' },
    { code: 'CODE_B', check: 'b.two' },
  ],
  outcomes: [
    { removed: { code: 'CODE_A' }, test: 'failed', input: 'accepted' },
    { removed: { code: 'CODE_B' }, test: 'passed', input: 'refused' },
    { removed: { check: 'a.one' }, test: 'failed', input: 'refused' },
    { removed: { check: 'b.two' }, test: 'passed', input: 'refused' },
  ],
}
const WANTED: Wanted = { codes: ['CODE_A'], checks: ['a.one'], exceptions: {} }
const problems = (cases: readonly Case[], wanted: Partial<Wanted> = {}) =>
  evaluate(cases, { ...WANTED, ...wanted }).problems

describe('what was found of removed checks', () => {
  test('is as it should be when a case fails without its own code and check, and without no other', () => {
    const report = evaluate([SOUND], WANTED)
    expect(report.problems).toEqual([])
    expect(report.codes).toEqual([{ name: 'CODE_A', cases: 1, refused: 0, accepted: 1, crashed: 0 }])
    expect(report.checks).toEqual([{ name: 'a.one', cases: 1, refused: 1, accepted: 0, crashed: 0 }])
  })
  test('is a problem when a case passes without its own', () => {
    const outcomes = SOUND.outcomes.map((outcome) => ({ ...outcome, test: 'passed' as const }))
    expect(problems([{ ...SOUND, outcomes }])).toEqual([
      'a: CODE_A: why: passes without CODE_A',
      'a: CODE_A: why: passes without a.one',
    ])
  })
  test('is a problem when a case fails without another', () => {
    const outcomes = SOUND.outcomes.map((outcome) => ({ ...outcome, test: 'failed' as const }))
    expect(problems([{ ...SOUND, outcomes }])).toEqual([
      'a: CODE_A: why: fails without CODE_B, which is not its own',
      'a: CODE_A: why: fails without b.two, which is not its own',
    ])
  })
  test('is a problem when a case never throws what it is named after', () => {
    expect(problems([{ ...SOUND, thrown: [] }])).toContain('a: CODE_A: why: CODE_A was never thrown')
  })
  test('is a problem when a code or a check has no case, unless that is explained', () => {
    const wanted = { codes: ['CODE_A', 'CODE_C'], checks: ['a.one', 'c.three'] }
    expect(problems([SOUND], wanted)).toEqual(['the code CODE_C has no case', 'the check c.three has no case'])
    expect(problems([SOUND], { ...wanted, exceptions: { CODE_C: 'why', 'c.three': 'why' } })).toEqual([])
  })
  test('is a problem when an explanation is no longer needed', () => {
    expect(problems([SOUND], { exceptions: { CODE_A: 'why' } })).toEqual(['the code CODE_A is excepted and has a case'])
  })
})

describe('the command', () => {
  test('finds no problem in the cases of two files, whichever the seed picks', { timeout: 300_000 }, () => {
    const seed = String(Date.now())
    const run = spawnSync('node', ['--conditions=source', SCRIPT, '--sample', '2', '--seed', seed], {
      encoding: 'utf8',
    })
    expect(`${run.stdout}${run.stderr}`, `seed ${seed}`).toMatch(/\n[1-9]\d* cases of .* checks: 0 problems/)
    expect(run.status).toBe(0)
  })
})
