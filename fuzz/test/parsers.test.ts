import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../engine/root.ts'
import { SHARES, shareAt, shareOf } from '../engine/share.ts'
import { wholeNumber } from '../engine/whole-number.ts'
import { type Printed, runFuzzer } from './run.ts'

const TARGETS = globSync('*.ts', { cwd: join(ROOT, 'fuzz/targets') })
  .map((file) => basename(file, '.ts'))
  .sort()

/** All targets with a minute each would keep two cores for half an hour: a run takes one share, the next hour's the next. */
const share = shareAt(Date.now())
const ofThisHour = shareOf(TARGETS, share)
const longer = process.env.BLINDAI_FUZZ_SECONDS
const seconds = longer === undefined ? undefined : wholeNumber('BLINDAI_FUZZ_SECONDS', longer)

/** Inputs beside the kept ones were tried, and some were read: a run that did nothing found nothing. */
function expectWork({ name, executions, replayed, accepted, reached }: Printed): void {
  expect(replayed, name).toBeGreaterThan(0)
  expect(accepted, name).toBeGreaterThan(0)
  expect(executions, name).toBeGreaterThan(replayed)
  expect(Number(reached.split('/')[0]), name).toBeGreaterThan(0)
}

describe('every parser of outside bytes', () => {
  test('stands the kept corpus and a second of new inputs', { timeout: 600_000 }, async () => {
    const { status, results } = await runFuzzer(
      '--all',
      '--seconds',
      '1',
      '--jobs',
      '2',
      '--seed',
      String(Date.now() % 1e9),
    )
    expect(results.filter(({ findings }) => findings.length > 0)).toEqual([])
    expect(results.map(({ name }) => name).sort()).toEqual(TARGETS)
    for (const result of results) expectWork(result)
    expect(status).toBe(0)
  })
  test.runIf(seconds !== undefined)(
    `and longer, share ${share + 1} of ${SHARES}: ${ofThisHour.join(', ')}`,
    { timeout: 1_800_000 },
    async () => {
      const flags = ['--seconds', String(seconds), '--jobs', '2', '--seed', String(Date.now() % 1e9)]
      const { status, results } = await runFuzzer('--all', ...flags, ...ofThisHour)
      expect(results.filter(({ findings }) => findings.length > 0)).toEqual([])
      expect(results.map(({ name }) => name).sort()).toEqual(ofThisHour)
      for (const result of results) expectWork(result)
      expect(status).toBe(0)
    },
  )
  test('has its long run in the book', () => {
    const book = readFileSync(join(ROOT, 'docs/fuzzing.md'), 'utf8')
    expect(TARGETS.filter((name) => !book.includes(`| \`${name}\` |`))).toEqual([])
  })
})
