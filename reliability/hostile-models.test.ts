import { describe, expect, test } from 'vitest'
import { checkHostileModels } from './hostile-models.ts'
import { isPlanted, isSound } from './lib/report.ts'

describe('hostile models', () => {
  test('are refused by name, end no server, and keep no other tenant from its answers', async () => {
    const findings = await checkHostileModels({ long: false })
    expect(isSound(findings), JSON.stringify(findings)).toBe(true)
    expect(findings.filter(isPlanted)).toHaveLength(2)
  }, 600_000)
})
