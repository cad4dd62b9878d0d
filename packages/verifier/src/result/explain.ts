import { formatUnixSeconds, unixSeconds } from '@blindai/core'
import type { Check } from '../appraisal/check-list.ts'
import { TCB_EVALUATION_FLOORS } from '../policy/floors.ts'
import type { TcbClaims, TdxClaims } from './claims.ts'
import type { AttestationResult, EvidenceResult } from './result.ts'

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
  const lines = [HEADLINES[result.status]]
  if (result.failed?.error !== undefined) {
    const { message, hint, code } = result.failed.error
    lines.push(`  because ${message} (${code})`, `  ${hint}`)
  }
  lines.push('', `trust class: ${CLASSES[result.trustClass]}`)
  if (result.scope === 'document') lines.push(`freshness: ${freshness(result)}`)
  else lines.push('scope: bare evidence; it says nothing about keys, so no channel can rest on it')
  lines.push(...release(result), ...tcbLines(result.tcb), `judged at: ${formatUnixSeconds(unixSeconds(result.now))}`)
  lines.push(`policy: ${result.policy}`, '', 'checks, and what each asks for:')
  for (const check of result.checks) lines.push(...checkLines(check))
  return `${lines.join('\n')}\n`
}

function freshness(result: AttestationResult): string {
  return result.freshness === 'nonce'
    ? 'made for our nonce'
    : 'skipped: the evidence is older than our question; the channel has to show that its keys live'
}

function release({ claims }: AttestationResult | EvidenceResult): readonly string[] {
  if (claims === undefined) return []
  const padding = claims.paddingBytes === 0 ? [] : [`padding: ${claims.paddingBytes} zero bytes after the quote`]
  return [`code: ${codeOf(claims)}`, ...padding]
}

function codeOf({ release, releaseSource }: TdxClaims): string {
  if (release === undefined) return 'not shown to be reviewed'
  return releaseSource === 'trust-on-first-use'
    ? `"${release}", trusted on first use: the server said so itself, and nobody reviewed it`
    : `the reviewed release "${release}"`
}

function tcbLines(tcb: TcbClaims | undefined): readonly string[] {
  if (tcb === undefined) return []
  const number = tcb.tcbEvaluationDataNumber
  const floor = `the floor of ${TCB_EVALUATION_FLOORS.date} is ${TCB_EVALUATION_FLOORS.tdx}`
  return [
    `TCB: ${tcb.status}, of ${tcb.tcbDate}, by evaluation number ${number} (${floor})`,
    ...(tcb.current === undefined ? [] : [`  with the TDX module that runs now: ${tcb.current}`]),
    ...tcb.gaps.map(({ component, has, needs }) => `  behind: ${component} has ${has}, needs ${needs}`),
    ...(tcb.advisoryIds.length === 0 ? [] : [`  advisories: ${tcb.advisoryIds.join(', ')}`]),
  ]
}

function checkLines({ code, status, summary, error }: Check): readonly string[] {
  const line = `  ${MARKS[status]}  ${code.padEnd(29)}  ${summary}`
  return error === undefined ? [line] : [line, `           ${error.code}: ${error.message}`]
}
