import { describe, expect, test } from 'vitest'
import { isSound } from './lib/report.ts'
import { checkSoak } from './soak.ts'

describe('a server under mixed load', () => {
  test('holds no more memory and no more descriptors with time; one that leaks would be found', async () => {
    const findings = await checkSoak({ long: false })
    expect(isSound(findings), JSON.stringify(findings)).toBe(true)
  }, 600_000)
})
