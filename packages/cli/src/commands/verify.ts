import { resolve } from 'node:path'
import { connect } from '@blindai/client'
import { type UnixSeconds, unixSeconds } from '@blindai/core'
import { type AttestationResult, exitCode, verify } from '@blindai/verifier'
import { CliError } from '../cli-error.ts'
import type { Command, Invocation } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { reportFailure, reportOf } from '../failure.ts'
import { readBounded } from '../files.ts'
import { printReport } from '../report.ts'
import { policyOf, urlOf } from '../session.ts'

const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024

/** `blindai verify TARGET` */
export const verifyTarget: Command = {
  path: ['verify'],
  summary: 'Verify the evidence of a server, or a saved attestation document, against a policy.',
  details: `For a URL the evidence is asked for with a fresh nonce and the channel is proved too. A file is judged at the time
of --at, or now; whether it is fresh cannot be known and is skipped. Without --policy the built-in policy applies, which
accepts hardware only. A skipped check is never a pass.`,
  positionals: [{ name: 'TARGET', help: 'A URL, or the file of an attestation document.', required: true }],
  options: {
    at: { type: 'text', value: 'TIME', help: 'For a file: judge at this time, such as 2026-11-23T10:00:00Z.' },
  },
  usesServer: true,
  examples: [
    'blindai verify https://127.0.0.1:8443 --policy policy.json',
    'blindai verify document.json --at 2026-11-23T10:00:00Z --json',
  ],
  async run(invocation) {
    const target = invocation.positionals[0] ?? ''
    return /^[a-z][a-z0-9+.-]*:\/\//i.test(target)
      ? await verifyServer(urlOf(invocation, target), invocation)
      : await verifyFile(target, invocation)
  },
}

async function verifyServer(url: string, invocation: Invocation): Promise<ExitCode> {
  const { terminal, interrupted } = invocation
  if (invocation.text('at') !== undefined) throw usage('--at is for files: a server is judged now')
  const transport = invocation.text('transport')
  try {
    const session = await connect({
      url,
      policy: await policyOf(invocation),
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

async function verifyFile(file: string, invocation: Invocation): Promise<ExitCode> {
  const bytes = await readBounded(resolve(invocation.folder, file), MAX_DOCUMENT_BYTES)
  const now = timeOf(invocation.text('at')) ?? invocation.now()
  return show(await verify(bytes, await policyOf(invocation), { now }), invocation.terminal)
}

function show(result: AttestationResult, terminal: Invocation['terminal']): ExitCode {
  printReport(result, terminal)
  terminal.data(result)
  const code = exitCode(result)
  return code === 0 ? EXIT.ok : code
}

function timeOf(text: string | undefined): UnixSeconds | undefined {
  if (text === undefined) return undefined
  const seconds = Date.parse(text) / 1000
  if (!/^\d{4}-\d{2}-\d{2}T/.test(text) || Number.isNaN(seconds))
    throw usage('--at is no time such as 2026-11-23T10:00:00Z')
  return unixSeconds(Math.floor(seconds))
}

function usage(problem: string): CliError {
  return new CliError('USAGE', { problem, command: 'verify' })
}
