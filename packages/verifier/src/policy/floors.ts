import type { SnpProduct } from '../formats/snp/product.ts'
import type { SnpTcb } from '../formats/snp/tcb-version.ts'

/**
 * The lowest TCB evaluation data numbers that are accepted when the policy names none, and the day they were set.
 *
 * Intel judges the same platform anew after each TCB recovery and counts the recoveries; a server that staples old
 * endorsements hides what was found since. Number 20 is the recovery of 2025-08-12, and what Intel's service hands out by
 * default since 2026-08-13. A policy can lower the floor only by naming the number.
 */
export const TCB_EVALUATION_FLOORS: { readonly date: string; readonly tdx: number; readonly sgx: number } = {
  date: '2026-11-23',
  tdx: 20,
  sgx: 20,
}

/**
 * The lowest TCB of each SEV-SNP product that is accepted when the policy names none, and the day they were set.
 *
 * They hold the security version of the SNP firmware alone, and only where a bulletin is known that asks for it: Milan
 * since AMD-SB-3030 (routes of the interconnect that a host could change), Genoa since AMD-SB-3020 and AMD-SB-3016 (the
 * reverse map at its start, writes that the IOMMU holds back); of Turin no number is known. AMD withdrew the numbers of
 * AMD-SB-3034, so none of them is here. Microcode is counted anew for each stepping, so no number fits a product: a policy
 * that knows its machines names `microcode` too. A policy can lower the floor only by naming the number.
 */
export const SNP_TCB_FLOORS: { readonly [P in SnpProduct]: SnpTcb } & { readonly date: string } = {
  date: '2026-11-27',
  Milan: { bootLoader: 0, tee: 0, snp: 0x1d, microcode: 0 },
  Genoa: { bootLoader: 0, tee: 0, snp: 0x1b, microcode: 0 },
  Turin: { fmc: 0, bootLoader: 0, tee: 0, snp: 0, microcode: 0 },
}

/**
 * The products that are accepted when the policy names none. Milan is not among them: its root seed can be read out by
 * software (arXiv 2605.12990, AMD-SB-3045), and whoever has it signs reports of any chip version as that chip. No TCB
 * floor helps against that, so who wants Milan has to name it.
 */
export const SNP_DEFAULT_PRODUCTS: readonly SnpProduct[] = ['Genoa', 'Turin']
