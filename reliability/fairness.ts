import { fileURLToPath } from 'node:url'
import { quantile } from '../bench/lib/statistics.ts'
import { outside } from './lib/bounds.ts'
import { inFolder } from './lib/folder.ts'
import { Load, type LoadOrder, wallMs } from './lib/load.ts'
import { loadModel, loadRequest } from './lib/load-model.ts'
import { asCommand, type Finding } from './lib/report.ts'
import { ServeProcess } from './lib/serve-process.ts'

/**
 * Fairness: one tenant asks for twenty times its share, another for no more than it always does. The other keeps at least
 * 80 % of an even split of what the server does, and its answers come no later than twice as late as at an even split.
 *
 *   node --conditions=source reliability/fairness.ts [--long]
 *
 * A real server on the processors that there are, a real model, both tenants in processes of their own. Phases of an even
 * split and of greed alternate, so that what else the machine does meets both. The planted fault is the same server with one
 * queue for all. The short form judges nine answers of ten, the long form 99 of a hundred: there are enough of them. It runs
 * beside other tests, whose bursts can look like greed, so there a fault has to show twice.
 */

const CALLERS = 4
const GREEDY_CALLERS = 20 * CALLERS
const LEAST_SHARE = 0.8 / 2
const MOST_DELAY = 2
const LITTLE = 'less than its share'
const LATE = 'answers too late'
const ROWS = 48
/** Answers of a phase's beginning, while queues fill, tell nothing. */
const SETTLING_MS = 500

interface Phase {
  readonly share: number
  readonly delays: readonly number[]
}

export async function checkFairness({ long }: { readonly long: boolean }): Promise<readonly Finding[]> {
  const fifo = fileURLToPath(new URL('./lib/fifo-server.ts', import.meta.url))
  const planted = await fairnessOf('one queue for all tenants', { long, script: fifo })
  const ours = await fairnessOf('deficit round robin', { long })
  if (long || ours.violations.length === 0) return [planted, ours]
  return [planted, await fairnessOf('deficit round robin, once more', { long })]
}

async function fairnessOf(
  title: string,
  { long, script }: { readonly long: boolean; readonly script?: string },
): Promise<Finding> {
  const [even, greedy] = await inFolder(long, async (folder) => {
    const server = await ServeProcess.start(folder, {
      tenants: ['modest', 'greedy'],
      limits: { maxQueuedRequestsPerTenant: GREEDY_CALLERS, maxQueuedRequests: 2 * GREEDY_CALLERS },
      ...(script === undefined ? {} : { script }),
    })
    try {
      for (const tenant of server.keys.keys()) await server.upload(tenant, 'm', loadModel())
      await phase(server, CALLERS, 1000)
      const phases: [Phase[], Phase[]] = [[], []]
      for (let turn = 0; turn < (long ? 6 : 2); turn++) {
        phases[0].push(await phase(server, CALLERS, long ? 10_000 : 2000))
        phases[1].push(await phase(server, GREEDY_CALLERS, long ? 10_000 : 2000))
      }
      return phases
    } finally {
      await server.stop()
    }
  })
  const share = mean(greedy.map((each) => each.share))
  const part = long ? 0.99 : 0.9
  const delay = quantile(delaysOf(greedy), part) / quantile(delaysOf(even), part)
  const violations = [...outside(LITTLE, share, { least: LEAST_SHARE }), ...outside(LATE, delay, { most: MOST_DELAY })]
  const figures = [
    `${(2 * share * 100).toFixed(0)} % of an even split`,
    `${delay.toFixed(2)} times the p${100 * part} of an even split, ${quantile(delaysOf(even), part).toFixed(0)} ms`,
  ]
  const tried = `${delaysOf(greedy).length} answers: ${figures.join('; ')}`
  const expected = [LITTLE, LATE] as const
  return { title, violations, tried, ...(script !== undefined && { expected }) }
}

/** The modest tenant asks as always, the other with so many callers; what both were answered while both asked. */
async function phase(server: ServeProcess, greedyCallers: number, ms: number): Promise<Phase> {
  const loads = await Promise.all([
    Load.start(orderOf(server, 'modest', CALLERS)),
    Load.start(orderOf(server, 'greedy', greedyCallers)),
  ])
  const startMs = wallMs() + SETTLING_MS
  await new Promise((resolve) => setTimeout(resolve, SETTLING_MS + ms))
  const endMs = wallMs()
  const [mine = [], theirs = []] = await Promise.all(
    loads.map(async (load) =>
      (await load.stop()).filter(({ status, atMs, tookMs }) => {
        const doneMs = atMs + tookMs
        return status === 200 && doneMs >= startMs && doneMs <= endMs
      }),
    ),
  )
  return { share: mine.length / (mine.length + theirs.length), delays: mine.map(({ tookMs }) => tookMs) }
}

function orderOf(server: ServeProcess, tenant: string, callers: number): LoadOrder {
  const { body, headers } = loadRequest(ROWS)
  return {
    url: server.url,
    method: 'POST',
    path: '/v2/models/m/infer',
    headers: { ...headers, authorization: `Bearer ${server.keyOf(tenant)}` },
    bodies: [body],
    pace: { kind: 'callers', callers },
  }
}

function delaysOf(phases: readonly Phase[]): readonly number[] {
  return phases.flatMap(({ delays }) => delays)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

await asCommand(import.meta.url, 'Fairness', checkFairness)
