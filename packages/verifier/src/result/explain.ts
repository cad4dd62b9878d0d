import { formatUnixSeconds, unixSeconds } from '@blindai/core'
import type { Check } from '../appraisal/check-list.ts'
import { SNP_TCB_COMPONENTS, SNP_TCB_NAMES, type SnpTcb } from '../formats/snp/tcb-version.ts'
import { SNP_TCB_FLOORS, TCB_EVALUATION_FLOORS } from '../policy/floors.ts'
import type { CommonClaims, TcbClaims } from './claims.ts'
import type { AttestationResult, EvidenceResult } from './result.ts'
import type { SnpTcbClaims } from './snp-claims.ts'

const HEADLINES: { readonly [S in AttestationResult['status']]: string } = {
  affirming: 'AFFIRMING: it is what the policy asks for',
  warning: 'WARNING: it is genuine, and nobody said which code it may run',
  contraindicated: 'CONTRAINDICATED: it is genuine, and it is not what the policy asks for',
  none: 'NOT PROVED: it may be anything',
}

const CLASSES: { readonly [C in AttestationResult['trustClass']]: string } = {
  none: 'none: nothing is proved',
  simulated: 'simulated: it protects nothing, whoever runs the machine sees all data',
  'measured-boot': 'measured-boot: what was started is known, and whoever runs the machine can read its memory',
  hardware: 'hardware: the machine keeps whoever runs it out of its memory',
}

const MARKS: { readonly [S in Check['status']]: string } = { passed: 'passed ', failed: 'FAILED ', skipped: 'skipped' }

/**
 * A result in words, for a person: what was checked, what passed, what was skipped, and what it means. For the eye only;
 * programs read the result.
 */
export function explain(result: AttestationResult | EvidenceResult): string {
  const lines = [headline(result)]
  if (result.failed?.error !== undefined) {
    const { message, hint, code } = result.failed.error
    lines.push(`  because ${message} (${code})`, `  ${hint}`)
  }
  lines.push('', `trust class: ${CLASSES[result.trustClass]}`)
  if (result.scope === 'document') lines.push(`freshness: ${freshness(result)}`)
  else lines.push('scope: bare evidence; it says nothing about keys, so no channel can rest on it')
  lines.push(
    ...release(result),
    ...nitroLines(result),
    ...tpmLines(result),
    ...hclLines(result),
    ...tcbLines(result.tcb, floorOf(result)),
    `judged at: ${formatUnixSeconds(unixSeconds(result.now))}`,
  )
  lines.push(`policy: ${result.policy}`, '', 'checks, and what each asks for:')
  for (const check of result.checks) lines.push(...checkLines(check))
  return `${lines.join('\n')}\n`
}

function headline({ status, failed }: AttestationResult | EvidenceResult): string {
  if (status === 'warning' && failed?.code === 'tpm.ak-bound') {
    return "WARNING: the quote is whole, and nothing shows that its key is a TPM's: it may be anything"
  }
  return HEADLINES[status]
}

function freshness(result: AttestationResult): string {
  return result.freshness === 'nonce'
    ? 'made for our nonce'
    : 'skipped: the evidence is older than our question; the channel has to show that its keys live'
}

function release({ claims }: AttestationResult | EvidenceResult): readonly string[] {
  if (claims === undefined) return []
  const hasPadding = 'paddingBytes' in claims && claims.paddingBytes > 0
  const padding = hasPadding ? [`padding: ${claims.paddingBytes} zero bytes after the quote`] : []
  return [`code: ${codeOf(claims)}`, ...padding]
}

function codeOf({ release, releaseSource }: Pick<CommonClaims, 'release' | 'releaseSource'>): string {
  if (release === undefined) return 'not shown to be reviewed'
  return releaseSource === 'trust-on-first-use'
    ? `"${release}", trusted on first use: the server said so itself, and nobody reviewed it`
    : `the reviewed release "${release}"`
}

/** What only a Nitro document says, and what it does not. */
function nitroLines({ claims }: AttestationResult | EvidenceResult): readonly string[] {
  if (claims === undefined || !('signedAt' in claims)) return []
  return [
    `signed at: ${claims.signedAt}`,
    'TCB: not reported: AWS names no version of the Nitro system and keeps it up to date itself',
  ]
}

