import type { EndorsementKeyKind } from '../formats/snp/endorsement-key.ts'
import type { SnpPolicyBit } from '../formats/snp/guest-policy.ts'
import type { SnpPlatformBit } from '../formats/snp/platform-info.ts'
import type { SnpProduct } from '../formats/snp/product.ts'
import type { SnpTcb, SnpTcbName } from '../formats/snp/tcb-version.ts'
import type { NamedReference } from './policy.ts'

/** Members that a reference value for SEV-SNP may name beside the launch digest. */
export type OptionalSnpRegister = 'hostData' | 'idKeyDigest' | 'authorKeyDigest' | 'familyId' | 'imageId'

/** What a reviewed release measures. Lower-case hex: 48 bytes, `hostData` 32, `familyId` and `imageId` 16. */
export interface SnpReference extends NamedReference, Readonly<Partial<Record<OptionalSnpRegister, string>>> {
  /** The launch digest. */
  readonly measurement: string
}

/** The lowest TCB of a product, for each of the four that a report names. */
export type SnpMinimumTcb = { readonly [Name in SnpTcbName]: SnpTcb }

/** Which chips may be used. Lower-case hex of 64 bytes. */
export interface ChipPolicy {
  /** When there is a list, no other chip may be used. */
  readonly allow?: readonly string[]
  readonly deny: readonly string[]
}

/** What is wanted of AMD SEV-SNP. */
export interface SevSnpPolicy {
  /** One of these must match; none at all is at best a warning. */
  readonly measurements: readonly SnpReference[]
  readonly products: readonly SnpProduct[]
  readonly signingKeys: readonly EndorsementKeyKind[]
  /** To whom a VLEK may be lent; not looked at when absent. */
  readonly vlekProviders?: readonly string[]
  readonly minimumTcb: { readonly [P in SnpProduct]: SnpMinimumTcb }
  readonly requireCrl: boolean
  /** For each bit of the guest policy the values that are accepted. Debug never is. */
  readonly guestPolicy: { readonly [Bit in SnpPolicyBit]: readonly boolean[] }
  readonly vmpl: readonly number[]
  readonly requiredPlatformInfo: readonly SnpPlatformBit[]
  /** No other bit may be set. */
  readonly allowedPlatformInfo: readonly SnpPlatformBit[]
  /** Bits of the mitigation vectors that must be set, at launch and now; not looked at when absent. */
  readonly requiredMitigations?: readonly number[]
  readonly chipIds: ChipPolicy
  /** Lower-case hex of 48 bytes: SHA-384 of the key that signed the guest's identity; not looked at when absent. */
  readonly idKeyDigests?: readonly string[]
  /** Lower-case hex of 48 bytes: SHA-384 of the key that certified that one; not looked at when absent. */
  readonly authorKeyDigests?: readonly string[]
  readonly minimumGuestSvn?: number
}
