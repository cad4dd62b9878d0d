import { describe, expect, test } from 'vitest'
import { checkCrashes, runChild } from './crash.ts'
import { inFolder } from './lib/folder.ts'
import { Ledger } from './lib/ledger.ts'
import { isPlanted, isSound } from './lib/report.ts'

describe('a store whose process is killed', () => {
  test('keeps what it acknowledged, at every operation of an upload, a delete and a change of tenants and at random points', async () => {
    const findings = await checkCrashes({ long: false })
    expect(isSound(findings), JSON.stringify(findings)).toBe(true)
    expect(findings.filter(isPlanted)).toHaveLength(4)
  }, 600_000)
})

describe('a child', () => {
  test('that does not end is no child that was killed where it was to be', async () => {
    await inFolder(false, async (folder) => {
      const order = { story: 'endless', seed: 1, manners: 'honest' } as const
      const running = runChild(folder, order, new Ledger(), { deadlineMs: 1000 })
      await expect(running).rejects.toThrow(new Error('the child hangs'))
    })
  }, 60_000)
})
