import { concatBytes, digest, type EvidenceFormat, equalBytes, toHex, type UnixSeconds } from '@blindai/core'
import type { CheckList } from '../appraisal/check-list.ts'
import { type EcPublicKey, isSameKey, p256Key, verifyEcdsa } from '../crypto/public-key.ts'
import { VerifierError } from '../errors/verifier-error.ts'
import type { Certificate } from '../x509/certificate.ts'
import { checkWindow, verifyChain } from '../x509/chain.ts'
import { checkRoles, sha256Hex, verifyBelow } from '../x509/chain-roles.ts'
import { refuseRevoked, verifyCrl } from '../x509/crl.ts'
import type { NonEmpty } from '../x509/pem.ts'
import { anchorOf, type DcapAnchor } from './anchor.ts'
import type { ParsedDcapEndorsements } from './endorsements.ts'
import { type PckPlatform, readPckPlatform } from './pck-extension.ts'
import { matchQeIdentity } from './qe-identity.ts'
import type { QuoteSignature } from './quote-signature.ts'
import type { SignedText } from './signed-text.ts'

/** What a quote and its endorsements say, and what they are to be held against. */
export interface PlatformEvidence {
  readonly format: EvidenceFormat
  readonly signature: QuoteSignature
  /** Lowest first. */
  readonly pckChain: NonEmpty<Certificate>
  readonly endorsements: ParsedDcapEndorsements
  /** What TCB info and QE identity must be for. */
  readonly kind: PlatformKind
  readonly simulatedRoots: readonly string[] | undefined
  readonly now: UnixSeconds
}

/** Which TEE TCB info and QE identity are for. */
export interface PlatformKind {
  readonly tcbInfo: 'SGX' | 'TDX'
  readonly qeIdentity: 'QE' | 'TD_QE'
}

/** What stands once everything up to the attestation key is proved. */
export interface ProvedPlatform {
  readonly trustClass: DcapAnchor['trustClass']
  readonly rootSha256: string
  readonly platform: PckPlatform
  readonly attestationKey: EcPublicKey
}

/**
 * Proves a DCAP platform from its root down to the attestation key that signs quotes, for SGX and TDX alike.
 *
 * Source: Intel SGX and TDX DCAP Quote Verification Library, 4.1.2; Intel SGX PCK Certificate and CRL Profile. Stricter
 * than the library in that windows open at their issue dates, reserved bytes are zero, and every list's issuer is shown.
 *
 * @throws {Halt} at the first check that fails; the list says which.
 */
export async function provePlatform(checks: CheckList, evidence: PlatformEvidence): Promise<ProvedPlatform> {
  const { pckChain, now } = evidence
  const { root, anchor, rootSha256 } = await checks.prove('dcap.root', () => pinRoot(evidence))
  const { pck, pckAuthority, platform } = await checks.prove('dcap.pck-chain', () =>
    verifyPckChain(pckChain, anchor, now),
  )
  const { endorsements } = evidence
  await checks.prove('dcap.root-crl', () => verifyCrl(endorsements.rootCaCrl, root, now))
  await checks.prove('dcap.pck-crl', () => verifyPckCrl(evidence, anchor, root, pckAuthority))
  await checks.prove('dcap.revocation', () => {
    refuseRevoked(endorsements.rootCaCrl, root)
    refuseRevoked(endorsements.rootCaCrl, pckAuthority)
    for (const authority of endorsements.pckCrlIssuerChain) refuseRevoked(endorsements.rootCaCrl, authority)
    refuseRevoked(endorsements.pckCrl, pck)
  })
  const signers = await checks.prove('dcap.tcb-signer', () => verifySigners(evidence, anchor, root))
  await checks.prove('dcap.tcb-info', () => verifyTcbInfo(evidence, platform, signers.tcbInfo))
  await checks.prove('dcap.qe-identity', () => verifyQeIdentity(evidence, signers.qeIdentity))
  await checks.prove('dcap.qe-report', () => verifyQeReport(evidence.signature, pck))
  await checks.prove('dcap.attestation-key', () => verifyAttestationKey(evidence.signature))
  await checks.prove('dcap.qe', () => matchQeIdentity(evidence.signature.qeReport, endorsements.qeIdentity))
  const attestationKey = p256Key(evidence.signature.attestationKey)
  return { trustClass: anchor.trustClass, rootSha256, platform, attestationKey }
}

async function pinRoot(
  evidence: PlatformEvidence,
): Promise<{ root: Certificate; anchor: DcapAnchor; rootSha256: string }> {
  const [first, ...rest] = evidence.pckChain
  const root = rest.at(-1) ?? first
  const rootSha256 = await sha256Hex(root.der)
  return { root, rootSha256, anchor: anchorOf(evidence.format, rootSha256, evidence.simulatedRoots) }
}

const PCK_CHAIN = 'PCK chain'
const PCK_CRL_ISSUER_CHAIN = 'PCK CRL issuer chain'
const TCB_INFO_CHAIN = 'TCB info issuer chain'
const QE_IDENTITY_CHAIN = 'QE identity issuer chain'

async function verifyPckChain(
  chain: NonEmpty<Certificate>,
  { names }: DcapAnchor,
  now: UnixSeconds,
): Promise<{ pck: Certificate; pckAuthority: Certificate; platform: PckPlatform }> {
  checkRoles(PCK_CHAIN, chain, [[names.pck], names.pckAuthorities, [names.root]])
  await verifyChain(chain, 'end-entity', now)
  // There are three, as their roles ask.
  const [pck, pckAuthority = pck] = chain
  return { pck, pckAuthority, platform: readPckPlatform(pck) }
}

