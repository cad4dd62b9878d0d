import type { Session } from '@blindai/client'
import { BarePool } from './lib/bare-pool.ts'
import { keepAsking } from './lib/clients.ts'
import { cpuMs, descendants } from './lib/proc.ts'
import { numberOption, printPlace, printTable } from './lib/report.ts'
import { Installation, ServerProcess, TRANSPORTS, type Transport, titleOf } from './lib/server.ts'
import { median, rotated, spread, spreadText } from './lib/statistics.ts'
import {
  ask,
  bertWorkload,
  messageWorkload,
  mobilenetWorkload,
  pathOf,
  photographWorkload,
  resnetWorkload,
  type Workload,
} from './lib/workloads.ts'

/**
 * Throughput through attested TLS and through OHTTP, as a share of what onnxruntime-node does bare in two processes of
 * one thread. Each round measures all three, one after the other, in an order that changes; ratios are taken within a
 * round, and the median of them is reported, so that what else the machine does falls on all alike. Beside it stands the
 * processor time of one request, client included, which other work on the machine hardly changes.
 *
 *   node --conditions=source bench/throughput.ts [--rounds 15] [--seconds 4] [--clients 4]
 */

const ROUNDS = numberOption('rounds', 15)
const WINDOW_MS = numberOption('seconds', 4) * 1000
/** Requests in flight: two run, two wait, so that no engine is ever idle. */
const CLIENTS = numberOption('clients', 4)
const PROCESSES = 2

type Arm = 'bare' | Transport
const ARMS: readonly Arm[] = ['bare', ...TRANSPORTS]

/** One window: requests a second, and processor milliseconds of one request by where they were spent. */
interface Sample {
  readonly rate: number
  readonly engineMs: number
  readonly gatekeeperMs: number
  readonly clientMs: number
}

printPlace('Throughput')
const installation = await Installation.create()
const server = await ServerProcess.start(installation)
try {
  const { isolation } = server.listening
  console.log(`isolation: ${isolation}; ${ROUNDS} rounds of ${WINDOW_MS / 1000} s, ${CLIENTS} requests in flight\n`)
  const sessions = { tls: await server.connect('tls'), ohttp: await server.connect('ohttp') }
  const { folder } = installation
  const rows: string[][] = []
  const graphs = [await bertWorkload(folder), await resnetWorkload(folder), mobilenetWorkload()]
  for (const workload of [...graphs, photographWorkload(), messageWorkload()]) {
    rows.push(...(await measure(workload, sessions)))
  }
  printTable(
    ['model', 'way', 'requests/s', 'share of bare', 'CPU ms: engine', 'gatekeeper', 'client', 'share by CPU'],
    rows,
  )
  for (const session of Object.values(sessions)) await session.close()
} finally {
  await server.stop()
  await installation.remove()
}

async function measure(workload: Workload, sessions: Record<Transport, Session>): Promise<string[][]> {
  const task = 'task' in workload ? { task: workload.task } : {}
  await sessions.tls.models.upload(pathOf(workload), { name: workload.name, ...task })
  const pool = await BarePool.start(PROCESSES, workload)
  const sample = (arm: Arm): Promise<Sample> =>
    arm === 'bare' ? runBare(pool) : drive(sessions[arm], workload, WINDOW_MS)

  const samples: Record<Arm, Sample[]> = { bare: [], tls: [], ohttp: [] }
  try {
    for (const transport of TRANSPORTS) await drive(sessions[transport], workload, WINDOW_MS / 2)
    for (let round = 0; round < ROUNDS; round++) {
      for (const arm of rotated(ARMS, round)) samples[arm].push(await sample(arm))
    }
  } finally {
    await pool.stop()
  }
  await sessions.tls.models.delete(workload.name)

  const middle = (arm: Arm, pick: (each: Sample) => number): number => median(samples[arm].map(pick))
  const totalMs = (each: Sample): number => each.engineMs + each.gatekeeperMs + each.clientMs
  return ARMS.map((arm) => {
    const shares = samples[arm].map(({ rate }, round) => rate / (samples.bare[round]?.rate ?? Number.NaN))
    return [
      workload.title,
      arm === 'bare' ? `bare, ${PROCESSES} × 1 thread` : titleOf(arm),
      middle(arm, ({ rate }) => rate).toFixed(1),
      arm === 'bare' ? '1' : spreadText(spread(shares), 3),
      middle(arm, ({ engineMs }) => engineMs).toFixed(2),
      arm === 'bare' ? '' : middle(arm, ({ gatekeeperMs }) => gatekeeperMs).toFixed(2),
      arm === 'bare' ? '' : middle(arm, ({ clientMs }) => clientMs).toFixed(2),
      (middle('bare', totalMs) / middle(arm, totalMs)).toFixed(3),
    ]
  })
}

async function runBare(pool: BarePool): Promise<Sample> {
  const before = totalCpuMs(pool.pids)
  const { rate, runs } = await pool.runFor(WINDOW_MS)
  return { rate, engineMs: (totalCpuMs(pool.pids) - before) / runs, gatekeeperMs: 0, clientMs: 0 }
}

/** Keeps requests in flight for a time. */
async function drive(session: Session, workload: Workload, ms: number): Promise<Sample> {
  const { pid } = server.listening
  const engines = descendants(pid)
  const before = { engines: totalCpuMs(engines), gatekeeper: cpuMs(pid), client: process.cpuUsage() }
  const { rate, tookMs } = await keepAsking(CLIENTS, ms, () => ask(session, workload))
  const used = process.cpuUsage(before.client)
  const requests = tookMs.length
  return {
    rate,
    engineMs: (totalCpuMs(engines) - before.engines) / requests,
    gatekeeperMs: (cpuMs(pid) - before.gatekeeper) / requests,
    clientMs: (used.user + used.system) / 1000 / requests,
  }
}

function totalCpuMs(pids: readonly number[]): number {
  return pids.reduce((total, pid) => total + cpuMs(pid), 0)
}
