import { unixSeconds } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import type { CheckCode } from '../src/appraisal/check-codes.ts'
import { CheckList } from '../src/appraisal/check-list.ts'
import { concludeEvidence } from '../src/appraisal/conclude.ts'
import type { ProvedEvidence } from '../src/appraisal/evidence.ts'
import { parsePolicy, verify, verifyEvidence } from '../src/index.ts'
import { nitroCapture } from './support/nitro-captures.ts'

const { bytes, now } = nitroCapture('a production enclave in the second')
const policy = parsePolicy({ version: 1, name: 'test' })
const claims = { format: 'nitro', rootSha256: '', reportData: '', moduleId: '', signedAt: '', pcrs: {} } as const
const proved: ProvedEvidence = {
  technology: 'nitro',
  trustClass: 'hardware',
  document: { moduleId: '', signedAt: now, pcrs: new Map(), certificate: bytes, cabundle: [] },
  report: { reportData: new Uint8Array() },
  signedAt: now,
  claims,
}

describe('the result of bare evidence', () => {
  const concluded = (code: CheckCode, run: (checks: CheckList) => void) => {
    const checks = new CheckList(['evidence.form', code])
    checks.pass('evidence.form')
    run(checks)
    return concludeEvidence({ checks, policy, now }, { proved, release: undefined })
  }
  test.each(['tpm.ak-bound', 'nvidia.host', 'policy.measurement'] as const)(
    'is a warning until %s has passed',
    (code) => {
      expect(concluded(code, () => undefined)).toMatchObject({
        scope: 'evidence-only',
        status: 'warning',
        failed: { code, status: 'skipped' },
      })
      expect(concluded(code, (checks) => checks.pass(code))).toMatchObject({ status: 'affirming' })
      expect(concluded(code, (checks) => checks.pass(code))).not.toHaveProperty('failed')
    },
  )
  test('is none the worse for another check that nobody asked for', () =>
    expect(concluded('policy.software', () => undefined)).toMatchObject({ status: 'affirming' }))
})

describe('the result where nothing was proved', () => {
  test('calls nothing fresh, although a nonce was sent', async () => {
    const result = await verify({}, policy, { now, nonce: new Uint8Array(32) })
    expect(result).toMatchObject({
      scope: 'document',
      status: 'none',
      freshness: 'skipped',
      failed: { code: 'document.form' },
    })
  })
  test('is of bare evidence where that was judged', async () => {
    const result = await verifyEvidence({ format: 'nitro', bytes: new Uint8Array() }, policy, { now })
    expect(result).toMatchObject({ scope: 'evidence-only', status: 'none', failed: { code: 'evidence.form' } })
  })
})

test('bare evidence that signs a time is as old as that says', async () => {
  const limited = parsePolicy({ version: 1, name: 'test', maximumEvidenceAgeSeconds: 60 })
  const judged = async (later: number) => {
    const { checks } = await verifyEvidence({ format: 'nitro', bytes }, limited, { now: unixSeconds(now + later) })
    return checks.find(({ code }) => code === 'policy.evidence-age')
  }
  expect(await judged(60)).toMatchObject({ status: 'passed' })
  expect(await judged(61)).toMatchObject({
    status: 'failed',
    error: { code: 'EVIDENCE_TOO_OLD', details: { signedAt: now, maximumSeconds: 60, now: now + 61 } },
  })
})

test('a nonce and the digest of a channel’s key have 32 bytes each, and the message names which has not', async () => {
  for (const length of [0, 31, 33]) {
    const other = new Uint8Array(length)
    const channel = { kind: 'tls', spkiSha256: other } as const
    const refused = (name: string): RangeError => new RangeError(`${name} has 32 bytes, not ${length}`)
    await expect(verify({}, policy, { now, channel })).rejects.toThrow(refused('spkiSha256'))
    await expect(verify({}, policy, { now, nonce: other })).rejects.toThrow(refused('nonce'))
  }
})
