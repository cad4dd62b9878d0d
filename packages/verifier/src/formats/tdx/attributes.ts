/** The name of a defined bit of TDATTRIBUTES. */
export type TdAttribute =
  | 'DEBUG'
  | 'HGS_PLUS_PROF'
  | 'PERF_PROF'
  | 'PMT_PROF'
  | 'ICSSD'
  | 'LASS'
  | 'SEPT_VE_DISABLE'
  | 'MIGRATABLE'
  | 'PKS'
  | 'KL'
  | 'TPA'
  | 'PERFMON'

/**
 * The bits of TDATTRIBUTES that are defined, lowest first; every other one is reserved.
 *
 * Source: Intel TDX Module ABI Specification (348551), "ATTRIBUTES"; the same bits in Linux `asm/shared/tdx.h`.
 */
export const TD_ATTRIBUTE_BITS: ReadonlyMap<number, TdAttribute> = new Map([
  [0, 'DEBUG'],
  [4, 'HGS_PLUS_PROF'],
  [5, 'PERF_PROF'],
  [6, 'PMT_PROF'],
  [16, 'ICSSD'],
  [27, 'LASS'],
  [28, 'SEPT_VE_DISABLE'],
  [29, 'MIGRATABLE'],
  [30, 'PKS'],
  [31, 'KL'],
  [62, 'TPA'],
  [63, 'PERFMON'],
])

/**
 * Attributes that a trust domain may have when the policy says nothing. Those that open it to its host are left out:
 * debug, the three kinds of profiling (bits 0 to 7 make a trust domain untrusted), and migration, which hands its memory
 * to another platform under the word of a service trust domain.
 */
export const DEFAULT_ALLOWED_ATTRIBUTES: readonly TdAttribute[] = [
  'ICSSD',
  'LASS',
  'SEPT_VE_DISABLE',
  'PKS',
  'KL',
  'TPA',
  'PERFMON',
]

/** Attributes that a policy may allow: all but debug, under which nothing is protected. */
export const ALLOWABLE_ATTRIBUTES: readonly TdAttribute[] = [...TD_ATTRIBUTE_BITS.values()].filter((a) => a !== 'DEBUG')

/** The numbers of the bits that are one, lowest first. Little-endian, 8 bytes. */
export function setBits(tdAttributes: Uint8Array): readonly number[] {
  const bits: number[] = []
  tdAttributes.forEach((octet, i) => {
    for (let bit = 0; bit < 8; bit++) if ((octet & (1 << bit)) !== 0) bits.push(8 * i + bit)
  })
  return bits
}
