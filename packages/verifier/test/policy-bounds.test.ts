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

describe('a reference value', () => {
  const register = 'ab'.repeat(48)
  const digest = 'ab'.repeat(32)
  const reference: JsonObject = {
    name: 'release',
    date: '2026-11-20',
    mrTd: register,
    rtmr0: register,
    rtmr1: register,
    rtmr2: register,
    rtmr3: register,
  }
  const enclave: JsonObject = { name: 'enclave', date: '2026-11-20' }
  const signer: JsonObject = { mrSigner: digest, isvProdId: 0xffff, minimumIsvSvn: 0 }
  test.each(['image', 'files', 'trust-on-first-use'])('may be from %s', (source) => {
    const { tdx } = parsePolicy({ ...HEAD, tdx: { measurements: [{ ...reference, source }] } })
    expect(tdx.measurements).toEqual([{ ...reference, source }])
  })
  test('has a date that there is, and no member that nobody knows', () => {
    const field = 'policy.tdx.measurements[0]'
    expect(() => parsePolicy({ ...HEAD, tdx: { measurements: [{ ...reference, date: '2026-02-30' }] } })).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ field: `${field}.date` }) }),
    )
    refused({ tdx: { measurements: [{ ...reference, more: 1 }] } }, 'UNKNOWN_MEMBER', { field, member: 'more' })
  })
  test('of an enclave names the enclave, or its signer with product and version', () => {
    const read = (members: JsonObject) => parsePolicy({ ...HEAD, sgx: { measurements: [{ ...enclave, ...members }] } })
    expect(read({ mrEnclave: digest }).sgx.measurements).toEqual([{ ...enclave, mrEnclave: digest }])
    expect(read(signer).sgx.measurements).toEqual([{ ...enclave, ...signer }])
    const field = 'policy.sgx.measurements[0]'
    refused({ sgx: { measurements: [enclave] } }, 'MISSING_MEMBER', { field, member: 'mrEnclave' })
    for (const [member, missing] of [
      ['mrSigner', 'isvProdId'],
      ['isvProdId', 'mrSigner'],
      ['minimumIsvSvn', 'mrSigner'],
    ] as const) {
      const alone = { ...enclave, mrEnclave: digest, [member]: signer[member] ?? 0 }
      refused({ sgx: { measurements: [alone] } }, 'MISSING_MEMBER', { field, member: missing })
    }
    refused({ sgx: { measurements: [{ ...enclave, ...signer, isvProdId: 0x1_0000 }] } }, 'WRONG_VALUE', {
      field: `${field}.isvProdId`,
      expected: 'from 0 to 65535',
    })
  })
})

describe('what a policy asks for', () => {
  test('is at least one class', () =>
    refused({ trustClasses: [] }, 'WRONG_VALUE', { field: 'policy.trustClasses', expected: 'not empty' }))
  test.each([
    ['tdx', 'PKS', ['KL']],
    ['sgx', 'CET', ['KSS']],
  ])('of the attributes of %s is allowed too', (tee, value, allowedAttributes) =>
    refused({ [tee]: { requiredAttributes: [value], allowedAttributes } }, 'POLICY_CONTRADICTION', {
      field: `policy.${tee}.requiredAttributes`,
      other: `policy.${tee}.allowedAttributes`,
      value,
    }),
  )
  test('is on or off', () =>
    refused({ config: { sharedEngines: [true, 1] } }, 'WRONG_TYPE', {
      field: 'policy.config.sharedEngines[1]',
      expected: 'true or false',
    }))
  test('of a platform is not denied too', () =>
    refused(
      { tdx: { platforms: { fmspc: { allow: ['00'.repeat(6)], deny: ['00'.repeat(6)] } } } },
      'POLICY_CONTRADICTION',
      {
        field: 'policy.tdx.platforms.fmspc.allow',
        other: 'policy.tdx.platforms.fmspc.deny',
        value: '00'.repeat(6),
      },
    ))
  test('is refused as an error of policies', () =>
    expect(() => parsePolicy({ ...HEAD, trustClasses: ['simulated'] })).toThrow(
      expect.objectContaining({ name: 'PolicyError' }),
    ))
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

describe('a list of a policy', () => {
  const digest = 'ab'.repeat(32)
  test('names each reference value once', () => {
    const enclave: JsonObject = { name: 'twice', date: '2026-11-20', mrEnclave: digest }
    refused({ sgx: { measurements: [enclave, enclave] } }, 'POLICY_DUPLICATE_REFERENCE', {
      field: 'policy.sgx.measurements',
      name: 'twice',
    })
    refused({ models: [1, 2].map(() => ({ name: 'twice', sha256: digest })) }, 'POLICY_DUPLICATE_REFERENCE', {
      field: 'policy.models',
      name: 'twice',
    })
  })
  test('has digests of one length, which are named by their place', () =>
    refused({ softwareDigests: [digest, 'ab'] }, 'WRONG_LENGTH', {
      field: 'policy.softwareDigests[1]',
      expected: 32,
      actual: 1,
    }))
  test.each([
    ['fmspc', 6],
    ['ppid', 16],
    ['platformInstanceId', 16],
  ])('of platforms by %s may deny without allowing, and says nothing of the others', (identifier, bytes) => {
    const value = 'ab'.repeat(bytes)
    const { platforms } = parsePolicy({ ...HEAD, tdx: { platforms: { [identifier]: { deny: [value] } } } }).tdx
    const nothing = { fmspc: { deny: [] }, ppid: { deny: [] }, platformInstanceId: { deny: [] } }
    expect(platforms).toEqual({ ...nothing, [identifier]: { deny: [value] } })
    expect(parsePolicy(HEAD).tdx.platforms).toEqual(nothing)
    refused({ tdx: { platforms: { [identifier]: { deny: [`${value}00`] } } } }, 'TOO_LONG', {
      field: `policy.tdx.platforms.${identifier}.deny[0]`,
      length: 2 * bytes + 2,
      limit: 2 * bytes,
    })
  })
})
