import type { Statement, UnixSeconds } from '@blindai/core'
import type { NamedReference, Policy } from '../policy/policy.ts'
import type { CommonClaims } from '../result/claims.ts'
import type { Appraised, AttestationResult, ChannelKeys, EvidenceResult, ResultStatus } from '../result/result.ts'
import type { CheckCode } from './check-codes.ts'
import type { Check, CheckList } from './check-list.ts'
import type { Judgement, ProvedEvidence } from './evidence.ts'

/** What every result rests on. */
interface Basis {
  readonly checks: CheckList
  readonly policy: Policy
  readonly now: UnixSeconds
}

/** What the result of a document rests on besides. */
export interface DocumentBasis extends Basis {
  readonly freshness: 'nonce' | 'skipped'
}

/** Proved evidence, and what the policy makes of it. */
interface Proof extends Judgement {
  readonly proved: ProvedEvidence
}

/** Proved evidence that speaks for a statement with keys. */
interface DocumentProof extends Proof {
  readonly statement: Statement
  readonly channel: ChannelKeys
}

/** The result of a document; without a proof it is `none`. Keys go into it only when nothing stands against them. */
export function concludeDocument(basis: DocumentBasis, proof: DocumentProof | undefined): AttestationResult {
  const failed = decidingCheck(basis.checks)
  if (proof !== undefined && failed === undefined) {
    const body = appraised(basis, proof, proof.statement)
    const { freshness } = basis
    return { version: 1, scope: 'document', status: 'affirming', ...body, freshness, channel: proof.channel }
  }
  if (failed === undefined) throw new Error('nothing was proved, and no check says why')
  const freshness = proof === undefined ? 'skipped' : basis.freshness
  const status = proof === undefined ? 'none' : statusOf(failed)
  const body = appraised(basis, proof, proof?.statement)
  return { version: 1, scope: 'document', status, ...body, freshness, failed }
}

/** The result of bare evidence. */
export function concludeEvidence(basis: Basis, proof: Proof | undefined): EvidenceResult {
  const failed = decidingCheck(basis.checks)
  const status: ResultStatus = proof === undefined ? 'none' : failed === undefined ? 'affirming' : statusOf(failed)
  const body = appraised(basis, proof, undefined)
  return { version: 1, scope: 'evidence-only', status, ...body, ...(failed && { failed }) }
}

/** What must have passed, and not only not have failed, for a result to be affirming; the first of them decides. */
const NEEDED: readonly CheckCode[] = ['tpm.ak-bound', 'policy.measurement']

/** What keeps a result from affirming: the first check that failed, else one that had to pass and did not. */
function decidingCheck(checks: CheckList): Check | undefined {
  const all = checks.all
  const failed = all.find((check) => check.status === 'failed')
  return failed ?? all.find((check) => NEEDED.includes(check.code) && check.status !== 'passed')
}

/** Of proved evidence: a check that failed refuses it, one that could not be made leaves a warning. */
function statusOf(failed: Check): 'contraindicated' | 'warning' {
  return failed.status === 'failed' ? 'contraindicated' : 'warning'
}

function appraised(
  { checks, policy, now }: Basis,
  proof: Proof | undefined,
  statement: Statement | undefined,
): Omit<Appraised, 'version'> {
  const common = { policy: policy.name, now, checks: checks.all }
  if (proof === undefined) return { ...common, trustClass: 'none', trustFlags: [] }
  const { proved, release, tcb } = proof
  const ownWords = release && statement && { config: statement.config, software: statement.software }
  return {
    ...common,
    trustClass: proved.trustClass,
    // What was trusted on first use was matched, and reviewed by nobody.
    trustFlags: release === undefined || release.source === 'trust-on-first-use' ? [] : ['code'],
    claims: { ...proved.claims, ...releaseClaims(release), ...ownWords },
    ...(tcb && { tcb }),
  }
}

function releaseClaims(release: NamedReference | undefined): Pick<CommonClaims, 'release' | 'releaseSource'> {
  if (release === undefined) return {}
  return { release: release.name, ...(release.source && { releaseSource: release.source }) }
}
