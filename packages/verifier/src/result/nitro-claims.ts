import type { CommonClaims } from './claims.ts'

/** What proved evidence says of a Nitro enclave. Binary is lower-case hex. `reportData` is `user_data`; empty without one. */
export interface NitroClaims extends CommonClaims {
  readonly format: 'nitro' | 'simulated-nitro'
  /** The enclave: its instance and its own identifier. */
  readonly moduleId: string
  /** `YYYY-MM-DDTHH:MM:SSZ`: when the security module signed, milliseconds cut off. */
  readonly signedAt: string
  /** Locked registers by `pcr0` to `pcr31`. */
  readonly pcrs: { readonly [register: string]: string }
  /** What the enclave put into `nonce` and `public_key`; nothing here rests on them. */
  readonly nonce?: string
  readonly publicKey?: string
}
