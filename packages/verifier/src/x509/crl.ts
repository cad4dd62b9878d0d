import { toHex, type UnixSeconds } from '@blindai/core'
import { VerifierError } from '../errors/verifier-error.ts'
import {
  isSignedBy,
  readSignatureAlgorithm,
  requireSameAlgorithm,
  type SignatureAlgorithm,
  type SignedStructure,
} from './algorithms.ts'
import type { Certificate } from './certificate.ts'
import { checkWindow } from './chain.ts'
import { DerReader, TAG } from './der-reader.ts'
import { readBitString, readSmallInteger, readTime, readUnsignedInteger } from './der-values.ts'
import {
  EXTENSION,
  KEY_USAGE,
  parseAuthorityKeyIdentifier,
  readExtensions,
  refuseUnknownCritical,
} from './extensions.ts'
import { type DistinguishedName, readName } from './name.ts'

const VERSION_2 = 1

/** A version 2 certificate revocation list, parsed and not yet believed. */
export interface Crl extends SignedStructure {
  readonly issuer: DistinguishedName
  readonly thisUpdate: UnixSeconds
  readonly nextUpdate: UnixSeconds
  readonly authorityKeyIdentifier: string | undefined
  /** When each serial was revoked; serials are lower-case hex without leading zero octets. */
  readonly revoked: ReadonlyMap<string, UnixSeconds>
}

/**
 * Parses a revocation list. Source: RFC 5280 section 5.1.
 *
 * A list that covers only a part of its issuer's certificates has a critical extension that says so, and is refused.
 *
 * @param field - names the list in errors.
 * @param bytes - its DER, and nothing after it.
 * @throws {MalformedError} `NOT_UTF8`, `WRONG_VALUE`; {VerifierError} `NOT_DER`, `UNSUPPORTED_ALGORITHM`,
 * `UNSUPPORTED_VALUE`, `DUPLICATE_EXTENSION`, `CRITICAL_EXTENSION_UNKNOWN`, `UNKNOWN_VERSION`.
 */
export function parseCrl(field: string, bytes: Uint8Array): Crl {
  const outer = new DerReader(field, new Uint8Array(bytes))
  const whole = outer.enter(TAG.sequence, 'CertificateList')
  outer.end()
  const tbs = whole.element(TAG.sequence, 'TBSCertList')
  const signatureAlgorithm = readSignatureAlgorithm(whole, 'signatureAlgorithm')
  const signature = readBitString(whole, 'signatureValue')
  whole.end()
  const body = readTbs(field, new DerReader(field, tbs.content, tbs.contentOffset), signatureAlgorithm)
  return { field, signed: tbs.raw, signatureAlgorithm, signature, ...body }
}

function readTbs(field: string, tbs: DerReader, outer: SignatureAlgorithm): Omit<Crl, keyof SignedStructure> {
  const version = readSmallInteger(tbs, 'version')
  if (version !== VERSION_2) throw new VerifierError('UNKNOWN_VERSION', { field: `${field} version`, actual: version })
  requireSameAlgorithm(field, outer, readSignatureAlgorithm(tbs, 'signature'))
  const issuer = readName(tbs, 'issuer')
  const thisUpdate = readTime(tbs, 'thisUpdate')
  const nextUpdate = readTime(tbs, 'nextUpdate')
  const revoked = new Map<string, UnixSeconds>()
  if (tbs.nextTag === TAG.sequence) {
    const list = tbs.enter(TAG.sequence, 'revokedCertificates')
    while (!list.done) readEntry(field, list, revoked)
  }
  const explicit = tbs.enter(TAG.contextConstructed(0), 'crlExtensions')
  const extensions = readExtensions(explicit.enter(TAG.sequence, 'crlExtensions'))
  explicit.end()
  tbs.end()
  refuseUnknownCritical(field, extensions, [])
  const identifier = extensions.get(EXTENSION.authorityKeyIdentifier)
  const authorityKeyIdentifier = identifier && parseAuthorityKeyIdentifier(field, identifier.value)
  return { issuer, thisUpdate, nextUpdate, authorityKeyIdentifier, revoked }
}

function readEntry(field: string, list: DerReader, revoked: Map<string, UnixSeconds>): void {
  const entry = list.enter(TAG.sequence, 'entry')
  const serial = toHex(readUnsignedInteger(entry, 'userCertificate'))
  const date = readTime(entry, 'revocationDate')
  if (!entry.done) {
    refuseUnknownCritical(`${field} entry`, readExtensions(entry.enter(TAG.sequence, 'crlEntryExtensions')), [])
    entry.end()
  }
  revoked.set(serial, date)
}

/**
 * Checks that a list is of this authority, signed by it, and current.
 *
 * @throws {VerifierError} `CRL_ISSUER_MISMATCH`, `KEY_USAGE_MISSING`, `CRL_SIGNATURE_INVALID`,
 * `ENDORSEMENT_NOT_YET_VALID`, `ENDORSEMENT_EXPIRED`.
 */
export async function verifyCrl(crl: Crl, issuer: Certificate, now: UnixSeconds): Promise<void> {
  const identifier = crl.authorityKeyIdentifier
  const otherKey = identifier !== undefined && identifier !== issuer.subjectKeyIdentifier
  if (crl.issuer.raw !== issuer.subject.raw || otherKey) {
    throw new VerifierError('CRL_ISSUER_MISMATCH', {
      crl: crl.field,
      expected: issuer.subject.commonName,
      actual: crl.issuer.commonName,
    })
  }
  if (issuer.keyUsage?.has(KEY_USAGE.cRLSign) !== true) {
    throw new VerifierError('KEY_USAGE_MISSING', { subject: issuer.subject.commonName, usage: 'cRLSign' })
  }
  if (!(await isSignedBy(crl, issuer.publicKey))) {
    throw new VerifierError('CRL_SIGNATURE_INVALID', { crl: crl.field, issuer: issuer.subject.commonName })
  }
  checkWindow(crl.field, crl.thisUpdate, crl.nextUpdate, now)
}

/** @throws {VerifierError} `CERTIFICATE_REVOKED` when the list names the certificate. */
export function refuseRevoked(crl: Crl, certificate: Certificate): void {
  const revokedAt = crl.revoked.get(certificate.serial)
  if (revokedAt === undefined) return
  throw new VerifierError('CERTIFICATE_REVOKED', {
    subject: certificate.subject.commonName,
    serial: certificate.serial,
    revokedAt,
  })
}
