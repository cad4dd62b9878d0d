import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { connect, type Session } from '@blindai/client'
import { openSimulator } from '@blindai/simulator'
import { parsePolicy } from '@blindai/verifier'
import { onTestFinished } from 'vitest'
import { policyOf } from './served.ts'

const MAIN = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))

/** `blindai serve --simulated` as a process. */
export interface Serving {
  readonly child: ChildProcess
  /** A session of whoever has that key. */
  connect(apiKey: string): Promise<Session>
  /** The file of the key that the server made, without a configuration. */
  readonly keyFile: string | undefined
}

/**
 * Starts `blindai serve --simulated` in a folder, with further options; its state is in `state` there. It is killed when the
 * test is over, if it still lives.
 *
 * @throws {Error} with what it said when it ends before it listens.
 */
export async function serveIn(folder: string, options: readonly string[]): Promise<Serving> {
  const state = join(folder, 'state')
  const argv = ['--conditions=source', MAIN, 'serve', '--simulated', '--json', '--state', state, ...options]
  const child = spawn(process.execPath, argv, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => end({ child }, 'SIGKILL'))
  const { url, keyFile } = await listening(child)
  return {
    child,
    keyFile,
    async connect(apiKey) {
      const policy = parsePolicy({
        ...policyOf(await openSimulator(join(state, 'simulator'))),
        config: { isolation: ['full', 'reduced', 'none'], keySource: ['file'] },
      })
      const session = await connect({ url, policy, apiKey })
      child.once('exit', () => void session.close())
      return session
    },
  }
}

/** Ends a server that still lives. */
export async function end({ child }: Pick<Serving, 'child'>, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}

/** The key in a file. */
export async function keyIn(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).trim()
}

async function listening(child: ChildProcess): Promise<{ readonly url: string; readonly keyFile: string | undefined }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ url: string; keyFile: string | undefined }>()
  if (child.stdout === null) throw new TypeError('the output of the server is piped')
  let last = ''
  createInterface({ input: child.stdout }).on('line', (line) => {
    last = line
    const { event, url, keyFile } = Object(JSON.parse(line))
    if (event === 'listening')
      resolve({ url: String(url), keyFile: keyFile === undefined ? undefined : String(keyFile) })
  })
  child.once('close', (code) => reject(new Error(`the server ended with ${code} before it listened: ${last}`)))
  return await promise
}