/** What only a TPM says, and what its word is worth. */
function tpmLines({ claims }: AttestationResult | EvidenceResult): readonly string[] {
  if (claims === undefined || !('attestationKey' in claims)) return []
  const { attestationKey, clock, ekRootSha256, eventLog } = claims
  const { boundBy = 'nothing: whoever has a key can sign a quote' } = attestationKey
  return [
    `attestation key: ${attestationKey.name}, ${attestationKey.signature}`,
    `  vouched for by ${boundBy === 'policy' ? 'the policy: it was enrolled' : boundBy}`,
    ...(ekRootSha256 === undefined ? [] : ['  its machine shows an endorsement key, which says nothing of this key']),
    `TPM clock: ${clock.milliseconds} ms, boot ${clock.resetCount}, ${clock.restartCount} suspensions since${clock.safe ? '' : ', and it may have been set back'}`,
    ...(eventLog === undefined ? [] : [`  event log: ${eventLog.events} events${unexplained(eventLog.unexplained)}`]),
  ]
}

/** What only an Azure confidential machine says: who vouches for the key that signed the registers. */
function hclLines({ claims }: AttestationResult | EvidenceResult): readonly string[] {
  if (claims === undefined || !('quoteKey' in claims)) return []
  const { hardware, quoteKey, secureBoot, eventLog } = claims
  const paravisor =
    'mrTd' in hardware
      ? `Intel TDX, MRTD ${hardware.mrTd}`
      : `AMD SEV-SNP on ${hardware.platform.product}, launch digest ${hardware.measurement}`
  return [
    `paravisor: ${paravisor}`,
    `  it vouches for the key of its TPM: ${quoteKey.spkiSha256}, ${quoteKey.signature}`,
    ...(secureBoot === undefined ? [] : [`  it says that secure boot is ${secureBoot ? 'on' : 'off'}`]),
    ...(eventLog === undefined ? [] : [`  event log: ${eventLog.events} events${unexplained(eventLog.unexplained)}`]),
  ]
}

function unexplained(registers: readonly string[]): string {
  return registers.length === 0 ? ', which explain every register' : `, which say nothing of ${registers.join(', ')}`
}

function floorOf({ claims }: AttestationResult | EvidenceResult): number {
  return claims !== undefined && 'mrEnclave' in claims ? TCB_EVALUATION_FLOORS.sgx : TCB_EVALUATION_FLOORS.tdx
}

function tcbLines(tcb: TcbClaims | SnpTcbClaims | undefined, number: number): readonly string[] {
  if (tcb === undefined) return []
  if ('reported' in tcb) return snpTcbLines(tcb)
  const floor = `the floor of ${TCB_EVALUATION_FLOORS.date} is ${number}`
  return [
    `TCB: ${tcb.status}, of ${tcb.tcbDate}, by evaluation number ${tcb.tcbEvaluationDataNumber} (${floor})`,
    ...(tcb.current === undefined ? [] : [`  with the TDX module that runs now: ${tcb.current}`]),
    ...tcb.gaps.map(({ component, has, needs }) => `  behind: ${component} has ${has}, needs ${needs}`),
    ...(tcb.advisoryIds.length === 0 ? [] : [`  advisories: ${tcb.advisoryIds.join(', ')}`]),
  ]
}

function snpTcbLines(tcb: SnpTcbClaims): readonly string[] {
  return [
    `TCB: ${tcb.status} by the policy's minimum (the built-in floors are of ${SNP_TCB_FLOORS.date})`,
    ...SNP_TCB_NAMES.map((name) => `  ${name.padEnd(9)}  ${tcbText(tcb[name])}`),
    ...tcb.gaps.map((gap) => `  behind: ${gap.tcb} ${gap.component} has ${gap.has}, needs ${gap.needs}`),
  ]
}

function tcbText(tcb: SnpTcb): string {
  const named = SNP_TCB_COMPONENTS.filter((component) => tcb[component] !== undefined)
  return named.map((component) => `${component} ${tcb[component]}`).join(', ')
}

function checkLines({ code, status, summary, error }: Check): readonly string[] {
  const line = `  ${MARKS[status]}  ${code.padEnd(29)}  ${summary}`
  return error === undefined ? [line] : [line, `           ${error.code}: ${error.message}`]
}
