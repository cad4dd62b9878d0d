import { describe, expect, test } from 'vitest'
import { CheckList } from '../src/appraisal/check-list.ts'
import { judgeSnpMachine } from '../src/appraisal/judge-snp.ts'
import { proveSnp } from '../src/formats/snp/prove-snp.ts'
import { parsePolicy } from '../src/index.ts'
import { snpCapture } from './support/snp-captures.ts'

const { report: bytes, endorsements, now } = snpCapture('the same is accepted where the policy names Milan')
const evidence = { format: 'sev-snp', bytes, endorsements, simulatedRoots: undefined, requireCrl: true, now } as const
const real = await proveSnp(new CheckList([]), evidence)

/** How a check of it ended, and why. */
function judged(code: Parameters<CheckList['judge']>[0], sevSnp: object, proved = real): unknown {
  const checks = new CheckList([code])
  judgeSnpMachine(checks, proved, parsePolicy({ version: 1, name: 'test', sevSnp: { ...sevSnp } }))
  const [check] = checks.all
  return check?.error === undefined ? check?.status : { code: check.error.code, details: check.error.details }
}

describe('the platform of a real guest', () => {
  test('has a key of its chip, whomever the policy wants a VLEK to be lent to', () => {
    expect(real.endorsementKey).not.toHaveProperty('provider')
    expect(judged('policy.signing-key', { vlekProviders: ['CN=example'] })).toBe('passed')
    const lent = { ...real, endorsementKey: { ...real.endorsementKey, provider: 'CN=other' } }
    expect(judged('policy.signing-key', { vlekProviders: ['CN=example'] }, lent)).toEqual({
      code: 'SNP_PROVIDER_NOT_ACCEPTED',
      details: { accepted: ['CN=example'], actual: 'CN=other' },
    })
    expect(judged('policy.signing-key', { vlekProviders: ['CN=example', 'CN=other'] }, lent)).toBe('passed')
  })
  test('has the mitigations that the policy requires, now and when it was launched', () => {
    const { mitigations: _, ...report } = real.report
    const reporting = (launch: bigint, current: bigint) => ({
      ...real,
      report: { ...report, mitigations: { launch, current } },
    })
    const missing = (vector: string): object => ({ code: 'SNP_MITIGATION_MISSING', details: { vector, bit: 2 } })
    const wanted = { requiredMitigations: [2] }
    expect(judged('policy.mitigations', wanted, { ...real, report })).toEqual(missing('launch'))
    expect(judged('policy.mitigations', wanted, reporting(3n, 4n))).toEqual(missing('launch'))
    expect(judged('policy.mitigations', wanted, reporting(4n, 3n))).toEqual(missing('current'))
    expect(judged('policy.mitigations', wanted, reporting(4n, 4n))).toBe('passed')
    expect(judged('policy.mitigations', {}, { ...real, report })).toBe('skipped')
  })
  test('has the keys and the number that the policy wants of its guest', () => {
    const { idKeyDigest } = real.claims
    const other = '77'.repeat(48)
    expect(judged('policy.id-key', { idKeyDigests: [other] })).toEqual({
      code: 'SNP_ID_KEY_NOT_ACCEPTED',
      details: { accepted: [other], actual: idKeyDigest },
    })
    expect(judged('policy.id-key', { idKeyDigests: [other, idKeyDigest] })).toBe('passed')
    expect(judged('policy.author-key', { authorKeyDigests: [other] })).toMatchObject({
      code: 'SNP_AUTHOR_KEY_NOT_ACCEPTED',
    })
    const { guestSvn } = real.report
    expect(judged('policy.guest-svn', { minimumGuestSvn: guestSvn })).toBe('passed')
    expect(judged('policy.guest-svn', { minimumGuestSvn: guestSvn + 1 })).toEqual({
      code: 'SNP_GUEST_SVN_TOO_LOW',
      details: { minimum: guestSvn + 1, actual: guestSvn },
    })
  })
})
