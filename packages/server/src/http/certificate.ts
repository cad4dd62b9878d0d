import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import {
  derBitString,
  derBoolean,
  derExplicit,
  derImplicit,
  derInteger,
  derNamedBits,
  derOctetString,
  derOid,
  derSequence,
  derSetOf,
  derTime,
  derUnsigned,
  derUtf8String,
  toPem,
  type UnixSeconds,
  utf8,
} from '@blindai/core'

/** A TLS key and its certificate; the private half is only in memory. */
export interface TlsIdentity {
  /** PEM, PKCS #8. */
  readonly key: string
  /** PEM. */
  readonly certificate: string
  /** The certificate's DER. */
  readonly der: Uint8Array
  /** DER of the SubjectPublicKeyInfo, whose digest the keyset names. */
  readonly spki: Uint8Array
}

/** Common name of every enclave: who it is, the evidence says. */
const COMMON_NAME = 'BlindAI enclave'
const DNS_NAME = 'localhost'
const DNS_NAME_TAG = 2
const DIGITAL_SIGNATURE = 0

// biome-ignore format: one identifier a row
const OID = {
  commonName:          '2.5.4.3',
  keyUsage:            '2.5.29.15',
  subjectAltName:      '2.5.29.17',
  basicConstraints:    '2.5.29.19',
  extendedKeyUsage:    '2.5.29.37',
  serverAuth:          '1.3.6.1.5.5.7.3.1',
  ecdsaWithSha256:     '1.2.840.10045.4.3.2',
}

/**
 * Makes a P-256 key and a certificate that it signs itself. The certificate carries no trust: clients compare the key's
 * digest with the attested keyset.
 *
 * Source: RFC 5280 section 4.1; RFC 5480 for the key; RFC 5758 section 3.2 for the signature.
 */
export function createTlsIdentity(
  notBefore: UnixSeconds,
  notAfter: UnixSeconds,
  dnsName: string = DNS_NAME,
): TlsIdentity {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const algorithm = derSequence(derOid(OID.ecdsaWithSha256))
  const name = derSequence(derSetOf(derSequence(derOid(OID.commonName), derUtf8String(COMMON_NAME))))
  const toBeSigned = derSequence(
    derExplicit(0, derInteger(2)),
    derUnsigned(serialNumber()),
    algorithm,
    name,
    derSequence(derTime(notBefore), derTime(notAfter)),
    name,
    spki,
    derExplicit(3, extensions(dnsName)),
  )
  const signature = sign('sha256', toBeSigned, { key: privateKey, dsaEncoding: 'der' })
  const der = derSequence(toBeSigned, algorithm, derBitString(signature))
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: toPem('CERTIFICATE', der),
    der,
    spki,
  }
}

/** Positive, and never zero. */
function serialNumber(): Uint8Array {
  const serial = new Uint8Array(randomBytes(16))
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40
  return serial
}

function extensions(dnsName: string): Uint8Array {
  return derSequence(
    extension(OID.basicConstraints, true, derSequence()),
    extension(OID.keyUsage, true, derNamedBits(DIGITAL_SIGNATURE)),
    extension(OID.extendedKeyUsage, false, derSequence(derOid(OID.serverAuth))),
    extension(OID.subjectAltName, false, derSequence(derImplicit(DNS_NAME_TAG, utf8(dnsName)))),
  )
}

function extension(oid: string, isCritical: boolean, value: Uint8Array): Uint8Array {
  const critical = isCritical ? [derBoolean(true)] : []
  return derSequence(derOid(oid), ...critical, derOctetString(value))
}
