import type { TpmBank } from '../formats/tpm/evidence.ts'
import type { CommonClaims, TdxClaims } from './claims.ts'
import type { SnpClaims } from './snp-claims.ts'
import type { TpmEventLogClaims } from './tpm-claims.ts'

/**
 * What evidence of an Azure confidential virtual machine says. Binary is lower-case hex. `rootSha256` is the hardware's, and
 * `reportData` is `extraData` of the TPM's quote.
 */
export interface HclClaims extends CommonClaims {
  readonly format: 'azure-hcl' | 'simulated-azure-hcl'
  /** What the hardware says of the paravisor. Its `reportData` is the hash of the paravisor's claims. */
  readonly hardware: SnpClaims | TdxClaims
  /** The attestation key of the virtual TPM, which signed the quote. */
  readonly quoteKey: { readonly spkiSha256: string; readonly signature: string }
  /** The paravisor's words on the machine. */
  readonly vmUniqueId?: string
  readonly secureBoot?: boolean
  readonly consoleEnabled?: boolean
  /** 64 bytes that the guest put there; nothing rests on them. */
  readonly userData?: string
  /** Values of the quoted registers by bank and number. */
  readonly pcrs: { readonly [Bank in TpmBank]?: { readonly [pcr: string]: string } }
  /** What an event log explains; absent when none came along. */
  readonly eventLog?: TpmEventLogClaims
}
