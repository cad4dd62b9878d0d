/** A bit of the guest policy whose value a relying party may choose. */
export type SnpPolicyBit =
  | 'SMT'
  | 'MIGRATE_MA'
  | 'SINGLE_SOCKET'
  | 'CXL_ALLOW'
  | 'MEM_AES_256_XTS'
  | 'RAPL_DIS'
  | 'CIPHERTEXT_HIDING_DRAM'
  | 'PAGE_SWAP_DISABLE'

/** What a bit of the guest policy may be. */
export type PolicyBitRule =
  | { readonly kind: 'choice'; readonly name: SnpPolicyBit }
  | { readonly kind: 'debug' }
  | { readonly kind: 'reserved'; readonly mustBe: boolean }

const FIRST_FLAG = 16
const BITS = 64

const FLAGS: ReadonlyMap<number, PolicyBitRule> = new Map<number, PolicyBitRule>([
  [16, { kind: 'choice', name: 'SMT' }],
  [17, { kind: 'reserved', mustBe: true }],
  [18, { kind: 'choice', name: 'MIGRATE_MA' }],
  [19, { kind: 'debug' }],
  [20, { kind: 'choice', name: 'SINGLE_SOCKET' }],
  [21, { kind: 'choice', name: 'CXL_ALLOW' }],
  [22, { kind: 'choice', name: 'MEM_AES_256_XTS' }],
  [23, { kind: 'choice', name: 'RAPL_DIS' }],
  [24, { kind: 'choice', name: 'CIPHERTEXT_HIDING_DRAM' }],
  [25, { kind: 'choice', name: 'PAGE_SWAP_DISABLE' }],
])

/**
 * The rule of each bit above the two version octets, lowest first; a bit without a name is reserved and zero.
 *
 * Source: AMD 56860, "Guest Policy" (POLICY). Bits 0 to 7 are ABI_MINOR, 8 to 15 ABI_MAJOR, bit 17 is always one.
 */
export const POLICY_BITS: readonly (readonly [bit: number, rule: PolicyBitRule])[] = Array.from(
  { length: BITS - FIRST_FLAG },
  (_, i) => [FIRST_FLAG + i, FLAGS.get(FIRST_FLAG + i) ?? { kind: 'reserved', mustBe: false }],
)

/** Bits that a policy may name. */
export const SNP_POLICY_BITS: readonly SnpPolicyBit[] = [...FLAGS.values()].flatMap((rule) =>
  rule.kind === 'choice' ? [rule.name] : [],
)

/**
 * Values that are accepted when the policy says nothing. Migration hands the guest's memory to another machine under the
 * word of a migration agent, and CXL puts it into devices: both are refused. The others restrict the host when they are
 * set, or say of it what `PLATFORM_INFO` says too, and may be either.
 */
export const DEFAULT_GUEST_POLICY: { readonly [Bit in SnpPolicyBit]: readonly boolean[] } = {
  SMT: [false, true],
  MIGRATE_MA: [false],
  SINGLE_SOCKET: [false, true],
  CXL_ALLOW: [false],
  MEM_AES_256_XTS: [false, true],
  RAPL_DIS: [false, true],
  CIPHERTEXT_HIDING_DRAM: [false, true],
  PAGE_SWAP_DISABLE: [false, true],
}

/** True when the bit is one. */
export function isSet(value: bigint, bit: number): boolean {
  return ((value >> BigInt(bit)) & 1n) === 1n
}

/** The lowest firmware ABI that the guest accepted at its launch. */
export function policyAbi(policy: bigint): { readonly major: number; readonly minor: number } {
  return { major: Number((policy >> 8n) & 0xffn), minor: Number(policy & 0xffn) }
}

/** Names of the flags that are set; `RESERVED_n` for one without a name. */
export function policyBitNames(policy: bigint): readonly string[] {
  return POLICY_BITS.filter(([bit]) => isSet(policy, bit)).map(([bit, rule]) => {
    if (rule.kind === 'choice') return rule.name
    return rule.kind === 'debug' ? 'DEBUG' : `RESERVED_${bit}`
  })
}
