import { describe, expect, test } from 'vitest'
import type { CheckCode } from '../../src/index.ts'
import { judgeNitro, type WrongNitro } from './nitro-mock.ts'
import { expectFacts } from './refusal-facts.ts'

/** One thing wrong, and the one code that says so. */
export interface NitroRefusal extends WrongNitro {
  readonly code: string
  readonly check: CheckCode
  readonly why: string
  readonly details?: object
}

/** Tests that each is refused by its code, and that the document without the one wrong thing is accepted. */
export function refuseNitro(name: string, status: 'none' | 'contraindicated', refusals: readonly NitroRefusal[]): void {
  describe(name, () => {
    for (const { code, check, why, details, ...wrong } of refusals) {
      test(`${code}: ${why}`, async () => {
        expect(await judgeNitro()).toMatchObject({ status: 'affirming' })
        const result = await judgeNitro(wrong)
        expect(result, JSON.stringify(result.failed)).toMatchObject({
          status,
          failed: { code: check, status: 'failed', error: { code, ...(details && { details }) } },
        })
        expect(result).not.toHaveProperty('channel')
        expectFacts(name, `${code}: ${why}`, result)
      })
    }
  })
}
