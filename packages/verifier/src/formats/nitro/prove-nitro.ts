import { formatUnixSeconds, MalformedError, toHex, type UnixSeconds } from '@blindai/core'
import type { CheckList } from '../../appraisal/check-list.ts'
import { trustClassOf } from '../../appraisal/trust-anchor.ts'
import { isSign1By } from '../../cose/sign1.ts'
import { VerifierError } from '../../errors/verifier-error.ts'
import type { NitroClaims } from '../../result/nitro-claims.ts'
import { type Certificate, parseCertificate } from '../../x509/certificate.ts'
import { verifyChain } from '../../x509/chain.ts'
import { requireP384, sha256Hex } from '../../x509/chain-roles.ts'
import { type NitroDocument, parseNitroDocument, type SignedNitroDocument } from './attestation-document.ts'
import { AWS_NITRO_ROOT_SHA256 } from './roots.ts'

/** A Nitro attestation document, and what it is held against. */
export interface NitroEvidence {
  readonly format: 'nitro' | 'simulated-nitro'
  readonly bytes: Uint8Array
  readonly endorsements: unknown
  readonly simulatedRoots: readonly string[] | undefined
  readonly now: UnixSeconds
}

/** What a document proves. */
export interface ProvedNitro {
  readonly technology: 'nitro'
  readonly trustClass: 'hardware' | 'simulated'
  readonly document: NitroDocument
  /** What the enclave had signed: `user_data`, and no bytes where there is none. */
  readonly report: { readonly reportData: Uint8Array }
  readonly signedAt: UnixSeconds
  readonly claims: NitroClaims
}

/**
 * Proves an attestation document of an AWS Nitro enclave: form, chain, signature, time. It brings its own chain and has no
 * endorsements; the chain is not looked up in revocation lists, as AWS's specification asks: its certificates live for hours
 * to weeks. Whether the policy wants it is not asked here.
 *
 * Source: AWS Nitro Enclaves NSM API, `docs/attestation_process.md`, section 3.2.
 *
 * @throws {Halt} at the first check that fails; the list says which.
 */
export async function proveNitro(checks: CheckList, evidence: NitroEvidence): Promise<ProvedNitro> {
  const { format, now, simulatedRoots } = evidence
  const { message, document, leaf, chain } = await checks.prove('evidence.form', () => parseEvidence(evidence.bytes))
  await checks.prove('endorsements.form', () => refuseEndorsements(evidence.endorsements))
  checks.skip('endorsements.form')
  const { trustClass, rootSha256 } = await checks.prove('nitro.root', async () => {
    const sha256 = await sha256Hex(chain.at(-1)?.der ?? new Uint8Array())
    const isAws = sha256 === AWS_NITRO_ROOT_SHA256
    return { trustClass: trustClassOf(format, sha256, isAws, simulatedRoots), rootSha256: sha256 }
  })
  await checks.prove('nitro.chain', () => verifyNitroChain(chain, now))
  await checks.prove('nitro.signature', async () => {
    if (await isSign1By(leaf.field, message, leaf.publicKey)) return
    throw new VerifierError('COSE_SIGNATURE_INVALID', { format, signer: leaf.subject.commonName })
  })
  await checks.prove('nitro.timestamp', () => requireWithin(document.signedAt, leaf))
  return {
    technology: 'nitro',
    trustClass,
    document,
    report: { reportData: document.userData ?? new Uint8Array() },
    signedAt: document.signedAt,
    claims: claimsOf(format, document, rootSha256),
  }
}

/** The chain is in the order of its use: the certificate that signed first, the root last. */
interface NitroParts extends SignedNitroDocument {
  readonly leaf: Certificate
  readonly chain: readonly Certificate[]
}

function parseEvidence(bytes: Uint8Array): NitroParts {
  const signed = parseNitroDocument(bytes)
  const leaf = parseCertificate('certificate', signed.document.certificate)
  const issuers = signed.document.cabundle.map((der, i) => parseCertificate(`cabundle[${i}]`, der))
  return { ...signed, leaf, chain: [leaf, ...issuers.reverse()] }
}

/** What is stapled and read by nobody would look like a proof. */
function refuseEndorsements(endorsements: unknown): void {
  if (endorsements === undefined) return
  throw new MalformedError('UNKNOWN_MEMBER', { field: 'document', member: 'endorsements' })
}

/** Every key is on P-384 and signs with SHA-384, as in AWS's; the lowest certificate says nothing of a path below it. */
async function verifyNitroChain(chain: readonly Certificate[], now: UnixSeconds): Promise<void> {
  requireP384(chain)
  await verifyChain(chain, 'end-entity', now)
  const [leaf] = chain
  if (leaf?.basicConstraints.pathLength === undefined) return
  throw new VerifierError('UNEXPECTED_CA', { subject: leaf.subject.commonName })
}

/** The signature covers the time; a time at which the key could not have signed is not its word. */
function requireWithin(signedAt: UnixSeconds, { notBefore, notAfter }: Certificate): void {
  if (signedAt >= notBefore && signedAt <= notAfter) return
  throw new VerifierError('EVIDENCE_TIME_OUTSIDE_CERTIFICATE', { signedAt, notBefore, notAfter })
}

function claimsOf(format: NitroEvidence['format'], document: NitroDocument, rootSha256: string): NitroClaims {
  const { moduleId, signedAt, pcrs, publicKey, userData, nonce } = document
  const numbers = [...pcrs.keys()].sort((a, b) => a - b)
  return {
    format,
    rootSha256,
    moduleId,
    signedAt: formatUnixSeconds(signedAt),
    pcrs: Object.fromEntries(numbers.map((number) => [`pcr${number}`, toHex(pcrs.get(number) ?? new Uint8Array())])),
    reportData: toHex(userData ?? new Uint8Array()),
    ...(nonce && { nonce: toHex(nonce) }),
    ...(publicKey && { publicKey: toHex(publicKey) }),
  }
}
