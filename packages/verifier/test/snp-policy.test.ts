import type { JsonObject } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { DEFAULT_POLICY, parsePolicy, SNP_TCB_FLOORS } from '../src/index.ts'

const REFERENCE: JsonObject = { name: 'release 1', date: '2026-11-23', measurement: 'cd'.repeat(48) }
const read = (sevSnp: JsonObject) => parsePolicy({ version: 1, name: 'test', sevSnp }).sevSnp

describe('the default policy for SEV-SNP', () => {
  test('is strict in everything, and keeps the dated floors', () => {
    const { Milan, Genoa, Turin } = SNP_TCB_FLOORS
    const all = (floor: object) => ({ reported: floor, committed: floor, current: floor, launch: floor })
    expect(DEFAULT_POLICY.sevSnp).toEqual({
      measurements: [],
      products: ['Genoa', 'Turin'],
      signingKeys: ['VCEK'],
      minimumTcb: { Milan: all(Milan), Genoa: all(Genoa), Turin: all(Turin) },
      requireCrl: true,
      guestPolicy: {
        SMT: [false, true],
        MIGRATE_MA: [false],
        SINGLE_SOCKET: [false, true],
        CXL_ALLOW: [false],
        MEM_AES_256_XTS: [false, true],
        RAPL_DIS: [false, true],
        CIPHERTEXT_HIDING_DRAM: [false, true],
        PAGE_SWAP_DISABLE: [false, true],
      },
      vmpl: [0],
      requiredPlatformInfo: ['ALIAS_CHECK_COMPLETE'],
      allowedPlatformInfo: [
        'SMT_EN',
        'TSME_EN',
        'ECC_EN',
        'RAPL_DIS',
        'CIPHERTEXT_HIDING_DRAM_EN',
        'ALIAS_CHECK_COMPLETE',
        'IOMMU_WRITE_SAFE',
        'TIO_EN',
      ],
      chipIds: { deny: [] },
    })
  })
})

describe('a policy for SEV-SNP', () => {
  test('replaces those numbers of a floor that it names, and no other', () => {
    const { minimumTcb } = read({
      minimumTcb: { Milan: { reported: { microcode: 219 } }, Turin: { launch: { fmc: 1 } } },
    })
    expect(minimumTcb.Milan.reported).toEqual({ ...SNP_TCB_FLOORS.Milan, microcode: 219 })
    expect(minimumTcb.Milan.launch).toEqual(SNP_TCB_FLOORS.Milan)
    expect(minimumTcb.Turin.launch).toEqual({ ...SNP_TCB_FLOORS.Turin, fmc: 1 })
    expect(minimumTcb.Genoa.current).toEqual(SNP_TCB_FLOORS.Genoa)
  })
  test('replaces those bits that it names, and no other', () => {
    const { guestPolicy } = read({ guestPolicy: { MIGRATE_MA: [false, true] } })
    expect(guestPolicy).toMatchObject({ MIGRATE_MA: [false, true], CXL_ALLOW: [false] })
  })
  test('may require mitigations, from the first bit to the last', () => {
    expect(read({ requiredMitigations: [0, 63] }).requiredMitigations).toEqual([0, 63])
  })
  test('gives hexadecimal in lower case', () => {
    const { measurements } = read({ measurements: [{ ...REFERENCE, imageId: 'AB'.repeat(16) }] })
    expect(measurements).toEqual([{ ...REFERENCE, imageId: 'ab'.repeat(16) }])
  })
  for (const [why, sevSnp, code] of [
    ['a member that nobody knows', { debug: true }, 'UNKNOWN_MEMBER'],
    ['debug among the bits', { guestPolicy: { DEBUG: [true] } }, 'UNKNOWN_MEMBER'],
    ['a bit that is neither true nor false', { guestPolicy: { SMT: [1] } }, 'WRONG_TYPE'],
    ['a product that nobody knows', { products: ['Rome'] }, 'WRONG_VALUE'],
    ['a kind of key that nobody knows', { signingKeys: ['VCEK', 'CEK'] }, 'WRONG_VALUE'],
    ['an FMC on Milan', { minimumTcb: { Milan: { reported: { fmc: 1 } } } }, 'UNKNOWN_MEMBER'],
    ['a fifth TCB version', { minimumTcb: { Milan: { next: {} } } }, 'UNKNOWN_MEMBER'],
    ['a floor for a product that nobody knows', { minimumTcb: { Rome: {} } }, 'UNKNOWN_MEMBER'],
    ['a security version above 255', { minimumTcb: { Genoa: { launch: { snp: 256 } } } }, 'WRONG_VALUE'],
    ['a mitigation of no bit', { requiredMitigations: [64] }, 'WRONG_VALUE'],
    ['a mitigation below the first bit', { requiredMitigations: [-1] }, 'WRONG_VALUE'],
    ['a mitigation that is no number', { requiredMitigations: ['2'] }, 'WRONG_VALUE'],
    ['a mitigation between two bits', { requiredMitigations: [0.5] }, 'WRONG_VALUE'],
    ['a privilege level above 3', { vmpl: [4] }, 'WRONG_VALUE'],
    ['a privilege level that is no number', { vmpl: ['0'] }, 'WRONG_VALUE'],
    ['a bit of the platform that nobody knows', { requiredPlatformInfo: ['SEV'] }, 'WRONG_VALUE'],
    ['a bit both required and not allowed', { allowedPlatformInfo: ['ECC_EN'] }, 'POLICY_CONTRADICTION'],
    ['a chip of 8 bytes', { chipIds: { allow: ['11'.repeat(8)] } }, 'WRONG_LENGTH'],
    [
      'a chip both allowed and denied',
      { chipIds: { allow: ['11'.repeat(64)], deny: ['11'.repeat(64)] } },
      'POLICY_CONTRADICTION',
    ],
    ['a key digest of 32 bytes', { idKeyDigests: ['11'.repeat(32)] }, 'WRONG_LENGTH'],
    [
      'a reference value without a launch digest',
      { measurements: [{ name: 'a', date: '2026-11-23' }] },
      'MISSING_MEMBER',
    ],
    ['a reference value for TDX', { measurements: [{ ...REFERENCE, mrTd: 'cd'.repeat(48) }] }, 'UNKNOWN_MEMBER'],
    ['two reference values of one name', { measurements: [REFERENCE, REFERENCE] }, 'POLICY_DUPLICATE_REFERENCE'],
  ] as const) {
    test(`is refused with ${why} (${code})`, () => {
      expect(() => read(sevSnp as unknown as JsonObject)).toThrowError(expect.objectContaining({ code }))
    })
  }
})
