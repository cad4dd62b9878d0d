/** The name of a defined bit of the flags in ATTRIBUTES. */
export type SgxAttribute =
  | 'INIT'
  | 'DEBUG'
  | 'MODE64BIT'
  | 'PROVISION_KEY'
  | 'EINITTOKEN_KEY'
  | 'CET'
  | 'KSS'
  | 'AEXNOTIFY'

/** What a policy may allow or require: debug never, and that an enclave is initialized always. */
export type PolicySgxAttribute = Exclude<SgxAttribute, 'INIT' | 'DEBUG'>

/** The name of a defined bit of MISCSELECT. */
export type SgxMiscSelect = 'EXINFO' | 'CPINFO'

/** The name of a processor state that XFRM can hold. */
export type XfrmFeature =
  | 'X87'
  | 'SSE'
  | 'AVX'
  | 'BNDREGS'
  | 'BNDCSR'
  | 'OPMASK'
  | 'ZMM_HI256'
  | 'HI16_ZMM'
  | 'PKRU'
  | 'XTILECFG'
  | 'XTILEDATA'
  | 'APX'

/**
 * The flags of ATTRIBUTES that are defined, lowest first; every other one is reserved.
 *
 * Source: Intel SDM volume 3D, "ATTRIBUTES" (enclave control structure attributes), bits 0 to 63.
 */
export const SGX_ATTRIBUTE_BITS: ReadonlyMap<number, SgxAttribute> = new Map([
  [0, 'INIT'],
  [1, 'DEBUG'],
  [2, 'MODE64BIT'],
  [4, 'PROVISION_KEY'],
  [5, 'EINITTOKEN_KEY'],
  [6, 'CET'],
  [7, 'KSS'],
  [10, 'AEXNOTIFY'],
])

/**
 * The bits of XFRM that are defined, by their place in XCR0; every other one is reserved. Which of them go together is for
 * the processor to check when it makes an enclave.
 *
 * Source: Intel SDM volume 1, section 13.1 (XSAVE-supported features), those of XCR0.
 */
export const XFRM_BITS: ReadonlyMap<number, XfrmFeature> = new Map([
  [0, 'X87'],
  [1, 'SSE'],
  [2, 'AVX'],
  [3, 'BNDREGS'],
  [4, 'BNDCSR'],
  [5, 'OPMASK'],
  [6, 'ZMM_HI256'],
  [7, 'HI16_ZMM'],
  [9, 'PKRU'],
  [17, 'XTILECFG'],
  [18, 'XTILEDATA'],
  [19, 'APX'],
])

/** Without these two no enclave is made. Source: Intel SDM volume 3D, ECREATE. */
export const REQUIRED_XFRM: readonly XfrmFeature[] = ['X87', 'SSE']

/** The bits of MISCSELECT that are defined. Source: Intel SDM volume 3D, "MISCSELECT". */
export const MISC_SELECT_BITS: ReadonlyMap<number, SgxMiscSelect> = new Map([
  [0, 'EXINFO'],
  [1, 'CPINFO'],
])

export const POLICY_SGX_ATTRIBUTES: readonly PolicySgxAttribute[] = [
  'MODE64BIT',
  'PROVISION_KEY',
  'EINITTOKEN_KEY',
  'CET',
  'KSS',
  'AEXNOTIFY',
]

/**
 * Attributes that an enclave may have when the policy says nothing. Left out are the keys that only Intel's own enclaves
 * need: with one an enclave can name its platform for ever, with the other it decides which enclaves are started.
 */
export const DEFAULT_ALLOWED_SGX_ATTRIBUTES: readonly PolicySgxAttribute[] = ['MODE64BIT', 'CET', 'KSS', 'AEXNOTIFY']

/** MRENCLAVE does not cover the mode: code that was reviewed as 64-bit is other code when it is started as 32-bit. */
export const DEFAULT_REQUIRED_SGX_ATTRIBUTES: readonly PolicySgxAttribute[] = ['MODE64BIT']

export const SGX_MISC_SELECTS: readonly SgxMiscSelect[] = ['EXINFO', 'CPINFO']

/** A bit that is one, with its name when it has one. */
export interface SetBit<Name extends string> {
  readonly bit: number
  readonly name: Name | undefined
}

/** The bits of a little-endian field that are one, lowest first. */
export function setBitsOf<Name extends string>(
  field: Uint8Array,
  names: ReadonlyMap<number, Name>,
): readonly SetBit<Name>[] {
  const bits: SetBit<Name>[] = []
  field.forEach((octet, i) => {
    for (let at = 0; at < 8; at++) {
      const bit = 8 * i + at
      if ((octet & (1 << at)) !== 0) bits.push({ bit, name: names.get(bit) })
    }
  })
  return bits
}

/** The two halves of ATTRIBUTES: flags, and the processor state that the enclave may use. 8 bytes each. */
export function splitAttributes(attributes: Uint8Array): { readonly flags: Uint8Array; readonly xfrm: Uint8Array } {
  return { flags: attributes.slice(0, 8), xfrm: attributes.slice(8) }
}
