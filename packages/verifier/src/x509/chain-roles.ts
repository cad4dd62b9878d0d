import { digest, equalBytes, toHex, type UnixSeconds } from '@blindai/core'
import { requireEcKey } from '../crypto/public-key.ts'
import { VerifierError } from '../errors/verifier-error.ts'
import type { Certificate } from './certificate.ts'
import { verifyChain } from './chain.ts'

/** The names that may stand at each place of a chain, lowest first. */
export type ChainRoles = readonly (readonly string[])[]

/**
 * Checks that a chain has exactly these roles in this order.
 *
 * @param chain - names the chain in errors.
 * @throws {VerifierError} `CHAIN_LENGTH_WRONG`, `CERTIFICATE_ROLE_MISMATCH`.
 */
export function checkRoles(chain: string, certificates: readonly Certificate[], roles: ChainRoles): void {
  if (certificates.length !== roles.length) {
    throw new VerifierError('CHAIN_LENGTH_WRONG', { chain, expected: roles.length, actual: certificates.length })
  }
  for (const [position, certificate] of certificates.entries()) {
    const expected = roles[position] ?? []
    const actual = certificate.subject.commonName
    if (!expected.includes(actual)) {
      throw new VerifierError('CERTIFICATE_ROLE_MISMATCH', {
        chain,
        position,
        expected: expected.join('" or "'),
        actual,
      })
    }
  }
}

/**
 * Verifies a chain below a root that was pinned already. Certificates that were verified before, to the byte and under
 * the same root, are not verified again.
 *
 * @throws {VerifierError} `ROOTS_DIFFER`, and the codes of `verifyChain`.
 */
export async function verifyBelow(
  root: Certificate,
  chain: string,
  certificates: readonly Certificate[],
  verified: readonly Certificate[],
  lowest: 'end-entity' | 'authority',
  now: UnixSeconds,
): Promise<void> {
  const last = certificates.at(-1)
  if (last === undefined || !equalBytes(last.der, root.der)) {
    const [expected, actual] = await Promise.all([sha256Hex(root.der), sha256Hex(last?.der ?? new Uint8Array())])
    throw new VerifierError('ROOTS_DIFFER', { chain, expected, actual })
  }
  const isKnown = (certificate: Certificate): boolean =>
    verified.some((other) => equalBytes(other.der, certificate.der))
  if (!certificates.every(isKnown)) await verifyChain(certificates, lowest, now)
}

/** Lower-case hex of the SHA-256. */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  return toHex(await digest('SHA-256', bytes))
}

/** @throws {VerifierError} `UNSUPPORTED_ALGORITHM` unless every key is on P-384 and every signature is with SHA-384. */
export function requireP384(certificates: readonly Certificate[]): void {
  for (const { field, publicKey, signatureAlgorithm } of certificates) {
    const { curve } = requireEcKey(field, publicKey)
    if (curve !== 'P-384') throw new VerifierError('UNSUPPORTED_ALGORITHM', { field, actual: curve })
    const { scheme, hash } = signatureAlgorithm
    if (hash !== 'SHA-384')
      throw new VerifierError('UNSUPPORTED_ALGORITHM', { field, actual: `${scheme} with ${hash}` })
  }
}
