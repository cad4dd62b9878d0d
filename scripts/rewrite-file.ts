import { readFileSync, writeFileSync } from 'node:fs'

/** What ends a process that somebody has enough of; one that is killed leaves what is there meanwhile. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Lets a file have another content while some work is done, and then what the work comes to. When the work fails, or a signal
 * ends it, the file is as it was.
 */
export async function rewriteFile(path: string, meanwhile: string, work: () => Promise<string>): Promise<void> {
  const before = readFileSync(path)
  let after: string | Uint8Array = before
  const give = (signal: NodeJS.Signals): void => {
    writeFileSync(path, before)
    forget()
    process.kill(process.pid, signal)
  }
  const forget = (): void => {
    for (const signal of SIGNALS) process.off(signal, give)
  }
  for (const signal of SIGNALS) process.on(signal, give)
  try {
    writeFileSync(path, meanwhile)
    after = await work()
  } finally {
    writeFileSync(path, after)
    forget()
  }
}
