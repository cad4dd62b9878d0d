import { type JsonObject, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { INTEL_SGX_ROOT_SHA256, parsePolicy } from '../src/index.ts'

const HEAD: JsonObject = { version: 1, name: 'bounds' }
const CHIP = 'ab'.repeat(64)
const refused = (members: JsonObject, code: string, details: object): void =>
  expect(() => parsePolicy({ ...HEAD, ...members })).toThrow(expect.objectContaining({ code, details }))

describe('a policy', () => {
  test('may be as long as the limit, and no longer', () => {
    const text = JSON.stringify(HEAD)
    const limit = 1_048_576
    expect(parsePolicy(text.padEnd(limit)).name).toBe('bounds')
    expect(() => parsePolicy(text.padEnd(limit + 1))).toThrow(
      expect.objectContaining({ code: 'TOO_LONG', details: { field: 'policy', length: limit + 1, limit } }),
    )
  })
  test('is named where it is no text, and no JSON', () => {
    expect(() => parsePolicy(Uint8Array.of(0xff))).toThrow(/policy/)
    expect(() => parsePolicy(utf8('{'))).toThrow(/policy/)
  })
  test.each(['tdx', 'sgx'])('accepts no revoked platform of %s', (tee) =>
    expect(() => parsePolicy({ ...HEAD, [tee]: { acceptedTcbStatuses: ['Revoked'] } })).toThrow(
      expect.objectContaining({ code: 'WRONG_VALUE' }),
    ),
  )
  test('may accept a trust domain that should be configured and started again', () => {
    const acceptedTcbStatuses = ['TDRelaunchAdvisedConfigurationNeeded'] as const
    expect(parsePolicy({ ...HEAD, tdx: { acceptedTcbStatuses } }).tdx.acceptedTcbStatuses).toEqual(acceptedTcbStatuses)
  })
  test('says which class has no root, and which root is a vendor’s', () => {
    refused({ trustClasses: ['simulated'] }, 'POLICY_CLASS_WITHOUT_ROOT', { trustClass: 'simulated' })
    refused({ simulated: { rootSha256: [INTEL_SGX_ROOT_SHA256] } }, 'POLICY_HARDWARE_ROOT_SIMULATED', {
      rootSha256: INTEL_SGX_ROOT_SHA256,
    })
  })
  test.each(['tdx', 'sgx'])('denies no advisory of %s beside those that it allows', (tee) => {
    const policy = parsePolicy({ ...HEAD, [tee]: { advisories: { allow: ['INTEL-SA-00001'] } } })
    const { advisories } = tee === 'tdx' ? policy.tdx : policy.sgx
    expect(advisories).toEqual({ allow: ['INTEL-SA-00001'], deny: [] })
  })
})

describe('a policy for SEV-SNP', () => {
  test.each([-1, 4, 0.5, '0'])('has no VMPL %s', (vmpl) =>
    refused({ sevSnp: { vmpl: [0, vmpl] } }, 'WRONG_VALUE', {
      field: 'policy.sevSnp.vmpl[1]',
      expected: 'from 0 to 3',
    }),
  )
  test.each([-1, 64, 0.5, '0'])('requires no mitigation %s', (bit) =>
    refused({ sevSnp: { requiredMitigations: [0, bit] } }, 'WRONG_VALUE', {
      field: 'policy.sevSnp.requiredMitigations[1]',
      expected: 'from 0 to 63',
    }),
  )
  test('says what it requires of a platform and does not allow', () =>
    refused({ sevSnp: { requiredPlatformInfo: ['ECC_EN'], allowedPlatformInfo: [] } }, 'POLICY_CONTRADICTION', {
      field: 'policy.sevSnp.requiredPlatformInfo',
      other: 'policy.sevSnp.allowedPlatformInfo',
      value: 'ECC_EN',
    }))
  test('denies no chip beside those that it allows, and knows no third list', () => {
    const chips = (members: JsonObject): JsonObject => ({ sevSnp: { chipIds: members } })
    expect(parsePolicy({ ...HEAD, ...chips({ allow: [CHIP] }) }).sevSnp.chipIds).toEqual({ allow: [CHIP], deny: [] })
    refused(chips({ ignore: [CHIP] }), 'UNKNOWN_MEMBER', { field: 'policy.sevSnp.chipIds', member: 'ignore' })
    refused(chips({ allow: [CHIP], deny: [CHIP] }), 'POLICY_CONTRADICTION', {
      field: 'policy.sevSnp.chipIds.allow',
      other: 'policy.sevSnp.chipIds.deny',
      value: CHIP,
    })
  })
})
