import { type JsonObject, type UnixSeconds, unixSeconds } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { checkKeysetWindow } from '../src/appraisal/binding.ts'
import type { CheckCode } from '../src/appraisal/check-codes.ts'
import { CheckList } from '../src/appraisal/check-list.ts'
import { judgeAge } from '../src/appraisal/judge-age.ts'
import { judgeDcapTcb } from '../src/appraisal/judge-dcap-tcb.ts'
import { judgeMeasurement } from '../src/appraisal/judge-measurement.ts'
import { judgeStatement } from '../src/appraisal/judge-statement.ts'
import { trustClassOf } from '../src/appraisal/trust-anchor.ts'
import type { ProvedTcb } from '../src/dcap/tcb-claims.ts'
import { parsePolicy } from '../src/index.ts'
import { NOW, STATEMENT } from './support/mock.ts'

const policyOf = (members: JsonObject) => parsePolicy({ version: 1, name: 'test', ...members })
const refused = (code: string, details: object): unknown => expect.objectContaining({ code, details })

/** How a check ended, and why. */
function ended(checks: CheckList, code: CheckCode): unknown {
  const { status, error } = checks.all.find((check) => check.code === code) ?? {}
  return error === undefined ? status : { code: error.code, details: error.details }
}

const part = { status: 'UpToDate', tcbDate: '2025-08-13T00:00:00Z', advisoryIds: [] } as const
const TCB_DATE: UnixSeconds = unixSeconds(Date.UTC(2025, 7, 13) / 1000)
const proved = (numbers: { tcbInfo: number; qeIdentity: number }, advisoryIds: readonly string[] = []) => {
  const tcb = { ...part, advisoryIds, tcbEvaluationDataNumber: 20, platform: part, qe: part, gaps: [] }
  const found: ProvedTcb = { tcb, tcbDate: TCB_DATE, evaluationNumbers: numbers }
  return { ...found, trustClass: 'hardware' as const }
}
const judgeTcb = (members: JsonObject, evidence = proved({ tcbInfo: 20, qeIdentity: 20 })): CheckList => {
  const checks = new CheckList([
    'policy.tcb-status',
    'policy.tcb-date',
    'policy.tcb-evaluation-number',
    'policy.advisories',
  ])
  judgeDcapTcb(checks, evidence, policyOf({ tdx: members }).tdx)
  return checks
}

describe('the TCB of an Intel platform', () => {
  test('may be of the very day that is the oldest', () => {
    expect(ended(judgeTcb({ minimumTcbDate: '2025-08-13' }), 'policy.tcb-date')).toBe('passed')
    expect(ended(judgeTcb({ minimumTcbDate: '2025-08-12' }), 'policy.tcb-date')).toBe('passed')
    expect(ended(judgeTcb({ minimumTcbDate: '2025-08-14' }), 'policy.tcb-date')).toMatchObject({
      code: 'TCB_DATE_TOO_OLD',
    })
    expect(ended(judgeTcb({}), 'policy.tcb-date')).toBe('skipped')
  })
  test('is judged by both of its documents', () => {
    const number = 'policy.tcb-evaluation-number'
    const judged = (tcbInfo: number, qeIdentity: number): unknown =>
      ended(judgeTcb({ minimumTcbEvaluationDataNumber: 18 }, proved({ tcbInfo, qeIdentity })), number)
    const low = (subject: string): object => ({
      code: 'TCB_EVALUATION_NUMBER_TOO_LOW',
      details: { subject, minimum: 18, actual: 17 },
    })
    expect(judged(18, 18)).toBe('passed')
    expect(judged(17, 18)).toEqual(low('TCB info'))
    expect(judged(18, 17)).toEqual(low('QE identity'))
  })
  test('has no advisory that is denied, and none beside a list of those that are allowed', () => {
    const judged = (advisories: JsonObject, ids: readonly string[]): unknown =>
      ended(judgeTcb({ advisories }, proved({ tcbInfo: 20, qeIdentity: 20 }, ids)), 'policy.advisories')
    expect(judged({ deny: ['A'] }, ['B'])).toBe('passed')
    expect(judged({ deny: ['A'] }, ['B', 'A'])).toEqual({ code: 'ADVISORY_DENIED', details: { advisory: 'A' } })
    expect(judged({ allow: ['A'] }, ['A'])).toBe('passed')
    expect(judged({ allow: ['A'] }, ['A', 'B'])).toEqual({ code: 'ADVISORY_NOT_ALLOWED', details: { advisory: 'B' } })
    expect(judged({}, ['A'])).toBe('skipped')
  })
})

