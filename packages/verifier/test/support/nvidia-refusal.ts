import { describe, expect, test } from 'vitest'
import type { CheckCode } from '../../src/index.ts'
import { judgeNvidia, type WrongNvidia } from './nvidia-mock.ts'

/** One thing wrong, and the one code that says so. */
export interface NvidiaRefusal extends WrongNvidia {
  readonly code: string
  readonly check: CheckCode
  readonly why: string
  readonly details?: object
}

/** A refusal by one check. */
export const by =
  (check: CheckCode) =>
  (code: string, why: string, rest: Partial<NvidiaRefusal>): NvidiaRefusal => ({ code, check, why, ...rest })

/** Tests that each is refused by its code, and that the evidence without the one wrong thing is accepted. */
export function refuseNvidia(
  name: string,
  status: 'none' | 'contraindicated',
  refusals: readonly NvidiaRefusal[],
): void {
  describe(name, () => {
    for (const { code, check, why, details, ...wrong } of refusals) {
      test(`${code}: ${why}`, async () => {
        expect(await judgeNvidia()).toMatchObject({ status: 'affirming' })
        const result = await judgeNvidia(wrong)
        expect(result, JSON.stringify(result.failed)).toMatchObject({
          status,
          failed: { code: check, status: 'failed', error: { code, ...(details && { details }) } },
        })
        expect(result).not.toHaveProperty('channel')
      })
    }
  })
}
