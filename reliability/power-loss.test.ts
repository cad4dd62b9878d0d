import { describe, expect, test } from 'vitest'
import { isPlanted, isSound } from './lib/report.ts'
import { checkPowerLoss } from './power-loss.ts'

describe('a store whose machine loses power', () => {
  test('keeps what it acknowledged in every state that the disk may be left in', async () => {
    const findings = await checkPowerLoss({ long: false })
    expect(isSound(findings), JSON.stringify(findings)).toBe(true)
    expect(findings.filter(isPlanted)).toHaveLength(6)
  }, 600_000)
})
