import { describeCause, type Log } from './gatekeeper-log.ts'

/**
 * Makes the process one that serves: what nobody awaited is written down instead of ending it for every tenant, and
 * SIGUSR1, at which Node would open a debugger into the enclave, does nothing for good.
 *
 * @returns what takes the first of the two back.
 */
export function guardProcess(log: Log): () => void {
  process.off('SIGUSR1', openNoDebugger)
  process.on('SIGUSR1', openNoDebugger)
  const onRejection = (cause: unknown): void => log({ event: 'unexpected-rejection', cause: describeCause(cause) })
  process.on('unhandledRejection', onRejection)
  return () => process.off('unhandledRejection', onRejection)
}

function openNoDebugger(): void {
  // A handler of our own is what keeps Node's from running.
}
