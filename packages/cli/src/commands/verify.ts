import { connect, processEvaluationMemory } from '@blindai/client'
import { isMalformedError, type UnixSeconds } from '@blindai/core'
import { type AttestationResult, type EvidenceResult, exitCode, verify } from '@blindai/verifier'
import { CliError } from '../cli-error.ts'
import type { Command, Invocation } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { reportFailure, reportOf } from '../failure.ts'
import { readArgument } from '../files.ts'
import { printReport } from '../report.ts'
import { policyOf, rememberingServers, urlOf } from '../session.ts'
import { parseTime } from '../time.ts'
import { verifyRaw } from '../verify-raw.ts'

/** `blindai verify TARGET` */
export const verifyTarget: Command = {
  path: ['verify'],
  summary: 'Verify the evidence of a server, a saved attestation document, or bare evidence, against a policy.',
  details: `For a URL the evidence is asked for with a fresh nonce and the channel is proved too. A file is judged at the time
of --now, or now; whether it is fresh cannot be known and is skipped. Without --policy the built-in policy applies, which
accepts hardware only. A skipped check is never a pass. A server whose endorsements went back to an older TCB evaluation
number than it has shown before is refused, unless --now asks about another time.

With --raw TARGET is a JSON file of bare evidence of any format with its endorsements, time and policy, such as other people's
vectors; docs/verify-contract.md has every member. --now and --policy come before those of the file, and nothing is taken
from the clock or the environment. The result has the scope evidence-only and never carries a key.`,
  positionals: [{ name: 'TARGET', help: 'A URL, or a file (- is standard input).', required: true }],
  options: {
    raw: { type: 'flag', help: 'TARGET is bare evidence with what it is judged by, in one JSON file.' },
    now: {
      type: 'text',
      value: 'TIME',
      help: 'Judge at this time: Unix seconds, or RFC 3339 such as 2026-11-23T10:00:00Z.',
    },
  },
  usesServer: true,
  examples: [
    'blindai verify https://127.0.0.1:8443 --policy policy.json',
    'blindai verify document.json --now 2026-11-23T10:00:00Z --json',
    'blindai verify --raw vectors/attestation/raw/tdx.json --json',
  ],
  async run(invocation) {
    const target = invocation.positionals[0] ?? ''
    const now = nowOf(invocation)
    if (invocation.flag('raw')) return await verifyBare(target, now, invocation)
    return isUrl(target)
      ? await verifyServer(urlOf(invocation, target), now, invocation)
      : await verifyFile(target, now ?? invocation.now(), invocation)
  },
}

function isUrl(target: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(target)
}

const SERVER_ONLY = ['url', 'key-file', 'transport'] as const

async function verifyBare(target: string, now: UnixSeconds | undefined, invocation: Invocation): Promise<ExitCode> {
  if (isUrl(target)) throw usage('--raw takes a file: a server hands out attestation documents')
  const other = SERVER_ONLY.find((option) => invocation.text(option) !== undefined)
  if (other !== undefined) throw usage(`--${other} is for servers, and --raw for files`)
  const result = await verifyRaw(target, now, invocation)
  return typeof result === 'number' ? result : show(result, invocation.terminal)
}

async function verifyServer(url: string, now: UnixSeconds | undefined, invocation: Invocation): Promise<ExitCode> {
  const { terminal, interrupted } = invocation
  const transport = invocation.text('transport')
  try {
    const session = await connect({
      url,
      policy: await policyOf(invocation),
      // What would hold at another time is asked beside what this server has shown until now.
      ...(now === undefined
        ? { evaluationMemory: rememberingServers(invocation) }
        : { now: () => now, evaluationMemory: processEvaluationMemory() }),
      ...(transport === 'tls' || transport === 'ohttp' ? { transport } : {}),
      signal: interrupted,
    })
    const { result } = session
    await session.close()
    return show(result, terminal)
  } catch (error) {
    const report = reportOf(error)
    if (report === undefined || report.status === 'affirming') {
      if (report !== undefined) printReport(report, terminal)
      return reportFailure(error, terminal, interrupted)
    }
    return show(report, terminal)
  }
}

async function verifyFile(file: string, now: UnixSeconds, invocation: Invocation): Promise<ExitCode> {
  const bytes = await readArgument(file, invocation)
  return show(await verify(bytes, await policyOf(invocation), { now }), invocation.terminal)
}

function show(result: AttestationResult | EvidenceResult, terminal: Invocation['terminal']): ExitCode {
  printReport(result, terminal)
  terminal.data(result)
  const code = exitCode(result)
  return code === 0 ? EXIT.ok : code
}

/** @throws {CliError} `USAGE` */
function nowOf(invocation: Invocation): UnixSeconds | undefined {
  const text = invocation.text('now')
  try {
    return text === undefined ? undefined : parseTime('--now', text)
  } catch (cause) {
    if (isMalformedError(cause)) throw usage(cause.message)
    throw cause
  }
}

function usage(problem: string): CliError {
  return new CliError('USAGE', { problem, command: 'verify' })
}
