import { describe, expect, test } from 'vitest'
import type { CheckCode } from '../../src/index.ts'
import { type HclWrong, judgeHclDocument } from './hcl-mock.ts'

/** One thing wrong, and the one code that says so. */
export interface HclRefusal extends HclWrong {
  readonly code: string
  readonly check: CheckCode
  readonly why: string
  readonly details?: object
}

/** Tests that each is refused by its code, and that the same machine without the one wrong thing is accepted. */
export function refuseHcl(name: string, usual: 'none' | 'contraindicated', refusals: readonly HclRefusal[]): void {
  describe(name, () => {
    for (const { code, check, why, details, ...wrong } of refusals) {
      test(`${code}: ${why}`, async () => {
        const accepted = await judgeHclDocument(wrong.hardware ? { hardware: wrong.hardware } : {})
        expect(accepted, JSON.stringify(accepted.failed)).toMatchObject({ status: 'affirming' })
        const result = await judgeHclDocument(wrong)
        expect(result, JSON.stringify(result.failed)).toMatchObject({
          status: usual,
          failed: { code: check, status: 'failed', error: { code, ...(details && { details }) } },
        })
        expect(result).not.toHaveProperty('channel')
      })
    }
  })
}
