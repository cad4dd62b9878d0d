import { describe, expect, test } from 'vitest'
import {
  DEFAULT_ALLOWED_SGX_ATTRIBUTES,
  DEFAULT_REQUIRED_SGX_ATTRIBUTES,
  MISC_SELECT_BITS,
  POLICY_SGX_ATTRIBUTES,
  REQUIRED_XFRM,
  SGX_ATTRIBUTE_BITS,
  SGX_MISC_SELECTS,
  setBitsOf,
  XFRM_BITS,
} from '../src/formats/sgx/attributes.ts'
import { POLICY_BITS, SNP_POLICY_BITS } from '../src/formats/snp/guest-policy.ts'
import { SNP_PLATFORM_BITS } from '../src/formats/snp/platform-info.ts'
import { parseProductName, productOf } from '../src/formats/snp/product.ts'
import { ALLOWABLE_ATTRIBUTES, setBits, TD_ATTRIBUTE_BITS } from '../src/formats/tdx/attributes.ts'
import { DEFAULT_POLICY } from '../src/index.ts'
import { SNP_TCB_FLOORS, TCB_EVALUATION_FLOORS } from '../src/policy/floors.ts'
import { NITRO_REGISTERS, OPTIONAL_NITRO_REGISTERS } from '../src/policy/parse-nitro.ts'
import { OPTIONAL_TDX_REGISTERS, TDX_REGISTERS } from '../src/policy/parse-policy.ts'
import { OPTIONAL_SNP_REGISTERS, SNP_REGISTERS } from '../src/policy/parse-sev-snp.ts'

const table = (map: ReadonlyMap<number, string>): string => [...map].map(([bit, name]) => `${bit} ${name}`).join(', ')

describe('the bits that have a name', () => {
  test('in ATTRIBUTES of an enclave (Intel SDM volume 3D)', () => {
    expect(table(SGX_ATTRIBUTE_BITS)).toBe(
      '0 INIT, 1 DEBUG, 2 MODE64BIT, 4 PROVISION_KEY, 5 EINITTOKEN_KEY, 6 CET, 7 KSS, 10 AEXNOTIFY',
    )
  })
  test('in XFRM, as in XCR0 (Intel SDM volume 1, section 13.1)', () => {
    expect(table(XFRM_BITS)).toBe(
      '0 X87, 1 SSE, 2 AVX, 3 BNDREGS, 4 BNDCSR, 5 OPMASK, 6 ZMM_HI256, 7 HI16_ZMM, 9 PKRU, 17 XTILECFG, 18 XTILEDATA, 19 APX',
    )
    expect(REQUIRED_XFRM).toEqual(['X87', 'SSE'])
  })
  test('in MISCSELECT (Intel SDM volume 3D)', () => {
    expect(table(MISC_SELECT_BITS)).toBe('0 EXINFO, 1 CPINFO')
    expect(SGX_MISC_SELECTS).toEqual(['EXINFO', 'CPINFO'])
  })
  test('in TDATTRIBUTES (Intel 348551)', () => {
    expect(table(TD_ATTRIBUTE_BITS)).toBe(
      '0 DEBUG, 4 HGS_PLUS_PROF, 5 PERF_PROF, 6 PMT_PROF, 16 ICSSD, 27 LASS, 28 SEPT_VE_DISABLE, 29 MIGRATABLE, ' +
        '30 PKS, 31 KL, 62 TPA, 63 PERFMON',
    )
  })
  test('in the guest policy (AMD 56860): each of the 48 flags has its rule', () => {
    const choices = [
      ...[
        [16, 'SMT'] as const,
        [18, 'MIGRATE_MA'] as const,
        [20, 'SINGLE_SOCKET'] as const,
        [21, 'CXL_ALLOW'] as const,
      ],
      ...[[22, 'MEM_AES_256_XTS'] as const, [23, 'RAPL_DIS'] as const, [24, 'CIPHERTEXT_HIDING_DRAM'] as const],
      [25, 'PAGE_SWAP_DISABLE'] as const,
    ]
    const named = new Map<number, object>(choices.map(([bit, name]) => [bit, { kind: 'choice', name }]))
    named.set(17, { kind: 'reserved', mustBe: true }).set(19, { kind: 'debug' })
    const rules = Array.from({ length: 48 }, (_, i) => [
      16 + i,
      named.get(16 + i) ?? { kind: 'reserved', mustBe: false },
    ])
    expect(POLICY_BITS).toEqual(rules)
    expect(SNP_POLICY_BITS).toEqual(choices.map(([, name]) => name))
  })
  test('in PLATFORM_INFO (AMD 56860)', () => {
    expect(SNP_PLATFORM_BITS).toEqual([
      ...['SMT_EN', 'TSME_EN', 'ECC_EN', 'RAPL_DIS', 'CIPHERTEXT_HIDING_DRAM_EN', 'ALIAS_CHECK_COMPLETE'],
      ...['IOMMU_WRITE_SAFE', 'TIO_EN'],
    ])
  })
  test('are counted from the lowest, each once', () => {
    const all = Array.from({ length: 64 }, (_, bit) => bit)
    expect(setBits(new Uint8Array(8).fill(0xff))).toEqual(all)
    expect(setBitsOf(new Uint8Array(8).fill(0xff), new Map()).map(({ bit }) => bit)).toEqual(all)
    expect(setBits(Uint8Array.of(0x81, 0x01))).toEqual([0, 7, 8])
  })
})

