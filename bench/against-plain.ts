import type { Session } from '@blindai/client'
import { PlainServerProcess } from './lib/plain-server-process.ts'
import { numberOption, printPlace, printTable } from './lib/report.ts'
import { Installation, ServerProcess } from './lib/server.ts'
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
 * Beside `plain-server.ts`, what a team would write instead: fastify with onnxruntime-node, without encryption, keys or a
 * queue, on the same cores and with as many clients. Windows take turns; ratios are taken within a round.
 *
 *   node --conditions=source bench/against-plain.ts [--rounds 7] [--seconds 4] [--clients 16]
 */

const ROUNDS = numberOption('rounds', 7)
const WINDOW_MS = numberOption('seconds', 4) * 1000
const CLIENTS = numberOption('clients', 16)

type Arm = 'plain' | 'blindai'
const ARMS: readonly Arm[] = ['plain', 'blindai']

/** One window. */
interface Sample {
  readonly rate: number
  readonly p50Ms: number
  readonly p99Ms: number
}

printPlace('Beside a plain server')
const installation = await Installation.create()
const server = await ServerProcess.start(installation)
try {
  console.log(`${ROUNDS} rounds of ${WINDOW_MS / 1000} s, ${CLIENTS} clients\n`)
  const session = await server.connect('tls')
  const { folder } = installation
  const graphs = [await bertWorkload(folder), await resnetWorkload(folder), mobilenetWorkload()]
  const rows: string[][] = []
  for (const workload of [...graphs, photographWorkload(), messageWorkload()])
    rows.push(await measure(workload, session))
  printTable(
    [
      'model',
      'plain, requests/s',
      'attested TLS, requests/s',
      'gain (range)',
      'p50 ms',
      'p99 ms',
      'p99, share (range)',
    ],
    rows,
  )
  await session.close()
} finally {
  await server.stop()
  await installation.remove()
}

async function measure(workload: Workload, session: Session): Promise<string[]> {
  const { name, title } = workload
  await session.models.upload(pathOf(workload), { name, ...('task' in workload && { task: workload.task }) })
  const plain = await PlainServerProcess.start(workload)
  const asks: Record<Arm, () => Promise<unknown>> = {
    plain: () => plain.ask(),
    blindai: () => ask(session, workload),
  }
  for (const arm of ARMS) await drive(asks[arm], WINDOW_MS / 2)
  const samples: Record<Arm, Sample[]> = { plain: [], blindai: [] }
  for (let round = 0; round < ROUNDS; round++) {
    for (const arm of rotated(ARMS, round)) samples[arm].push(await drive(asks[arm], WINDOW_MS))
  }
  await plain.stop()
  await session.models.delete(name)

  const middle = (arm: Arm, pick: (each: Sample) => number): number => median(samples[arm].map(pick))
  const shares = (pick: (each: Sample) => number): string =>
    spreadText(spread(samples.blindai.map((each, round) => pick(each) / pick(samples.plain[round] ?? NOTHING))), 2)
  const both = (pick: (each: Sample) => number): string =>
    `${middle('plain', pick).toFixed(0)} → ${middle('blindai', pick).toFixed(0)}`
  return [
    title,
    middle('plain', ({ rate }) => rate).toFixed(1),
    middle('blindai', ({ rate }) => rate).toFixed(1),
    shares(({ rate }) => rate),
    both(({ p50Ms }) => p50Ms),
    both(({ p99Ms }) => p99Ms),
    shares(({ p99Ms }) => p99Ms),
  ]
}

const NOTHING: Sample = { rate: Number.NaN, p50Ms: Number.NaN, p99Ms: Number.NaN }

/** Keeps so many requests in flight for a time. Each client's rate counts whole requests over the time they took. */
async function drive(asked: () => Promise<unknown>, ms: number): Promise<Sample> {
  const took: number[] = []
  const start = performance.now()
  const rates = await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      let requests = 0
      let elapsed = 0
      while (elapsed < ms) {
        const askedAt = performance.now()
        await asked()
        took.push(performance.now() - askedAt)
        requests++
        elapsed = performance.now() - start
      }
      return requests / (elapsed / 1000)
    }),
  )
  took.sort((a, b) => a - b)
  const at = (share: number): number => took[Math.floor(took.length * share)] ?? Number.NaN
  return { rate: rates.reduce((sum, rate) => sum + rate, 0), p50Ms: at(0.5), p99Ms: at(0.99) }
}
