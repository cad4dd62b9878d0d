import { equalBytes, isZero, toHex, type UnixSeconds } from '@blindai/core'
import type { CheckList } from '../../appraisal/check-list.ts'
import { parseDcapEndorsements } from '../../dcap/endorsements.ts'
import type { PckPlatform } from '../../dcap/pck-extension.ts'
import { type PlatformKind, provePlatform } from '../../dcap/prove-platform.ts'
import { parsePckChain, verifyQuoteSignature } from '../../dcap/quote-signature.ts'
import { describeTcb, type ProvedTcb } from '../../dcap/tcb-claims.ts'
import { evaluateTcb, findModule, type TcbInput } from '../../dcap/tcb-evaluation.ts'
import type { TcbInfo } from '../../dcap/tcb-info.ts'
import type { LevelStatus } from '../../dcap/tcb-status.ts'
import { isVerifierError, VerifierError } from '../../errors/verifier-error.ts'
import type { EventLogClaims, TdxClaims } from '../../result/claims.ts'
import type { Certificate } from '../../x509/certificate.ts'
import type { NonEmpty } from '../../x509/pem.ts'
import { setBits, TD_ATTRIBUTE_BITS } from './attributes.ts'
import { explainTdxLog } from './event-log.ts'
import { parseTdxQuote, type TdxQuote } from './quote.ts'
import type { TdReport } from './td-report.ts'

/** A TDX quote, what endorses it, and what it is held against. */
export interface TdxEvidence {
  readonly format: 'tdx' | 'simulated'
  readonly bytes: Uint8Array
  /** The log of the trust domain's measurements, as the CCEL table names it; undefined when none came. */
  readonly log: Uint8Array | undefined
  readonly endorsements: unknown
  readonly simulatedRoots: readonly string[] | undefined
  readonly now: UnixSeconds
}

/** What a quote proves. */
export interface ProvedTdx extends ProvedTcb {
  readonly technology: 'tdx'
  readonly trustClass: 'hardware' | 'simulated'
  readonly report: TdReport
  readonly claims: TdxClaims
}

/**
 * Proves a TDX quote: form, platform, signature, TDX module, a TCB that the vendor knows, and the event log if there is one. Whether the policy wants it
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
  await checks.prove('tdx.quote-signature', () => verifyQuoteSignature(format, signature, attestationKey, quote.signed))
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
  const current = currentStatus(tcbInput, report.teeTcbSvn2)
  const eventLog = await proveEventLog(checks, report, evidence.log)
  return {
    technology: 'tdx',
    trustClass,
    report,
    claims: { ...claimsOf(format, quote, platform, rootSha256), ...(eventLog && { eventLog }) },
    ...describeTcb(tcbInput, evaluation, qeIdentity.tcbEvaluationDataNumber, current),
  }
}

function parseEvidence(bytes: Uint8Array): { quote: TdxQuote; pckChain: NonEmpty<Certificate> } {
  const quote = parseTdxQuote(bytes)
  return { quote, pckChain: parsePckChain(quote.signature) }
}

/** Source: Intel TDX DCAP Quote Verification Library, 4.1.2.5.12: attributes are zero and equal to the identity's. */
function matchModule(report: TdReport, tcbInfo: TcbInfo): void {
  const identity = findModule(tcbInfo, report.teeTcbSvn)
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

/** A log that came along has to explain the registers that it measures into: what it says of them would be believed. */
async function proveEventLog(
  checks: CheckList,
  report: TdReport,
  log: Uint8Array | undefined,
): Promise<EventLogClaims | undefined> {
  if (log === undefined) return undefined
  return checks.prove('tdx.event-log', () => explainTdxLog(report, log))
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
