import { describe, expect, test } from 'vitest'
import { checkDrains } from './drain.ts'
import { isSound } from './lib/report.ts'

describe('a server that is told to end under load', () => {
  test('answers all that is in flight and ends with 0; one that ends at once would be found', async () => {
    const findings = await checkDrains({ long: false })
    expect(isSound(findings), JSON.stringify(findings)).toBe(true)
  }, 600_000)
})
