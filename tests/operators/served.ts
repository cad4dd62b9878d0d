import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type Session } from '@blindai/client'
import { createApiKey, parseServerConfig, type RunningServer, startServer } from '@blindai/server'
import { openSimulator } from '@blindai/simulator'
import { parsePolicy } from '@blindai/verifier'

/** A real server with simulated evidence, and a session that has verified it. */
export interface Served {
  readonly session: Session
  close(): Promise<void>
}

export async function serve(): Promise<Served> {
  const state = await mkdtemp(join(tmpdir(), 'blindai-operators-'))
  const { rootSha256, measurements, softwareDigest, source } = await openSimulator(state)
  const { key, keySha256 } = createApiKey()
  const config = parseServerConfig(
    JSON.stringify({
      listen: { host: '127.0.0.1', port: 0 },
      tenants: [{ name: 'operators', role: 'owner', keySha256 }],
      // As strong as this machine can build it; what is tested here is arithmetic.
      isolation: 'none',
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
  return openSession(server, policy, key, state)
}

async function openSession(
  server: RunningServer,
  policy: ReturnType<typeof parsePolicy>,
  apiKey: string,
  state: string,
): Promise<Served> {
  const close = async (): Promise<void> => {
    await server.close()
    await rm(state, { recursive: true })
  }
  try {
    const session = await connect({ url: server.url, policy, apiKey })
    return {
      session,
      close: async () => {
        await session.close()
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}
