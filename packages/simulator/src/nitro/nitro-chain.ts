import { randomBytes } from 'node:crypto'
import { type UnixSeconds, unixSeconds } from '@blindai/core'
import {
  authorityKeyIdentifier,
  basicConstraints,
  type CertificateFields,
  type Extension,
  keyUsage,
  type Name,
  subjectKeyIdentifier,
  writeCertificate,
} from '../authority/certificate.ts'
import { apply, type Change } from '../authority/changes.ts'
import { generateKeyPair, type KeyPair, spki } from '../authority/keys.ts'

/**
 * The certificates behind a Nitro attestation document, in the roles that AWS's have: root → region → zone → instance →
 * enclave. Source: the chains in `vectors/attestation/nitro/`.
 */

const DAY = 86_400
const YEAR = 365 * DAY
/** What AWS gives an enclave's certificate: from three seconds before, for three hours. */
const ENCLAVE_SECONDS_BEFORE = 3
const ENCLAVE_SECONDS_AFTER = 10_800
/** X.509 usage bits. */
const DATA_SIGNATURES = [0, 1]
const CERTIFICATES = [5]
const CERTIFICATES_AND_CRLS = [0, 5, 6]

/** What stands between the instance and its enclave in a module's name. */
export const MOCK_MODULE_ID: string = 'i-00000000000000000-enc0000000000000000'

/** A key pair on P-384 for each role. */
export interface NitroKeys {
  readonly root: KeyPair
  readonly region: KeyPair
  readonly zone: KeyPair
  readonly instance: KeyPair
  readonly enclave: KeyPair
}

/** DER of each certificate. */
export type NitroCertificates = { readonly [Role in keyof NitroKeys]: Uint8Array }

/** Changes of the certificates, by role. */
export type NitroCertificateChanges = { readonly [Role in keyof NitroKeys]?: Change<CertificateFields> }

/** The given keys, and new ones for the rest. */
export function completeNitroKeys(given: Partial<NitroKeys>): NitroKeys {
  return {
    root: given.root ?? generateKeyPair('P-384'),
    region: given.region ?? generateKeyPair('P-384'),
    zone: given.zone ?? generateKeyPair('P-384'),
    instance: given.instance ?? generateKeyPair('P-384'),
    enclave: given.enclave ?? generateKeyPair('P-384'),
  }
}

/** @param root - DER of an existing certificate of `keys.root`; a new one is issued without it. */
export function issueNitroCertificates(
  keys: NitroKeys,
  root: Uint8Array | undefined,
  now: UnixSeconds,
  changes: NitroCertificateChanges,
): NitroCertificates {
  const names = {
    root: name('BlindAI Simulated Nitro Root CA'),
    region: name('simulated-region.simulated.blindai.invalid'),
    zone: name('simulated-zone.zonal.simulated-region.simulated.blindai.invalid'),
    instance: name('i-00000000000000000.simulated-region.simulated.blindai.invalid'),
    enclave: name(`${MOCK_MODULE_ID}.simulated-region.simulated`),
  }
  const authority = (role: 'region' | 'zone' | 'instance', by: keyof NitroKeys, pathLength: number, days: number) =>
    writeCertificate(
      apply(changes[role], {
        serial: randomSerial(),
        issuer: names[by],
        subject: names[role],
        notBefore: unixSeconds(now - DAY / 2),
        notAfter: unixSeconds(now + days * DAY),
        publicKey: spki(keys[role]),
        extensions: [
          ...linkage(keys[role], keys[by]),
          keyUsage(...(role === 'instance' ? CERTIFICATES : CERTIFICATES_AND_CRLS)),
          basicConstraints({ pathLength }),
        ],
        signingKey: keys[by],
      }),
    )
  return {
    root: root ?? writeCertificate(apply(changes.root, rootFields(keys.root, names.root, now))),
    region: authority('region', 'root', 2, 20),
    zone: authority('zone', 'region', 1, 6),
    instance: authority('instance', 'zone', 0, 1),
    enclave: writeCertificate(
      apply(changes.enclave, {
        serial: randomSerial(),
        issuer: names.instance,
        subject: names.enclave,
        notBefore: unixSeconds(now - ENCLAVE_SECONDS_BEFORE),
        notAfter: unixSeconds(now + ENCLAVE_SECONDS_AFTER),
        publicKey: spki(keys.enclave),
        extensions: [basicConstraints(undefined), keyUsage(...DATA_SIGNATURES)],
        signingKey: keys.instance,
      }),
    ),
  }
}

function rootFields(key: KeyPair, subject: Name, now: UnixSeconds): CertificateFields {
  return {
    serial: randomSerial(),
    issuer: subject,
    subject,
    notBefore: unixSeconds(now - DAY),
    notAfter: unixSeconds(now + 20 * YEAR),
    publicKey: spki(key),
    extensions: [subjectKeyIdentifier(spki(key)), keyUsage(...CERTIFICATES_AND_CRLS), basicConstraints({})],
    signingKey: key,
  }
}

function name(commonName: string): Name {
  return { commonName, organization: 'BlindAI simulation that protects nothing', country: 'US' }
}

function linkage(key: KeyPair, issuer: KeyPair): Extension[] {
  return [authorityKeyIdentifier(spki(issuer)), subjectKeyIdentifier(spki(key))]
}

/** 16 bytes, the first neither zero nor above 0x7f. Source: RFC 5280, 4.1.2.2. */
function randomSerial(): Uint8Array {
  const serial = new Uint8Array(randomBytes(16))
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40
  return serial
}
