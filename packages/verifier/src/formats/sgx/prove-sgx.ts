import { toHex, type UnixSeconds } from '@blindai/core'
import type { CheckList } from '../../appraisal/check-list.ts'
import type { EnclaveReport } from '../../dcap/enclave-report.ts'
import { parseDcapEndorsements } from '../../dcap/endorsements.ts'
import type { PckPlatform } from '../../dcap/pck-extension.ts'
import { type PlatformKind, provePlatform } from '../../dcap/prove-platform.ts'
import { parsePckChain, verifyQuoteSignature } from '../../dcap/quote-signature.ts'
import { describeTcb, type ProvedTcb } from '../../dcap/tcb-claims.ts'
import { evaluateTcb, type TcbInput } from '../../dcap/tcb-evaluation.ts'
import { VerifierError } from '../../errors/verifier-error.ts'
import type { SgxClaims } from '../../result/sgx-claims.ts'
import { MISC_SELECT_BITS, SGX_ATTRIBUTE_BITS, setBitsOf, splitAttributes, XFRM_BITS } from './attributes.ts'
import { parseSgxQuote, type SgxQuote } from './quote.ts'

/** An SGX quote, what endorses it, and what it is held against. */
export interface SgxEvidence {
  readonly format: 'sgx' | 'simulated-sgx'
  readonly bytes: Uint8Array
  readonly endorsements: unknown
  readonly simulatedRoots: readonly string[] | undefined
  readonly now: UnixSeconds
}

/** What a quote proves. */
export interface ProvedSgx extends ProvedTcb {
  readonly technology: 'sgx'
  readonly trustClass: 'hardware' | 'simulated'
  readonly report: EnclaveReport
  readonly claims: SgxClaims
}

/**
 * Proves an SGX quote: form, platform, signature, and a TCB that the vendor knows. Whether the policy wants it is not asked
 * here.
 *
 * @throws {Halt} at the first check that fails; the list says which.
 */
export async function proveSgx(checks: CheckList, evidence: SgxEvidence): Promise<ProvedSgx> {
  const { format, now, simulatedRoots } = evidence
  const { quote, pckChain } = await checks.prove('evidence.form', () => {
    const parsed = parseSgxQuote(evidence.bytes)
    return { quote: parsed, pckChain: parsePckChain(parsed.signature) }
  })
  const endorsements = await checks.prove('endorsements.form', () => {
    if (evidence.endorsements === undefined) throw new VerifierError('ENDORSEMENTS_MISSING', { format })
    return parseDcapEndorsements(evidence.endorsements)
  })
  const { signature, report } = quote
  const kind: PlatformKind = { tcbInfo: 'SGX', qeIdentity: 'QE' }
  const input = { format, signature, pckChain, endorsements, kind, simulatedRoots, now }
  const { trustClass, rootSha256, platform, attestationKey } = await provePlatform(checks, input)
  await checks.prove('sgx.quote-signature', () => verifyQuoteSignature(format, signature, attestationKey, quote.signed))
  const { tcbInfo, qeIdentity } = endorsements
  const tcbInput: TcbInput = {
    platform,
    teeTcbSvn: undefined,
    qeIsvSvn: signature.qeReport.isvSvn,
    tcbInfo,
    qeLevels: qeIdentity.levels,
  }
  const evaluation = await checks.prove('sgx.tcb', () => evaluateTcb(tcbInput))
  return {
    technology: 'sgx',
    trustClass,
    report,
    claims: claimsOf(format, quote, platform, rootSha256),
    ...describeTcb(tcbInput, evaluation, qeIdentity.tcbEvaluationDataNumber),
  }
}

function claimsOf(
  format: SgxEvidence['format'],
  quote: SgxQuote,
  platform: PckPlatform,
  rootSha256: string,
): SgxClaims {
  const { report } = quote
  const { flags, xfrm } = splitAttributes(report.attributes)
  return {
    format,
    quoteVersion: quote.version,
    rootSha256,
    mrEnclave: toHex(report.mrEnclave),
    mrSigner: toHex(report.mrSigner),
    isvProdId: report.isvProdId,
    isvSvn: report.isvSvn,
    configId: toHex(report.configId),
    configSvn: report.configSvn,
    isvFamilyId: toHex(report.isvFamilyId),
    isvExtProdId: toHex(report.isvExtProdId),
    attributes: toHex(report.attributes),
    attributeNames: namesOf(flags, SGX_ATTRIBUTE_BITS),
    xfrmNames: namesOf(xfrm, XFRM_BITS),
    miscSelect: toHex(report.miscSelect),
    miscSelectNames: namesOf(report.miscSelect, MISC_SELECT_BITS),
    cpuSvn: toHex(report.cpuSvn),
    reportData: toHex(report.reportData),
    platform: {
      fmspc: platform.fmspc,
      pceId: platform.pceId,
      ppid: platform.ppid,
      ...(platform.platformInstanceId !== undefined && { platformInstanceId: platform.platformInstanceId }),
      cpuSvn: platform.cpuSvn,
      pceSvn: platform.pceSvn,
    },
    paddingBytes: quote.paddingBytes,
  }
}

function namesOf(field: Uint8Array, names: ReadonlyMap<number, string>): readonly string[] {
  return setBitsOf(field, names).map(({ bit, name }) => name ?? `RESERVED_${bit}`)
}