async function verifyPckCrl(
  { endorsements, now, pckChain }: PlatformEvidence,
  { names }: DcapAnchor,
  root: Certificate,
  pckAuthority: Certificate,
): Promise<void> {
  const chain = endorsements.pckCrlIssuerChain
  checkRoles(PCK_CRL_ISSUER_CHAIN, chain, [names.pckAuthorities, [names.root]])
  await verifyBelow(root, PCK_CRL_ISSUER_CHAIN, chain, pckChain, 'authority', now)
  const [issuer = root] = chain
  const sameAuthority =
    issuer.subject.raw === pckAuthority.subject.raw && isSameKey(issuer.publicKey, pckAuthority.publicKey)
  if (!sameAuthority) {
    const expected = pckAuthority.subject.commonName
    throw new VerifierError('PCK_ISSUER_MISMATCH', { expected, actual: issuer.subject.commonName })
  }
  await verifyCrl(endorsements.pckCrl, issuer, now)
}

async function verifySigners(
  { endorsements, now }: PlatformEvidence,
  { names }: DcapAnchor,
  root: Certificate,
): Promise<{ tcbInfo: Certificate; qeIdentity: Certificate }> {
  const roles = [[names.tcbSigning], [names.root]]
  const { tcbInfoIssuerChain, qeIdentityIssuerChain, rootCaCrl } = endorsements
  checkRoles(TCB_INFO_CHAIN, tcbInfoIssuerChain, roles)
  checkRoles(QE_IDENTITY_CHAIN, qeIdentityIssuerChain, roles)
  await verifyBelow(root, TCB_INFO_CHAIN, tcbInfoIssuerChain, [], 'end-entity', now)
  await verifyBelow(root, QE_IDENTITY_CHAIN, qeIdentityIssuerChain, tcbInfoIssuerChain, 'end-entity', now)
  const [tcbInfo = root] = tcbInfoIssuerChain
  const [qeIdentity = root] = qeIdentityIssuerChain
  refuseRevoked(rootCaCrl, tcbInfo)
  refuseRevoked(rootCaCrl, qeIdentity)
  return { tcbInfo, qeIdentity }
}

async function verifyTcbInfo(
  { endorsements, kind, now }: PlatformEvidence,
  platform: PckPlatform,
  signer: Certificate,
): Promise<void> {
  const { tcbInfo, tcbInfoText } = endorsements
  if (!(await isTextSignedBy(tcbInfoText, signer))) {
    throw new VerifierError('TCB_INFO_SIGNATURE_INVALID', { signer: signer.subject.commonName })
  }
  checkWindow('TCB info', tcbInfo.issueDate, tcbInfo.nextUpdate, now)
  if (tcbInfo.id !== kind.tcbInfo) {
    throw new VerifierError('TCB_INFO_KIND_MISMATCH', { expected: kind.tcbInfo, actual: tcbInfo.id })
  }
  if (tcbInfo.fmspc !== platform.fmspc) {
    throw new VerifierError('FMSPC_MISMATCH', { pck: platform.fmspc, tcbInfo: tcbInfo.fmspc })
  }
  if (tcbInfo.pceId !== platform.pceId) {
    throw new VerifierError('PCEID_MISMATCH', { pck: platform.pceId, tcbInfo: tcbInfo.pceId })
  }
}

async function verifyQeIdentity({ endorsements, kind, now }: PlatformEvidence, signer: Certificate): Promise<void> {
  const { qeIdentity, qeIdentityText } = endorsements
  if (!(await isTextSignedBy(qeIdentityText, signer))) {
    throw new VerifierError('QE_IDENTITY_SIGNATURE_INVALID', { signer: signer.subject.commonName })
  }
  checkWindow('QE identity', qeIdentity.issueDate, qeIdentity.nextUpdate, now)
  if (qeIdentity.id !== kind.qeIdentity) {
    throw new VerifierError('QE_IDENTITY_KIND_MISMATCH', { expected: kind.qeIdentity, actual: qeIdentity.id })
  }
}

function isTextSignedBy(text: SignedText, signer: Certificate): Promise<boolean> {
  return verifyEcdsa(signer.field, signer.publicKey, 'SHA-256', text.signature, text.signed)
}

async function verifyQeReport(signature: QuoteSignature, pck: Certificate): Promise<void> {
  const { qeReportBytes, qeReportSignature } = signature
  if (await verifyEcdsa(pck.field, pck.publicKey, 'SHA-256', qeReportSignature, qeReportBytes)) return
  throw new VerifierError('QE_REPORT_SIGNATURE_INVALID', { signer: pck.subject.commonName })
}

/** REPORTDATA is SHA-256(attestation key | QE authentication data), then zeros. */
async function verifyAttestationKey(signature: QuoteSignature): Promise<void> {
  const { attestationKey, qeAuthenticationData, qeReport } = signature
  const hash = await digest('SHA-256', concatBytes(attestationKey, qeAuthenticationData))
  const expected = concatBytes(hash, new Uint8Array(32))
  if (equalBytes(expected, qeReport.reportData)) return
  const facts = { expected: toHex(expected), actual: toHex(qeReport.reportData) }
  throw new VerifierError('QE_REPORT_DATA_MISMATCH', facts)
}
