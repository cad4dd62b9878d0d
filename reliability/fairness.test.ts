import { describe, expect, test } from 'vitest'
import { checkFairness } from './fairness.ts'
import { isSound } from './lib/report.ts'

describe('a tenant that asks for twenty times its share', () => {
  test('leaves another its own, in time; and a server that let it have more would be found', async () => {
    const findings = await checkFairness({ long: false })
    expect(isSound(findings), JSON.stringify(findings)).toBe(true)
  }, 600_000)
})
