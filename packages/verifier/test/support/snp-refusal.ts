import { describe, expect, test } from 'vitest'
import type { CheckCode } from '../../src/index.ts'
import { expectFacts } from './refusal-facts.ts'
import { judgeSnpDocument, type SnpWrong } from './snp-mock.ts'

/** One thing wrong, and the one code that says so. */
export interface SnpRefusal extends SnpWrong {
  readonly code: string
  readonly check: CheckCode
  readonly why: string
  readonly details?: object
  /** What the accepted base differs in, where it does: the same product, version or policy without the one wrong thing. */
  readonly base?: SnpWrong
}

/** Tests that each is refused by its code, and that the document without the one wrong thing is accepted. */
export function refuseSnp(name: string, usual: 'none' | 'contraindicated', refusals: readonly SnpRefusal[]): void {
  describe(name, () => {
    for (const { code, check, why, details, base = {}, ...wrong } of refusals) {
      test(`${code}: ${why}`, async () => {
        const accepted = await judgeSnpDocument(base)
        expect(accepted, JSON.stringify(accepted.failed)).toMatchObject({ status: 'affirming' })
        const result = await judgeSnpDocument({ ...base, ...wrong })
        expect(result, JSON.stringify(result.failed)).toMatchObject({
          status: usual,
          failed: { code: check, status: 'failed', error: { code, ...(details && { details }) } },
        })
        expect(result).not.toHaveProperty('channel')
        expectFacts(name, `${code}: ${why}`, result)
      })
    }
  })
}
