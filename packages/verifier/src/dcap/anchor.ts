import type { EvidenceFormat } from '@blindai/core'
import { VerifierError } from '../errors/verifier-error.ts'
import { type DcapRoleNames, INTEL_ROLE_NAMES, INTEL_SGX_ROOT_SHA256, SIMULATED_ROLE_NAMES } from './roots.ts'

/** What a pinned root stands for. */
export interface DcapAnchor {
  readonly trustClass: 'hardware' | 'simulated'
  readonly names: DcapRoleNames
}

/**
 * What the root of a chain stands for. The root decides; a format that claims another class is refused by name.
 *
 * @param rootSha256 - lower-case hex of the SHA-256 of the root certificate's DER.
 * @param simulatedRoots - roots that the policy names; undefined when it allows no simulated evidence.
 * @throws {VerifierError} `ROOT_NOT_TRUSTED`, `SIMULATED_NOT_ALLOWED`, `SIMULATED_ROOT_UNKNOWN`,
 * `SIMULATED_LABELLED_HARDWARE`, `HARDWARE_LABELLED_SIMULATED`.
 */
export function anchorOf(
  format: EvidenceFormat,
  rootSha256: string,
  simulatedRoots: readonly string[] | undefined,
): DcapAnchor {
  const isIntel = rootSha256 === INTEL_SGX_ROOT_SHA256
  const isSimulated = simulatedRoots?.includes(rootSha256) === true
  if (format !== 'simulated') {
    if (isIntel) return { trustClass: 'hardware', names: INTEL_ROLE_NAMES }
    if (isSimulated) throw new VerifierError('SIMULATED_LABELLED_HARDWARE', { format, rootSha256 })
    throw new VerifierError('ROOT_NOT_TRUSTED', { format, rootSha256 })
  }
  if (isIntel) throw new VerifierError('HARDWARE_LABELLED_SIMULATED', { rootSha256 })
  if (simulatedRoots === undefined) throw new VerifierError('SIMULATED_NOT_ALLOWED', { rootSha256 })
  if (!isSimulated) throw new VerifierError('SIMULATED_ROOT_UNKNOWN', { rootSha256, allowed: simulatedRoots })
  return { trustClass: 'simulated', names: SIMULATED_ROLE_NAMES }
}
