import { describe, expect, test } from 'vitest'
import { isPlanted, isSound } from './lib/report.ts'
import { checkTampering } from './tampering.ts'

describe('a store whose disk is in the hands of somebody else', () => {
  test('refuses every change by its own code, and an older copy where a counter stands outside', async () => {
    const findings = await checkTampering({ long: false })
    expect(isSound(findings), JSON.stringify(findings)).toBe(true)
    expect(findings.filter(isPlanted)).toHaveLength(2)
  }, 600_000)
})
