import { forbidCoreFiles } from './core-files.ts'
import { describeCause, type Log } from './gatekeeper-log.ts'

/**
 * Makes the process one that serves: what nobody awaited is written down instead of ending it for every tenant, its memory
 * goes into no core file and no diagnostic report, and SIGUSR1, at which Node would open a debugger into the enclave, does
 * nothing for good.
 *
 * @returns what takes the first of them back.
 * @throws {GatekeeperError} `CORE_FILES_POSSIBLE`.
 */
export function guardProcess(log: Log): () => void {
  forbidCoreFiles()
  forbidReports()
  process.off('SIGUSR1', openNoDebugger)
  process.on('SIGUSR1', openNoDebugger)
  const onRejection = (cause: unknown): void => log({ event: 'unexpected-rejection', cause: describeCause(cause) })
  process.on('unhandledRejection', onRejection)
  return () => process.off('unhandledRejection', onRejection)
}

/** A diagnostic report holds the environment, stacks and what connections there are. */
function forbidReports(): void {
  process.report.reportOnFatalError = false
  process.report.reportOnSignal = false
  process.report.reportOnUncaughtException = false
}

function openNoDebugger(): void {
  // A handler of our own is what keeps Node's from running.
}
