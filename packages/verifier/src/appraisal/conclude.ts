import type { Statement, UnixSeconds } from '@blindai/core'
import type { ProvedTdx } from '../formats/tdx/prove-tdx.ts'
import type { Policy, TdxReference } from '../policy/policy.ts'
import type { Appraised, AttestationResult, ChannelKeys, EvidenceResult, ResultStatus } from '../result/result.ts'
import type { Check, CheckList } from './check-list.ts'

/** What every result rests on. */
interface Basis {
  readonly checks: CheckList
  readonly policy: Policy
  readonly now: UnixSeconds
}

/** Proved evidence, and the reference value that it matched. */
interface Proof {
  readonly proved: ProvedTdx
  readonly release: TdxReference | undefined
}

/** Proved evidence that speaks for a statement with keys. */
interface DocumentProof extends Proof {
  readonly statement: Statement
  readonly channel: ChannelKeys
}

/** The result of a document; without a proof it is `none`. Keys go into it only when nothing stands against them. */
export function concludeDocument(
  basis: Basis & { readonly freshness: 'nonce' | 'skipped' },
  proof: DocumentProof | undefined,
): AttestationResult {
  const failed = decidingCheck(basis.checks)
  const head = { version: 1, scope: 'document' } as const
  if (proof !== undefined && failed === undefined) {
    const body = appraised(basis, proof, proof.statement)
    return { ...head, status: 'affirming', ...body, freshness: basis.freshness, channel: proof.channel }
  }
  if (failed === undefined) throw new Error('nothing was proved, and no check says why')
  const freshness = proof === undefined ? 'skipped' : basis.freshness
  const status = proof === undefined ? 'none' : statusOf(failed)
  return { ...head, status, ...appraised(basis, proof, proof?.statement), freshness, failed }
}

/** The result of bare evidence. */
export function concludeEvidence(basis: Basis, proof: Proof | undefined): EvidenceResult {
  const failed = decidingCheck(basis.checks)
  const status: ResultStatus = proof === undefined ? 'none' : failed === undefined ? 'affirming' : statusOf(failed)
  const body = appraised(basis, proof, undefined)
  return { version: 1, scope: 'evidence-only', status, ...body, ...(failed && { failed }) }
}

/** What keeps a result from affirming: the first check that failed, else measurements that did not pass. */
function decidingCheck(checks: CheckList): Check | undefined {
  const all = checks.all
  const failed = all.find((check) => check.status === 'failed')
  return failed ?? all.find((check) => check.code === 'policy.measurement' && check.status !== 'passed')
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
  const { proved, release } = proof
  const ownWords = release && statement && { config: statement.config, software: statement.software }
  return {
    ...common,
    trustClass: proved.trustClass,
    trustFlags: release === undefined ? [] : ['code'],
    claims: { ...proved.claims, ...(release && { release: release.name }), ...ownWords },
    tcb: proved.tcb,
  }
}
