import type { EvidenceFormat } from '@blindai/core'
import { VerifierError } from '../errors/verifier-error.ts'

/** True for a format whose evidence claims no hardware. */
export function isSimulatedFormat(format: EvidenceFormat): boolean {
  return (
    format === 'simulated' ||
    format === 'simulated-sgx' ||
    format === 'simulated-sev-snp' ||
    format === 'simulated-nitro' ||
    format === 'simulated-tpm' ||
    format === 'simulated-azure-hcl'
  )
}

/**
 * What the root of a chain stands for. The root decides; a format that claims another class is refused by name.
 *
 * @param rootSha256 - lower-case hex of the SHA-256 of the root certificate's DER.
 * @param isVendorRoot - whether it is pinned as a vendor's of this technology.
 * @param simulatedRoots - roots that the policy names; undefined when it allows no simulated evidence.
 * @throws {VerifierError} `ROOT_NOT_TRUSTED`, `SIMULATED_NOT_ALLOWED`, `SIMULATED_ROOT_UNKNOWN`,
 * `SIMULATED_LABELLED_HARDWARE`, `HARDWARE_LABELLED_SIMULATED`.
 */
export function trustClassOf(
  format: EvidenceFormat,
  rootSha256: string,
  isVendorRoot: boolean,
  simulatedRoots: readonly string[] | undefined,
): 'hardware' | 'simulated' {
  const isSimulated = simulatedRoots?.includes(rootSha256) === true
  if (!isSimulatedFormat(format)) {
    if (isVendorRoot) return 'hardware'
    if (isSimulated) throw new VerifierError('SIMULATED_LABELLED_HARDWARE', { format, rootSha256 })
    throw new VerifierError('ROOT_NOT_TRUSTED', { format, rootSha256 })
  }
  if (isVendorRoot) throw new VerifierError('HARDWARE_LABELLED_SIMULATED', { rootSha256 })
  if (simulatedRoots === undefined) throw new VerifierError('SIMULATED_NOT_ALLOWED', { rootSha256 })
  if (!isSimulated) throw new VerifierError('SIMULATED_ROOT_UNKNOWN', { rootSha256, allowed: simulatedRoots })
  return 'simulated'
}
