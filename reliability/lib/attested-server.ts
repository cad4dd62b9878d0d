import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { openSimulator } from '@blindai/simulator'
import { type Policy, parsePolicy } from '@blindai/verifier'
import { policyOf } from '../../tests/support/served.ts'
import { capturePrinted } from './captures.ts'

const MAIN = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))
const LOOPBACK = { host: '127.0.0.1', port: 0 }

/** `blindai serve --simulated` as a process of its own, for clients that verify it. */
export interface AttestedServer {
  readonly child: ChildProcess
  readonly url: string
  readonly plainUrl: string
  /** Where the configuration has a listener for them. */
  readonly metricsUrl?: string
  /** Of clients of BlindAI 0.6, where the configuration has them. */
  readonly legacy?: { readonly attestation: string; readonly run: string; readonly management: string }
  /** Accepts exactly this installation. */
  readonly policy: Policy
  /** Sends a signal and waits for the end; resolves with how it ended. */
  end(signal: NodeJS.Signals): Promise<number | string>
}

/**
 * Starts a server in a folder, where everything that it writes lies, temporary files included.
 *
 * @param members - of the configuration, beside the addresses.
 * @param printed - gets what the process prints, as it comes.
 */
export async function startServe(folder: string, members: object, printed: Buffer[]): Promise<AttestedServer> {
  const temporary = join(folder, 'tmp')
  await mkdir(temporary, { recursive: true })
  const config = { listen: LOOPBACK, plainListen: LOOPBACK, isolation: 'none', ...members }
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  const child = spawn(
    process.execPath,
    ['--conditions=source', MAIN, 'serve', '--simulated', '--json', '--config', 'config.json', '--state', 'state'],
    { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH, TMPDIR: temporary } },
  )
  const exited = once(child, 'exit')
  capturePrinted([child.stdout, child.stderr], printed)
  const { url, plainUrl, metricsUrl, legacy } = await listening(child)
  const simulator = await openSimulator(join(folder, 'state', 'simulator'))
  const walls = {
    isolation: ['full', 'reduced', 'none'],
    keySource: ['file', 'ephemeral'],
    legacyListeners: [false, true],
  }
  return {
    child,
    url,
    plainUrl,
    ...(metricsUrl === undefined ? {} : { metricsUrl }),
    ...(legacy === undefined ? {} : { legacy }),
    policy: parsePolicy({ ...policyOf(simulator), config: walls }),
    async end(signal) {
      child.kill(signal)
      const [code, name]: unknown[] = await exited
      return typeof code === 'number' ? code : String(name)
    },
  }
}

type Addresses = Pick<AttestedServer, 'url' | 'plainUrl' | 'metricsUrl' | 'legacy'>

async function listening(child: ChildProcess): Promise<Addresses> {
  const { promise, resolve, reject } = Promise.withResolvers<Addresses>()
  if (child.stdout === null) throw new TypeError('the output of the server is piped')
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { event, url, plainUrl, metricsUrl, legacy } = Object(JSON.parse(line))
    if (event === 'listening') resolve({ url: String(url), plainUrl: String(plainUrl), metricsUrl, legacy })
  })
  child.once('exit', (code) => reject(new Error(`the server ended with ${code} before it listened`)))
  return await promise
}
