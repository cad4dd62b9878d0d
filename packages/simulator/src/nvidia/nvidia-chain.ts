import { randomBytes } from 'node:crypto'
import {
  derImplicit,
  derInteger,
  derOctetString,
  derOid,
  derSequence,
  type UnixSeconds,
  unixSeconds,
  utf8,
} from '@blindai/core'
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
 * The certificates behind a report of a GPU and behind the manifests of its firmware, in the roles that NVIDIA's have.
 * Source: the chains in `vectors/attestation/nvidia/`.
 */

const DAY = 86_400
const YEAR = 365 * DAY
/** X.509 usage bits. */
const DATA_SIGNATURES = [0]
const CERTIFICATES_AND_CRLS = [5, 6]

/** Each role, its common name, and who issues it; a root issues itself. The order is that of issuing. */
const ROLES = {
  deviceRoot: { name: 'BlindAI Simulated Device Identity CA', issuer: 'deviceRoot' },
  identity: { name: 'NVIDIA GH100 Identity', issuer: 'deviceRoot' },
  provisioner: { name: 'NVIDIA GH100 Provisioner ICA 1', issuer: 'identity' },
  device: { name: 'GH100 A01 GSP BROM', issuer: 'provisioner' },
  gpu: { name: 'GH100 A01 GSP FMC LF', issuer: 'device' },
  rimRoot: { name: 'BlindAI Simulated RIM Root CA', issuer: 'rimRoot' },
  rimAuthority: { name: 'NVIDIA Reference Value GH100 CA', issuer: 'rimRoot' },
  rimIssuer: { name: 'NVIDIA Reference Value L3 GH100 002', issuer: 'rimAuthority' },
  rimSigner: { name: 'HCC RIM L4 Signer', issuer: 'rimIssuer' },
} as const

export type NvidiaRole = keyof typeof ROLES
export const NVIDIA_ROLES = Object.keys(ROLES) as readonly NvidiaRole[]

/** Those whose status a responder tells. */
export type RevocableRole = 'identity' | 'provisioner' | 'rimAuthority' | 'rimIssuer' | 'rimSigner'
export const REVOCABLE: readonly RevocableRole[] = ['identity', 'provisioner', 'rimAuthority', 'rimIssuer', 'rimSigner']

/** A key pair on P-384 for each role, and one for every responder. */
export type NvidiaKeys = { readonly [Role in NvidiaRole | 'responder']: KeyPair }

/** DER of each certificate. */
export type NvidiaCertificates = { readonly [Role in NvidiaRole]: Uint8Array }

/** Changes of the certificates, by role. */
export type NvidiaCertificateChanges = { readonly [Role in NvidiaRole]?: Change<CertificateFields> }

/** Certificates, and what they were made of. */
export interface IssuedNvidia {
  readonly certificates: NvidiaCertificates
  readonly fields: { readonly [Role in NvidiaRole]: CertificateFields }
}

/** The given keys, and new ones for the rest. */
export function completeNvidiaKeys(given: Partial<NvidiaKeys>): NvidiaKeys {
  const key = (role: NvidiaRole | 'responder'): KeyPair => given[role] ?? generateKeyPair('P-384')
  return {
    deviceRoot: key('deviceRoot'),
    identity: key('identity'),
    provisioner: key('provisioner'),
    device: key('device'),
    gpu: key('gpu'),
    rimRoot: key('rimRoot'),
    rimAuthority: key('rimAuthority'),
    rimIssuer: key('rimIssuer'),
    rimSigner: key('rimSigner'),
    responder: key('responder'),
  }
}

/** @param given - DER of existing certificates; new ones are issued for the rest. @param fwid - of the GPU's firmware. */
export function issueNvidiaCertificates(
  keys: NvidiaKeys,
  given: Partial<NvidiaCertificates>,
  fwid: Uint8Array,
  now: UnixSeconds,
  changes: NvidiaCertificateChanges,
): IssuedNvidia {
  const issue = (role: NvidiaRole): readonly [NvidiaRole, CertificateFields] => [
    role,
    apply(changes[role], fieldsOf(role, keys, fwid, now)),
  ]
  const fields = Object.fromEntries(NVIDIA_ROLES.map(issue)) as IssuedNvidia['fields']
  const der = (role: NvidiaRole): readonly [NvidiaRole, Uint8Array] => [
    role,
    given[role] ?? writeCertificate(fields[role]),
  ]
  return { certificates: Object.fromEntries(NVIDIA_ROLES.map(der)) as NvidiaCertificates, fields }
}

