import { describe, expect, test } from 'vitest'
import { checkCrashes } from './crash.ts'
import { isPlanted, isSound } from './lib/report.ts'

describe('a store whose process is killed', () => {
  test('keeps what it acknowledged, at every operation of an upload, a delete and a change of tenants and at random points', async () => {
    const findings = await checkCrashes({ long: false })
    expect(isSound(findings), JSON.stringify(findings)).toBe(true)
    expect(findings.filter(isPlanted)).toHaveLength(4)
  }, 600_000)
})
