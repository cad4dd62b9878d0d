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
  const { keySource, credentials, digest } = statement.config
  checks.judge('policy.config', true, () => judgeConfig(statement.config, config))
  checks.judge('policy.key-source', config.keySource !== undefined, () =>
    requireAmong('keySource', config.keySource, [keySource]),
  )
  checks.judge('policy.operator-key', config.credentials !== undefined, () =>
    requireOperator(config.credentials, credentials),
  )
  checks.judge('policy.config-digest', config.digest !== undefined, () =>
    requireAmong('digest', config.digest, [digest]),
  )
}

/**
 * Whoever holds a key that the configuration names owns the server's models. A policy that names such keys wants to be served
 * by their holders, so that a server which names none is refused as one that names another.
 */
function requireOperator(accepted: readonly string[] | undefined, actual: readonly string[]): void {
  if (accepted === undefined) return
  const other = actual.find((key) => !accepted.includes(key))
  if (other !== undefined) throw new VerifierError('OPERATOR_KEY_NOT_ACCEPTED', { accepted, actual: other })
  if (accepted.length > 0 && actual.length === 0) {
    throw new VerifierError('OPERATOR_KEY_NOT_ACCEPTED', { accepted, actual: '(none)' })
  }
}

function judgeConfig(actual: AttestedConfig, wanted: ConfigPolicy): void {
  requireAmong('isolation', wanted.isolation, [actual.isolation])
  requireAmong('unattestedClients', wanted.unattestedClients, [actual.unattestedClients])
  requireAmong('legacyListeners', wanted.legacyListeners, [actual.legacyListeners])
  requireAmong('crossTenantBatching', wanted.crossTenantBatching, [actual.crossTenantBatching])
  requireAmong('sharedEngines', wanted.sharedEngines, [actual.sharedEngines])
  requireAmong('peers', wanted.peers, actual.peers)
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
