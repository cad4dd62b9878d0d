import { Worker } from 'node:worker_threads'
import type { Reached } from './coverage.ts'
import { loadTarget } from './load-target.ts'
import type { FromWorker, ToWorker } from './messages.ts'
import { type Finding, MAX_CPU_MS } from './oracle.ts'
import { SharedInput } from './shared-input.ts'
import { inputLimit } from './target.ts'

/** How one run is made. */
export interface RunOptions {
  readonly name: string
  /** The target's file. */
  readonly path: string
  readonly seconds: number
  readonly seed: number
  /** Ends at the first finding. */
  readonly stop: boolean
}

/** An input and what is wrong with it. */
export interface FoundInput {
  readonly finding: Finding
  readonly input: Uint8Array
}

/** What came out of a run. */
export interface RunResult {
  readonly name: string
  readonly seed: number
  readonly seconds: number
  readonly executions: number
  readonly replayed: number
  readonly accepted: number
  readonly coverage: Reached
  readonly findings: readonly FoundInput[]
  readonly kept: readonly Uint8Array[]
}

/** Megabytes of JavaScript heap: a parser that needs more for one input has no bound. */
const HEAP_MB = 512
const POLL_MS = 100
/** One kind of finding at one place is reported once; a run with this many is over. */
const MAX_FINDINGS = 20

/**
 * Fuzzes a target in a thread of its own, and watches it: a thread that spends a second of processor time on one input is
 * ended, the input is a finding, and another thread goes on without it.
 */
export async function fuzz(options: RunOptions): Promise<RunResult> {
  const limit = inputLimit(await loadTarget(options.path))
  const findings = new Map<string, FoundInput>()
  const skip: Uint8Array[] = []
  const end = performance.now() + 1000 * options.seconds
  for (let round = 0; ; round++) {
    const shared = SharedInput.allocate(limit)
    const seconds = Math.max(0, (end - performance.now()) / 1000)
    const data: ToWorker = { ...options, target: options.path, seconds, seed: options.seed + round, shared, skip }
    const ended = await watch(data, (found) => {
      const name = `${found.finding.kind} ${found.finding.detail.replace(/\d+/g, '#')}`
      if (!findings.has(name)) findings.set(name, found)
    })
    if ('done' in ended) {
      const { executions, replayed, accepted, coverage, kept } = ended.done
      const { name, seed } = options
      const results = { executions, replayed, accepted, coverage, kept, findings: [...findings.values()] }
      return { name, seed, seconds: options.seconds, ...results }
    }
    findings.set(`${ended.lost.finding.kind} ${round}`, ended.lost)
    skip.push(ended.lost.input)
    if (options.stop)
      return {
        ...NOTHING,
        name: options.name,
        seed: options.seed,
        seconds: options.seconds,
        findings: [...findings.values()],
      }
    if (findings.size >= MAX_FINDINGS)
      throw new RangeError(`${options.name}: ${findings.size} findings; fix those first`)
  }
}

/** A thread that was ended has no figures to tell. */
const NOTHING = { executions: 0, replayed: 0, accepted: 0, coverage: { reached: 0, places: 0 }, kept: [] }

type Ended = { readonly done: Extract<FromWorker, { kind: 'done' }> } | { readonly lost: FoundInput }

function watch(data: ToWorker, report: (found: FoundInput) => void): Promise<Ended> {
  const shared = new SharedInput(data.shared)
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  })
  return new Promise<Ended>((resolve, reject) => {
    let last = { count: 0, cpu: process.cpuUsage() }
    const timer = setInterval(() => {
      if (shared.count !== last.count) last = { count: shared.count, cpu: process.cpuUsage() }
      const { user, system } = process.cpuUsage(last.cpu)
      // Twice the limit: below it, the thread itself says what it measured.
      if (last.count > 0 && (user + system) / 1000 > 2 * MAX_CPU_MS) lose('hang', 'no end after 2 s of processor time')
    }, POLL_MS)
    const lose = (kind: Finding['kind'], detail: string): void => {
      clearInterval(timer)
      void worker.terminate()
      resolve({ lost: { finding: { kind, detail }, input: shared.input } })
    }
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'finding') report(message)
      else {
        clearInterval(timer)
        resolve({ done: message })
      }
    })
    worker.on('error', (error) => {
      clearInterval(timer)
      const isMemory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
      if (isMemory) lose('allocation', `more than ${HEAP_MB} MB of heap`)
      else reject(error)
    })
  })
}