describe('the words of an enclave', () => {
  const judged = (members: JsonObject, code: CheckCode, isMeasured = true): unknown => {
    const checks = new CheckList([
      'policy.software',
      'policy.config',
      'policy.key-source',
      'policy.operator-key',
      'policy.config-digest',
      'policy.measurement',
    ])
    if (isMeasured) checks.pass('policy.measurement')
    judgeStatement(checks, STATEMENT, policyOf(members))
    return ended(checks, code)
  }
  test('count for nothing before its code is known', () => {
    expect(judged({ config: { isolation: ['none'] } }, 'policy.config', false)).toBe('skipped')
  })
  test('name a digest of its software that the policy lists', () => {
    const other = '44'.repeat(32)
    const { digest } = STATEMENT.software
    expect(judged({ softwareDigests: [other, digest] }, 'policy.software')).toBe('passed')
    expect(judged({}, 'policy.software')).toBe('skipped')
    expect(judged({ softwareDigests: [other] }, 'policy.software')).toEqual({
      code: 'SOFTWARE_NOT_ACCEPTED',
      details: { accepted: [other], actual: digest },
    })
  })
  for (const [member, accepted, actual] of [
    ['isolation', ['reduced'], 'full'],
    ['unattestedClients', [true], 'false'],
    ['legacyListeners', [true], 'false'],
    ['crossTenantBatching', [true], 'false'],
    ['sharedEngines', [true], 'false'],
  ] as const) {
    test(`are refused for ${member} by its name`, () => {
      expect(judged({ config: { [member]: accepted } }, 'policy.config')).toEqual({
        code: 'CONFIG_NOT_ACCEPTED',
        details: { member, accepted: accepted.map(String), actual },
      })
    })
  }
})

describe('what a policy may say of the configuration besides', () => {
  const judged = (config: JsonObject, code: CheckCode): unknown => {
    const checks = new CheckList([
      'policy.key-source',
      'policy.operator-key',
      'policy.config-digest',
      'policy.measurement',
    ])
    checks.pass('policy.measurement')
    judgeStatement(checks, STATEMENT, policyOf({ config }))
    return ended(checks, code)
  }
  test('is the source of its keys', () => {
    expect(judged({}, 'policy.key-source')).toBe('skipped')
    expect(judged({ keySource: ['ephemeral'] }, 'policy.key-source')).toBe('passed')
    expect(judged({ keySource: ['tpm'] }, 'policy.key-source')).toEqual({
      code: 'CONFIG_NOT_ACCEPTED',
      details: { member: 'keySource', accepted: ['tpm'], actual: 'ephemeral' },
    })
  })
  test('is the key of its operator', () => {
    expect(judged({}, 'policy.operator-key')).toBe('skipped')
    expect(judged({ credentials: ['11'.repeat(32)] }, 'policy.operator-key')).toBe('passed')
    expect(judged({ credentials: ['22'.repeat(32)] }, 'policy.operator-key')).toMatchObject({
      code: 'OPERATOR_KEY_NOT_ACCEPTED',
    })
  })
  test('is the digest of all of it', () => {
    expect(judged({}, 'policy.config-digest')).toBe('skipped')
    expect(judged({ digest: ['22'.repeat(32)] }, 'policy.config-digest')).toBe('passed')
    expect(judged({ digest: ['33'.repeat(32)] }, 'policy.config-digest')).toEqual({
      code: 'CONFIG_NOT_ACCEPTED',
      details: { member: 'digest', accepted: ['33'.repeat(32)], actual: '22'.repeat(32) },
    })
  })
})

describe('the age of evidence', () => {
  const judged = (signedAt: UnixSeconds | undefined, nonce?: Uint8Array): unknown => {
    const checks = new CheckList(['policy.evidence-age'])
    judgeAge(checks, policyOf({ maximumEvidenceAgeSeconds: 60 }), { signedAt, nonce, now: NOW })
    return ended(checks, 'policy.evidence-age')
  }
  test('is known by our nonce, where no time is signed', () => {
    expect(judged(undefined, new Uint8Array(32))).toBe('passed')
    expect(judged(undefined)).toEqual({ code: 'EVIDENCE_AGE_UNKNOWN', details: { maximumSeconds: 60 } })
  })
  test('is at most the most, and a clock may be a minute ahead', () => {
    expect(judged(unixSeconds(NOW - 60))).toBe('passed')
    expect(judged(unixSeconds(NOW - 61))).toMatchObject({ code: 'EVIDENCE_TOO_OLD' })
    expect(judged(unixSeconds(NOW + 60))).toBe('passed')
    expect(judged(unixSeconds(NOW + 61))).toEqual({
      code: 'EVIDENCE_FROM_FUTURE',
      details: { signedAt: NOW + 61, toleratedSeconds: 60, now: NOW },
    })
  })
})

