import { derInteger, type UnixSeconds, unixSeconds, utf8 } from '@blindai/core'
import {
  authorityKeyIdentifier,
  basicConstraints,
  type CertificateFields,
  crlNumber,
  type Extension,
  keyUsage,
  type Name,
  subjectKeyIdentifier,
  writeCertificate,
  writeCrl,
} from '../authority/certificate.ts'
import { apply } from '../authority/changes.ts'
import { generateKeyPair, generateRsaKeyPair, type KeyPair, spki } from '../authority/keys.ts'
import type { SnpChanges } from './changes.ts'
import type { SnpPlatform } from './platform.ts'

/** The certificates of an authority of SEV-SNP, in the roles that AMD's have: ARK → ASK → VCEK, or ARK → ASVK → VLEK. */

/** Keys: the two authorities' of RSA with 4096 bits, the endorsement key's of P-384. */
export interface SnpKeys {
  readonly ark: KeyPair
  readonly ask: KeyPair
  readonly endorsement: KeyPair
}

/** DER. */
export interface SnpCertificates {
  readonly ark: Uint8Array
  readonly ask: Uint8Array
  readonly endorsement: Uint8Array
  readonly crl: Uint8Array
}

const DAY = 86_400
const YEAR = 365 * DAY
const ARC = '1.3.6.1.4.1.3704.1.'

/** New keys for those that are not given. */
export function completeSnpKeys(given: Partial<SnpKeys>): SnpKeys {
  return {
    ark: given.ark ?? generateRsaKeyPair(),
    ask: given.ask ?? generateRsaKeyPair(),
    endorsement: given.endorsement ?? generateKeyPair('P-384'),
  }
}

/** Issues all of them at a time. */
export function issueSnpCertificates(
  keys: SnpKeys,
  platform: SnpPlatform,
  now: UnixSeconds,
  changes: SnpChanges,
): SnpCertificates {
  const { ark, ask, endorsement } = keys
  const { product, signingKey } = platform
  const arkName = nameOf(`ARK-${product}`)
  const askName = nameOf(`${signingKey === 'VLEK' ? 'SEV-VLEK' : 'SEV'}-${product}`)
  const crl = {
    issuer: arkName,
    thisUpdate: unixSeconds(now - DAY),
    nextUpdate: unixSeconds(now + YEAR),
    revoked: [],
    extensions: [crlNumber(1), authorityKeyIdentifier(spki(ark))],
    signingKey: ark,
  }
  return {
    ark: writeCertificate(
      apply(changes.arkCertificate, {
        ...fields(1, arkName, ark, arkName, ark, now),
        extensions: [keyUsage(5, 6), subjectKeyIdentifier(spki(ark)), basicConstraints({ pathLength: 1 })],
      }),
    ),
    ask: writeCertificate(
      apply(changes.askCertificate, {
        ...fields(2, askName, ask, arkName, ark, now),
        extensions: [
          authorityKeyIdentifier(spki(ark)),
          subjectKeyIdentifier(spki(ask)),
          basicConstraints({ pathLength: 0 }),
          keyUsage(5),
        ],
      }),
    ),
    endorsement: writeCertificate(
      apply(changes.endorsementCertificate, {
        ...fields(0, nameOf(`SEV-${signingKey}`), endorsement, askName, ask, now),
        extensions: endorsementExtensions(platform),
      }),
    ),
    crl: writeCrl(apply(changes.crl, crl)),
  }
}

/** Source: AMD 57230, "VCEK Certificate Definition". */
function endorsementExtensions({ product, signingKey, certified, hwId, provider }: SnpPlatform): readonly Extension[] {
  const { fmc, bootLoader, tee, snp, microcode } = certified
  const text = (value: string): Uint8Array => Uint8Array.of(0x16, value.length, ...utf8(value))
  return [
    amd('1', derInteger(product === 'Turin' ? 1 : 0)),
    amd('2', text(product)),
    ...(fmc === undefined ? [] : [amd('3.9', derInteger(fmc))]),
    amd('3.1', derInteger(bootLoader)),
    amd('3.2', derInteger(tee)),
    amd('3.5', derInteger(0)),
    amd('3.3', derInteger(snp)),
    amd('3.8', derInteger(microcode)),
    signingKey === 'VLEK' ? amd('5', text(provider)) : amd('4', hwId),
  ]
}

function amd(arc: string, value: Uint8Array): Extension {
  return { oid: `${ARC}${arc}`, critical: false, value }
}

function nameOf(role: string): Name {
  return { commonName: `BlindAI Simulated ${role}`, organization: 'BlindAI', country: 'FR' }
}

function fields(
  serial: number,
  subject: Name,
  key: KeyPair,
  issuer: Name,
  signingKey: KeyPair,
  now: UnixSeconds,
): Omit<CertificateFields, 'extensions'> {
  return {
    serial: Uint8Array.of(serial),
    subject,
    issuer,
    notBefore: unixSeconds(now - DAY),
    notAfter: unixSeconds(now + 7 * YEAR),
    publicKey: spki(key),
    signingKey,
  }
}
