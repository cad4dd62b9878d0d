import { type UnixSeconds, unixSeconds } from '@blindai/core'
import {
  authorityKeyIdentifier,
  basicConstraints,
  type CertificateFields,
  keyUsage,
  type Name,
  subjectKeyIdentifier,
  writeCertificate,
} from '../authority/certificate.ts'
import { apply, type Change } from '../authority/changes.ts'
import { generateKeyPair, type KeyPair, spki } from '../authority/keys.ts'

/** The certificates behind a TPM's keys: root → issuer → attestation key, and beside it the endorsement key. */

const DAY = 86_400
const YEAR = 365 * DAY
/** Bits of KeyUsage. Source: RFC 5280 section 4.2.1.3. */
const SIGNS = [0]
const AGREES = [4]
const ISSUES = [5, 6]

/** A key pair for each role; that of the attestation key may be of RSA. */
export interface TpmKeys {
  readonly root: KeyPair
  readonly issuer: KeyPair
  readonly ak: KeyPair
  readonly ek: KeyPair
}

/** DER of each certificate. */
export type TpmCertificates = { readonly [Role in keyof TpmKeys]: Uint8Array }

/** Changes of the certificates, by role. */
export type TpmCertificateChanges = { readonly [Role in keyof TpmKeys]?: Change<CertificateFields> }

/** The given keys, and new ones for the rest. */
export function completeTpmKeys(given: Partial<TpmKeys>): TpmKeys {
  return {
    root: given.root ?? generateKeyPair('P-384'),
    issuer: given.issuer ?? generateKeyPair('P-384'),
    ak: given.ak ?? generateKeyPair(),
    ek: given.ek ?? generateKeyPair(),
  }
}

/** @param root - DER of an existing certificate of `keys.root`; a new one is issued without it. */
export function issueTpmCertificates(
  keys: TpmKeys,
  root: Uint8Array | undefined,
  now: UnixSeconds,
  changes: TpmCertificateChanges,
): TpmCertificates {
  const names = {
    root: nameOf('Root CA'),
    issuer: nameOf('Issuing CA'),
    ak: nameOf('Attestation Key'),
    ek: nameOf('Endorsement Key'),
  }
  const issue = (role: keyof TpmKeys, by: keyof TpmKeys, serial: number, extensions: CertificateFields['extensions']) =>
    writeCertificate(
      apply(changes[role], {
        serial: Uint8Array.of(serial),
        issuer: names[by],
        subject: names[role],
        notBefore: unixSeconds(now - DAY),
        notAfter: unixSeconds(now + 10 * YEAR),
        publicKey: spki(keys[role]),
        extensions: [
          ...(role === by ? [] : [authorityKeyIdentifier(spki(keys[by]))]),
          subjectKeyIdentifier(spki(keys[role])),
          ...extensions,
        ],
        signingKey: keys[by],
      }),
    )
  return {
    root: root ?? issue('root', 'root', 1, [keyUsage(...ISSUES), basicConstraints({})]),
    issuer: issue('issuer', 'root', 2, [keyUsage(...ISSUES), basicConstraints({ pathLength: 0 })]),
    ak: issue('ak', 'issuer', 3, [keyUsage(...SIGNS), basicConstraints(undefined)]),
    ek: issue('ek', 'issuer', 4, [keyUsage(...AGREES), basicConstraints(undefined)]),
  }
}

function nameOf(role: string): Name {
  return {
    commonName: `BlindAI Simulated TPM ${role}`,
    organization: 'BlindAI simulation that protects nothing',
    country: 'FR',
  }
}
