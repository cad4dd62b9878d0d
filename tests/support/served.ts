import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectOptions, connect, type Session } from '@blindai/client'
import { createApiKey, parseServerConfig, type RunningServer, startServer } from '@blindai/server'
import { openSimulator } from '@blindai/simulator'
import { type Policy, parsePolicy } from '@blindai/verifier'

/** What a test may choose of its server. */
export interface ServedOptions {
  readonly tenants?: readonly string[]
  /** Members of the configuration's `limits`. */
  readonly limits?: Readonly<Record<string, number>>
  /** Also the plain listener, for Oblivious HTTP. */
  readonly plain?: boolean
}

/** A real server with simulated evidence of its own installation, as strong a wall as this machine can build. */
export interface Served {
  readonly server: RunningServer
  readonly rootSha256: string
  readonly measurements: Readonly<Record<string, string>>
  /** Accepts exactly this installation. */
  readonly policy: Policy
  /** The API key of a tenant. */
  key(tenant: string): string
  /** A session that has verified the server; closed with the server. */
  connect(tenant: string, options?: Partial<ConnectOptions>): Promise<Session>
  close(): Promise<void>
}

export async function serve({ tenants = ['alice'], limits = {}, plain = false }: ServedOptions = {}): Promise<Served> {
  const state = await mkdtemp(join(tmpdir(), 'blindai-served-'))
  const { rootSha256, measurements, softwareDigest, source } = await openSimulator(state)
  const keys = new Map(tenants.map((name) => [name, createApiKey()]))
  const config = parseServerConfig(
    JSON.stringify({
      listen: { host: '127.0.0.1', port: 0 },
      ...(plain ? { plainListen: { host: '127.0.0.1', port: 0 } } : {}),
      tenants: [...keys].map(([name, { keySha256 }]) => ({ name, role: 'owner', keySha256 })),
      isolation: 'none',
      limits,
    }),
  )
  const software = { name: 'blindai', version: '0.1.0', digest: softwareDigest }
  const server = await startServer(config, { evidence: source, software, log: () => undefined })
  const policy = parsePolicy({
    version: 1,
    name: 'the simulator of this test',
    trustClasses: ['simulated'],
    simulated: { rootSha256: [rootSha256], measurements: [{ name: 'here', date: '2026-11-23', ...measurements }] },
    config: { isolation: ['full', 'reduced', 'none'] },
  })
  const sessions: Session[] = []
  const key = (tenant: string): string => {
    const created = keys.get(tenant)
    if (created === undefined) throw new RangeError(`no tenant ${tenant}`)
    return created.key
  }
  return {
    server,
    rootSha256,
    measurements,
    policy,
    key,
    async connect(tenant, options = {}) {
      const session = await connect({ url: server.url, policy, apiKey: key(tenant), ...options })
      sessions.push(session)
      return session
    },
    async close() {
      await Promise.all(sessions.map((session) => session.close()))
      await server.close()
      await rm(state, { recursive: true })
    },
  }
}
