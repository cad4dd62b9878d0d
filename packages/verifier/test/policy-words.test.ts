import type { JsonObject } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { ObjectReader } from '../src/json/object-reader.ts'
import { DEFAULT_POLICY } from '../src/policy/default-policy.ts'
import { TCB_EVALUATION_FLOORS } from '../src/policy/floors.ts'
import { readNitro } from '../src/policy/parse-nitro.ts'
import { parsePolicy } from '../src/policy/parse-policy.ts'
import { readSgx } from '../src/policy/parse-sgx.ts'
import { readDcapTcb } from '../src/policy/read-dcap-tcb.ts'
import { readReferenceHead } from '../src/policy/read-members.ts'

const reader = (members: JsonObject): ObjectReader => new ObjectReader('x', members)
const refused = (code: string, details: object): unknown => expect.objectContaining({ code, details })

describe('a policy that says nothing', () => {
  test('is called by what it is', () => {
    expect(DEFAULT_POLICY.name).toBe('default: hardware only')
    expect(DEFAULT_POLICY.trustClasses).toEqual(['hardware'])
  })
  test('has no reference value for Nitro', () => {
    expect(readNitro(reader({}))).toEqual({ measurements: [] })
    expect(readNitro(reader({ nitro: {} }))).toEqual({ measurements: [] })
  })
  test('accepts what is up to date, and denies no advisory', () =>
    expect(readDcapTcb(reader({}), ['UpToDate'], 17)).toEqual({
      acceptedTcbStatuses: ['UpToDate', 'SWHardeningNeeded'],
      minimumTcbEvaluationDataNumber: 17,
      advisories: { deny: [] },
    }))
})

describe('the TCB that a policy accepts', () => {
  const STATUSES = [
    'UpToDate',
    'SWHardeningNeeded',
    'ConfigurationNeeded',
    'ConfigurationAndSWHardeningNeeded',
    'OutOfDate',
    'OutOfDateConfigurationNeeded',
  ]
  const tdx = (acceptedTcbStatuses: readonly string[]) =>
    parsePolicy({ version: 1, name: 'words', tdx: { acceptedTcbStatuses } }).tdx
  const sgx = (acceptedTcbStatuses: readonly string[]) => readSgx(reader({ sgx: { acceptedTcbStatuses } }))
  test('is of TDX any but a revoked one, and what a relaunch would mend', () => {
    const all = [...STATUSES, 'TDRelaunchAdvised', 'TDRelaunchAdvisedConfigurationNeeded']
    expect(tdx(all).acceptedTcbStatuses).toEqual(all)
    expect(() => tdx(['Revoked'])).toThrow(
      refused('WRONG_VALUE', { field: 'policy.tdx.acceptedTcbStatuses[0]', expected: `one of ${all.join(', ')}` }),
    )
  })
  test('is of SGX any but a revoked one', () => {
    expect(sgx(STATUSES)).toMatchObject({
      acceptedTcbStatuses: STATUSES,
      minimumTcbEvaluationDataNumber: TCB_EVALUATION_FLOORS.sgx,
    })
    expect(() => sgx(['Revoked'])).toThrow(
      refused('WRONG_VALUE', { field: 'x.sgx.acceptedTcbStatuses[0]', expected: `one of ${STATUSES.join(', ')}` }),
    )
  })
})

describe('where a reference value is from', () => {
  const head = { name: 'release', date: '2026-11-20' }
  test.each(['image', 'files', 'trust-on-first-use'])('may be said: %s', (source) =>
    expect(readReferenceHead(reader({ ...head, source }))).toEqual({ ...head, source }),
  )
  test('need not be said, and is no other word', () => {
    expect(readReferenceHead(reader(head))).toEqual(head)
    expect(() => readReferenceHead(reader({ ...head, source: 'hearsay' }))).toThrow(
      refused('WRONG_VALUE', { field: 'x.source', expected: 'one of image, files, trust-on-first-use' }),
    )
  })
})
