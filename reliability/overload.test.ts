import { describe, expect, test } from 'vitest'
import { isSound } from './lib/report.ts'
import { checkOverload } from './overload.ts'

describe('ten times as many requests as a server can do', () => {
  test('are refused in time, while it does what it can; and one that only let them wait would be found', async () => {
    const findings = await checkOverload({ long: false })
    expect(isSound(findings), JSON.stringify(findings)).toBe(true)
  }, 600_000)
})
