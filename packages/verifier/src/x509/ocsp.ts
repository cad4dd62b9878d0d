import { digest, fromHex, toHex, type UnixSeconds } from '@blindai/core'
import { requireEcKey } from '../crypto/public-key.ts'
import { VerifierError } from '../errors/verifier-error.ts'
import { isSignedBy, readDigestAlgorithm, readSignatureAlgorithm, type SignedStructure } from './algorithms.ts'
import { type Certificate, parseCertificate } from './certificate.ts'
import { checkWindow, verifyChain } from './chain.ts'
import { DerReader, TAG } from './der-reader.ts'
import { readBitString, readOctets, readOid, readSmallInteger, readTime, readUnsignedInteger } from './der-values.ts'
import { EXTENSION, parseAuthorityInfoAccess, parseExtendedKeyUsage } from './extensions.ts'
import { readName } from './name.ts'

const BASIC_RESPONSE = '1.3.6.1.5.5.7.48.1.1'
const OCSP_ACCESS = '1.3.6.1.5.5.7.48.1'
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9'
const SUCCESSFUL = 0

/** What a response says of one certificate. */
interface SingleResponse {
  readonly hash: 'SHA-256' | 'SHA-384'
  /** Lower-case hex, as the rest of the identifier. */
  readonly issuerNameHash: string
  readonly issuerKeyHash: string
  readonly serial: string
  readonly status: 'good' | 'unknown' | { readonly revokedAt: UnixSeconds }
  readonly thisUpdate: UnixSeconds
  readonly nextUpdate: UnixSeconds
}

/** A basic OCSP response about one certificate, parsed and not yet believed. */
export interface OcspResponse extends SignedStructure, SingleResponse {
  /** Lower-case hex: of the responder's name as DER, or its key identifier. */
  readonly responder: { readonly by: 'name' | 'key'; readonly value: string }
  /** Undefined where the authority itself signed. */
  readonly certificate: Certificate | undefined
}

/**
 * Parses an OCSP response. Only what NVIDIA's responders write is read: version 1, about one certificate, without
 * extensions, with the responder's certificate or none.
 *
 * Source: RFC 6960 section 4.2.1.
 *
 * @param field - names the response in errors.
 * @param bytes - its DER, and nothing after it.
 * @throws {VerifierError} `NOT_DER`, `OCSP_NOT_SUCCESSFUL`, `UNSUPPORTED_ALGORITHM`, `UNSUPPORTED_VALUE`, and the codes of
 * `parseCertificate`.
 */
export function parseOcspResponse(field: string, bytes: Uint8Array): OcspResponse {
  const outer = new DerReader(field, new Uint8Array(bytes))
  const envelope = outer.enter(TAG.sequence, 'OCSPResponse')
  outer.end()
  const status = readSmallInteger(envelope, 'responseStatus', TAG.enumerated)
  if (status !== SUCCESSFUL) throw new VerifierError('OCSP_NOT_SUCCESSFUL', { response: field, status })
  const explicit = envelope.enter(TAG.contextConstructed(0), 'responseBytes')
  envelope.end()
  const typed = explicit.enter(TAG.sequence, 'responseBytes')
  explicit.end()
  requireOid(typed, 'responseType', BASIC_RESPONSE)
  const octets = readOctets(typed, 'response')
  typed.end()
  return parseBasicResponse(field, octets)
}

function parseBasicResponse(field: string, octets: Uint8Array): OcspResponse {
  const outer = new DerReader(field, octets)
  const whole = outer.enter(TAG.sequence, 'BasicOCSPResponse')
  outer.end()
  const tbs = whole.element(TAG.sequence, 'tbsResponseData')
  const signatureAlgorithm = readSignatureAlgorithm(whole, 'signatureAlgorithm')
  const signature = readBitString(whole, 'signature')
  const certificate = whole.done ? undefined : readCertificate(field, whole)
  whole.end()
  const body = readResponseData(new DerReader(field, tbs.content, tbs.contentOffset))
  return { field, signed: tbs.raw, signatureAlgorithm, signature, certificate, ...body }
}

function readCertificate(field: string, whole: DerReader): Certificate {
  const explicit = whole.enter(TAG.contextConstructed(0), 'certs')
  const certificates = explicit.enter(TAG.sequence, 'certs')
  explicit.end()
  const { raw } = certificates.element(TAG.sequence, 'certificate')
  certificates.end()
  const knownCritical = [EXTENSION.extendedKeyUsage]
  return parseCertificate(`${field} responder`, raw, { times: 'any year', knownCritical })
}

function readResponseData(tbs: DerReader): SingleResponse & Pick<OcspResponse, 'responder'> {
  const responder = readResponder(tbs)
  readTime(tbs, 'producedAt', 'generalized')
  const list = tbs.enter(TAG.sequence, 'responses')
  tbs.end()
  const single = list.enter(TAG.sequence, 'response')
  list.end()
  const identifier = single.enter(TAG.sequence, 'certID')
  const hash = readDigestAlgorithm(identifier, 'hashAlgorithm')
  const issuerNameHash = toHex(readOctets(identifier, 'issuerNameHash'))
  const issuerKeyHash = toHex(readOctets(identifier, 'issuerKeyHash'))
  const serial = toHex(readUnsignedInteger(identifier, 'serialNumber'))
  identifier.end()
  const status = readStatus(single)
  const thisUpdate = readTime(single, 'thisUpdate', 'generalized')
  const explicit = single.enter(TAG.contextConstructed(0), 'nextUpdate')
  const nextUpdate = readTime(explicit, 'nextUpdate', 'generalized')
  explicit.end()
  single.end()
  return { responder, hash, issuerNameHash, issuerKeyHash, serial, status, thisUpdate, nextUpdate }
}

