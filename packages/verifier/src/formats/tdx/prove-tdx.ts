import { equalBytes, formatUnixSeconds, fromUtf8, isZero, toHex, type UnixSeconds } from '@blindai/core'
import type { CheckList } from '../../appraisal/check-list.ts'
import { verifyEcdsa } from '../../crypto/public-key.ts'
import { parseChain, parseDcapEndorsements } from '../../dcap/endorsements.ts'
import type { PckPlatform } from '../../dcap/pck-extension.ts'
import { type PlatformKind, provePlatform } from '../../dcap/prove-platform.ts'
import { evaluateTcb, findModuleIdentity, type TcbEvaluation, type TcbInput } from '../../dcap/tcb-evaluation.ts'
import { findGaps } from '../../dcap/tcb-gap.ts'
import type { LevelVerdict, TcbInfo } from '../../dcap/tcb-info.ts'
import { adviseRelaunch, type LevelStatus } from '../../dcap/tcb-status.ts'
import { isVerifierError, VerifierError } from '../../errors/verifier-error.ts'
import type { TcbClaims, TcbPart, TdxClaims } from '../../result/claims.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { setBits, TD_ATTRIBUTE_BITS } from './attributes.ts'
import { parseTdxQuote, type TdxQuote } from './quote.ts'
import type { TdReport } from './td-report.ts'

/** A TDX quote, what endorses it, and what it is held against. */
export interface TdxEvidence {
  readonly format: 'tdx' | 'simulated'
  readonly bytes: Uint8Array
  readonly endorsements: unknown
  readonly simulatedRoots: readonly string[] | undefined
  readonly now: UnixSeconds
}

/** What a quote proves. */
export interface ProvedTdx {
  readonly trustClass: 'hardware' | 'simulated'
  readonly report: TdReport
  readonly claims: TdxClaims
  readonly tcb: TcbClaims
  /** The dates and numbers behind `tcb`. */
  readonly tcbDate: UnixSeconds
  readonly evaluationNumbers: { readonly tcbInfo: number; readonly qeIdentity: number }
}

/**
 * Proves a TDX quote: form, platform, signature, TDX module, and a TCB that the vendor knows. Whether the policy wants it
 * is not asked here.
 *
 * @throws {Halt} at the first check that fails; the list says which.
 */
export async function proveTdx(checks: CheckList, evidence: TdxEvidence): Promise<ProvedTdx> {
  const { format, now, simulatedRoots } = evidence
  const { quote, pckChain } = await checks.prove('evidence.form', () => parseEvidence(evidence.bytes))
  const endorsements = await checks.prove('endorsements.form', () => {
    if (evidence.endorsements === undefined) throw new VerifierError('ENDORSEMENTS_MISSING', { format })
    return parseDcapEndorsements(evidence.endorsements)
  })
  const { signature, report } = quote
  const kind: PlatformKind = { tcbInfo: 'TDX', qeIdentity: 'TD_QE' }
  const input = { format, signature, pckChain, endorsements, kind, simulatedRoots, now }
  const { trustClass, rootSha256, platform, attestationKey } = await provePlatform(checks, input)
  await checks.prove('tdx.quote-signature', async () => {
    const { quoteSignature } = signature
    const isSigned = await verifyEcdsa('attestation key', attestationKey, 'SHA-256', quoteSignature, quote.signed)
    if (!isSigned) throw new VerifierError('QUOTE_SIGNATURE_INVALID', { format })
  })
  const { tcbInfo, qeIdentity } = endorsements
  await checks.prove('tdx.module', () => matchModule(report, tcbInfo))
  const tcbInput: TcbInput = {
    platform,
    teeTcbSvn: report.teeTcbSvn,
    qeIsvSvn: signature.qeReport.isvSvn,
    tcbInfo,
    qeLevels: qeIdentity.levels,
  }
  const evaluation = await checks.prove('tdx.tcb', () => evaluateTcb(tcbInput))
  const evaluationNumbers = {
    tcbInfo: tcbInfo.tcbEvaluationDataNumber,
    qeIdentity: qeIdentity.tcbEvaluationDataNumber,
  }
  return {
    trustClass,
    report,
    claims: claimsOf(format, quote, platform, rootSha256),
    tcb: tcbClaims(tcbInput, evaluation, report.teeTcbSvn2, evaluationNumbers),
    tcbDate: evaluation.tcbDate,
    evaluationNumbers,
  }
}

