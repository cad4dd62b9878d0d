import { equalBytes, toHex, type UnixSeconds } from '@blindai/core'
import type { CheckList } from '../../appraisal/check-list.ts'
import { requireEcKey, verifyEcdsa } from '../../crypto/public-key.ts'
import { VerifierError } from '../../errors/verifier-error.ts'
import type { SnpClaims } from '../../result/snp-claims.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { verifyChain } from '../../x509/chain.ts'
import { checkRoles, sha256Hex } from '../../x509/chain-roles.ts'
import { refuseRevoked, verifyCrl } from '../../x509/crl.ts'
import { type EndorsementKey, readEndorsementKey } from './endorsement-key.ts'
import { chainName, type ParsedSnpEndorsements, parseSnpEndorsements } from './endorsements.ts'
import { productOf, type SnpProduct } from './product.ts'
import { parseSnpReport, type SnpReport } from './report.ts'
import { type SnpAnchor, snpAnchorOf } from './roots.ts'
import { claimsOf } from './snp-claims.ts'
import { lowerComponent, parseSnpTcb, SNP_TCB_COMPONENTS, type SnpTcb, type SnpTcbName } from './tcb-version.ts'

/** An attestation report, what endorses it, and what it is held against. */
export interface SnpEvidence {
  readonly format: 'sev-snp' | 'simulated-sev-snp'
  readonly bytes: Uint8Array
  readonly endorsements: unknown
  readonly simulatedRoots: readonly string[] | undefined
  /** Whether a missing revocation list refuses the evidence. One that is there is always looked at. */
  readonly requireCrl: boolean
  readonly now: UnixSeconds
}

/** The four TCB versions of a report. */
export type SnpTcbs = { readonly [Name in SnpTcbName]: SnpTcb }

/** What a report proves. */
export interface ProvedSnp {
  readonly technology: 'snp'
  readonly trustClass: 'hardware' | 'simulated'
  readonly report: SnpReport
  readonly endorsementKey: EndorsementKey
  readonly tcbs: SnpTcbs
  readonly claims: SnpClaims
}

/**
 * Proves an attestation report: form, root, endorsement key, chip, reported TCB and signature. Whether the policy wants
 * what it says is not asked here.
 *
 * Source: AMD 56860, "Attestation"; AMD 57230, chapters 2 and 3.
 *
 * @throws {Halt} at the first check that fails; the list says which.
 */
export async function proveSnp(checks: CheckList, evidence: SnpEvidence): Promise<ProvedSnp> {
  const { format, now } = evidence
  const report = await checks.prove('evidence.form', () => parseSnpReport(evidence.bytes))
  const endorsements = await checks.prove('endorsements.form', () => {
    if (evidence.endorsements === undefined) throw new VerifierError('ENDORSEMENTS_MISSING', { format })
    return parseSnpEndorsements(evidence.endorsements)
  })
  const { kind, chain } = endorsements
  const [leaf] = chain
  const root = chain.at(-1) ?? leaf
  const rootSha256 = await sha256Hex(root.der)
  const anchor = await checks.prove('snp.root', () =>
    snpAnchorOf(format, rootSha256, root.subject.commonName, evidence.simulatedRoots),
  )
  const { product, authority } = await checks.prove('snp.chain', () => verifyRoles(endorsements, anchor, now))
  await proveRevocation(checks, evidence, endorsements, root, authority)
  const endorsementKey = await checks.prove('snp.product', () => {
    const key = readEndorsementKey(leaf, kind)
    requireProduct(`the ${kind}`, product, key.product)
    if (report.cpuId !== undefined) requireProduct('the processor', product, productOf(report.cpuId))
    return key
  })
  await checks.prove('snp.signing-key', () => matchSigningKey(report, endorsementKey))
  await proveChip(checks, report, endorsementKey)
  const tcbs = await checks.prove('snp.reported-tcb', () => matchTcb(report, endorsementKey))
  await checks.prove('snp.report-signature', () => verifyReport(report, leaf))
  await checks.prove('snp.tcb-order', () => {
    requireOrder('reported', 'committed', tcbs)
    requireOrder('committed', 'current', tcbs)
  })
  const claims = claimsOf(format, report, endorsementKey, rootSha256)
  return { technology: 'snp', trustClass: anchor.trustClass, report, endorsementKey, tcbs, claims }
}

