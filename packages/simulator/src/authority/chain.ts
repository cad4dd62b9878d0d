import { randomBytes } from 'node:crypto'
import { toPem, type UnixSeconds, unixSeconds } from '@blindai/core'
import {
  authorityKeyIdentifier,
  basicConstraints,
  type CertificateFields,
  crlDistributionPoint,
  type Extension,
  keyUsage,
  type Name,
  subjectKeyIdentifier,
  writeCertificate,
} from './certificate.ts'
import { type AuthorityChanges, apply } from './changes.ts'
import { generateKeyPair, type KeyPair, spki } from './keys.ts'
import { FMSPC, PCE_ID, PCE_SVN, SGX_TCB_COMPONENTS } from './platform.ts'
import { type PckPlatform, sgxExtension } from './sgx-extension.ts'

/**
 * The certificates of an authority, in the roles that Intel's have: root → platform CA → PCK, and root → TCB signing.
 * Source: Intel SGX PCK Certificate and CRL Profile 1.5.
 */

const ORGANIZATION = 'BlindAI simulation that protects nothing'
const ROOT_CRL_URL = 'https://simulated.blindai.invalid/root-ca.crl'
const PCK_CRL_URL = 'https://simulated.blindai.invalid/pck-crl?ca=platform'

/** The name of each role. */
export const ROOT_NAME: Name = name('BlindAI Simulated Root CA')
export const PLATFORM_CA_NAME: Name = name('BlindAI Simulated PCK Platform CA')
const PCK_NAME: Name = name('BlindAI Simulated PCK Certificate')
const TCB_SIGNING_NAME: Name = name('BlindAI Simulated TCB Signing')

function name(commonName: string): Name {
  return { commonName, organization: ORGANIZATION, country: 'US' }
}

const DAY = 86_400
const YEAR = 365 * DAY
/** X.509 usage bits. */
const DATA_SIGNATURES = [0, 1]
const CERTIFICATES_AND_CRLS = [5, 6]

/** A key pair for each role, and the attestation key that signs quotes. */
export interface AuthorityKeys {
  readonly root: KeyPair
  readonly platformCa: KeyPair
  readonly pck: KeyPair
  readonly tcbSigning: KeyPair
  readonly attestation: KeyPair
}

/** DER of each certificate. */
export interface Certificates {
  readonly root: Uint8Array
  readonly platformCa: Uint8Array
  readonly pck: Uint8Array
  readonly tcbSigning: Uint8Array
}

/** The given keys, and new ones for the rest. */
export function completeKeys(given: Partial<AuthorityKeys>): AuthorityKeys {
  return {
    root: given.root ?? generateKeyPair(),
    platformCa: given.platformCa ?? generateKeyPair(),
    pck: given.pck ?? generateKeyPair(),
    tcbSigning: given.tcbSigning ?? generateKeyPair(),
    attestation: given.attestation ?? generateKeyPair(),
  }
}

/** DER of a root certificate, valid from a day ago for twenty years. */
export function issueRoot(key: KeyPair, now: UnixSeconds, changes: AuthorityChanges = {}): Uint8Array {
  return writeCertificate(
    apply(changes.rootCertificate, {
      ...fieldsOf(ROOT_NAME, key, key, now, 20),
      issuer: ROOT_NAME,
      extensions: [
        ...linkage(key, key, ROOT_CRL_URL),
        keyUsage(...CERTIFICATES_AND_CRLS),
        basicConstraints({ pathLength: 1 }),
      ],
    }),
  )
}

/** Certificates of all roles below a root, and the root's own. */
export function issueCertificates(
  keys: AuthorityKeys,
  root: Uint8Array,
  now: UnixSeconds,
  changes: AuthorityChanges,
): Certificates {
  const { root: rootKey, platformCa, pck, tcbSigning } = keys
  return {
    root,
    platformCa: writeCertificate(
      apply(changes.platformCaCertificate, {
        ...fieldsOf(PLATFORM_CA_NAME, platformCa, rootKey, now, 15),
        issuer: ROOT_NAME,
        extensions: [
          ...linkage(platformCa, rootKey, ROOT_CRL_URL),
          keyUsage(...CERTIFICATES_AND_CRLS),
          basicConstraints({ pathLength: 0 }),
        ],
      }),
    ),
    pck: writeCertificate(
      apply(changes.pckCertificate, {
        ...fieldsOf(PCK_NAME, pck, platformCa, now, 7),
        issuer: PLATFORM_CA_NAME,
        extensions: [
          ...linkage(pck, platformCa, PCK_CRL_URL),
          keyUsage(...DATA_SIGNATURES),
          basicConstraints(undefined),
          sgxExtension(apply(changes.pckPlatform, newPlatform())),
        ],
      }),
    ),
    tcbSigning: writeCertificate(
      apply(changes.tcbSigningCertificate, {
        ...fieldsOf(TCB_SIGNING_NAME, tcbSigning, rootKey, now, 7),
        issuer: ROOT_NAME,
        extensions: [
          ...linkage(tcbSigning, rootKey, ROOT_CRL_URL),
          keyUsage(...DATA_SIGNATURES),
          basicConstraints(undefined),
        ],
      }),
    ),
  }
}

/** PEM, leaf first. */
export function pemChain(...chain: readonly Uint8Array[]): string {
  return chain.map((der) => toPem('CERTIFICATE', der)).join('')
}

function fieldsOf(
  subject: Name,
  key: KeyPair,
  signingKey: KeyPair,
  now: UnixSeconds,
  years: number,
): Omit<CertificateFields, 'issuer' | 'extensions'> {
  return {
    serial: randomSerial(),
    subject,
    notBefore: unixSeconds(now - DAY),
    notAfter: unixSeconds(now + years * YEAR),
    publicKey: spki(key),
    signingKey,
  }
}

function linkage(key: KeyPair, issuer: KeyPair, crlUrl: string): Extension[] {
  return [authorityKeyIdentifier(spki(issuer)), crlDistributionPoint(crlUrl), subjectKeyIdentifier(spki(key))]
}

/** 20 bytes, the first neither zero nor above 0x7f, so that DER keeps them as they are. Source: RFC 5280, 4.1.2.2. */
function randomSerial(): Uint8Array {
  const serial = new Uint8Array(randomBytes(20))
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40
  return serial
}

function newPlatform(): PckPlatform {
  return {
    ppid: new Uint8Array(randomBytes(16)),
    sgxTcbComponents: SGX_TCB_COMPONENTS,
    pceSvn: PCE_SVN,
    cpuSvn: new Uint8Array(SGX_TCB_COMPONENTS),
    pceId: PCE_ID,
    fmspc: FMSPC,
    platformInstanceId: new Uint8Array(randomBytes(16)),
  }
}
