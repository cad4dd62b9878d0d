import { describe, expect, test } from 'vitest'
import { checkHostileRequests } from './hostile-requests.ts'
import { isSound } from './lib/report.ts'

describe('a server that gets hostile requests through every door', () => {
  test('answers each in time, refuses by the closed list, tells nothing, and serves another tenant', async () => {
    const findings = await checkHostileRequests({ long: false })
    expect(isSound(findings), JSON.stringify(findings)).toBe(true)
    expect(findings.filter(({ planted }) => planted)).toHaveLength(6)
  }, 600_000)
})