describe('what a policy may name', () => {
  test('of attributes is never debug', () => {
    expect(ALLOWABLE_ATTRIBUTES).toEqual([...TD_ATTRIBUTE_BITS.values()].slice(1))
    expect(POLICY_SGX_ATTRIBUTES).toEqual(['MODE64BIT', 'PROVISION_KEY', 'EINITTOKEN_KEY', 'CET', 'KSS', 'AEXNOTIFY'])
  })
  test('of registers, and which of them it has to', () => {
    expect(TDX_REGISTERS).toEqual(['mrTd', 'rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'])
    expect(OPTIONAL_TDX_REGISTERS).toEqual(['mrSeam', 'mrConfigId', 'mrOwner', 'mrOwnerConfig', 'mrServiceTd'])
    expect(NITRO_REGISTERS).toEqual(['pcr0', 'pcr1', 'pcr2'])
    expect(OPTIONAL_NITRO_REGISTERS).toEqual(['pcr3', 'pcr4', 'pcr8'])
    expect(SNP_REGISTERS).toEqual(['measurement'])
    expect(OPTIONAL_SNP_REGISTERS).toEqual(['hostData', 'idKeyDigest', 'authorKeyDigest', 'familyId', 'imageId'])
  })
})

describe('what is wanted when the policy says nothing', () => {
  test('of an enclave', () => {
    expect(DEFAULT_ALLOWED_SGX_ATTRIBUTES).toEqual(['MODE64BIT', 'CET', 'KSS', 'AEXNOTIFY'])
    expect(DEFAULT_REQUIRED_SGX_ATTRIBUTES).toEqual(['MODE64BIT'])
  })
  test('of a TCB: the floors, and the day they were set', () => {
    expect(TCB_EVALUATION_FLOORS).toEqual({ date: '2026-11-23', tdx: 20, sgx: 20 })
    expect(SNP_TCB_FLOORS).toEqual({
      date: '2026-11-27',
      Milan: { bootLoader: 0, tee: 0, snp: 29, microcode: 0 },
      Genoa: { bootLoader: 0, tee: 0, snp: 27, microcode: 0 },
      Turin: { fmc: 0, bootLoader: 0, tee: 0, snp: 0, microcode: 0 },
    })
  })
  test('of everything else: hardware, both lists of revocation, no peers, no denied chips', () => {
    expect(DEFAULT_POLICY).toMatchObject({
      name: 'default: hardware only',
      trustClasses: ['hardware'],
      requirePostQuantum: false,
      config: { isolation: ['full'], peers: [] },
      sevSnp: { products: ['Genoa', 'Turin'], requireCrl: true, chipIds: { deny: [] } },
      tdx: { advisories: { deny: [] } },
      sgx: { advisories: { deny: [] } },
    })
    expect(DEFAULT_POLICY.sevSnp.chipIds).not.toHaveProperty('allow')
    expect(DEFAULT_POLICY.tdx.advisories).not.toHaveProperty('allow')
  })
})

describe('a product of AMD', () => {
  const of = (family: number, model: number): unknown => productOf({ family, model, stepping: 0 })
  test('is known by family and model, at both ends of each range', () => {
    for (const [product, family, first, last] of [
      ['Milan', 0x19, 0x00, 0x0f],
      ['Genoa', 0x19, 0x10, 0x1f],
      ['Genoa', 0x19, 0xa0, 0xaf],
      ['Turin', 0x1a, 0x00, 0x1f],
    ] as const) {
      expect([of(family, first), of(family, last)]).toEqual([product, product])
    }
    expect([of(0x19, 0x20), of(0x19, 0x9f), of(0x19, 0xb0), of(0x1a, 0x20), of(0x17, 0x31)]).toEqual(
      new Array(5).fill(undefined),
    )
  })
  test('is known by its name, with the stepping or without, and nothing around it', () => {
    expect(['Milan', 'Milan-B0', 'Genoa', 'Turin-C1'].map(parseProductName)).toEqual([
      'Milan',
      'Milan',
      'Genoa',
      'Turin',
    ])
    for (const name of ['', 'xMilan', 'Milanx', 'Milan-', 'Milan-B', 'Milan-B0x', 'Milan-b0', 'Rome', 'milan']) {
      expect(parseProductName(name), name).toBeUndefined()
    }
  })
})
