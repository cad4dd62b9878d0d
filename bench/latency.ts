import type { Session } from '@blindai/client'
import { BarePool } from './lib/bare-pool.ts'
import { numberOption, printPlace, printTable } from './lib/report.ts'
import { Installation, ServerProcess, TRANSPORTS, type Transport, titleOf } from './lib/server.ts'
import { median, quantile, rotated, spread, spreadText } from './lib/statistics.ts'
import { mobilenetWorkload, type TensorWorkload, tinyWorkload } from './lib/workloads.ts'

/**
 * What one client waits longer than for onnxruntime-node itself, one request at a time. Blocks of requests take turns;
 * the figure of a block is its median, and the time added is the difference of the medians of one round.
 *
 *   node --conditions=source bench/latency.ts [--rounds 15] [--requests 60]
 */

const ROUNDS = numberOption('rounds', 15)
const REQUESTS = numberOption('requests', 60)

type Arm = 'bare' | Transport

printPlace('Latency of one client')
const installation = await Installation.create()
const server = await ServerProcess.start(installation)
try {
  const sessions = { tls: await server.connect('tls'), ohttp: await server.connect('ohttp') }
  const rows: string[][] = []
  for (const workload of [await tinyWorkload(installation.folder), mobilenetWorkload()]) {
    rows.push(...(await measure(workload, sessions)))
  }
  printTable(['model', 'way', 'p50 ms', 'p95 ms', 'added at p50, ms'], rows)
  for (const session of Object.values(sessions)) await session.close()
} finally {
  await server.stop()
  await installation.remove()
}

async function measure(workload: TensorWorkload, sessions: Record<Transport, Session>): Promise<string[][]> {
  await sessions.tls.models.upload(workload.file, { name: workload.name })
  const pool = await BarePool.start(1, workload)
  const block = async (arm: Arm): Promise<readonly number[]> =>
    arm === 'bare' ? pool.durationsMs(REQUESTS) : callTimesMs(sessions[arm], workload)

  const blocks: Record<Arm, (readonly number[])[]> = { bare: [], tls: [], ohttp: [] }
  try {
    for (const arm of ['bare', ...TRANSPORTS] as const) await block(arm)
    for (let round = 0; round < ROUNDS; round++) {
      for (const arm of rotated<Arm>(['bare', 'tls', 'ohttp'], round)) blocks[arm].push(await block(arm))
    }
  } finally {
    await pool.stop()
  }
  await sessions.tls.models.delete(workload.name)

  const p95 = (arm: Arm): string => quantile(blocks[arm].flat(), 0.95).toFixed(2)
  return (['bare', ...TRANSPORTS] as const).map((arm) => {
    const medians = blocks[arm].map(median)
    const added = medians.map((each, round) => each - median(blocks.bare[round] ?? []))
    return [
      workload.title,
      arm === 'bare' ? 'bare' : titleOf(arm),
      median(medians).toFixed(2),
      p95(arm),
      arm === 'bare' ? '' : spreadText(spread(added), 2),
    ]
  })
}

async function callTimesMs(session: Session, workload: TensorWorkload): Promise<readonly number[]> {
  const times: number[] = []
  for (let request = 0; request < REQUESTS; request++) {
    const start = performance.now()
    await session.infer(workload.name, workload.inputs)
    times.push(performance.now() - start)
  }
  return times
}
