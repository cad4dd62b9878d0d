import type { TpmBank } from '../formats/tpm/evidence.ts'
import type { CommonClaims, EventLogClaims } from './claims.ts'

/**
 * What a quote of a TPM says. Binary is lower-case hex. `reportData` is `extraData`, up to 66 bytes; `rootSha256` is there
 * when a certificate vouches for the attestation key.
 */
export interface TpmClaims extends Omit<CommonClaims, 'rootSha256'> {
  readonly format: 'tpm' | 'simulated-tpm'
  readonly rootSha256?: string
  readonly attestationKey: TpmAkClaims
  /** The root of the endorsement key's certificate. It says that there is a TPM, and nothing of the attestation key. */
  readonly ekRootSha256?: string
  /** The key with all its parents. */
  readonly qualifiedSigner: string
  /** As the maker counts it, 8 bytes; blurred, as the counters of the clock, for a key outside the endorsement hierarchy. */
  readonly firmwareVersion: string
  readonly clock: TpmClockClaims
  /** What an event log explains; absent when none came along. */
  readonly eventLog?: TpmEventLogClaims
  /** Values of the quoted registers by bank and number. */
  readonly pcrs: { readonly [Bank in TpmBank]?: { readonly [pcr: string]: string } }
}

/** A log of the boot whose replay equals quoted registers. */
export interface TpmEventLogClaims extends EventLogClaims {
  /** Quoted registers that hold something and of which the log says nothing. */
  readonly unexplained: readonly string[]
}

/** The key that signed, and what vouches for it. */
export interface TpmAkClaims {
  /** Number of its hash, and that hash of its public area. */
  readonly name: string
  /** Absent when nothing does. */
  readonly boundBy?: 'policy' | 'certificate'
  /** Names of the bits of TPMA_OBJECT that are set. */
  readonly attributeNames: readonly string[]
  /** How it signs: `ECDSA with SHA-256`. */
  readonly signature: string
}

/** Time and boots as the TPM counts them. */
export interface TpmClockClaims {
  /** Powered time in decimal: it can pass 2^53. */
  readonly milliseconds: string
  /** Boots since the TPM was cleared. */
  readonly resetCount: number
  /** Suspensions since the last boot. */
  readonly restartCount: number
  /** False when the clock may have been higher before. */
  readonly safe: boolean
}
