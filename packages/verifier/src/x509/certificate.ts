import { toHex, type UnixSeconds } from '@blindai/core'
import type { PublicKey } from '../crypto/public-key.ts'
import { VerifierError } from '../errors/verifier-error.ts'
import {
  type CertificateFamily,
  readPublicKey,
  readSignatureAlgorithm,
  requireSameAlgorithm,
  type SignatureAlgorithm,
  type SignedStructure,
} from './algorithms.ts'
import { DerReader, TAG } from './der-reader.ts'
import { readBitString, readSmallInteger, readTime, readUnsignedInteger } from './der-values.ts'
import {
  type BasicConstraints,
  EXTENSION,
  type Extensions,
  parseAuthorityKeyIdentifier,
  parseBasicConstraints,
  parseKeyUsage,
  parseSubjectKeyIdentifier,
  readExtensions,
  refuseUnknownCritical,
} from './extensions.ts'
import { type DistinguishedName, readName } from './name.ts'

/** Octets of the longest serial number. Source: RFC 5280 section 4.1.2.2. */
const MOST_SERIAL_OCTETS = 20

const VERSION_3 = 2

const KNOWN = [EXTENSION.basicConstraints, EXTENSION.keyUsage]
/** A TPM's certificate has an empty subject and puts maker and model into a critical name, on which nothing rests here. */
const KNOWN_CRITICAL: { readonly [F in CertificateFamily]: readonly string[] } = {
  tee: KNOWN,
  tpm: [...KNOWN, EXTENSION.subjectAltName],
}

/** A version 3 certificate, parsed and not yet believed. */
export interface Certificate extends SignedStructure {
  readonly der: Uint8Array
  /** Lower-case hex without leading zeros octets. */
  readonly serial: string
  readonly issuer: DistinguishedName
  readonly subject: DistinguishedName
  readonly notBefore: UnixSeconds
  readonly notAfter: UnixSeconds
  readonly publicKey: PublicKey
  readonly extensions: Extensions
  readonly basicConstraints: BasicConstraints
  /** Undefined where the certificate says nothing of it. */
  readonly keyUsage: ReadonlySet<number> | undefined
  readonly authorityKeyIdentifier: string | undefined
  readonly subjectKeyIdentifier: string | undefined
}

/** What a caller lets pass that the rule for certificates does not, because it knows the issuer. */
export interface CertificateLeniency {
  /** Whose certificate it is, which says what algorithms and names it may use; a TEE's unless said. */
  readonly family?: CertificateFamily
  /** `any year`: validity in GeneralizedTime before 2050 too. */
  readonly times?: 'any year'
  /** Critical extensions that the caller reads itself. */
  readonly knownCritical?: readonly string[]
}

/**
 * Parses a certificate. Source: RFC 5280 section 4.1.
 *
 * @param field - names the certificate in errors.
 * @param bytes - its DER, and nothing after it.
 * @param leniency - what the issuer is known to write otherwise.
 * @throws {MalformedError} `NOT_UTF8`, `WRONG_VALUE`; {VerifierError} `NOT_DER`, `UNSUPPORTED_ALGORITHM`,
 * `UNSUPPORTED_VALUE`, `DUPLICATE_EXTENSION`, `CRITICAL_EXTENSION_UNKNOWN`, `PUBLIC_KEY_INVALID`, `UNKNOWN_VERSION`.
 */
export function parseCertificate(field: string, bytes: Uint8Array, leniency: CertificateLeniency = {}): Certificate {
  const der = new Uint8Array(bytes)
  const outer = new DerReader(field, der)
  const whole = outer.enter(TAG.sequence, 'Certificate')
  outer.end()
  const tbs = whole.element(TAG.sequence, 'TBSCertificate')
  const signatureAlgorithm = readSignatureAlgorithm(whole, 'signatureAlgorithm', leniency.family)
  const signature = readBitString(whole, 'signatureValue')
  whole.end()
  return {
    field,
    der,
    signed: tbs.raw,
    signatureAlgorithm,
    signature,
    ...readTbs(field, new DerReader(field, tbs.content, tbs.contentOffset), signatureAlgorithm, leniency),
  }
}

type Body = Omit<Certificate, 'field' | 'der' | 'signed' | 'signatureAlgorithm' | 'signature'>

function readTbs(field: string, tbs: DerReader, outer: SignatureAlgorithm, leniency: CertificateLeniency): Body {
  const { family = 'tee' } = leniency
  const versionReader = tbs.enter(TAG.contextConstructed(0), 'version')
  const version = readSmallInteger(versionReader, 'version')
  versionReader.end()
  if (version !== VERSION_3) throw new VerifierError('UNKNOWN_VERSION', { field: `${field} version`, actual: version })
  const serial = readUnsignedInteger(tbs, 'serialNumber')
  if (serial.byteLength > MOST_SERIAL_OCTETS) {
    throw new VerifierError('UNSUPPORTED_VALUE', {
      field: `${field} serialNumber`,
      expected: `at most ${MOST_SERIAL_OCTETS} bytes`,
      actual: `${serial.byteLength} bytes`,
    })
  }
  requireSameAlgorithm(field, outer, readSignatureAlgorithm(tbs, 'signature', family))
  const issuer = readName(tbs, 'issuer')
  const validity = tbs.enter(TAG.sequence, 'validity')
  const notBefore = readTime(validity, 'notBefore', leniency.times)
  const notAfter = readTime(validity, 'notAfter', leniency.times)
  validity.end()
  const subject = readName(tbs, 'subject')
  const publicKey = readPublicKey(tbs, 'subjectPublicKeyInfo', family)
  const explicit = tbs.enter(TAG.contextConstructed(3), 'extensions')
  const extensions = readExtensions(explicit.enter(TAG.sequence, 'extensions'))
  explicit.end()
  tbs.end()
  const known = [...KNOWN_CRITICAL[family], ...(leniency.knownCritical ?? [])]
  refuseUnknownCritical(field, extensions, known)
  return {
    serial: toHex(serial),
    issuer,
    subject,
    notBefore,
    notAfter,
    publicKey,
    extensions,
    ...readKnownExtensions(field, extensions),
  }
}

function readKnownExtensions(
  field: string,
  extensions: Extensions,
): Pick<Certificate, 'basicConstraints' | 'keyUsage' | 'authorityKeyIdentifier' | 'subjectKeyIdentifier'> {
  const read = <T>(oid: string, parse: (field: string, value: Uint8Array) => T): T | undefined => {
    const extension = extensions.get(oid)
    return extension && parse(field, extension.value)
  }
  return {
    basicConstraints: read(EXTENSION.basicConstraints, parseBasicConstraints) ?? { ca: false },
    keyUsage: read(EXTENSION.keyUsage, parseKeyUsage),
    authorityKeyIdentifier: read(EXTENSION.authorityKeyIdentifier, parseAuthorityKeyIdentifier),
    subjectKeyIdentifier: read(EXTENSION.subjectKeyIdentifier, parseSubjectKeyIdentifier),
  }
}
