import type { UnixSeconds } from '@blindai/core'
import { VerifierError } from '../errors/verifier-error.ts'
import { isSignedBy } from './algorithms.ts'
import type { Certificate } from './certificate.ts'
import { KEY_USAGE } from './extensions.ts'

/**
 * Checks a window, both ends inclusive.
 *
 * @param subject - names what has the window.
 * @throws {VerifierError} `ENDORSEMENT_NOT_YET_VALID`, `ENDORSEMENT_EXPIRED`.
 */
export function checkWindow(subject: string, notBefore: UnixSeconds, notAfter: UnixSeconds, now: UnixSeconds): void {
  if (now < notBefore) throw new VerifierError('ENDORSEMENT_NOT_YET_VALID', { subject, notBefore, now })
  if (now > notAfter) throw new VerifierError('ENDORSEMENT_EXPIRED', { subject, notAfter, now })
}

/** What the first certificate of a chain is. */
export type LowestRole = 'end-entity' | 'plain-end-entity' | 'decrypting-end-entity' | 'authority'

/**
 * Verifies a chain whose last certificate is the trust anchor: names, authority, path length, key usage, signatures and
 * windows. The anchor's own signature proves nothing and is not looked at; the caller has pinned its bytes. Whether a
 * certificate is revoked is for its issuer's list to say.
 *
 * Source: RFC 5280 section 6.1, without policies and name constraints, which are refused when critical.
 *
 * @param chain - lowest first.
 * @param lowest - what the first certificate is: an end entity that signs, one that says nothing of its key's use (AMD's do
 * not), one that only decrypts (a TPM's endorsement key), or an authority whose revocation list it explains.
 * @throws {VerifierError} `ISSUER_MISMATCH`, `KEY_IDENTIFIER_MISMATCH`, `NOT_A_CA`, `UNEXPECTED_CA`, `PATH_TOO_LONG`,
 * `KEY_USAGE_MISSING`, `CERTIFICATE_SIGNATURE_INVALID`, `ENDORSEMENT_NOT_YET_VALID`, `ENDORSEMENT_EXPIRED`.
 */
export async function verifyChain(chain: readonly Certificate[], lowest: LowestRole, now: UnixSeconds): Promise<void> {
  const firstAuthority = lowest === 'authority' ? 0 : 1
  for (const [position, certificate] of chain.entries()) {
    checkWindow(certificate.subject.commonName, certificate.notBefore, certificate.notAfter, now)
    if (position < firstAuthority) checkEndEntity(certificate, lowest)
    else checkAuthority(certificate, position - firstAuthority)
    const issuer = chain[position + 1]
    if (issuer !== undefined) await verifyIssuedBy(certificate, issuer)
  }
}

function checkEndEntity(leaf: Certificate, lowest: LowestRole): void {
  const subject = leaf.subject.commonName
  if (leaf.basicConstraints.ca) throw new VerifierError('UNEXPECTED_CA', { subject })
  if (lowest === 'plain-end-entity' && leaf.keyUsage === undefined) return
  if (lowest === 'decrypting-end-entity') {
    const { keyEncipherment, keyAgreement } = KEY_USAGE
    const isOfRsa = leaf.publicKey.kind === 'RSA'
    requireUsage(leaf, isOfRsa ? keyEncipherment : keyAgreement, isOfRsa ? 'keyEncipherment' : 'keyAgreement')
    return
  }
  requireUsage(leaf, KEY_USAGE.digitalSignature, 'digitalSignature')
}

/** @param below - how many authorities stand below it in the chain. */
function checkAuthority(authority: Certificate, below: number): void {
  const subject = authority.subject.commonName
  const { ca, pathLength } = authority.basicConstraints
  if (!ca) throw new VerifierError('NOT_A_CA', { subject })
  if (pathLength !== undefined && below > pathLength) {
    throw new VerifierError('PATH_TOO_LONG', { subject, limit: pathLength, actual: below })
  }
  requireUsage(authority, KEY_USAGE.keyCertSign, 'keyCertSign')
}

function requireUsage(certificate: Certificate, bit: number, usage: string): void {
  if (certificate.keyUsage?.has(bit) === true) return
  throw new VerifierError('KEY_USAGE_MISSING', { subject: certificate.subject.commonName, usage })
}

async function verifyIssuedBy(certificate: Certificate, issuer: Certificate): Promise<void> {
  const subject = certificate.subject.commonName
  if (certificate.issuer.raw !== issuer.subject.raw) {
    const expected = issuer.subject.commonName
    throw new VerifierError('ISSUER_MISMATCH', { subject, expected, actual: certificate.issuer.commonName })
  }
  const wanted = certificate.authorityKeyIdentifier
  if (wanted !== undefined && wanted !== issuer.subjectKeyIdentifier) {
    throw new VerifierError('KEY_IDENTIFIER_MISMATCH', { subject, issuer: issuer.subject.commonName })
  }
  if (!(await isSignedBy(certificate, issuer.publicKey))) {
    throw new VerifierError('CERTIFICATE_SIGNATURE_INVALID', { subject, issuer: issuer.subject.commonName })
  }
}
