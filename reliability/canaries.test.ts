import { describe, expect, test } from 'vitest'
import { checkCanaries } from './canaries.ts'
import { isPlanted, isSound } from './lib/report.ts'

describe('a server with data that can be recognised', () => {
  test('leaves none of it on disk, in the log, in refusals, in the metrics, in processes or on the wire', async () => {
    const findings = await checkCanaries({ long: false })
    expect(isSound(findings), JSON.stringify(findings)).toBe(true)
    expect(findings.filter(isPlanted)).toHaveLength(6)
  }, 600_000)
})
