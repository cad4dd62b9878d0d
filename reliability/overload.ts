import { descendants, memoryMiB } from '../bench/lib/proc.ts'
import { quantile } from '../bench/lib/statistics.ts'
import { outside } from './lib/bounds.ts'
import { inFolder } from './lib/folder.ts'
import { Load, type LoadOrder, type LoadPace, type Outcome, wallMs } from './lib/load.ts'
import { loadModel, loadRequest } from './lib/load-model.ts'
import { asCommand, type Finding, idle } from './lib/report.ts'
import { ServeProcess } from './lib/serve-process.ts'

/**
 * Overload: ten times as many requests a second as the server can do, for a minute. Its memory stays under the declared cap, it
 * goes on doing at least 80 % of what it can, it refuses the rest at once and says when to come back, and five seconds
 * afterwards answers take as long as before.
 *
 *   node --conditions=source reliability/overload.ts [--long]
 *
 * A real server, a real model, and clients in a process of their own who ask at a fixed rate, whatever they are told, and
 * say how long an answer is worth waiting for. The planted fault is a server whose queue is so long that it
 * refuses nothing: its answers come too late to count. The short form lasts some seconds and judges what does not depend on how
 * busy the machine is: that refusals come and say when to come back, that nothing breaks, and the memory. Goodput and times in simulated time are in the scheduler's tests.
 */

const TIMES = 10
const CALLERS = 8
/** Twice as many as a tenant may let wait: what a server does that refuses none shows with them. */
const CONNECTIONS = 128
/** More than the server has in hand at a time: where ten times is judged, the rate says how much is asked. */
const MANY_CONNECTIONS = 1024
/** Of the peak, what has to have been asked at the least: the clients have the same processors. */
const LEAST_TIMES = 8
/** An answer that takes so many times as long as that of a server that rests is worth nothing to who waits for it. */
const PATIENCE = 30
/**
 * Some 60 ms of one processor for 32 KiB, as models of text and pictures have them. Clients and server share the processors:
 * ten times as much of a model of 3 ms for 48 KiB is more than clients can ask of two.
 */
const LAYERS = 2000
const ROWS = 32
const CAP_MIB = 2048
const NOTHING_REFUSED = 'nothing refused'
const LESS_DONE = 'less done than it can'

interface Bounds {
  readonly connections: number
  readonly overloadMs: number
  readonly calmMs: number
  readonly recoveryMs: number
  /** Asked a second, of the peak. */
  readonly leastOffered: number
  /** Of the peak. */
  readonly leastGoodput: number
  readonly refusalP99Ms: number
  /** How much longer an answer may take afterwards. */
  readonly recovered: number
}

const LONG: Bounds = {
  connections: MANY_CONNECTIONS,
  overloadMs: 60_000,
  calmMs: 10_000,
  recoveryMs: 5000,
  leastOffered: LEAST_TIMES,
  leastGoodput: 0.8,
  refusalP99Ms: 100,
  recovered: 1.1,
}
/** What depends on what else the machine does is left to the long form. */
const SHORT: Bounds = {
  connections: CONNECTIONS,
  overloadMs: 6000,
  calmMs: 2000,
  recoveryMs: 0,
  leastOffered: 0,
  leastGoodput: 0,
  refusalP99Ms: Number.POSITIVE_INFINITY,
  recovered: Number.POSITIVE_INFINITY,
}

export async function checkOverload({ long }: { readonly long: boolean }): Promise<readonly Finding[]> {
  const bounds = long ? LONG : SHORT
  const endless = { maxQueuedRequests: 100_000, maxQueuedRequestsPerTenant: 100_000 }
  return [
    await overloadOf(
      'a queue without an end',
      { ...bounds, connections: CONNECTIONS, overloadMs: Math.min(bounds.overloadMs, 15_000) },
      long,
      endless,
    ),
    await overloadOf('the server as it comes', bounds, long),
  ]
}

