import type { AttestationResult } from '@blindai/verifier'
import { exitCode as exitCodeOfReport } from '@blindai/verifier'
import { CliError } from './cli-error.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { printReport } from './report.ts'
import type { Terminal } from './terminal.ts'

/** What an error of any room says of itself; told apart by members, as two copies of a package may be installed. */
interface Failure {
  readonly name: string
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly details?: unknown
  readonly family?: 'fix' | 'retry' | 'stop'
  readonly report?: AttestationResult
}

/** Prints why a command failed and answers the exit code for it. */
export function reportFailure(error: unknown, terminal: Terminal, interrupted: AbortSignal): ExitCode {
  terminal.redraw('')
  if (interrupted.aborted) {
    terminal.data({ error: { name: 'Interrupted', code: 'INTERRUPTED', message: 'interrupted' } })
    return EXIT.interrupted
  }
  const failure = describe(error)
  if (failure.report !== undefined && failure.report.status !== 'affirming')
    printReport(failure.report, terminal, 'note')
  terminal.note(`${terminal.paint('red', `error ${failure.code}`)}: ${failure.message}`)
  if (failure.hint !== '') terminal.note(`  ${failure.hint}`)
  terminal.data({ error: failure })
  return exitCodeOf(error, failure)
}

/** The exit code that `docs/cli.md` gives to an error. */
function exitCodeOf(error: unknown, failure: Failure): ExitCode {
  if (error instanceof CliError) {
    return ['USAGE', 'KEY_ON_COMMAND_LINE'].includes(error.code) ? EXIT.usage : EXIT.failed
  }
  if (failure.report !== undefined && failure.report.status !== 'affirming') return exitCodeOfReport(failure.report)
  if (failure.family === 'stop') return EXIT.notProved
  if (failure.family === 'retry') return EXIT.tryAgain
  return EXIT.failed
}

function describe(error: unknown): Failure {
  if (!(error instanceof Error)) {
    return { name: 'Error', code: 'INTERNAL', message: 'something that is no error was thrown', hint: REPORT_HINT }
  }
  const { name, message } = error
  const report = reportOf(error)
  // The report of an enclave that was trusted says nothing about a missing model.
  const aboutTrust = 'family' in error && error.family === 'stop'
  return {
    name,
    message,
    code: 'code' in error && typeof error.code === 'string' ? error.code : 'INTERNAL',
    hint: 'hint' in error && typeof error.hint === 'string' ? error.hint : REPORT_HINT,
    ...('details' in error ? { details: error.details } : {}),
    ...('family' in error && isFamily(error.family) ? { family: error.family } : {}),
    ...(report === undefined || (report.status === 'affirming' && !aboutTrust) ? {} : { report }),
  }
}

const REPORT_HINT = 'This was not foreseen: please report it with the command, without its input.'

function isFamily(value: unknown): value is 'fix' | 'retry' | 'stop' {
  return value === 'fix' || value === 'retry' || value === 'stop'
}

/** The verification that an error carries, as far as it got. */
export function reportOf(error: unknown): AttestationResult | undefined {
  return error instanceof Error && 'report' in error && isReport(error.report) ? error.report : undefined
}

function isReport(value: unknown): value is AttestationResult {
  return typeof value === 'object' && value !== null && 'status' in value && 'checks' in value
}
