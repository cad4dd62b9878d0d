import type { AttestedConfig, Statement } from '@blindai/core'
import { VerifierError } from '../errors/verifier-error.ts'
import type { ConfigPolicy, Policy } from '../policy/policy.ts'
import type { CheckList } from './check-list.ts'

/**
 * Holds the enclave's own words against a policy. They count only once its measurements are those of a reviewed release:
 * without that, an unknown program could say anything, and nothing of it is looked at.
 */
export function judgeStatement(checks: CheckList, statement: Statement, policy: Policy): void {
  if (!checks.hasPassed('policy.measurement')) return
  const { softwareDigests, config } = policy
  checks.judge('policy.software', softwareDigests !== undefined, () => {
    if (softwareDigests === undefined || softwareDigests.includes(statement.software.digest)) return
    throw new VerifierError('SOFTWARE_NOT_ACCEPTED', { accepted: softwareDigests, actual: statement.software.digest })
  })
  checks.judge('policy.config', true, () => judgeConfig(statement.config, config))
}

function judgeConfig(actual: AttestedConfig, wanted: ConfigPolicy): void {
  requireAmong('isolation', wanted.isolation, [actual.isolation])
  requireAmong('keySource', wanted.keySource, [actual.keySource])
  requireAmong('unattestedClients', wanted.unattestedClients, [actual.unattestedClients])
  requireAmong('legacyListeners', wanted.legacyListeners, [actual.legacyListeners])
  requireAmong('crossTenantBatching', wanted.crossTenantBatching, [actual.crossTenantBatching])
  requireAmong('sharedEngines', wanted.sharedEngines, [actual.sharedEngines])
  requireAmong('peers', wanted.peers, actual.peers)
  requireAmong('credentials', wanted.credentials, actual.credentials)
  requireAmong('digest', wanted.digest, [actual.digest])
}

function requireAmong<T extends string | boolean>(
  member: keyof ConfigPolicy,
  accepted: readonly T[] | undefined,
  values: readonly T[],
): void {
  if (accepted === undefined) return
  for (const value of values) {
    if (accepted.includes(value)) continue
    throw new VerifierError('CONFIG_NOT_ACCEPTED', { member, accepted: accepted.map(String), actual: String(value) })
  }
}
