/** The option with which Node opens no debugger at SIGUSR1, from the first moment. */
const NO_DEBUGGER = '--disable-sigusr1'

/**
 * Starts this process anew with the options that a server wants of Node, when it was started without them: nobody types
 * them, and a script that starts the command has no place for them. It keeps its number, its streams and its parent.
 *
 * Returns where there is nothing to do, or an older Node cannot.
 */
export function becomeServerProcess(): void {
  if (process.execArgv.includes(NO_DEBUGGER) || !process.allowedNodeEnvironmentFlags.has(NO_DEBUGGER)) return
  const [, script = ''] = process.argv
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined) env[name] = value
  process.execve?.(
    process.execPath,
    [process.argv0, NO_DEBUGGER, ...process.execArgv, script, ...process.argv.slice(2)],
    env,
  )
}
