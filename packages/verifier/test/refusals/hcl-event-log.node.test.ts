import { describe, expect, test } from 'vitest'
import { explain } from '../../src/index.ts'
import { eventLogCase, logFile } from '../support/event-logs.ts'
import { HCL_REFERENCES, type HclWrong, judgeHclDocument, references } from '../support/hcl-mock.ts'
import { flip } from '../support/refusal.ts'

const { bytes: log, expect: expected } = eventLogCase('the log of a machine with a SHA-256 bank alone')
const { 7: pcr7 = '', ...registers } = expected.registers.sha256 ?? {}
const extended = '77'.repeat(32)

/** A machine whose registers are what the log replays to, and one beside them. */
const base: HclWrong = {
  banks: { sha256: { ...registers, 7: pcr7, 12: extended } },
  policy: references({ ...HCL_REFERENCES.snp, pcrs: { 7: pcr7 } }),
}

describe('the event log of an Azure machine', () => {
  test('is proved by the registers that it explains, and the others are named', async () => {
    const result = await judgeHclDocument({ ...base, log })
    expect(result, JSON.stringify(result.failed)).toMatchObject({
      status: 'affirming',
      claims: {
        eventLog: {
          events: 26,
          registers: Object.keys(expected.registers.sha256 ?? {}).map((pcr) => `sha256 PCR ${pcr}`),
          unexplained: ['sha256 PCR 12'],
        },
      },
    })
    expect(explain(result)).toContain('event log: 26 events, which say nothing of sha256 PCR 12')
  })
  test('is skipped where there is none', async () => {
    const result = await judgeHclDocument(base)
    expect(result.status).toBe('affirming')
    expect(result.checks.find(({ code }) => code === 'tpm.event-log')?.status).toBe('skipped')
  })
  const refused: readonly (readonly [why: string, wrong: HclWrong, code: string])[] = [
    ['one bit of a digest changed', { log: flip(log, 79) }, 'EVENT_LOG_MISMATCH'],
    ['of another machine', { log: logFile('measure/tpm_eventlog.bin') }, 'EVENT_LOG_MISMATCH'],
    ['without SHA-256', { log: logFile('attestation/event-logs/eventlog-debian-10.bin') }, 'EVENT_LOG_BANK_MISSING'],
    ['that measures nothing', { log: log.slice(0, 65) }, 'EVENT_LOG_EMPTY'],
    ['that is cut', { log: log.slice(0, 100) }, 'TRUNCATED'],
  ]
  for (const [why, wrong, code] of refused) {
    test(`${code}: ${why}`, async () => {
      expect(await judgeHclDocument({ ...base, log })).toMatchObject({ status: 'affirming' })
      expect(await judgeHclDocument({ ...base, ...wrong })).toMatchObject({
        status: 'none',
        failed: { code: 'tpm.event-log', error: { code } },
      })
    })
  }
})
