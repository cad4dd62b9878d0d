import { createHash } from 'node:crypto'
import {
  derBitString,
  derBoolean,
  derEnumerated,
  derExplicit,
  derImplicit,
  derInteger,
  derNamedBits,
  derNull,
  derOctetString,
  derOid,
  derPrintableString,
  derSequence,
  derSetOf,
  derTime,
  derUnsigned,
  derUtf8String,
  type UnixSeconds,
  utf8,
} from '@blindai/core'
import { hashOf, isRsa, type KeyPair, PSS_SALT_BYTES, signDer } from './keys.ts'

/**
 * X.509 certificates and revocation lists with the fields that the vendors' have. What goes in comes out: a mock authority
 * writes wrong ones on purpose. Source: RFC 5280 sections 4 and 5.
 */

/** A distinguished name, of the attributes that every name here has. */
export interface Name {
  readonly commonName: string
  readonly organization: string
  readonly country: string
}

/** `value` is the DER of the extension's type. */
export interface Extension {
  readonly oid: string
  readonly critical: boolean
  readonly value: Uint8Array
}

/** All that a certificate says, and who signs it. */
export interface CertificateFields {
  /** Unsigned, big-endian. */
  readonly serial: Uint8Array
  readonly issuer: Name
  readonly subject: Name
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  /** DER of the SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array
  readonly extensions: readonly Extension[]
  readonly signingKey: KeyPair
}

/** `reason` as RFC 5280 section 5.3.1 numbers it: 1 is a compromised key. */
export interface RevokedCertificate {
  readonly serial: Uint8Array
  readonly date: UnixSeconds
  readonly reason: number
}

/** All that a revocation list says, and who signs it. */
export interface CrlFields {
  readonly issuer: Name
  readonly thisUpdate: UnixSeconds
  readonly nextUpdate: UnixSeconds
  readonly revoked: readonly RevokedCertificate[]
  readonly extensions: readonly Extension[]
  readonly signingKey: KeyPair
}

/** ecdsa-with-SHA256 and ecdsa-with-SHA384. Source: RFC 5758 section 3.2. */
const SIGNATURE_ALGORITHMS = {
  sha256: derSequence(derOid('1.2.840.10045.4.3.2')),
  sha384: derSequence(derOid('1.2.840.10045.4.3.3')),
}

const SHA384 = derSequence(derOid('2.16.840.1.101.3.4.2.2'), derNull())
/** RSASSA-PSS with SHA-384, MGF1 with SHA-384 and a salt of 48 bytes. Source: RFC 4055 section 3.1. */
const RSASSA_PSS = derSequence(
  derOid('1.2.840.113549.1.1.10'),
  derSequence(
    derExplicit(0, SHA384),
    derExplicit(1, derSequence(derOid('1.2.840.113549.1.1.8'), SHA384)),
    derExplicit(2, derInteger(PSS_SALT_BYTES)),
  ),
)

/** The AlgorithmIdentifier of what a key signs. */
function algorithmOf(key: KeyPair): Uint8Array {
  return isRsa(key) ? RSASSA_PSS : SIGNATURE_ALGORITHMS[hashOf(key)]
}

/** DER of a version 3 certificate. */
export function writeCertificate(fields: CertificateFields): Uint8Array {
  return signed(
    derSequence(
      derExplicit(0, derInteger(2)),
      derUnsigned(fields.serial),
      algorithmOf(fields.signingKey),
      writeName(fields.issuer),
      derSequence(derTime(fields.notBefore), derTime(fields.notAfter)),
      writeName(fields.subject),
      fields.publicKey,
      derExplicit(3, writeExtensions(fields.extensions)),
    ),
    fields.signingKey,
  )
}

/** DER of a version 2 revocation list; `revokedCertificates` is absent when there are none. */
export function writeCrl(fields: CrlFields): Uint8Array {
  const revoked = fields.revoked.map((entry) =>
    derSequence(
      derUnsigned(entry.serial),
      derTime(entry.date),
      writeExtensions([{ oid: '2.5.29.21', critical: false, value: derEnumerated(entry.reason) }]),
    ),
  )
  return signed(
    derSequence(
      derInteger(1),
      algorithmOf(fields.signingKey),
      writeName(fields.issuer),
      derTime(fields.thisUpdate),
      derTime(fields.nextUpdate),
      ...(revoked.length === 0 ? [] : [derSequence(...revoked)]),
      derExplicit(0, writeExtensions(fields.extensions)),
    ),
    fields.signingKey,
  )
}

function signed(toBeSigned: Uint8Array, key: KeyPair): Uint8Array {
  return derSequence(toBeSigned, algorithmOf(key), derBitString(signDer(key, toBeSigned)))
}

/** DER of a name. */
export function writeName(name: Name): Uint8Array {
  return derSequence(
    derSetOf(derSequence(derOid('2.5.4.3'), derUtf8String(name.commonName))),
    derSetOf(derSequence(derOid('2.5.4.10'), derUtf8String(name.organization))),
    derSetOf(derSequence(derOid('2.5.4.6'), derPrintableString(name.country))),
  )
}

function writeExtensions(extensions: readonly Extension[]): Uint8Array {
  return derSequence(
    ...extensions.map(({ oid, critical, value }) =>
      derSequence(derOid(oid), ...(critical ? [derBoolean(true)] : []), derOctetString(value)),
    ),
  )
}

/** Bytes of a SubjectPublicKeyInfo on P-256, and of the uncompressed points that end one on each curve. */
const P256_SPKI_BYTES = 91
const P256_POINT_BYTES = 65
const P384_POINT_BYTES = 97

/** The key identifier: the first 160 bits of the SHA-256 of the public point. Source: RFC 7093 section 2, method 1. */
function keyIdentifier(publicKey: Uint8Array): Uint8Array {
  const pointBytes = publicKey.byteLength === P256_SPKI_BYTES ? P256_POINT_BYTES : P384_POINT_BYTES
  return new Uint8Array(createHash('sha256').update(publicKey.subarray(-pointBytes)).digest()).slice(0, 20)
}

export function authorityKeyIdentifier(issuerPublicKey: Uint8Array): Extension {
  const value = derSequence(derImplicit(0, keyIdentifier(issuerPublicKey)))
  return { oid: '2.5.29.35', critical: false, value }
}

export function subjectKeyIdentifier(publicKey: Uint8Array): Extension {
  return { oid: '2.5.29.14', critical: false, value: derOctetString(keyIdentifier(publicKey)) }
}

export function crlDistributionPoint(url: string): Extension {
  const fullName = derExplicit(0, derExplicit(0, derImplicit(6, utf8(url))))
  return { oid: '2.5.29.31', critical: false, value: derSequence(derSequence(fullName)) }
}

export function crlNumber(number: number): Extension {
  return { oid: '2.5.29.20', critical: false, value: derInteger(number) }
}

/** Bits by RFC 5280 section 4.2.1.3: a CA signs certificates (5) and CRLs (6), others data (0, 1). */
export function keyUsage(...bits: readonly number[]): Extension {
  return { oid: '2.5.29.15', critical: true, value: derNamedBits(...bits) }
}

/** A CA with the number of CAs that may stand below it, without one any number; or no CA. */
export function basicConstraints(ca: { readonly pathLength?: number } | undefined): Extension {
  const pathLength = ca?.pathLength === undefined ? [] : [derInteger(ca.pathLength)]
  const value = ca === undefined ? derSequence() : derSequence(derBoolean(true), ...pathLength)
  return { oid: '2.5.29.19', critical: true, value }
}
