import { describe, expect, test } from 'vitest'
import type { CheckCode } from '../../src/index.ts'
import { judgeTpm, type WrongTpm } from './tpm-mock.ts'

/** One thing wrong, and the one code that says so. */
export interface TpmRefusal extends WrongTpm {
  readonly code: string
  readonly check: CheckCode
  readonly why: string
  readonly details?: object
  /** Of the base that is changed; `tpm` unless it says otherwise. */
  readonly base?: 'tpm' | 'simulated-tpm'
}

/** Tests that each is refused by its code, and that the document without the one wrong thing is accepted. */
export function refuseTpm(name: string, status: 'none' | 'contraindicated', refusals: readonly TpmRefusal[]): void {
  describe(name, () => {
    for (const { code, check, why, details, base = 'tpm', ...wrong } of refusals) {
      test(`${code}: ${why}`, async () => {
        expect(await judgeTpm({}, base)).toMatchObject({ status: 'affirming' })
        const result = await judgeTpm(wrong, base)
        expect(result, JSON.stringify(result.failed)).toMatchObject({
          status,
          failed: { code: check, status: 'failed', error: { code, ...(details && { details }) } },
        })
        expect(result).not.toHaveProperty('channel')
      })
    }
  })
}
