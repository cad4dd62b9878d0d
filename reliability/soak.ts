import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Load, type LoadOrder, type Outcome } from './lib/load.ts'
import { loadModel, loadRequest } from './lib/load-model.ts'
import { descriptorsOf, residentBytes } from './lib/process-figures.ts'
import { asCommand, type Finding, idle, type Violation } from './lib/report.ts'
import { ServeProcess } from './lib/serve-process.ts'

/**
 * Mixed load for minutes: runs, documents, uploads that are deleted again, refusals. Memory and descriptors of
 * the gatekeeper must be flat once it is warm: what leaks less than the bounds in a quarter of the run does not show, and how
 * much that is a second is said with the figures.
 *
 * V8 lets the heap of a gatekeeper grow to four times what lives in it before it collects it. The long form asks three times as
 * often, so that it has done so well before the half that is judged.
 */

const MIB = 1024 ** 2
/** What counts as flat; see `growthOf`. */
const FLAT_BYTES = 24 * MIB
/** Fewer than callers and one engine have, which come and go. */
const FLAT_DESCRIPTORS = 12
/** Of each kind of request: with few connections, what leaks shows. */
const MAX_IN_FLIGHT = 2
const LOOKS = 60
/** Between two uploads. */
const UPLOAD_PAUSE_MS = 500
const LEAKING_SERVER = fileURLToPath(new URL('./lib/leaking-server.ts', import.meta.url))

export async function checkSoak({ long }: { readonly long: boolean }): Promise<readonly Finding[]> {
  const seconds = long ? 600 : 15
  return [
    await soaked('a server that leaks memory and descriptors', 15, 1, LEAKING_SERVER),
    await soaked('mixed load', seconds, long ? 3 : 1),
  ]
}

/** @param times - as often as the short form asks. */
async function soaked(title: string, seconds: number, times: number, script?: string): Promise<Finding> {
  const folder = await mkdtemp(join(tmpdir(), 'blindai-soak-'))
  const server = await ServeProcess.start(folder, { tenants: ['caller'], ...(script === undefined ? {} : { script }) })
  try {
    await server.upload('caller', 'm', loadModel())
    const loads = await Promise.all(ordersFor(server, times).map((order) => Load.start(order)))
    const uploads = uploadsUntil(server, performance.now() + seconds * 1000, UPLOAD_PAUSE_MS / times)
    // Awaited only at the end: one that fails before is no rejection that nobody handles, which would end this process.
    uploads.catch(() => undefined)
    const memory: number[] = []
    const descriptors: number[] = []
    for (let look = 0; look < LOOKS; look++) {
      await setTimeout((seconds * 1000) / LOOKS)
      memory.push(residentBytes(server.pid))
      descriptors.push(descriptorsOf(server.pid).all)
    }
    const [runs = [], refusals = [], documents = []] = await Promise.all(loads.map((load) => load.stop()))
    const outcomes = [...runs, ...refusals, ...documents]
    const uploaded = await uploads
    const grown = growthOf(memory)
    const opened = growthOf(descriptors)
    const violations: Violation[] = []
    if (grown > FLAT_BYTES) violations.push({ kind: 'memory grows' })
    if (opened > FLAT_DESCRIPTORS) violations.push({ kind: 'descriptors grow' })
    for (const { status } of outcomes)
      if (status === 0 || status >= 500) violations.push({ kind: `answered with ${status}` })
    const count = (of: readonly Outcome[], wanted: number): number =>
      of.filter(({ status }) => status === wanted).length
    const counts = {
      'runs answered': count(runs, 200),
      'runs refused': count(refusals, 404),
      'documents answered': count(documents, 200),
      uploads: uploaded,
    }
    for (const [what, seen] of Object.entries(counts)) if (seen === 0) violations.push(idle(`no ${what}`))
    const tried = [
      `${seconds} s: ${Object.entries(counts)
        .map(([what, seen]) => `${seen} ${what}`)
        .join(', ')}`,
      `memory ${format(memory)} MiB, ${(grown / MIB).toFixed(0)} MiB more in the last quarter`,
      `descriptors ${Math.min(...descriptors)} to ${Math.max(...descriptors)}, ${opened} more`,
      `the smallest leak that shows: ${smallestLeak(seconds)}`,
    ]
    const expected = ['memory grows', 'descriptors grow'] as const
    return { title, tried: tried.join('; '), violations, ...(script !== undefined && { expected }) }
  } finally {
    await server.stop()
    await rm(folder, { recursive: true })
  }
}

/**
 * From the least of the third quarter to the least of the last: collections make memory rise and fall, and what leaks shows in
 * how far it falls.
 */
function growthOf(values: readonly number[]): number {
  const quarter = Math.floor(values.length / 4)
  return Math.min(...values.slice(3 * quarter)) - Math.min(...values.slice(2 * quarter, 3 * quarter))
}

/** What has to leak to be past the bounds: they are for a quarter of the run. */
function smallestLeak(seconds: number): string {
  const quarter = seconds / 4
  return `${(FLAT_BYTES / 1024 / quarter).toFixed(0)} KiB a second, a descriptor in ${(quarter / FLAT_DESCRIPTORS).toFixed(1)} s`
}

function format(memory: readonly number[]): string {
  return `${(Math.min(...memory) / MIB).toFixed(0)} to ${(Math.max(...memory) / MIB).toFixed(0)}`
}

function ordersFor(server: ServeProcess, times: number): LoadOrder[] {
  const authorization = `Bearer ${server.keyOf('caller')}`
  const { url } = server
  const small = loadRequest(1)
  const pace = (perSecond: number): LoadOrder['pace'] => ({
    kind: 'rate',
    perSecond: times * perSecond,
    maxInFlight: MAX_IN_FLIGHT,
  })
  const infer = { url, path: '/v2/models/m/infer', method: 'POST' }
  const headers = { ...small.headers, authorization }
  return [
    { ...infer, headers, bodies: [small.body], pace: pace(20) },
    { ...infer, path: '/v2/models/none/infer', headers, bodies: [loadRequest(64).body], pace: pace(10) },
    {
      url,
      path: '/.well-known/blindai/attestation',
      method: 'GET',
      headers: {},
      bodies: [new Uint8Array()],
      pace: pace(10),
    },
  ]
}

/** A model after the other, each deleted again. */
async function uploadsUntil(server: ServeProcess, endMs: number, pauseMs: number): Promise<number> {
  let count = 0
  for (; performance.now() < endMs; count++) {
    await server.upload('caller', `u${count}`, loadModel({ seed: count + 100 }))
    const { status } = await server.ask('DELETE', `/v1/models/u${count}`, 'caller', new Uint8Array())
    if (status !== 204) throw new Error(`a deletion was answered with ${status}`)
    await setTimeout(pauseMs)
  }
  return count
}

await asCommand(import.meta.url, 'Soak', checkSoak)
