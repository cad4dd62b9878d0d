import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIPv4 } from 'node:net'
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
  unixSeconds,
  utf8,
} from '@blindai/core'

/** A certificate authority of a test, and what it issues. Source: RFC 5280 section 4. */

/** PEM of a P-256 key and its certificate. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

export interface CertificateAuthority {
  /** PEM. */
  readonly root: string
  /** For names and IPv4 addresses. */
  issue(...hosts: string[]): Certificate
}

const ALGORITHM = derSequence(derOid('1.2.840.10045.4.3.2'))
const SERVER_AUTH = derOid('1.3.6.1.5.5.7.3.1')

export function createCertificateAuthority(commonName: string): CertificateAuthority {
  const root = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const rootCertificate = write(commonName, root.privateKey, commonName, root.publicKey, [
    extension('2.5.29.19', derSequence(derBoolean(true))),
    extension('2.5.29.15', derNamedBits(5, 6)),
  ])
  return {
    root: rootCertificate,
    issue(...hosts) {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const names = hosts.map((host) =>
        isIPv4(host) ? derImplicit(7, Uint8Array.from(host.split('.').map(Number))) : derImplicit(2, utf8(host)),
      )
      const cert = write(commonName, root.privateKey, hosts[0] ?? 'nobody', publicKey, [
        extension('2.5.29.15', derNamedBits(0)),
        extension('2.5.29.37', derSequence(SERVER_AUTH)),
        extension('2.5.29.17', derSequence(...names)),
      ])
      return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert }
    },
  }
}

function write(
  issuer: string,
  signingKey: KeyObject,
  subject: string,
  publicKey: KeyObject,
  extensions: readonly Uint8Array[],
): string {
  const now = Math.floor(Date.now() / 1000)
  const toBeSigned = derSequence(
    derExplicit(0, derInteger(2)),
    derUnsigned(Uint8Array.of(0x40, ...randomBytes(15))),
    ALGORITHM,
    name(issuer),
    derSequence(derTime(unixSeconds(now - 3600)), derTime(unixSeconds(now + 30 * 86_400))),
    name(subject),
    new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })),
    derExplicit(3, derSequence(...extensions)),
  )
  const signature = new Uint8Array(sign('sha256', toBeSigned, signingKey))
  return toPem('CERTIFICATE', derSequence(toBeSigned, ALGORITHM, derBitString(signature)))
}

function name(commonName: string): Uint8Array {
  return derSequence(derSetOf(derSequence(derOid('2.5.4.3'), derUtf8String(commonName))))
}

function extension(oid: string, value: Uint8Array): Uint8Array {
  return derSequence(derOid(oid), derBoolean(true), derOctetString(value))
}
