import { unixSeconds } from '@blindai/core'
import { type Certificate, parseCertificate } from '../../packages/verifier/src/x509/certificate.ts'
import type { Seed } from './seeds.ts'

/** A certificate that has nothing but one extension, for readers of extensions, which look at nothing else. */
export function certificateWith(oid: string, value: Uint8Array): Certificate {
  const name = { commonName: 'fuzz', raw: '' }
  return {
    field: 'fuzz',
    der: new Uint8Array(),
    signed: new Uint8Array(),
    signature: new Uint8Array(),
    signatureAlgorithm: { scheme: 'ECDSA', hash: 'SHA-256' },
    serial: '01',
    issuer: name,
    subject: name,
    notBefore: unixSeconds(0),
    notAfter: unixSeconds(0),
    publicKey: { kind: 'EC', curve: 'P-256', point: new Uint8Array(65) },
    extensions: new Map([[oid, { critical: false, value }]]),
    basicConstraints: { ca: false },
    keyUsage: undefined,
    authorityKeyIdentifier: undefined,
    subjectKeyIdentifier: undefined,
  }
}

/** The values of one extension in the certificates of another seed, where they have it. */
export function extensionIn({ glob, take }: Seed, oid: string): Seed {
  return {
    glob,
    take: (file) =>
      take(file).flatMap((der) => {
        const value = parseCertificate('seed', der).extensions.get(oid)?.value
        return value === undefined ? [] : [value]
      }),
  }
}
