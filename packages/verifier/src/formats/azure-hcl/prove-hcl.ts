import { concatBytes, digest, equalBytes, toHex, type UnixSeconds } from '@blindai/core'
import { HCL_SNP_CHECKS, HCL_TDX_CHECKS } from '../../appraisal/check-codes.ts'
import type { CheckList } from '../../appraisal/check-list.ts'
import { VerifierError } from '../../errors/verifier-error.ts'
import type { HclClaims } from '../../result/hcl-claims.ts'
import type { TpmEventLogClaims } from '../../result/tpm-claims.ts'
import { sha256Hex } from '../../x509/chain-roles.ts'
import { type ProvedSnp, proveSnp } from '../snp/prove-snp.ts'
import { type ProvedTdx, proveTdx } from '../tdx/prove-tdx.ts'
import { explainTpmLog } from '../tpm/event-log.ts'
import { pcrClaims } from '../tpm/evidence.ts'
import { type PcrBanks, verifyPcrDigest } from '../tpm/pcr-values.ts'
import { verifyTpmSignature } from '../tpm/signature.ts'
import { type ParsedHclEvidence, parseHclEvidence } from './evidence.ts'
import { requireQuoted } from './td-report.ts'

/** Evidence of an Azure confidential virtual machine, and what it is held against. */
export interface HclEvidence {
  readonly format: 'azure-hcl' | 'simulated-azure-hcl'
  readonly bytes: Uint8Array
  /** The log of the guest's boot; undefined when none came. */
  readonly log: Uint8Array | undefined
  /** Of the hardware: AMD's for SEV-SNP, Intel's for TDX. */
  readonly endorsements: unknown
  readonly simulatedRoots: readonly string[] | undefined
  readonly requireCrl: boolean
  readonly now: UnixSeconds
}

/** What it proves. */
export interface ProvedHcl {
  readonly technology: 'hcl'
  readonly trustClass: 'hardware' | 'simulated'
  readonly hardware: ProvedSnp | ProvedTdx
  /** A TPM's quote carries the SHA-256 of the report data. */
  readonly report: { readonly reportData: Uint8Array; readonly reportDataHash: 'SHA-256' }
  readonly claims: HclClaims
}

/**
 * Proves evidence of an Azure confidential virtual machine. The hardware vouches for the paravisor and for the hash of its
 * claims; the claims name the attestation key of the virtual TPM that the paravisor runs; that key signs the registers of the
 * guest. What such a key signs is as good as the paravisor, which is why its measurement has to be a reference value too. Whether
 * the policy wants any of it is not asked here.
 *
 * Source: Microsoft, "Azure confidential VMs guest attestation design detail".
 *
 * @throws {Halt} at the first check that fails; the list says which.
 */
export async function proveHcl(checks: CheckList, evidence: HclEvidence): Promise<ProvedHcl> {
  const { format } = evidence
  const parsed = await checks.prove('evidence.form', () => parseHclEvidence(evidence.bytes))
  const { report, claims, quote, quoted, signature, banks } = parsed
  const hardware = await proveHardware(checks, evidence, parsed)
  await checks.prove('hcl.runtime-claims', () => requireVouched(report.runtimeClaims, hardware.report.reportData))
  await checks.prove('tpm.quote-signature', () =>
    verifyTpmSignature('HCLAkPub', claims.attestationKey, signature, quoted),
  )
  await checks.prove('tpm.pcr-digest', () => verifyPcrDigest(quote, signature.hash, banks))
  const eventLog = await proveEventLog(checks, banks, evidence.log)
  return {
    technology: 'hcl',
    trustClass: hardware.trustClass,
    hardware,
    report: { reportData: quote.extraData, reportDataHash: 'SHA-256' },
    claims: { ...(await claimsOf(format, parsed, hardware)), ...(eventLog && { eventLog }) },
  }
}

/** A log that came along has to explain the registers that it measures into: what it says of them would be believed. */
async function proveEventLog(
  checks: CheckList,
  banks: PcrBanks,
  log: Uint8Array | undefined,
): Promise<TpmEventLogClaims | undefined> {
  if (log === undefined) return undefined
  return checks.prove('tpm.event-log', () => explainTpmLog(banks, log))
}

async function proveHardware(
  checks: CheckList,
  evidence: HclEvidence,
  { report, tdQuote }: ParsedHclEvidence,
): Promise<ProvedSnp | ProvedTdx> {
  const { endorsements, simulatedRoots, requireCrl, now } = evidence
  const common = { endorsements, simulatedRoots, now }
  const isSimulated = evidence.format === 'simulated-azure-hcl'
  if (tdQuote === undefined) {
    checks.drop(HCL_TDX_CHECKS)
    const format = isSimulated ? 'simulated-sev-snp' : 'sev-snp'
    const proved = await proveSnp(checks, { format, bytes: report.hardwareReport, requireCrl, ...common })
    await checks.prove('hcl.paravisor', () => requireParavisor(proved.report.vmpl))
    return proved
  }
  checks.drop(HCL_SNP_CHECKS)
  const format = isSimulated ? 'simulated' : 'tdx'
  const proved = await proveTdx(checks, { format, bytes: tdQuote, log: undefined, ...common })
  await checks.prove('hcl.td-report', () => requireQuoted(report.hardwareReport, proved.report))
  return proved
}

/**
 * Only the paravisor runs at VMPL 0. A guest below it that holds a key of its level gets reports too, over any data that it
 * likes and with the same launch digest: one of those would vouch for a key of the guest's own. No policy can allow that.
 */
function requireParavisor(vmpl: number): void {
  if (vmpl !== 0) throw new VerifierError('HCL_NOT_BY_PARAVISOR', { vmpl })
}

/** 64 bytes: the hash of the claims, and zeros. */
async function requireVouched(runtimeClaims: Uint8Array, reportData: Uint8Array): Promise<void> {
  const hash = await digest('SHA-256', runtimeClaims)
  const expected = concatBytes(hash, new Uint8Array(reportData.byteLength - hash.byteLength))
  if (equalBytes(expected, reportData)) return
  throw new VerifierError('HCL_RUNTIME_DATA_MISMATCH', { expected: toHex(expected), actual: toHex(reportData) })
}

async function claimsOf(
  format: HclEvidence['format'],
  { claims, quote, signature, banks }: ParsedHclEvidence,
  hardware: ProvedSnp | ProvedTdx,
): Promise<HclClaims> {
  const { attestationKey, ...machine } = claims
  return {
    format,
    rootSha256: hardware.claims.rootSha256,
    reportData: toHex(quote.extraData),
    hardware: hardware.claims,
    quoteKey: {
      spkiSha256: await sha256Hex(attestationKey.spki),
      signature: `${signature.scheme} with ${signature.hash}`,
    },
    ...machine,
    pcrs: pcrClaims(banks),
  }
}