async function verifyRoles(
  { kind, chain }: ParsedSnpEndorsements,
  anchor: SnpAnchor,
  now: UnixSeconds,
): Promise<{ product: SnpProduct; authority: Certificate }> {
  const [leaf, authority = leaf] = chain
  // A simulated root whose name tells no product has the name of none.
  const product = anchor.product ?? 'Milan'
  const names = anchor.names(product, kind)
  checkRoles(chainName(kind), chain, [[names.leaf], [names.authority], [names.root]])
  await verifyChain(chain, 'plain-end-entity', now)
  return { product, authority }
}

/** The list is the root's: it names authorities. AMD revokes endorsement keys by raising the TCB. */
async function proveRevocation(
  checks: CheckList,
  { requireCrl, now }: SnpEvidence,
  { crl }: ParsedSnpEndorsements,
  root: Certificate,
  authority: Certificate,
): Promise<void> {
  if (crl === undefined && !requireCrl) return
  const list = await checks.prove('snp.crl', async () => {
    if (crl === undefined) throw new VerifierError('SNP_CRL_MISSING', { issuer: root.subject.commonName })
    await verifyCrl(crl, root, now)
    return crl
  })
  await checks.prove('snp.revocation', () => {
    refuseRevoked(list, root)
    refuseRevoked(list, authority)
  })
}

function requireProduct(subject: string, expected: SnpProduct, actual: SnpProduct | undefined): void {
  if (actual === expected) return
  throw new VerifierError('SNP_PRODUCT_MISMATCH', { subject, expected, actual: actual ?? '(unknown)' })
}

function matchSigningKey(report: SnpReport, { kind }: EndorsementKey): void {
  if (report.isChipKeyMasked) throw new VerifierError('SNP_REPORT_NOT_SIGNED', { field: 'MASK_CHIP_KEY' })
  if (report.signingKey === 'none') throw new VerifierError('SNP_REPORT_NOT_SIGNED', { field: 'SIGNING_KEY' })
  if (report.signingKey === kind) return
  throw new VerifierError('SNP_SIGNING_KEY_MISMATCH', { report: report.signingKey, certificate: kind })
}

/** A VLEK is of no chip, and the check is skipped. The identifier of Turin fills 8 of the 64 bytes, the rest is zero. */
async function proveChip(checks: CheckList, { chipId }: SnpReport, { hwId }: EndorsementKey): Promise<void> {
  if (hwId === undefined) return
  await checks.prove('snp.chip-id', () => {
    const expected = new Uint8Array(chipId.byteLength)
    expected.set(hwId)
    if (equalBytes(expected, chipId)) return
    throw new VerifierError('SNP_CHIP_ID_MISMATCH', { certificate: toHex(expected), report: toHex(chipId) })
  })
}

function matchTcb(report: SnpReport, { product, tcb }: EndorsementKey): SnpTcbs {
  const tcbs = {
    reported: parseSnpTcb('SNP report REPORTED_TCB', report.reportedTcb, product),
    committed: parseSnpTcb('SNP report COMMITTED_TCB', report.committedTcb, product),
    current: parseSnpTcb('SNP report CURRENT_TCB', report.currentTcb, product),
    launch: parseSnpTcb('SNP report LAUNCH_TCB', report.launchTcb, product),
  }
  for (const component of SNP_TCB_COMPONENTS) {
    const [certificate = 0, reported = 0] = [tcb[component], tcbs.reported[component]]
    if (certificate !== reported)
      throw new VerifierError('SNP_TCB_MISMATCH', { component, certificate, report: reported })
  }
  return tcbs
}

async function verifyReport({ signature, signed }: SnpReport, leaf: Certificate): Promise<void> {
  const { publicKey, field, subject } = leaf
  const key = requireEcKey(`${field} public key`, publicKey)
  if (key.curve !== 'P-384') {
    const facts = { expected: 'P-384', actual: key.curve }
    throw new VerifierError('UNSUPPORTED_VALUE', { field: `${field} public key`, ...facts })
  }
  if (await verifyEcdsa(field, key, 'SHA-384', signature, signed)) return
  throw new VerifierError('SNP_SIGNATURE_INVALID', { signer: subject.commonName })
}

/** Source: AMD 56860, "SNP_COMMIT" and "SNP_CONFIG": the firmware lets no later one fall below an earlier one. */
function requireOrder(lower: SnpTcbName, higher: SnpTcbName, tcbs: SnpTcbs): void {
  const gap = lowerComponent(tcbs[higher], tcbs[lower])
  if (gap !== undefined) throw new VerifierError('SNP_TCB_ORDER', { lower, higher, ...gap })
}