function parseEvidence(bytes: Uint8Array): { quote: TdxQuote; pckChain: readonly Certificate[] } {
  const quote = parseTdxQuote(bytes)
  const pem = fromUtf8('PCK chain', quote.signature.pckChain)
  // The text may end in the NUL of a C string.
  return { quote, pckChain: parseChain('PCK chain', pem.endsWith('\0') ? pem.slice(0, -1) : pem) }
}

/** Source: Intel TDX DCAP Quote Verification Library, 4.1.2.5.12: attributes are zero and equal to the identity's. */
function matchModule(report: TdReport, tcbInfo: TcbInfo): void {
  const identity = findModuleIdentity(tcbInfo, report.teeTcbSvn) ?? tcbInfo.tdxModule
  if (identity === undefined) throw new VerifierError('TDX_MODULE_UNKNOWN', { version: 0 })
  const mrSigner = toHex(report.mrSignerSeam)
  if (mrSigner !== identity.mrSigner) {
    const facts = { field: 'MRSIGNERSEAM', expected: identity.mrSigner, actual: mrSigner }
    throw new VerifierError('TDX_MODULE_MRSIGNER_MISMATCH', facts)
  }
  const attributes = toHex(report.seamAttributes)
  if (attributes !== identity.attributes || !isZero(report.seamAttributes)) {
    const facts = { field: 'SEAMATTRIBUTES', expected: identity.attributes, actual: attributes }
    throw new VerifierError('TDX_MODULE_ATTRIBUTES_MISMATCH', facts)
  }
}

function tcbClaims(
  input: TcbInput,
  evaluation: TcbEvaluation,
  teeTcbSvn2: Uint8Array | undefined,
  numbers: ProvedTdx['evaluationNumbers'],
): TcbClaims {
  const current = currentStatus(input, teeTcbSvn2)
  return {
    status: current === undefined ? evaluation.status : adviseRelaunch(evaluation.status, current),
    tcbDate: formatUnixSeconds(evaluation.tcbDate),
    advisoryIds: evaluation.advisoryIds,
    tcbEvaluationDataNumber: Math.min(numbers.tcbInfo, numbers.qeIdentity),
    platform: partOf(evaluation.platform),
    ...(evaluation.tdxModule && { tdxModule: partOf(evaluation.tdxModule) }),
    qe: partOf(evaluation.qe),
    ...(current !== undefined && { current }),
    gaps: findGaps(input, evaluation),
  }
}

function partOf({ status, tcbDate, advisoryIds }: LevelVerdict): TcbPart {
  return { status, tcbDate: formatUnixSeconds(tcbDate), advisoryIds }
}

/** The status under the TDX module that runs now, where it is another than at launch; undefined when no level has it. */
function currentStatus(input: TcbInput, teeTcbSvn2: Uint8Array | undefined): LevelStatus | undefined {
  if (teeTcbSvn2 === undefined || input.teeTcbSvn === undefined || equalBytes(teeTcbSvn2, input.teeTcbSvn))
    return undefined
  try {
    return evaluateTcb({ ...input, teeTcbSvn: teeTcbSvn2 }).status
  } catch (error) {
    if (isVerifierError(error)) return undefined
    throw error
  }
}

function claimsOf(format: 'tdx' | 'simulated', quote: TdxQuote, platform: PckPlatform, rootSha256: string): TdxClaims {
  const { report } = quote
  return {
    format,
    quoteVersion: quote.version,
    rootSha256,
    mrTd: toHex(report.mrTd),
    rtmr0: toHex(report.rtmr0),
    rtmr1: toHex(report.rtmr1),
    rtmr2: toHex(report.rtmr2),
    rtmr3: toHex(report.rtmr3),
    mrSeam: toHex(report.mrSeam),
    mrConfigId: toHex(report.mrConfigId),
    mrOwner: toHex(report.mrOwner),
    mrOwnerConfig: toHex(report.mrOwnerConfig),
    ...(report.mrServiceTd && { mrServiceTd: toHex(report.mrServiceTd) }),
    tdAttributes: toHex(report.tdAttributes),
    tdAttributeNames: setBits(report.tdAttributes).map((bit) => TD_ATTRIBUTE_BITS.get(bit) ?? `RESERVED_${bit}`),
    xfam: toHex(report.xfam),
    reportData: toHex(report.reportData),
    platform: {
      fmspc: platform.fmspc,
      pceId: platform.pceId,
      ppid: platform.ppid,
      cpuSvn: platform.cpuSvn,
      pceSvn: platform.pceSvn,
      teeTcbSvn: toHex(report.teeTcbSvn),
      ...(report.teeTcbSvn2 && { teeTcbSvn2: toHex(report.teeTcbSvn2) }),
    },
    paddingBytes: quote.paddingBytes,
  }
}