function fieldsOf(role: NvidiaRole, keys: NvidiaKeys, fwid: Uint8Array, now: UnixSeconds): CertificateFields {
  const { issuer } = ROLES[role]
  const isLeaf = role === 'gpu' || role === 'rimSigner'
  return {
    serial: randomSerial(),
    issuer: nameOf(issuer),
    subject: nameOf(role),
    notBefore: unixSeconds(now - DAY),
    notAfter: unixSeconds(now + (issuer === role ? 20 : 2) * YEAR),
    publicKey: spki(keys[role]),
    extensions: [
      authorityKeyIdentifier(spki(keys[issuer])),
      subjectKeyIdentifier(spki(keys[role])),
      keyUsage(...(isLeaf ? DATA_SIGNATURES : CERTIFICATES_AND_CRLS)),
      ...(isLeaf ? [] : [basicConstraints({})]),
      ...(REVOCABLE.some((one) => one === role) ? [ocspAccess()] : []),
      ...(role === 'gpu' ? [deviceIdentifier(spki(keys.device), fwid)] : []),
    ],
    signingKey: keys[issuer],
  }
}

/** Who answers for the certificates of an issuer. */
export function responderFields(role: RevocableRole, keys: NvidiaKeys, now: UnixSeconds): CertificateFields {
  const { issuer } = ROLES[role]
  return {
    serial: randomSerial(),
    issuer: nameOf(issuer),
    subject: name(`BlindAI Simulated OCSP Responder of ${ROLES[issuer].name}`),
    notBefore: unixSeconds(now - DAY),
    notAfter: unixSeconds(now + YEAR),
    publicKey: spki(keys.responder),
    extensions: [
      authorityKeyIdentifier(spki(keys[issuer])),
      subjectKeyIdentifier(spki(keys.responder)),
      keyUsage(...DATA_SIGNATURES),
      extendedKeyUsage('1.3.6.1.5.5.7.3.9'),
    ],
    signingKey: keys[issuer],
  }
}

/** The role that issues another. */
export function issuerOf(role: NvidiaRole): NvidiaRole {
  return ROLES[role].issuer
}

/** Purposes, critical as NVIDIA's responders have them. Source: RFC 5280 section 4.2.1.12. */
export function extendedKeyUsage(...purposes: readonly string[]): Extension {
  return { oid: '2.5.29.37', critical: true, value: derSequence(...purposes.map(derOid)) }
}

/** Source: RFC 5280 section 4.2.2.1. */
function ocspAccess(): Extension {
  const location = derImplicit(6, utf8('http://ocsp.simulated.blindai.invalid'))
  return {
    oid: '1.3.6.1.5.5.7.1.1',
    critical: false,
    value: derSequence(derSequence(derOid('1.3.6.1.5.5.7.48.1'), location)),
  }
}

/** Version 1, the key of the device, and SHA-384 of the firmware. Source: NVIDIA's certificates. */
export function deviceIdentifier(
  deviceKey: Uint8Array,
  fwid: Uint8Array,
  version = 1,
  hash = '2.16.840.1.101.3.4.2.2',
): Extension {
  const firmware = derSequence(derOid(hash), derOctetString(fwid))
  return { oid: '2.23.133.5.4.1', critical: false, value: derSequence(derInteger(version), deviceKey, firmware) }
}

function nameOf(role: NvidiaRole): Name {
  return name(ROLES[role].name)
}

function name(commonName: string): Name {
  return { commonName, organization: 'BlindAI simulation that protects nothing', country: 'US' }
}

/** 16 bytes, the first neither zero nor above 0x7f. Source: RFC 5280, 4.1.2.2. */
function randomSerial(): Uint8Array {
  const serial = new Uint8Array(randomBytes(16))
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40
  return serial
}
