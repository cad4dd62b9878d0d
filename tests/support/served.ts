import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectOptions, connect, type Session } from '@blindai/client'
import type { EvidenceSource, IsolationLevel, JsonValue } from '@blindai/core'
import {
  createApiKey,
  type LogEvent,
  parseServerConfig,
  type RunningServer,
  startServer,
  type TenantRole,
} from '@blindai/server'
import { openSimulator, type Simulator } from '@blindai/simulator'
import { type Policy, parsePolicy } from '@blindai/verifier'

/** What a test may choose of its server. */
export interface ServedOptions {
  /** Names alone are owners; `alice` when absent. */
  readonly tenants?: readonly string[] | Readonly<Record<string, TenantRole>>
  /** Members of the configuration's `limits`. */
  readonly limits?: Readonly<Record<string, number>>
  /** Also the plain listener, for Oblivious HTTP. */
  readonly plain?: boolean
  readonly unattestedClients?: boolean
  /** Of another server, where both are to be the same installation. */
  readonly simulator?: Simulator
  /** In place of what the simulator gives, for a server that lies. */
  readonly evidence?: EvidenceSource
}

/** A real server with simulated evidence of its own installation, as strong a wall as this machine can build. */
export interface Served {
  readonly server: RunningServer
  readonly simulator: Simulator
  /** Accepts exactly this installation. */
  readonly policy: Policy
  /** What the server wrote down. */
  readonly events: readonly LogEvent[]
  /** The API key of a tenant. */
  key(tenant: string): string
  /** A session that has verified the server; closed with the server. */
  connect(tenant: string, options?: Partial<ConnectOptions>): Promise<Session>
  close(): Promise<void>
}

export async function serve(options: ServedOptions = {}): Promise<Served> {
  const { limits = {}, plain = false, unattestedClients = false } = options
  const simulator = options.simulator ?? (await newSimulator())
  const roles = rolesOf(options.tenants ?? ['alice'])
  const keys = new Map(Object.keys(roles).map((name) => [name, createApiKey()]))
  const config = parseServerConfig(
    JSON.stringify({
      listen: { host: '127.0.0.1', port: 0 },
      ...(plain ? { plainListen: { host: '127.0.0.1', port: 0 } } : {}),
      tenants: [...keys].map(([name, { keySha256 }]) => ({ name, role: roles[name], keySha256 })),
      isolation: 'none',
      unattestedClients,
      limits,
    }),
  )
  const events: LogEvent[] = []
  const software = { name: 'blindai', version: '0.1.0', digest: simulator.softwareDigest }
  const evidence = options.evidence ?? simulator.source
  const server = await startServer(config, { evidence, software, log: (event) => events.push(event) })
  const policy = parsePolicy(policyOf(simulator))
  const sessions: Session[] = []
  const key = (tenant: string): string => {
    const created = keys.get(tenant)
    if (created === undefined) throw new RangeError(`no tenant ${tenant}`)
    return created.key
  }
  return {
    server,
    simulator,
    policy,
    events,
    key,
    async connect(tenant, changes = {}) {
      const session = await connect({ url: server.url, policy, apiKey: key(tenant), ...changes })
      sessions.push(session)
      return session
    },
    async close() {
      await Promise.all(sessions.map((session) => session.close()))
      await server.close()
    },
  }
}

/** A simulator whose root is nobody else's; it is read once, so its folder need not stay. */
async function newSimulator(): Promise<Simulator> {
  const state = await mkdtemp(join(tmpdir(), 'blindai-served-'))
  try {
    return await openSimulator(state)
  } finally {
    await rm(state, { recursive: true })
  }
}

/** The policy file for one installation; any wall will do, since another suite tests walls. */
export function policyOf({ rootSha256, measurements }: Simulator): { readonly [member: string]: JsonValue } {
  const isolation: IsolationLevel[] = ['full', 'reduced', 'none']
  return {
    version: 1,
    name: 'the simulator of this test',
    trustClasses: ['simulated'],
    simulated: { rootSha256: [rootSha256], measurements: [{ name: 'here', date: '2026-11-23', ...measurements }] },
    config: { isolation },
  }
}

function rolesOf(
  tenants: readonly string[] | Readonly<Record<string, TenantRole>>,
): Readonly<Record<string, TenantRole>> {
  return isList(tenants) ? Object.fromEntries(tenants.map((name) => [name, 'owner'])) : tenants
}

function isList(tenants: readonly string[] | Readonly<Record<string, TenantRole>>): tenants is readonly string[] {
  return Array.isArray(tenants)
}
