import { describe, expect, test } from 'vitest'
import { checkHostileRequests } from './hostile-requests.ts'
import { isPlanted, isSound } from './lib/report.ts'

describe('a server that gets hostile requests through every door', () => {
  test('answers each in time, refuses by the closed list, tells nothing, and serves another tenant', async () => {
    const findings = await checkHostileRequests({ long: false })
    expect(isSound(findings), JSON.stringify(findings)).toBe(true)
    expect(findings.filter(isPlanted)).toHaveLength(12)
  }, 600_000)
})
