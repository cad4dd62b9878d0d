import { createHash } from 'node:crypto'
import {
  derExplicit,
  type EvidenceFormat,
  type EvidenceSource,
  type NvidiaEndorsements,
  toBase64Url,
  toPem,
  type UnixSeconds,
  unixSeconds,
} from '@blindai/core'
import { type CertificateFields, subjectKeyIdentifier, writeCertificate, writeName } from '../authority/certificate.ts'
import { apply, type Change } from '../authority/changes.ts'
import { spki } from '../authority/keys.ts'
import {
  completeNvidiaKeys,
  type IssuedNvidia,
  issueNvidiaCertificates,
  issuerOf,
  type NvidiaCertificateChanges,
  type NvidiaCertificates,
  type NvidiaKeys,
  REVOCABLE,
  type RevocableRole,
  responderFields,
} from './nvidia-chain.ts'
import { MOCK_FWID, MOCK_NVIDIA_VERSIONS, makeNvidiaReport, type NvidiaReportChanges } from './nvidia-report.ts'
import { makeRim, type RimChanges, usualRim } from './nvidia-rim.ts'
import { issuerHashes, type OcspFields, writeOcspResponse } from './ocsp-writer.ts'

/**
 * A throwaway authority for tests that signs what an NVIDIA GPU, NVIDIA's manifests and its OCSP responders would. It has no
 * relation to NVIDIA, and protects nothing.
 */

const OCSP_BASIC = '1.3.6.1.5.5.7.48.1.1'
const DAY = 86_400

/** The steps at which a test can make the authority do wrong. What comes after a step follows from what it returned. */
export interface NvidiaChanges extends NvidiaCertificateChanges, NvidiaReportChanges {
  readonly driverRim?: RimChanges
  readonly vbiosRim?: RimChanges
  /** The certificate of the responder for a role, and its response. */
  readonly responders?: { readonly [Role in RevocableRole]?: Change<CertificateFields> }
  readonly ocsp?: { readonly [Role in RevocableRole]?: Change<OcspFields> }
  readonly endorsements?: Change<NvidiaEndorsements>
}

/** The keys, the time of issue and what to do wrong. */
export interface NvidiaAuthorityOptions {
  readonly now: UnixSeconds
  /** Keys to use; new ones are made for the rest. */
  readonly keys?: Partial<NvidiaKeys>
  /** DER of existing certificates of those keys; new ones are issued for the rest. */
  readonly certificates?: Partial<NvidiaCertificates>
  readonly changes?: NvidiaChanges
}

/** Two roots, everything below them, and a GPU that attests. */
export interface MockNvidiaAuthority {
  /** Lower-case hex SHA-256 of the DER of the root of devices and of the root of manifests. */
  readonly rootSha256: string
  readonly rimRootSha256: string
  readonly keys: NvidiaKeys
  readonly certificates: NvidiaCertificates
  readonly endorsements: NvidiaEndorsements
  /** A signed report about a nonce of 32 bytes. */
  attest(nonce: Uint8Array): Uint8Array
  /** An evidence source whose evidence is labelled as asked, rightly or wrongly; `simulated-nvidia` without a format. */
  source(format?: EvidenceFormat): EvidenceSource
}

/** Makes an authority under roots of its own. */
export function createMockNvidiaAuthority(options: NvidiaAuthorityOptions): MockNvidiaAuthority {
  const { now, changes = {} } = options
  const keys = completeNvidiaKeys(options.keys ?? {})
  const issued = issueNvidiaCertificates(keys, options.certificates ?? {}, MOCK_FWID, now, changes)
  const { certificates } = issued
  const endorsements = apply(changes.endorsements, endorse(keys, issued, now, changes))
  const attest = (nonce: Uint8Array): Uint8Array => makeNvidiaReport(keys.gpu, nonce, changes)
  return {
    rootSha256: sha256(certificates.deviceRoot),
    rimRootSha256: sha256(certificates.rimRoot),
    keys,
    certificates,
    endorsements,
    attest,
    source: (format = 'simulated-nvidia') => ({
      format,
      collect: async (reportData) => ({ bytes: attest(nonceOf(reportData)) }),
      endorsements: async () => endorsements,
    }),
  }
}

/** What a GPU is asked with for report data: it has room for 32 bytes. */
export function nonceOf(reportData: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(reportData).digest())
}

function endorse(keys: NvidiaKeys, issued: IssuedNvidia, now: UnixSeconds, changes: NvidiaChanges): NvidiaEndorsements {
  const { gpu, device, provisioner, identity, deviceRoot, ...rim } = issued.certificates
  const rimChain = [rim.rimSigner, rim.rimIssuer, rim.rimAuthority, rim.rimRoot]
  const { driverVersion, vbiosVersion } = MOCK_NVIDIA_VERSIONS
  const vbios = usualRim('vbios', vbiosVersion.toUpperCase(), rimChain, keys.rimSigner)
  return {
    type: 'nvidia',
    deviceChain: [gpu, device, provisioner, identity, deviceRoot].map((der) => toPem('CERTIFICATE', der)).join(''),
    driverRim: makeRim(usualRim('driver', driverVersion, rimChain, keys.rimSigner), changes.driverRim ?? {}),
    vbiosRim: makeRim(vbios, changes.vbiosRim ?? {}),
    ocsp: REVOCABLE.map((role) => toBase64Url(respond(role, keys, issued, now, changes))),
  }
}

/** A response about the certificate of a role, by a responder that its issuer appointed. */
function respond(
  role: RevocableRole,
  keys: NvidiaKeys,
  { fields }: IssuedNvidia,
  now: UnixSeconds,
  changes: NvidiaChanges,
): Uint8Array {
  const issuer = fields[issuerOf(role)]
  const responder = apply(changes.responders?.[role], responderFields(role, keys, now))
  const response: OcspFields = {
    responseStatus: 0,
    responseType: OCSP_BASIC,
    responderId: derExplicit(2, subjectKeyIdentifier(spki(keys.responder)).value),
    producedAt: unixSeconds(now - 60),
    ...issuerHashes(writeName(issuer.subject), issuer.publicKey),
    serial: fields[role].serial,
    status: 'good',
    thisUpdate: unixSeconds(now - 60),
    nextUpdate: unixSeconds(now + DAY),
    certificates: [writeCertificate(responder)],
    signingKey: keys.responder,
  }
  return writeOcspResponse(apply(changes.ocsp?.[role], response))
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
