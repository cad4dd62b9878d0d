import { describe, expect, test } from 'vitest'
import { CheckList } from '../src/appraisal/check-list.ts'
import { judgeEnclave } from '../src/appraisal/judge-sgx.ts'
import { judgeGuestPolicy } from '../src/appraisal/judge-snp-bits.ts'
import { judgeAttributes } from '../src/appraisal/judge-tdx.ts'
import { type CheckCode, DEFAULT_POLICY, parsePolicy } from '../src/index.ts'

/** What is said of each check that did not pass. */
function refusals(codes: readonly CheckCode[], judge: (checks: CheckList) => void): readonly unknown[] {
  const checks = new CheckList(codes)
  judge(checks)
  return checks.all
    .filter(({ status }) => status !== 'passed')
    .map(({ code, error }) => ({ check: code, code: error?.code, details: error?.details }))
}

const bits = (bytes: number, ...set: readonly number[]): Uint8Array =>
  Uint8Array.from({ length: bytes }, (_, i) =>
    set.reduce((octet, bit) => octet | (bit >> 3 === i ? 1 << (bit & 7) : 0), 0),
  )

describe('the attributes of a trust domain', () => {
  const allowed = ['PKS', 'KL', 'SEPT_VE_DISABLE'] as const
  const { tdx } = parsePolicy({
    version: 1,
    name: 'test',
    tdx: { allowedAttributes: allowed, requiredAttributes: ['PKS', 'KL'] },
  })
  const judged = (...set: readonly number[]): readonly unknown[] =>
    refusals(['tdx.debug', 'tdx.attributes'], (checks) => judgeAttributes(checks, bits(8, ...set), tdx))
  test('may be those that are required, and others that are allowed', () => {
    expect(judged(30, 31)).toEqual([])
    expect(judged(28, 30, 31)).toEqual([])
  })
  test.each([
    ['KL', 31, [30], '0000004000000000'],
    ['PKS', 30, [31], '0000008000000000'],
    ['PKS', 30, [28, 31], '0000009000000000'],
  ] as const)('have each that is required: %s', (attribute, bit, set, tdAttributes) =>
    expect(judged(...set)).toEqual([
      { check: 'tdx.attributes', code: 'TD_ATTRIBUTE_REQUIRED', details: { attribute, bit, tdAttributes } },
    ]),
  )
})

describe('the attributes of an enclave', () => {
  const { sgx } = parsePolicy({ version: 1, name: 'test', sgx: { requiredAttributes: ['MODE64BIT', 'KSS'] } })
  /** INIT, and x87 and SSE of XFRM, which every enclave has. */
  const judged = (...set: readonly number[]): readonly unknown[] =>
    refusals(['sgx.debug', 'sgx.initialized', 'sgx.attributes', 'sgx.xfrm', 'sgx.misc-select'], (checks) =>
      judgeEnclave(checks, { attributes: bits(16, 0, 64, 65, ...set), miscSelect: new Uint8Array(4) }, sgx),
    )
  test('may be those that are required', () => expect(judged(2, 7)).toEqual([]))
  test.each([
    ['KSS', 7, [2], '05000000000000000300000000000000'],
    ['MODE64BIT', 2, [7], '81000000000000000300000000000000'],
  ] as const)('have each that is required: %s', (attribute, bit, set, attributes) =>
    expect(judged(...set)).toEqual([
      { check: 'sgx.attributes', code: 'SGX_ATTRIBUTE_REQUIRED', details: { attribute, bit, attributes } },
    ]),
  )
})

describe('the firmware that a guest asks for', () => {
  /** SMT, and the bit that is always one; the version in the two lowest octets. */
  const judged = (major: number, minor: number): readonly unknown[] =>
    refusals(['snp.debug', 'snp.guest-policy'], (checks) =>
      judgeGuestPolicy(
        checks,
        { policy: BigInt(0x3_0000 + 256 * major + minor), currentFirmware: { major: 1, minor: 55, build: 3 } },
        DEFAULT_POLICY.sevSnp,
      ),
    )
  test('may be the one that runs, or an earlier one', () => {
    expect(judged(1, 55)).toEqual([])
    expect(judged(1, 54)).toEqual([])
    expect(judged(0, 200)).toEqual([])
  })
  test.each([
    [1, 56],
    [2, 0],
  ])('is not a later one: %i.%i', (major, minor) =>
    expect(judged(major, minor)).toEqual([
      {
        check: 'snp.guest-policy',
        code: 'SNP_POLICY_ABI_TOO_HIGH',
        details: { abi: `${major}.${minor}`, firmware: '1.55.3' },
      },
    ]),
  )
})
