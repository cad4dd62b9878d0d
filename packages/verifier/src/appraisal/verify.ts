import {
  type AttestationDocument,
  digest,
  type Endorsements,
  type JsonValue,
  NONCE_BYTES,
  type Statement,
  toHex,
  type UnixSeconds,
  unixSeconds,
} from '@blindai/core'
import { type ParsedDocument, parseDocument } from '../document/document.ts'
import { parseStatement } from '../document/statement.ts'
import { isParsedPolicy } from '../policy/parse-policy.ts'
import type { Policy } from '../policy/policy.ts'
import type { AttestationResult, ChannelKeys, EvidenceResult } from '../result/result.ts'
import { checkKeysetWindow, checkTlsKey, verifyNonce, verifyReportData } from './binding.ts'
import { DOCUMENT_CHECKS, documentChecks, evidenceChecks } from './check-codes.ts'
import { CheckList, Halt } from './check-list.ts'
import { concludeDocument, concludeEvidence, type DocumentBasis } from './conclude.ts'
import { type BareEvidence, judgeEvidence, type ProvedEvidence, proveEvidence } from './evidence.ts'
import { judgeAge } from './judge-age.ts'
import { judgeStatement } from './judge-statement.ts'

const SHA256_BYTES = 32

/** The connection that the document is to be believed for. */
export type ChannelBinding =
  | {
      readonly kind: 'tls'
      /** SHA-256 of the SubjectPublicKeyInfo of the server's certificate. */
      readonly spkiSha256: Uint8Array
    }
  | { readonly kind: 'ohttp' }

/** What a verification depends on besides the document and the policy. */
export interface VerifyOptions {
  readonly now: UnixSeconds
  /** 32 bytes: what the document was asked with. Without it, freshness is skipped. */
  readonly nonce?: Uint8Array
  readonly channel?: ChannelBinding
  /** Used in place of those that are stapled to the document. */
  readonly endorsements?: Endorsements
}

/**
 * Verifies what a server says of itself. Pure: no network, no clock, no randomness; the same input gives the same bytes.
 *
 * @param document - the answer of `/.well-known/blindai/attestation`: its bytes, or the JSON value of them. In a value,
 * repeated members are no longer seen; prefer bytes.
 * @param policy - from `parsePolicy`.
 * @throws {TypeError} when the policy is not from there; {RangeError} for a time, nonce or digest of a wrong form. Never
 * because of what is in the document.
 *
 * @example
 * const result = await verify(bytes, policy, { now, nonce, channel: { kind: 'tls', spkiSha256 } })
 * if (result.status === 'affirming') connect(result.channel)
 */
export async function verify(
  document: Uint8Array | JsonValue | AttestationDocument,
  policy: Policy,
  options: VerifyOptions,
): Promise<AttestationResult> {
  const now = checkMisuse(policy, options.now)
  requireLength('nonce', options.nonce, NONCE_BYTES)
  requireLength('spkiSha256', options.channel?.kind === 'tls' ? options.channel.spkiSha256 : undefined, SHA256_BYTES)
  const checks = new CheckList(DOCUMENT_CHECKS)
  const basis: DocumentBasis = { checks, policy, now, freshness: options.nonce === undefined ? 'skipped' : 'nonce' }
  try {
    const parsed = await checks.prove('document.form', () => parseDocument(document))
    checks.planFor(documentChecks(parsed.evidence.format))
    const statement = await checks.prove('statement.form', () => parseStatement(parsed.statement))
    const endorsements = options.endorsements ?? parsed.endorsements
    const proved = await proveEvidence(checks, { ...parsed.evidence, endorsements }, policy, now)
    await proveBinding(checks, parsed, statement, proved, options)
    const judgement = judgeEvidence(checks, proved, policy)
    judgeAge(checks, policy, { signedAt: signedAtOf(proved), nonce: options.nonce, now })
    judgeStatement(checks, statement, policy)
    const channel = await channelKeys(parsed, statement)
    return concludeDocument(basis, { proved, ...judgement, statement, channel })
  } catch (error) {
    if (error instanceof Halt) return concludeDocument(basis, undefined)
    throw error
  }
}

/**
 * Verifies evidence that speaks for no statement: captures, other people's vectors. What it proves is that a platform made
 * it, and whether the policy wants that platform and its measurements; never whose keys to use.
 *
 * @throws as `verify` does.
 */
export async function verifyEvidence(
  evidence: BareEvidence,
  policy: Policy,
  options: { readonly now: UnixSeconds },
): Promise<EvidenceResult> {
  const now = checkMisuse(policy, options.now)
  const checks = new CheckList(evidenceChecks(evidence.format))
  try {
    const proved = await proveEvidence(checks, evidence, policy, now)
    const judgement = judgeEvidence(checks, proved, policy)
    judgeAge(checks, policy, { signedAt: signedAtOf(proved), nonce: undefined, now })
    return concludeEvidence({ checks, policy, now }, { proved, ...judgement })
  } catch (error) {
    if (error instanceof Halt) return concludeEvidence({ checks, policy, now }, undefined)
    throw error
  }
}

function checkMisuse(policy: Policy, now: UnixSeconds): UnixSeconds {
  if (!isParsedPolicy(policy)) throw new TypeError('the policy is not one that parsePolicy made')
  return unixSeconds(now)
}

function requireLength(name: string, bytes: Uint8Array | undefined, length: number): void {
  if (bytes === undefined || bytes.byteLength === length) return
  throw new RangeError(`${name} has ${length} bytes, not ${bytes.byteLength}`)
}

async function proveBinding(
  checks: CheckList,
  document: ParsedDocument,
  { keyset }: Statement,
  proved: ProvedEvidence,
  { now, nonce, channel }: VerifyOptions,
): Promise<void> {
  await checks.prove('binding.nonce', () => verifyNonce(document, nonce))
  // The list of nonces was in order; that says nothing of how young the evidence is.
  if (nonce === undefined) checks.skip('binding.nonce')
  await checks.prove('binding.report-data', () => verifyReportData(document, proved.report))
  await checks.prove('binding.statement-window', () => checkKeysetWindow(keyset, now))
  // Over OHTTP requests are sealed to keys of the statement, so there is no other key to compare.
  if (channel?.kind === 'tls') await checks.prove('binding.channel-key', () => checkTlsKey(keyset, channel.spkiSha256))
}

/** The time that evidence signs, where its format does. */
function signedAtOf(proved: ProvedEvidence): UnixSeconds | undefined {
  return proved.technology === 'nitro' ? proved.signedAt : undefined
}

async function channelKeys(document: ParsedDocument, { keyset }: Statement): Promise<ChannelKeys> {
  const { tls, ohttp, channel, receipts, notBefore, notAfter } = keyset
  const statementSha256 = toHex(await digest('SHA-256', document.statement))
  return { statementSha256, tls, ohttp, channelKey: channel, receiptsKey: receipts, notBefore, notAfter }
}
