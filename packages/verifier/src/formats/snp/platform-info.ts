import { isSet } from './guest-policy.ts'

/** The name of a defined bit of PLATFORM_INFO. */
export type SnpPlatformBit =
  | 'SMT_EN'
  | 'TSME_EN'
  | 'ECC_EN'
  | 'RAPL_DIS'
  | 'CIPHERTEXT_HIDING_DRAM_EN'
  | 'ALIAS_CHECK_COMPLETE'
  | 'IOMMU_WRITE_SAFE'
  | 'TIO_EN'

/**
 * The bits of PLATFORM_INFO that are defined, by number; every other one is reserved.
 *
 * Source: AMD 56860, "PLATFORM_INFO Field"; bit 6 with the mitigation of AMD-SB-3016.
 */
export const SNP_PLATFORM_BITS: readonly SnpPlatformBit[] = [
  'SMT_EN',
  'TSME_EN',
  'ECC_EN',
  'RAPL_DIS',
  'CIPHERTEXT_HIDING_DRAM_EN',
  'ALIAS_CHECK_COMPLETE',
  'IOMMU_WRITE_SAFE',
  'TIO_EN',
]

/**
 * What a platform has to say when the policy says nothing: that no memory module answers to two addresses, which let its
 * operator replay encrypted memory (CVE-2024-21944, AMD-SB-3015).
 */
export const DEFAULT_REQUIRED_PLATFORM_INFO: readonly SnpPlatformBit[] = ['ALIAS_CHECK_COMPLETE']

const BITS = 64

/** The bits that are one, lowest first, with their names where they have one. */
export function platformBits(
  info: bigint,
): readonly { readonly bit: number; readonly name: SnpPlatformBit | undefined }[] {
  const all = Array.from({ length: BITS }, (_, bit) => ({ bit, name: SNP_PLATFORM_BITS[bit] }))
  return all.filter(({ bit }) => isSet(info, bit))
}
