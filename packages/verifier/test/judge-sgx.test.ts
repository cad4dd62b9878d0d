import type { JsonObject } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { CheckList } from '../src/appraisal/check-list.ts'
import { judgeSgx } from '../src/appraisal/judge-sgx.ts'
import { proveSgx } from '../src/formats/sgx/prove-sgx.ts'
import { parsePolicy } from '../src/index.ts'
import { capture } from './support/captures.ts'

const { quote: bytes, endorsements, now } = capture('a production enclave')
const evidence = { format: 'sgx', bytes, endorsements, simulatedRoots: undefined, now } as const
const real = await proveSgx(new CheckList([]), evidence)
const { mrSigner, isvProdId, isvSvn, platform } = real.claims
const HEAD = { name: 'as captured', date: '2026-11-23' }

/** How a check of it ended, and why. */
function judged(code: Parameters<CheckList['judge']>[0], members: JsonObject): unknown {
  const checks = new CheckList([code])
  judgeSgx(checks, real, parsePolicy({ version: 1, name: 'test', ...members }))
  const [check] = checks.all
  return check?.error === undefined ? check?.status : { code: check.error.code, details: check.error.details }
}

describe('a real enclave', () => {
  const measured = (reference: JsonObject): unknown =>
    judged('policy.measurement', { sgx: { measurements: [{ ...HEAD, ...reference }] } })
  const mismatch = (register: string, expected: string, actual: string): object => ({
    code: 'MEASUREMENT_MISMATCH',
    details: { reference: HEAD.name, register, expected, actual, differing: [register] },
  })
  test('is the product of its signer that the reference value names', () => {
    expect(measured({ mrSigner, isvProdId, minimumIsvSvn: isvSvn })).toBe('passed')
    expect(measured({ mrSigner, isvProdId: isvProdId + 1, minimumIsvSvn: isvSvn })).toEqual(
      mismatch('isvProdId', String(isvProdId + 1), String(isvProdId)),
    )
    expect(measured({ mrSigner, isvProdId, minimumIsvSvn: isvSvn + 1 })).toEqual(
      mismatch('isvSvn', `at least ${isvSvn + 1}`, String(isvSvn)),
    )
  })
  test('is not compared with reference values of simulated ones', () => {
    const simulated = { rootSha256: ['00'.repeat(32)], sgxMeasurements: [{ ...HEAD, mrEnclave: '00'.repeat(32) }] }
    expect(judged('policy.measurement', { simulated })).toEqual({
      code: 'MEASUREMENT_NOT_CHECKED',
      details: { format: 'sgx' },
    })
  })
  test('runs on a platform that the policy does not deny', () => {
    const { fmspc } = platform
    expect(judged('policy.platform', {})).toBe('skipped')
    expect(judged('policy.platform', { sgx: { platforms: { fmspc: { allow: [fmspc] } } } })).toBe('passed')
    expect(judged('policy.platform', { sgx: { platforms: { fmspc: { deny: [fmspc] } } } })).toEqual({
      code: 'PLATFORM_DENIED',
      details: { identifier: 'fmspc', value: fmspc },
    })
  })
})
