import type { EvidenceFormat } from '@blindai/core'
import { trustClassOf } from '../appraisal/trust-anchor.ts'
import { type DcapRoleNames, INTEL_ROLE_NAMES, INTEL_SGX_ROOT_SHA256, SIMULATED_ROLE_NAMES } from './roots.ts'

/** What a pinned root stands for. */
export interface DcapAnchor {
  readonly trustClass: 'hardware' | 'simulated'
  readonly names: DcapRoleNames
}

/**
 * What the root of a DCAP chain stands for.
 *
 * @param rootSha256 - lower-case hex of the SHA-256 of the root certificate's DER.
 * @throws as `trustClassOf` does.
 */
export function anchorOf(
  format: EvidenceFormat,
  rootSha256: string,
  simulatedRoots: readonly string[] | undefined,
): DcapAnchor {
  const trustClass = trustClassOf(format, rootSha256, rootSha256 === INTEL_SGX_ROOT_SHA256, simulatedRoots)
  return { trustClass, names: trustClass === 'hardware' ? INTEL_ROLE_NAMES : SIMULATED_ROLE_NAMES }
}
