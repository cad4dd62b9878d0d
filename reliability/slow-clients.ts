import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quantile } from '../bench/lib/statistics.ts'
import { Load } from './lib/load.ts'
import { loadModel, loadRequest } from './lib/load-model.ts'
import { asCommand, type Finding, idle, type Violation } from './lib/report.ts'
import { ServeProcess } from './lib/serve-process.ts'
import { type Slowness, slowConnections } from './lib/slow.ts'
import { slowHttpTest } from './lib/slow-http-test.ts'

/**
 * Clients that send their headers, send their bodies or take their answers so slowly that each would hold a connection for
 * ever: all of them are closed in time, and a client that is not slow is served every time meanwhile.
 */

const KINDS: readonly Slowness[] = ['headers', 'bodies', 'reads']
/** Of slowhttptest, for the same. */
const MODES = ['-H', '-B', '-X'] as const
/** Slow reads of the tool show nothing there: those over h2, above, do. */
const TOOL_EXPECTED = ['slowhttptest -H: never closed', 'slowhttptest -B: never closed'] as const
/** Short, so that a run is; what is tried is that they are kept. */
const LIMITS = {
  headersTimeoutMs: 2000,
  bodyGraceMs: 2000,
  connectionIdleMs: 2000,
  minBodyBytesPerSecond: 1024 * 1024,
}
/** The planted fault: the same server with its timeouts as good as off. */
const NO_LIMITS = { headersTimeoutMs: 120_000, bodyGraceMs: 600_000, connectionIdleMs: 3_600_000 }
/** What a machine that is busy with the handshakes of all the others may add. */
const IN_TIME_MS = 15_000

export async function checkSlowClients({ long }: { readonly long: boolean }): Promise<readonly Finding[]> {
  const connections = long ? 1000 : 60
  const expected = ['slow headers never closed', 'slow bodies never closed', 'slow reads never closed'] as const
  const planted = await tried('a server whose timeouts are off', NO_LIMITS, 10, 5000, expected)
  const ours = await tried('slow clients', LIMITS, connections, IN_TIME_MS)
  if (!long) return [planted, ours]
  return [
    planted,
    ours,
    await triedWithTool('slowhttptest, a server whose timeouts are off', NO_LIMITS, 100, TOOL_EXPECTED),
    await triedWithTool('slowhttptest', LIMITS, connections),
  ]
}

async function tried(
  title: string,
  limits: Readonly<Record<string, number>>,
  connections: number,
  inTimeMs: number,
  expected?: NonNullable<Finding['expected']>,
): Promise<Finding> {
  return await withServer(limits, async (server, load) => {
    const violations: Violation[] = []
    const figures: string[] = []
    for (const kind of KINDS) {
      const { hostname: host, port } = new URL(server.url)
      const { opened, closedAfterMs, stillOpen } = await slowConnections({
        kind,
        connections,
        host,
        port: Number(port),
        path: kind === 'bodies' ? '/v2/models/m/infer' : '/.well-known/blindai/attestation',
        authorization: `Bearer ${server.keyOf('caller')}`,
        lastMs: inTimeMs + (expected === undefined ? 60_000 : 0),
      })
      const late = closedAfterMs.filter((ms) => ms > inTimeMs).length
      for (let one = 0; one < stillOpen; one++) violations.push({ kind: `slow ${kind} never closed` })
      for (let one = 0; one < late; one++) violations.push({ kind: `slow ${kind} closed late` })
      for (let one = opened; one < connections; one++) violations.push({ kind: `slow ${kind} not let in` })
      const slowest =
        closedAfterMs.length === 0 ? 'none closed' : `${(quantile(closedAfterMs, 1) / 1000).toFixed(1)} s at most`
      figures.push(`${opened} of slow ${kind}, ${slowest}`)
    }
    const outcomes = await load.stop()
    const served = outcomes.filter(({ status }) => status === 200).length
    for (const { status } of outcomes) if (status !== 200) violations.push({ kind: `a normal client got ${status}` })
    if (served === 0) violations.push(idle('a normal client was never served'))
    figures.push(`a normal client served ${served} of ${outcomes.length} times`)
    return { title, tried: figures.join('; '), violations, ...(expected && { expected }) }
  })
}

/** The same with the tool that others use, over http/1.1. */
async function triedWithTool(
  title: string,
  limits: Readonly<Record<string, number>>,
  connections: number,
  expected?: NonNullable<Finding['expected']>,
): Promise<Finding> {
  return await withServer(limits, async (server, load, folder) => {
    const violations: Violation[] = []
    const figures: string[] = []
    for (const mode of MODES) {
      const { opened, most, stillOpen, seconds } = await slowHttpTest(mode, server, connections, folder)
      for (let one = 0; one < stillOpen; one++) violations.push({ kind: `slowhttptest ${mode}: never closed` })
      for (let one = opened; one < connections; one++) violations.push({ kind: `slowhttptest ${mode}: not let in` })
      figures.push(`${mode}: ${opened}, ${most} at once, the last closed after ${seconds.toFixed(0)} s`)
    }
    const outcomes = await load.stop()
    const served = outcomes.filter(({ status }) => status === 200).length
    for (const { status } of outcomes) if (status !== 200) violations.push({ kind: `a normal client got ${status}` })
    if (served === 0) violations.push(idle('a normal client was never served'))
    figures.push(`a normal client served ${served} of ${outcomes.length} times`)
    return { title, tried: figures.join('; '), violations, ...(expected && { expected }) }
  })
}

/** A server with a model, and one caller who is not slow. */
async function withServer(
  limits: Readonly<Record<string, number>>,
  work: (server: ServeProcess, load: Load, folder: string) => Promise<Finding>,
): Promise<Finding> {
  const folder = await mkdtemp(join(tmpdir(), 'blindai-slow-'))
  const server = await ServeProcess.start(folder, { tenants: ['caller'], limits })
  try {
    await server.upload('caller', 'm', loadModel())
    const { body, headers } = loadRequest(1)
    const load = await Load.start({
      url: server.url,
      path: '/v2/models/m/infer',
      method: 'POST',
      // A connection for each request: it has to be let in every time, and none is closed for being idle as it is used again.
      headers: { ...headers, authorization: `Bearer ${server.keyOf('caller')}`, connection: 'close' },
      bodies: [body],
      pace: { kind: 'rate', perSecond: 5, maxInFlight: 4 },
    })
    return await work(server, load, folder)
  } finally {
    await server.stop()
    await rm(folder, { recursive: true })
  }
}

await asCommand(import.meta.url, 'Slow clients', checkSlowClients)