describe('the window of a statement', () => {
  const at = (now: number) => () => checkKeysetWindow(STATEMENT.keyset, unixSeconds(now))
  const { notBefore, notAfter } = STATEMENT.keyset
  test('has both of its ends', () => {
    expect(at(notBefore)).not.toThrow()
    expect(at(notAfter)).not.toThrow()
    expect(at(notBefore - 1)).toThrowError(refused('STATEMENT_NOT_YET_VALID', { notBefore, now: notBefore - 1 }))
    expect(at(notAfter + 1)).toThrowError(refused('STATEMENT_EXPIRED', { notAfter, now: notAfter + 1 }))
  })
})

describe('measurements', () => {
  const registers = { always: ['a', 'b'], optional: ['c', 'd'] } as const
  type Values = { readonly [N in 'a' | 'b' | 'c' | 'd']?: string }
  const reference = (name: string, values: Values) => ({ name, date: '2026-11-23', ...values })
  const judged = (claims: Values, ...references: readonly ReturnType<typeof reference>[]) => {
    const checks = new CheckList(['policy.measurement', 'policy.optional-registers'])
    const match = judgeMeasurement(checks, { format: 'tdx', ...claims }, references, registers)
    const [measurement, optional] = [ended(checks, 'policy.measurement'), ended(checks, 'policy.optional-registers')]
    return { match: match?.name, measurement, optional }
  }
  const claims = { a: '1', b: '2', c: '3', d: '4' }
  test('match the first reference value that names them', () => {
    expect(judged(claims, reference('x', { a: '0', b: '2' }), reference('y', { a: '1', b: '2' }))).toEqual({
      match: 'y',
      measurement: 'passed',
      optional: 'skipped',
    })
  })
  test('are shown to include those that a release may name, if it names one', () => {
    const named = judged(claims, reference('x', { a: '1', b: '2', d: '4' }))
    expect(named).toEqual({ match: 'x', measurement: 'passed', optional: 'passed' })
  })
  test('that match none name the nearest, the first that differs, and all that do', () => {
    const far = reference('far', { a: '0', b: '0', c: '0' })
    const near = reference('near', { a: '1', b: '9', d: '8' })
    expect(judged(claims, far, near).measurement).toEqual({
      code: 'MEASUREMENT_MISMATCH',
      details: { reference: 'near', register: 'b', expected: '9', actual: '2', differing: ['b', 'd'] },
    })
    expect(judged({ a: '1', b: '2' }, reference('x', { a: '1', b: '2', c: '3' })).measurement).toEqual({
      code: 'MEASUREMENT_MISMATCH',
      details: { reference: 'x', register: 'c', expected: '3', actual: '(absent)', differing: ['c'] },
    })
  })
  test('without reference values are not checked, and say so', () => {
    expect(judged(claims)).toEqual({
      match: undefined,
      measurement: { code: 'MEASUREMENT_NOT_CHECKED', details: { format: 'tdx' } },
      optional: 'skipped',
    })
  })
})

describe('the root of evidence', () => {
  const rootSha256 = 'ab'.repeat(32)
  const other = ['cd'.repeat(32)]
  test('decides what it is worth', () => {
    expect(trustClassOf('tdx', rootSha256, true, undefined)).toBe('hardware')
    for (const format of ['simulated', 'simulated-sgx', 'simulated-sev-snp', 'simulated-nitro'] as const) {
      expect(trustClassOf(format, rootSha256, false, [rootSha256])).toBe('simulated')
    }
  })
  for (const [code, format, isVendorRoot, roots, details] of [
    ['SIMULATED_LABELLED_HARDWARE', 'sgx', false, [rootSha256], { format: 'sgx', rootSha256 }],
    ['ROOT_NOT_TRUSTED', 'tdx', false, other, { format: 'tdx', rootSha256 }],
    ['ROOT_NOT_TRUSTED', 'tdx', false, undefined, { format: 'tdx', rootSha256 }],
    ['HARDWARE_LABELLED_SIMULATED', 'simulated', true, [rootSha256], { rootSha256 }],
    ['SIMULATED_NOT_ALLOWED', 'simulated', false, undefined, { rootSha256 }],
    ['SIMULATED_ROOT_UNKNOWN', 'simulated', false, other, { rootSha256, allowed: other }],
  ] as const) {
    test(`is refused as ${code} when ${format} evidence has ${roots === undefined ? 'no' : roots[0] === rootSha256 ? 'that' : 'another'} simulated root`, () => {
      expect(() => trustClassOf(format, rootSha256, isVendorRoot, roots)).toThrowError(refused(code, details))
    })
  }
})
