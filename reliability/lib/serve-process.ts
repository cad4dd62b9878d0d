import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseJson } from '@blindai/core'
import { createApiKey } from '@blindai/server'

const CLI = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))
const CLI_SERVE = [CLI, 'serve', '--simulated', '--json', '--end-with-stdin']

/** How a server is started. */
export interface ServeOptions {
  /** Each is an owner with a key of its own. */
  readonly tenants: readonly string[]
  /** Members of `limits` in the configuration. */
  readonly limits?: Readonly<Record<string, number>>
  /** Other members of the configuration. */
  readonly config?: Readonly<Record<string, unknown>>
  /** Another server than `blindai serve`: a script that takes `--state` and `--config`, as that does. */
  readonly script?: string
}

/** How a server's process ended. */
export interface ServerExit {
  readonly code: number | null
  readonly signal: string | null
}

/**
 * A real server in a process of its own, on loopback with free ports: simulated evidence, clients that need not prove their
 * channel, engines behind the wall that this machine has. It ends with the process that started it.
 */
export class ServeProcess {
  readonly url: string
  readonly pid: number
  readonly keys: ReadonlyMap<string, string>
  readonly exited: Promise<ServerExit>
  readonly #child: ChildProcess
  readonly #agent = new Agent({ keepAlive: true, rejectUnauthorized: false })

  private constructor(child: ChildProcess, url: string, pid: number, keys: ReadonlyMap<string, string>) {
    this.#child = child
    this.url = url
    this.pid = pid
    this.keys = keys
    this.exited = exitOf(child)
  }

  /** Starts a server whose files are in this folder; resolves when it listens. @throws {Error} when it ends instead. */
  static async start(folder: string, options: ServeOptions): Promise<ServeProcess> {
    const keys = new Map<string, string>()
    const tenants = options.tenants.map((name) => {
      const { key, keySha256 } = createApiKey()
      keys.set(name, key)
      return { name, role: 'owner', keySha256 }
    })
    const config = {
      listen: { host: '127.0.0.1', port: 0 },
      tenants,
      isolation: 'none',
      unattestedClients: true,
      limits: options.limits ?? {},
      ...options.config,
    }
    const file = join(folder, 'server.json')
    await writeFile(file, JSON.stringify(config), { mode: 0o600 })
    const script = options.script === undefined ? CLI_SERVE : [options.script]
    const args = ['--conditions=source', ...script, '--state', folder, '--config', file]
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'] })
    const { url, pid } = await listening(child)
    return new ServeProcess(child, url, pid, keys)
  }

  keyOf(tenant: string): string {
    const key = this.keys.get(tenant)
    if (key === undefined) throw new RangeError(`no tenant ${tenant}`)
    return key
  }

  /** Uploads a model for a tenant under a name; the server has loaded it when this resolves. */
  async upload(tenant: string, name: string, model: Uint8Array): Promise<void> {
    const sha256 = createHash('sha256').update(model).digest('hex')
    const { status } = await this.ask('PUT', `/v1/models/${sha256}?name=${name}`, tenant, model)
    if (status !== 201) throw new Error(`the upload of ${name} was answered with ${status}`)
  }

  /** One request on a connection that is kept. */
  async ask(
    method: string,
    path: string,
    tenant: string,
    body: Uint8Array,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly status: number; readonly body: Uint8Array }> {
    const sent = request(new URL(path, this.url), {
      method,
      agent: this.#agent,
      headers: { ...headers, authorization: `Bearer ${this.keyOf(tenant)}`, 'content-length': body.byteLength },
    })
    sent.end(body)
    const [response] = await once(sent, 'response')
    const pieces: Uint8Array[] = []
    for await (const piece of response) pieces.push(piece)
    return { status: response.statusCode, body: Buffer.concat(pieces) }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** Lets the server end as it does when its parent goes; resolves when it has. */
  async stop(): Promise<ServerExit> {
    this.#agent.destroy()
    this.#child.stdin?.end()
    return await this.exited
  }
}

async function listening(child: ChildProcess): Promise<{ readonly url: string; readonly pid: number }> {
  if (child.stdout === null) throw new RangeError('the server has no output')
  for await (const line of createInterface({ input: child.stdout })) {
    const message = parseJson('a line of the server', line)
    if (typeof message !== 'object' || message === null || !('event' in message)) continue
    const { event, url, pid } = message
    if (event === 'listening' && typeof url === 'string' && typeof pid === 'number') {
      child.stdout.resume()
      return { url, pid }
    }
  }
  throw new Error('the server ended before it listened')
}

async function exitOf(child: ChildProcess): Promise<ServerExit> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return { code: child.exitCode, signal: child.signalCode }
}
