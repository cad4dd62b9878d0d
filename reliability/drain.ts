import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Load, type Outcome, wallMs } from './lib/load.ts'
import { loadModel, loadRequest } from './lib/load-model.ts'
import { asCommand, type Finding, idle, type Violation } from './lib/report.ts'
import { ServeProcess } from './lib/serve-process.ts'

/**
 * SIGTERM while callers ask without a pause: every request that was sent on a connection is answered, and the server ends with
 * 0. Callers learn from "connection: close" that they are to connect elsewhere; one that finds nobody to connect to was not in
 * flight.
 */

const CALLERS = 8
const ROWS = 4
const WARM_MS = 300
const LIMITS = { drainNoticeMs: 500, requestDeadlineMs: 60_000, drainMs: 60_000 }
/** Long enough that the second signal is another one. */
const IMPATIENCE_MS = 50
const IN_FLIGHT = 'in flight, and not answered'

interface Run {
  readonly answered: number
  /** Asked before the signal, and not answered by then. */
  readonly inFlight: number
  readonly violations: readonly Violation[]
}

export async function checkDrains({ long }: { readonly long: boolean }): Promise<readonly Finding[]> {
  const times = long ? 50 : 3
  const folder = await mkdtemp(join(tmpdir(), 'blindai-drain-'))
  try {
    // What a server without a drain does, and what ours does when it is told twice: it ends at once.
    const planted = await endUnderLoad(folder, async (server) => {
      server.signal('SIGTERM')
      await setTimeout(IMPATIENCE_MS)
      server.signal('SIGTERM')
    })
    const runs: Run[] = []
    for (let time = 0; time < times; time++) {
      runs.push(await endUnderLoad(folder, async (server) => server.signal('SIGTERM')))
    }
    const answered = sum(runs.map((run) => run.answered))
    const inFlight = sum(runs.map((run) => run.inFlight))
    return [
      {
        title: 'a server that ends at once',
        tried: `once, ${planted.answered} requests answered, ${planted.inFlight} in flight`,
        violations: planted.violations,
        expected: [IN_FLIGHT],
      },
      {
        title: 'SIGTERM under load',
        tried: `${times} times, ${CALLERS} callers, ${answered} requests answered, ${inFlight} in flight`,
        violations: runs.flatMap(({ violations }) => violations),
      },
    ]
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function endUnderLoad(folder: string, end: (server: ServeProcess) => Promise<void>): Promise<Run> {
  const server = await ServeProcess.start(folder, { tenants: ['caller'], limits: LIMITS })
  await server.upload('caller', 'm', loadModel())
  const { body, headers } = loadRequest(ROWS)
  const load = await Load.start({
    url: server.url,
    path: '/v2/models/m/infer',
    method: 'POST',
    headers: { ...headers, authorization: `Bearer ${server.keyOf('caller')}` },
    bodies: [body],
    pace: { kind: 'callers', callers: CALLERS },
  })
  await setTimeout(WARM_MS)
  const signalledMs = wallMs()
  await end(server)
  const { code } = await server.exited
  const outcomes = await load.stop()
  const violations: Violation[] = outcomes
    .filter(isFailed)
    .map(({ status }) => ({ kind: IN_FLIGHT, detail: `status ${status}` }))
  const answered = outcomes.filter(({ status }) => status === 200).length
  if (answered === 0) violations.push(idle(`nothing was answered of ${outcomes.length} requests`))
  // A server that had nothing to do has nothing to leave undone.
  const inFlight = outcomes.filter((one) => isInFlight(one, signalledMs)).length
  if (inFlight === 0) violations.push(idle(`nothing was in flight of ${outcomes.length} requests`))
  if (code !== 0) violations.push({ kind: `ended badly, with ${code}` })
  return { answered, inFlight, violations }
}

function isInFlight({ atMs, tookMs, wasSent }: Outcome, signalledMs: number): boolean {
  return wasSent && atMs < signalledMs && atMs + tookMs > signalledMs
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function isFailed({ status, wasSent }: Outcome): boolean {
  return wasSent && status !== 200
}

await asCommand(import.meta.url, 'Drain', checkDrains)
