import { createHash } from 'node:crypto'
import {
  derBitString,
  derEnumerated,
  derExplicit,
  derGeneralizedTime,
  derImplicit,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  derUnsigned,
  type UnixSeconds,
} from '@blindai/core'
import type { KeyPair } from '../authority/keys.ts'
import { signDer } from '../authority/keys.ts'

/** OCSP responses. What goes in comes out: a mock authority writes wrong ones on purpose. Source: RFC 6960 section 4.2.1. */

const SHA384 = '2.16.840.1.101.3.4.2.2'
const ECDSA_SHA384 = derSequence(derOid('1.2.840.10045.4.3.3'))

/** All that a response about one certificate says, and who signs it. */
export interface OcspFields {
  readonly responseStatus: number
  readonly responseType: string
  /** DER of the choice: `[1]` around a name, or `[2]` around an OCTET STRING. */
  readonly responderId: Uint8Array
  readonly producedAt: UnixSeconds
  readonly hashAlgorithm: string
  readonly issuerNameHash: Uint8Array
  readonly issuerKeyHash: Uint8Array
  readonly serial: Uint8Array
  readonly status: 'good' | 'unknown' | { readonly revokedAt: UnixSeconds; readonly reason?: number }
  readonly thisUpdate: UnixSeconds
  readonly nextUpdate: UnixSeconds | undefined
  /** DER of certificates; none where the authority itself signs. */
  readonly certificates: readonly Uint8Array[]
  readonly signingKey: KeyPair
}

/** The hashes that identify an issuer, of the DER of its name and of its SubjectPublicKeyInfo on P-384. */
export function issuerHashes(
  name: Uint8Array,
  publicKey: Uint8Array,
): Pick<OcspFields, 'hashAlgorithm' | 'issuerNameHash' | 'issuerKeyHash'> {
  const sha384 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha384').update(bytes).digest())
  return { hashAlgorithm: SHA384, issuerNameHash: sha384(name), issuerKeyHash: sha384(publicKey.slice(-97)) }
}

/** DER of a response. */
export function writeOcspResponse(fields: OcspFields): Uint8Array {
  const identifier = derSequence(
    derSequence(derOid(fields.hashAlgorithm), derNull()),
    derOctetString(fields.issuerNameHash),
    derOctetString(fields.issuerKeyHash),
    derUnsigned(fields.serial),
  )
  const single = derSequence(
    identifier,
    writeStatus(fields.status),
    derGeneralizedTime(fields.thisUpdate),
    ...(fields.nextUpdate === undefined ? [] : [derExplicit(0, derGeneralizedTime(fields.nextUpdate))]),
  )
  const tbs = derSequence(fields.responderId, derGeneralizedTime(fields.producedAt), derSequence(single))
  const certificates = fields.certificates.length === 0 ? [] : [derExplicit(0, derSequence(...fields.certificates))]
  const basic = derSequence(tbs, ECDSA_SHA384, derBitString(signDer(fields.signingKey, tbs)), ...certificates)
  const typed = derSequence(derOid(fields.responseType), derOctetString(basic))
  return derSequence(derEnumerated(fields.responseStatus), derExplicit(0, typed))
}

function writeStatus(status: OcspFields['status']): Uint8Array {
  if (status === 'good') return derImplicit(0, new Uint8Array())
  if (status === 'unknown') return derImplicit(2, new Uint8Array())
  const reason = status.reason === undefined ? [] : [derExplicit(0, derEnumerated(status.reason))]
  return derExplicit(1, derGeneralizedTime(status.revokedAt), ...reason)
}
