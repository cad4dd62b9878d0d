import type { Ed25519Jwk } from '@blindai/core'
import type { Check } from '../appraisal/check-list.ts'
import type { TrustClass } from '../policy/policy.ts'
import type { TcbClaims, TdxClaims } from './claims.ts'
import type { HclClaims } from './hcl-claims.ts'
import type { NitroClaims } from './nitro-claims.ts'
import type { SgxClaims } from './sgx-claims.ts'
import type { SnpClaims, SnpTcbClaims } from './snp-claims.ts'
import type { TpmClaims } from './tpm-claims.ts'

/**
 * What was found. `affirming`: proved, and what the policy wants; `warning`: proved, and nobody said what its code may be;
 * `contraindicated`: proved, and not wanted; `none`: not proved. Source: AR4SI (draft-ietf-rats-ar4si) section 2.3.2.
 */
export type ResultStatus = 'affirming' | 'warning' | 'contraindicated' | 'none'

/** The keys of an enclave that proved itself. Public keys, of one boot. */
export interface ChannelKeys {
  /** Lower-case hex of the statement's SHA-256; channel proofs and receipts name it. */
  readonly statementSha256: string
  /** Lower-case hex SHA-256 of the SubjectPublicKeyInfo of each TLS certificate. */
  readonly tls: readonly string[]
  /** base64url of an `application/ohttp-keys` list. */
  readonly ohttp: string
  readonly channelKey: Ed25519Jwk
  readonly receiptsKey: Ed25519Jwk
  /** Unix seconds, both inclusive. */
  readonly notBefore: number
  readonly notAfter: number
}

/** What every result says. JSON-serialisable; the same bytes from Node and browser. */
export interface Appraised {
  readonly version: 1
  /** The policy's name. */
  readonly policy: string
  /** Unix seconds: when it was judged. */
  readonly now: number
  /** What the root that verified stands for; `none` when nothing is proved, or a TPM's key is vouched for by nobody. */
  readonly trustClass: 'none' | TrustClass
  /** What was shown besides: `code`, that it runs a reviewed release. */
  readonly trustFlags: readonly 'code'[]
  readonly checks: readonly Check[]
  /** Only when the evidence is proved. */
  readonly claims?: TdxClaims | SgxClaims | SnpClaims | NitroClaims | TpmClaims | HclClaims
  readonly tcb?: TcbClaims | SnpTcbClaims
}

interface FromDocument extends Appraised {
  readonly scope: 'document'
  /** `nonce`: made for our nonce; `skipped`: cached evidence, and the channel has to show that its maker lives. */
  readonly freshness: 'nonce' | 'skipped'
}

/** The result that a channel can be opened with. */
export interface AffirmingResult extends FromDocument {
  readonly status: 'affirming'
  readonly channel: ChannelKeys
  readonly failed?: never
}

/** A result that carries no keys. */
export interface RefusingResult extends FromDocument {
  readonly status: Exclude<ResultStatus, 'affirming'>
  /** The check that kept the result from affirming. */
  readonly failed: Check
  readonly channel?: never
}

/** What `verify` finds of a document. Keys are in an affirming result, and nowhere else. */
export type AttestationResult = AffirmingResult | RefusingResult

/** What `verifyEvidence` finds of bare evidence. It speaks for no statement, so there are no keys in it. */
export interface EvidenceResult extends Appraised {
  readonly scope: 'evidence-only'
  readonly status: ResultStatus
  readonly failed?: Check
}