async function overloadOf(
  title: string,
  { connections, overloadMs, calmMs, recoveryMs, leastOffered, leastGoodput, refusalP99Ms, recovered }: Bounds,
  long: boolean,
  planted?: Readonly<Record<string, number>>,
): Promise<Finding> {
  return await inFolder(long, async (folder) => {
    const server = await ServeProcess.start(folder, {
      tenants: ['crowd'],
      limits: { engineHeadroomBytes: 128 * 1024 ** 2, ...planted },
    })
    try {
      await server.upload('crowd', 'm', loadModel({ layers: LAYERS }))
      await Load.during(orderOf(server, { kind: 'callers', callers: CALLERS }), 1000)
      const one: LoadPace = { kind: 'callers', callers: 1 }
      const before = delaysOf(await Load.during(orderOf(server, one), calmMs))
      const peakMs = calmMs
      const peak = rateOf(await Load.during(orderOf(server, { kind: 'callers', callers: CALLERS }), peakMs))

      const memory = watchMemory(server.pid)
      const worthMs = PATIENCE * quantile(before, 0.5)
      // Who waits for a queue without an end does not say how long.
      const timeoutMs = planted === undefined ? worthMs : undefined
      const flood = await Load.start(
        orderOf(server, { kind: 'rate', perSecond: Math.ceil(TIMES * peak), maxInFlight: connections }, timeoutMs),
      )
      const startMs = wallMs()
      await new Promise((resolve) => setTimeout(resolve, overloadMs))
      const endMs = wallMs()
      const outcomes = await flood.stop()
      const mostMiB = memory.stop()
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, recoveryMs - (wallMs() - endMs))))
      const after = delaysOf(await Load.during(orderOf(server, one), calmMs))

      // What had no answer when the load ended is not among them: a little more was asked, which counts for nothing.
      const asked = outcomes.filter(({ atMs, wasSent }) => wasSent && atMs >= startMs && atMs <= endMs).length
      const offered = (asked * 1000) / (endMs - startMs)
      const during = outcomes.filter(({ atMs, tookMs }) => atMs + tookMs >= startMs && atMs + tookMs <= endMs)
      const good = during.filter(({ status, tookMs }) => status === 200 && tookMs <= worthMs).length
      const goodput = (good * 1000) / (endMs - startMs) / peak
      const refused = during.filter(({ status }) => status === 429 || status === 503)
      const refusalMs =
        refused.length === 0
          ? 0
          : quantile(
              refused.map(({ tookMs }) => tookMs),
              0.99,
            )
      const slower = quantile(after, 0.5) / quantile(before, 0.5)
      const violations = [
        ...outside('more memory than declared', mostMiB, { most: CAP_MIB }),
        ...outside('not ten times', offered / peak, { least: leastOffered }),
        ...outside(LESS_DONE, goodput, { least: leastGoodput }),
        ...outside('refused too late', refusalMs, { most: refusalP99Ms }),
        ...outside('slow afterwards', slower, { most: recovered }),
      ]
      if (!during.some(({ status }) => status !== 0)) violations.push(idle('nothing was answered'))
      if (refused.length === 0) violations.push({ kind: NOTHING_REFUSED })
      if (!refused.every(({ retryAfter = 0 }) => retryAfter >= 1)) violations.push({ kind: 'no Retry-After' })
      if (outcomes.some(({ status }) => ![200, 429, 503, 504].includes(status))) violations.push({ kind: 'broken' })
      const tried = [
        `${offered.toFixed(0)} requests/s asked and answered, ${(offered / peak).toFixed(1)} times the peak of ${peak.toFixed(0)}`,
        `goodput ${(100 * goodput).toFixed(0)} %`,
        `${refused.length} refused, p99 ${refusalMs.toFixed(0)} ms`,
        `${mostMiB.toFixed(0)} MiB`,
        `p50 ${quantile(before, 0.5).toFixed(1)} ms before, ${quantile(after, 0.5).toFixed(1)} ms after`,
      ]
      // How much is done in time is judged where there is a least of it.
      const expected = leastGoodput > 0 ? ([NOTHING_REFUSED, LESS_DONE] as const) : ([NOTHING_REFUSED] as const)
      return { title, violations, tried: tried.join('; '), ...(planted !== undefined && { expected }) }
    } finally {
      await server.stop()
    }
  })
}

function orderOf(server: ServeProcess, pace: LoadPace, timeoutMs?: number): LoadOrder {
  const { body, headers } = loadRequest(ROWS, timeoutMs)
  return {
    url: server.url,
    method: 'POST',
    path: '/v2/models/m/infer',
    headers: { ...headers, authorization: `Bearer ${server.keyOf('crowd')}` },
    bodies: [body],
    pace,
  }
}

/** The most that the server and its engines held, their shared pages counted once; NaN when nothing was measured. */
function watchMemory(pid: number): { stop(): number } {
  let most = 0
  const timer = setInterval(() => {
    let total = 0
    for (const each of [pid, ...descendants(pid)]) total += proportionalMiB(each)
    most = Math.max(most, total)
  }, 500)
  return {
    stop() {
      clearInterval(timer)
      return most > 0 ? most : Number.NaN
    },
  }
}

/** A process that has ended, or that another user owns and this one may not look into, counts as nothing. */
function proportionalMiB(pid: number): number {
  try {
    return memoryMiB(pid).proportional
  } catch (cause) {
    if (!(cause instanceof Error) || !('code' in cause)) throw cause
    return 0
  }
}

function delaysOf(outcomes: readonly Outcome[]): readonly number[] {
  return outcomes.filter(({ status }) => status === 200).map(({ tookMs }) => tookMs)
}

/** Answers a second. */
function rateOf(outcomes: readonly Outcome[]): number {
  const ends = outcomes.filter(({ status }) => status === 200).map(({ atMs, tookMs }) => atMs + tookMs)
  return ((ends.length - 1) * 1000) / (Math.max(...ends) - Math.min(...ends))
}

await asCommand(import.meta.url, 'Overload', checkOverload)
