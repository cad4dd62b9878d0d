import { type Endorsements, toBase64Url, type UnixSeconds } from '@blindai/core'
import {
  type AffirmingResult,
  type AttestationResult,
  type ChannelBinding,
  type Policy,
  type SeenEvaluation,
  verify,
} from '@blindai/verifier'
import { BlindAiError } from './errors.ts'
import { ATTESTATION_PATH } from './url.ts'

/**
 * From a document to a verdict. Everything that a channel is later held to comes out of an affirming result and from
 * nowhere else.
 */

/** What evidence is held against. */
export interface Appraisal {
  readonly policy: Policy
  readonly now: () => UnixSeconds
  /** The caller's own endorsements, in place of the stapled ones. */
  readonly endorsements?: Endorsements
  /** What this server's endorsements have shown before. */
  readonly remembered?: readonly SeenEvaluation[]
}

/** The largest attestation document that is read: a quote, its chains and lists of revoked certificates. */
export const MAX_DOCUMENT_BYTES: number = 4 * 1024 * 1024

/** 32 random bytes, fresh for each question. */
export function freshNonce(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(32))
}

/** The resource that answers with evidence over a nonce. */
export function attestationPath(nonce: Uint8Array): string {
  return `${ATTESTATION_PATH}?nonce=${toBase64Url(nonce)}`
}

/** The verdict on a document that answers a nonce. Evidence never makes it throw. */
export function appraise(
  document: Uint8Array,
  nonce: Uint8Array,
  channel: ChannelBinding,
  { policy, now, endorsements, remembered }: Appraisal,
): Promise<AttestationResult> {
  return verify(document, policy, {
    now: now(),
    nonce,
    channel,
    ...(endorsements === undefined ? {} : { endorsements }),
    ...(remembered === undefined ? {} : { remembered }),
  })
}

/**
 * The result, where it is affirming.
 *
 * @throws {BlindAiError} `EVIDENCE_REFUSED` with the result as its report.
 */
export function requireAffirming(result: AttestationResult): AffirmingResult {
  if (result.status === 'affirming') return result
  const { status, failed } = result
  const details = { status, check: failed.code, reason: failed.error?.code ?? 'NOT_CHECKED' }
  throw new BlindAiError('EVIDENCE_REFUSED', details, { report: result })
}