function readResponder(tbs: DerReader): OcspResponse['responder'] {
  const isName = tbs.nextTag === TAG.contextConstructed(1)
  const explicit = tbs.enter(TAG.contextConstructed(isName ? 1 : 2), 'responderID')
  const value = isName ? readName(explicit, 'byName').raw : toHex(readOctets(explicit, 'byKey'))
  explicit.end()
  return { by: isName ? 'name' : 'key', value }
}

/** `good [0]` and `unknown [2]` are NULL under an implicit tag; `revoked [1]` has a time and perhaps a reason. */
function readStatus(single: DerReader): SingleResponse['status'] {
  for (const [number, word] of [
    [0, 'good'],
    [2, 'unknown'],
  ] as const) {
    const element = single.optional(TAG.contextPrimitive(number), 'certStatus')
    if (element === undefined) continue
    single.inside(element, 'certStatus').end()
    return word
  }
  const revoked = single.enter(TAG.contextConstructed(1), 'certStatus')
  const revokedAt = readTime(revoked, 'revocationTime', 'generalized')
  if (!revoked.done) {
    const reason = revoked.enter(TAG.contextConstructed(0), 'revocationReason')
    readSmallInteger(reason, 'revocationReason', TAG.enumerated)
    reason.end()
  }
  revoked.end()
  return { revokedAt }
}

function requireOid(reader: DerReader, what: string, expected: string): void {
  const actual = readOid(reader, what)
  if (actual !== expected) {
    throw new VerifierError('UNSUPPORTED_VALUE', { field: `${reader.field} ${what}`, expected, actual })
  }
}

/** True for a certificate whose issuer says, under its signature, that a responder knows its status. */
export function namesOcspResponder({ field, extensions }: Certificate): boolean {
  const access = extensions.get(EXTENSION.authorityInfoAccess)
  return access !== undefined && parseAuthorityInfoAccess(field, access.value).has(OCSP_ACCESS)
}

/** True when the response is about the certificate. Source: RFC 6960 section 4.1.1. */
export async function isAbout(response: OcspResponse, certificate: Certificate, issuer: Certificate): Promise<boolean> {
  if (response.serial !== certificate.serial) return false
  const { point } = requireEcKey(issuer.field, issuer.publicKey)
  const subject = fromHex('name', issuer.subject.raw)
  const [name, key] = await Promise.all([digest(response.hash, subject), digest(response.hash, point)])
  return response.issuerNameHash === toHex(name) && response.issuerKeyHash === toHex(key)
}

/**
 * Checks that a response about a certificate is signed by its issuer or by a responder that the issuer appointed, is current,
 * and says `good`. Whether the responder's certificate is revoked is not looked up: there is nobody else to ask.
 *
 * Source: RFC 6960 sections 3.2 and 4.2.2.2.
 *
 * @throws {VerifierError} `OCSP_RESPONDER_NOT_AUTHORISED`, `OCSP_SIGNATURE_INVALID`, `CERTIFICATE_REVOKED`,
 * `CERTIFICATE_STATUS_UNKNOWN`, and the codes of `verifyChain`.
 */
export async function verifyOcspResponse(
  response: OcspResponse,
  certificate: Certificate,
  issuer: Certificate,
  now: UnixSeconds,
): Promise<void> {
  const subject = certificate.subject.commonName
  const signer = response.certificate ?? issuer
  const { by, value } = response.responder
  if (value !== (by === 'name' ? signer.subject.raw : signer.subjectKeyIdentifier))
    throw notAuthorised(response, signer)
  if (response.certificate !== undefined) {
    const usage = signer.extensions.get(EXTENSION.extendedKeyUsage)
    if (usage === undefined || !parseExtendedKeyUsage(signer.field, usage.value).has(OCSP_SIGNING)) {
      throw notAuthorised(response, signer)
    }
    await verifyChain([signer, issuer], 'end-entity', now)
  }
  if (!(await isSignedBy(response, signer.publicKey))) {
    throw new VerifierError('OCSP_SIGNATURE_INVALID', { response: response.field, signer: signer.subject.commonName })
  }
  checkWindow(`${response.field} about ${subject}`, response.thisUpdate, response.nextUpdate, now)
  if (response.status === 'unknown') throw new VerifierError('CERTIFICATE_STATUS_UNKNOWN', { subject })
  if (response.status === 'good') return
  const { revokedAt } = response.status
  throw new VerifierError('CERTIFICATE_REVOKED', { subject, serial: certificate.serial, revokedAt })
}

function notAuthorised({ field }: OcspResponse, signer: Certificate): VerifierError<'OCSP_RESPONDER_NOT_AUTHORISED'> {
  return new VerifierError('OCSP_RESPONDER_NOT_AUTHORISED', { response: field, signer: signer.subject.commonName })
}
