import type { UnixSeconds } from '@blindai/core'
import { VerifierError } from '../../errors/verifier-error.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { verifyChain } from '../../x509/chain.ts'
import { requireP384 } from '../../x509/chain-roles.ts'

/** What a role is called, and the names that it may have. */
interface Role {
  readonly role: string
  readonly names: RegExp
}

/**
 * Roles of the certificates behind a report of a Hopper GPU, lowest first; the root is pinned and may have any name.
 *
 * Source: the chain of `vectors/attestation/nvidia/hopper-coco-a.chain.pem`.
 */
export const DEVICE_ROLES: readonly Role[] = [
  { role: 'GH100 … GSP FMC LF', names: /^GH100 [A-Z]\d\d GSP FMC LF$/ },
  { role: 'GH100 … GSP BROM', names: /^GH100 [A-Z]\d\d GSP BROM$/ },
  { role: 'NVIDIA GH100 Provisioner ICA …', names: /^NVIDIA GH100 Provisioner ICA \d{1,3}$/ },
  { role: 'NVIDIA GH100 Identity', names: /^NVIDIA GH100 Identity$/ },
]

/** Roles of the certificates behind a manifest for GH100. Source: the manifests of `vectors/attestation/nvidia`. */
export const RIM_ROLES: readonly Role[] = [
  { role: 'HCC RIM L4 Signer', names: /^HCC RIM L4 Signer$/ },
  { role: 'NVIDIA Reference Value L3 GH100 …', names: /^NVIDIA Reference Value L3 GH100 \d{1,3}$/ },
  { role: 'NVIDIA Reference Value GH100 CA', names: /^NVIDIA Reference Value GH100 CA$/ },
]

/**
 * Verifies a chain of NVIDIA's below a root that was pinned already: length, roles by name, keys on P-384 that sign with
 * SHA-384, and all of RFC 5280.
 *
 * @param chain - names the chain in errors.
 * @throws {VerifierError} `CHAIN_LENGTH_WRONG`, `CERTIFICATE_ROLE_MISMATCH`, `UNSUPPORTED_ALGORITHM`, and the codes of
 * `verifyChain`.
 */
export async function verifyNvidiaChain(
  chain: string,
  certificates: readonly Certificate[],
  roles: readonly Role[],
  now: UnixSeconds,
): Promise<void> {
  const expected = roles.length + 1
  if (certificates.length !== expected) {
    throw new VerifierError('CHAIN_LENGTH_WRONG', { chain, expected, actual: certificates.length })
  }
  for (const [position, { role, names }] of roles.entries()) {
    const actual = certificates[position]?.subject.commonName ?? ''
    if (!names.test(actual)) {
      throw new VerifierError('CERTIFICATE_ROLE_MISMATCH', { chain, position, expected: role, actual })
    }
  }
  requireP384(certificates)
  await verifyChain(certificates, 'end-entity', now)
}
