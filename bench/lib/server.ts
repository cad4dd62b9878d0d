import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { connect, type Session } from '@blindai/client'
import { parseJson, toHex } from '@blindai/core'
import { type Policy, parsePolicy } from '@blindai/verifier'

const CLI = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))
const NODE_OPTIONS = ['--conditions=source']

/** The two ways in. */
export type Transport = 'tls' | 'ohttp'

export const TRANSPORTS: readonly Transport[] = ['tls', 'ohttp']

/** A way in, in a table. */
export function titleOf(transport: Transport): string {
  return transport === 'tls' ? 'attested TLS' : 'OHTTP'
}

/** What the server's process says when it listens. */
interface Listening {
  readonly url: string
  readonly plainUrl: string
  readonly isolation: string
  readonly pid: number
}

/** A folder with a configuration, a key and a policy for servers with simulated evidence. */
export class Installation {
  readonly folder: string
  readonly apiKey: string
  readonly policy: Policy

  private constructor(folder: string, apiKey: string, policy: Policy) {
    this.folder = folder
    this.apiKey = apiKey
    this.policy = policy
  }

  static async create(): Promise<Installation> {
    const folder = await mkdtemp(join(tmpdir(), 'blindai-bench-'))
    const apiKey = `blindai_${toHex(randomBytes(32))}`
    const config = {
      listen: { host: '127.0.0.1', port: 0 },
      plainListen: { host: '127.0.0.1', port: 0 },
      tenants: [{ name: 'bench', role: 'owner', keySha256: await sha256Hex(apiKey) }],
      isolation: 'full',
      limits: {
        cores: 2,
        engineMemoryBytes: 4 * 1024 ** 3,
        enginesMemoryBytes: 16 * 1024 ** 3,
        engineIdleMs: 3_600_000,
        maxModelBytesPerTenant: 2 * 1024 ** 3,
      },
    }
    await writeFile(join(folder, 'config.json'), JSON.stringify(config))
    const policyFile = join(folder, 'policy.json')
    const args = ['policy', 'init', '--simulated', '--isolation', 'full', '--state', folder, '--out', policyFile]
    await promisify(execFile)(process.execPath, [...NODE_OPTIONS, CLI, ...args])
    return new Installation(folder, apiKey, parsePolicy(await readFile(policyFile, 'utf8')))
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true })
  }
}

/** `blindai serve` in a process of its own. */
export class ServerProcess {
  readonly #child: ChildProcess
  readonly #installation: Installation
  readonly listening: Listening
  /** From the start of the process to the line that says it listens. */
  readonly readyMs: number

  private constructor(child: ChildProcess, installation: Installation, listening: Listening, readyMs: number) {
    this.#child = child
    this.#installation = installation
    this.listening = listening
    this.readyMs = readyMs
  }

  static async start(installation: Installation): Promise<ServerProcess> {
    const { folder } = installation
    const args = ['serve', '--simulated', '--json', '--end-with-stdin', '--state', folder]
    const start = performance.now()
    const child = spawn(process.execPath, [...NODE_OPTIONS, CLI, ...args, '--config', join(folder, 'config.json')], {
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    const line = await firstEvent(child)
    return new ServerProcess(child, installation, line, performance.now() - start)
  }

  connect(transport: Transport): Promise<Session> {
    const { url, plainUrl } = this.listening
    const { policy, apiKey } = this.#installation
    return connect({ url: transport === 'tls' ? url : plainUrl, policy, apiKey, transport })
  }

  async stop(): Promise<void> {
    const gone = once(this.#child, 'exit')
    this.#child.stdin?.end()
    await gone
  }
}

/** @throws {Error} when the process ends instead. */
async function firstEvent(child: ChildProcess): Promise<Listening> {
  if (child.stdout === null) throw new RangeError('the server has no output')
  for await (const line of createInterface({ input: child.stdout })) {
    const message = parseJson('a line of the server', line)
    if (typeof message !== 'object' || message === null || !('event' in message)) continue
    const { event, url, plainUrl, isolation, pid } = message
    if (event !== 'listening' || typeof url !== 'string' || typeof plainUrl !== 'string') continue
    if (typeof isolation !== 'string' || typeof pid !== 'number') continue
    return { url, plainUrl, isolation, pid }
  }
  throw new Error('the server ended before it listened')
}

async function sha256Hex(text: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))))
}
