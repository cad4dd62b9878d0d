import type { JsonObject } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { CheckList } from '../../src/appraisal/check-list.ts'
import { judgeEvidence, proveEvidence } from '../../src/appraisal/evidence.ts'
import { judgeRollback } from '../../src/appraisal/judge-rollback.ts'
import { DEFAULT_POLICY, INTEL_SGX_ROOT_SHA256, type SeenEvaluation, seenEvaluation, verify } from '../../src/index.ts'
import { captures } from '../support/captures.ts'
import { judgeHclDocument } from '../support/hcl-mock.ts'
import { authority, judge, makeDocument, NOW, type Tee } from '../support/mock.ts'
import { judgeSnpDocument, snpAuthority } from '../support/snp-mock.ts'

/** What the mock authority's endorsements count. */
const NUMBER = 21

const seen = (members: Partial<SeenEvaluation> = {}): SeenEvaluation => ({
  rootSha256: authority.rootSha256,
  tee: 'tdx',
  number: NUMBER,
  ...members,
})

const numbered =
  (tcbEvaluationDataNumber: number) =>
  (info: JsonObject): JsonObject => ({ ...info, tcbEvaluationDataNumber })

describe('endorsements that are older than those seen before', () => {
  test.each(['tdx', 'sgx'] as const)(
    'TCB_EVALUATION_ROLLED_BACK: those of %s, and the same ones are not refused',
    async (tee: Tee) => {
      const same = await judge({ options: { remembered: [seen({ tee })] } }, tee)
      expect(same).toMatchObject({ status: 'affirming' })
      const older = await judge({ options: { remembered: [seen({ tee, number: NUMBER + 1 })] } }, tee)
      expect(older).toMatchObject({
        status: 'contraindicated',
        failed: {
          code: 'policy.tcb-evaluation-number',
          error: {
            code: 'TCB_EVALUATION_ROLLED_BACK',
            details: { subject: 'TCB info', remembered: NUMBER + 1, actual: NUMBER },
          },
        },
      })
      expect(older).not.toHaveProperty('channel')
    },
  )

  test('TCB_EVALUATION_ROLLED_BACK: those of TDX under a paravisor, and the same ones are not refused', async () => {
    const same = await judgeHclDocument({ hardware: 'tdx', options: { remembered: [seen()] } })
    expect(same, JSON.stringify(same.failed)).toMatchObject({ status: 'affirming' })
    if (same.status !== 'affirming') throw new Error('refused')
    expect(seenEvaluation(same)).toEqual(seen())
    const older = await judgeHclDocument({ hardware: 'tdx', options: { remembered: [seen({ number: NUMBER + 1 })] } })
    expect(older).toMatchObject({
      status: 'contraindicated',
      failed: {
        code: 'policy.tcb-evaluation-number',
        error: {
          code: 'TCB_EVALUATION_ROLLED_BACK',
          details: { subject: 'TCB info', remembered: NUMBER + 1, actual: NUMBER },
        },
      },
    })
    expect(older).not.toHaveProperty('channel')
  })

  test('are refused for the QE identity alone', async () => {
    const result = await judge({
      changes: { qeIdentity: numbered(NUMBER - 1) },
      options: { remembered: [seen()] },
    })
    expect(result.failed?.error).toMatchObject({
      code: 'TCB_EVALUATION_ROLLED_BACK',
      details: { subject: 'QE identity', actual: NUMBER - 1 },
    })
  })

  test('are held against the highest of several numbers', async () => {
    const remembered = [seen(), seen({ number: 30 }), seen({ number: 22 })]
    const result = await judge({ options: { remembered } })
    expect(result.failed?.error).toMatchObject({ details: { remembered: 30 } })
  })

  test.each([
    ['another root', { rootSha256: '00'.repeat(32) }],
    ['another TEE', { tee: 'sgx' }],
  ] as const)('are not held against a number of %s', async (_, members) => {
    const result = await judge({ options: { remembered: [seen({ ...members, number: 1000 })] } })
    expect(result).toMatchObject({ status: 'affirming' })
  })

  test('of a simulated authority are still not asked for a recovery when nothing is remembered', async () => {
    const { checks } = await judge()
    expect(checks.find(({ code }) => code === 'policy.tcb-evaluation-number')).toMatchObject({ status: 'skipped' })
  })

  test('do not hide that the policy refuses them as well', async () => {
    const [first] = captures
    if (first === undefined) throw new Error('there are no captures')
    const { endorsements, quote, now } = first
    const checks = new CheckList(['policy.tcb-evaluation-number'])
    const proved = await proveEvidence(checks, { format: 'tdx', bytes: quote, endorsements }, DEFAULT_POLICY, now)
    judgeEvidence(checks, proved, DEFAULT_POLICY)
    judgeRollback(checks, proved, [seen({ rootSha256: INTEL_SGX_ROOT_SHA256, number: 1000 })])
    expect(checks.all).toMatchObject([{ status: 'failed', error: { code: 'TCB_EVALUATION_NUMBER_TOO_LOW' } }])
  })

  test('are no matter for evidence whose endorsements count nothing, under a paravisor or not', async () => {
    const options = {
      remembered: [seen({ number: 1000 }), seen({ rootSha256: snpAuthority.rootSha256, number: 1000 })],
    }
    expect(await judgeSnpDocument({ options })).toMatchObject({ status: 'affirming' })
    expect(await judgeHclDocument({ options })).toMatchObject({ status: 'affirming' })
  })

  test.each([Number.NaN, -1, 1.5])('cannot be asked for by the number %d', async (number) => {
    const document = await makeDocument()
    await expect(verify(document, DEFAULT_POLICY, { now: NOW, remembered: [seen({ number })] })).rejects.toThrow(
      RangeError,
    )
  })
})

describe('what is worth remembering of an affirming result', () => {
  test('is the lower of its two numbers, under its root', async () => {
    const result = await judge({ changes: { qeIdentity: numbered(NUMBER - 1) } })
    if (result.status !== 'affirming') throw new Error('refused')
    expect(seenEvaluation(result)).toEqual(seen({ number: NUMBER - 1 }))
  })

  test('of SGX is kept apart', async () => {
    const result = await judge({}, 'sgx')
    if (result.status !== 'affirming') throw new Error('refused')
    expect(seenEvaluation(result)).toEqual(seen({ tee: 'sgx' }))
  })

  test('of SEV-SNP is nothing', async () => {
    const result = await judgeSnpDocument()
    if (result.status !== 'affirming') throw new Error('refused')
    expect(seenEvaluation(result)).toBeUndefined()
  })
})
