import { toBase64Url, unixSeconds, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { CheckList } from '../src/appraisal/check-list.ts'
import { proveEvidence } from '../src/appraisal/evidence.ts'
import { parsePolicy } from '../src/index.ts'
import { authority, judge, NOW, POLICY } from './support/mock.ts'

describe('the list of files beside a simulated quote', () => {
  const log = utf8('/app/server sha384:00')
  test('is for people, and read as no event log, whatever it says', async () => {
    const { bytes } = await authority.source().collect(new Uint8Array(64))
    const evidence = { format: 'simulated', bytes, endorsements: authority.endorsements } as const
    for (const text of [log, new Uint8Array(), new Uint8Array(32)]) {
      const proved = await proveEvidence(
        new CheckList([]),
        { ...evidence, log: text },
        parsePolicy(POLICY),
        unixSeconds(NOW),
      )
      expect(proved.claims).not.toHaveProperty('eventLog')
    }
  })
  test('leaves a document what it is without it', async () => {
    const result = await judge({
      document: (document) => ({ ...document, evidence: { ...document.evidence, log: toBase64Url(log) } }),
    })
    expect(result).toMatchObject({ status: 'affirming' })
    expect(result.checks.find(({ code }) => code === 'tdx.event-log')).toMatchObject({ status: 'skipped' })
  })
})
