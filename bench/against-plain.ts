import type { Session } from '@blindai/client'
import { type Asked, keepAsking } from './lib/clients.ts'
import { PlainServerProcess } from './lib/plain-server-process.ts'
import { numberOption, printPlace, printTable } from './lib/report.ts'
import { Installation, ServerProcess } from './lib/server.ts'
import { median, quantile, rotated, spread, spreadText } from './lib/statistics.ts'
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

printPlace('Beside a plain server')
const installation = await Installation.create()
const server = await ServerProcess.start(installation)
try {
  console.log(
    `isolation: ${server.listening.isolation}; ${ROUNDS} rounds of ${WINDOW_MS / 1000} s, ${CLIENTS} clients\n`,
  )
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
      'p99, share',
      'answers',
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
  try {
    const samples = await taken({ plain: () => plain.ask(), blindai: () => ask(session, workload) })
    return [title, ...figures(samples)]
  } finally {
    await plain.stop()
    await session.models.delete(name)
  }
}

async function taken(asks: Record<Arm, () => Promise<unknown>>): Promise<Record<Arm, Asked[]>> {
  requireSameAnswer(await asks.plain(), await asks.blindai())
  for (const arm of ARMS) await keepAsking(CLIENTS, WINDOW_MS / 2, asks[arm])
  const samples: Record<Arm, Asked[]> = { plain: [], blindai: [] }
  for (let round = 0; round < ROUNDS; round++) {
    for (const arm of rotated(ARMS, round)) samples[arm].push(await keepAsking(CLIENTS, WINDOW_MS, asks[arm]))
  }
  return samples
}

function figures(samples: Record<Arm, Asked[]>): string[] {
  const middle = (arm: Arm, pick: (each: Asked) => number): number => median(samples[arm].map(pick))
  const gains = samples.blindai.map(({ rate }, round) => rate / (samples.plain[round]?.rate ?? Number.NaN))
  const rate = (arm: Arm): string => middle(arm, (each) => each.rate).toFixed(1)
  // Of all rounds together: a window of a large model has too few answers for a p99.
  const late = (arm: Arm, part: number): number =>
    quantile(
      samples[arm].flatMap(({ tookMs }) => tookMs),
      part,
    )
  const both = (part: number): string => `${late('plain', part).toFixed(0)} → ${late('blindai', part).toFixed(0)}`
  const answers = ARMS.map((arm) => samples[arm].reduce((sum, { tookMs }) => sum + tookMs.length, 0))
  const share = late('blindai', 0.99) / late('plain', 0.99)
  return [
    rate('plain'),
    rate('blindai'),
    spreadText(spread(gains), 2),
    both(0.5),
    both(0.99),
    share.toFixed(2),
    answers.join(', '),
  ]
}

/** A server that answers something else would be no measure. @throws {Error} */
function requireSameAnswer(plain: unknown, blindai: unknown): void {
  const [one, other] = [valuesOf(plain), valuesOf(blindai)]
  const isSame = one.length > 0 && one.length === other.length && one.every((value, i) => isAlike(value, other[i]))
  if (!isSame) throw new Error('the two servers answer differently')
}

function isAlike(one: number | string, other: number | string = ''): boolean {
  if (typeof one === 'string' || typeof other === 'string') return one === other
  return Math.abs(one - other) <= 1e-3 * Math.max(1, Math.abs(one))
}

/** Labels with their scores, or the elements of outputs, in their order. */
function valuesOf(answer: unknown): (number | string)[] {
  if (typeof answer !== 'object' || answer === null) return []
  if (answer instanceof Float32Array) return [...answer]
  if ('score' in answer && 'label' in answer) return [String(answer.label), Number(answer.score)]
  if ('data' in answer) return Array.isArray(answer.data) ? answer.data.map(Number) : valuesOf(answer.data)
  if ('outputs' in answer) return valuesOf(answer.outputs)
  return Array.isArray(answer) ? answer.flatMap(valuesOf) : []
}
