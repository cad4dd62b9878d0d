#!/usr/bin/env node
import { url as inspectorUrl } from 'node:inspector'
import { becomeServerProcess } from './own-node.ts'

// First of all, and before anything else is loaded: what follows would be loaded twice.
if (process.argv[2] === 'serve') becomeServerProcess()
const { EXIT, Interruption, runCommandLine } = await import('./index.ts')
const { unixSeconds } = await import('@blindai/core')

/**
 * The process around a command line: signals, the folder that paths start from, and the exit code.
 *
 * The first Ctrl-C, SIGTERM or SIGHUP lets a command clean up; a second one of any of them ends the process at once. SIGQUIT
 * ends it as SIGTERM does: its own way would be a core file.
 */
const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) {
  process.on(signal, () => {
    if (interruption.signal.aborted) process.exit(EXIT.interrupted)
    interruption.abort(new Interruption(signal))
  })
}
// A reader that has gone away (`blindai verify … | head -1`, a closed terminal) is no error and changes no exit code.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
  })
}

// Node calls parts of its WebCrypto experimental at the first use of each; that tells a user of this command nothing.
process.removeAllListeners('warning')
process.on('warning', (warning) => {
  if (warning.name !== 'ExperimentalWarning') process.stderr.write(`${warning.name}: ${warning.message}\n`)
})

/** `npm run blindai` changes to the root of the checkout; paths are meant from where it was typed. */
const throughNpm = process.env.npm_lifecycle_event === 'blindai' ? process.env.INIT_CWD : undefined

process.exitCode = await runCommandLine(process.argv.slice(2), {
  env: process.env,
  folder: throughNpm ?? process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  now: () => unixSeconds(Math.floor(Date.now() / 1000)),
  interrupted: interruption.signal,
  start: { env: process.env, execArgv: process.execArgv, inspectorUrl: inspectorUrl() },
})
