#!/usr/bin/env node
import { unixSeconds } from '@blindai/core'
import { runCommandLine } from './cli.ts'

/**
 * The process around a command line: signals, the folder that paths start from, and the exit code.
 *
 * The first Ctrl-C or SIGTERM lets a command clean up; a second one ends the process at once.
 */
const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (interruption.signal.aborted) process.exit(130)
    interruption.abort(new Error('interrupted'))
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
})
