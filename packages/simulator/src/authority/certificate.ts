import { createHash } from 'node:crypto'
import {
  derBitString,
  derBoolean,
  derEnumerated,
  derExplicit,
  derImplicit,
  derInteger,
  derNamedBits,
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
import { type KeyPair, signDer } from './keys.ts'

/**
 * X.509 certificates and revocation lists with the fields that Intel's have. What goes in comes out: a mock authority
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

const ECDSA_WITH_SHA256 = derSequence(derOid('1.2.840.10045.4.3.2'))

/** DER of a version 3 certificate. */
export function writeCertificate(fields: CertificateFields): Uint8Array {
  return signed(
    derSequence(
      derExplicit(0, derInteger(2)),
      derUnsigned(fields.serial),
      ECDSA_WITH_SHA256,
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
      ECDSA_WITH_SHA256,
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
  return derSequence(toBeSigned, ECDSA_WITH_SHA256, derBitString(signDer(key, toBeSigned)))
}

function writeName(name: Name): Uint8Array {
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

/** The key identifier: the first 160 bits of the SHA-256 of the public point. Source: RFC 7093 section 2, method 1. */
function keyIdentifier(publicKey: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(publicKey.subarray(-65)).digest()).slice(0, 20)
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

/** A CA with the number of CAs that may stand below it, or no CA. */
export function basicConstraints(ca: { readonly pathLength: number } | undefined): Extension {
  const value = ca === undefined ? derSequence() : derSequence(derBoolean(true), derInteger(ca.pathLength))
  return { oid: '2.5.29.19', critical: true, value }
}
