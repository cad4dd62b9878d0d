import { parentPort, workerData } from 'node:worker_threads'
import { readCorpus } from './corpus.ts'
import { Coverage } from './coverage.ts'
import { loadTarget } from './load-target.ts'
import type { FromWorker, ToWorker } from './messages.ts'
import { Meter } from './meter.ts'
import { minimise } from './minimise.ts'
import { mutate } from './mutate.ts'
import { Oracle } from './oracle.ts'
import { Random } from './random.ts'
import { expand } from './seeds.ts'
import { quietHeap } from './settled-heap.ts'
import { SharedInput } from './shared-input.ts'
import { inputLimit } from './target.ts'

/**
 * The thread that fuzzes one target: the seeds, then the kept corpus, then mutations of whatever reached something new,
 * until the time is over. It stops at nothing that it can survive; the thread beside it watches for the rest.
 */
const { target: path, name, seconds, seed, shared: buffer, stop, skip }: ToWorker = workerData
const shared = new SharedInput(buffer)
const coverage = new Coverage()
const meter = new Meter()
meter.install()

/** One reading in so many is repeated although the parser refused and nothing new was reached. */
const THOROUGH_ONE_IN = 16

const target = await loadTarget(path)
const limit = inputLimit(target)
const oracle = new Oracle(target, meter)
const random = new Random(seed)
const seeds = expand(target.seeds, limit)
const pool: Uint8Array[] = []
let executions = 0
let isOver = false

async function run(input: Uint8Array, isThorough: boolean): Promise<boolean> {
  shared.announce(input)
  const finding = await oracle.judge(input, isThorough)
  executions++
  if (finding !== undefined) {
    say({ kind: 'finding', finding, input })
    isOver = stop
  }
  return coverage.takeNews().length > 0 && finding === undefined
}

function keep(input: Uint8Array): void {
  pool.push(input)
  oracle.keep(input)
}

function say(message: FromWorker): void {
  parentPort?.postMessage(message)
}

await quietHeap()
coverage.takeNews()
for (const input of [...seeds, ...readCorpus(name)]) {
  if (skip.some((other) => Buffer.compare(other, input) === 0)) continue
  await run(input, true)
  keep(input)
}
const replayed = executions
const end = performance.now() + 1000 * seconds
const material = { random, inputs: pool, isText: target.isText === true, maxBytes: limit }
while (!isOver && performance.now() < end) {
  // The youngest half is tried as often as all the rest: what is new leads on.
  const young = Math.floor(pool.length / 2)
  const base = random.oneIn(2) ? random.pick(pool) : random.pick(pool.slice(young))
  const input = mutate(base, material)
  if (await run(input, random.oneIn(THOROUGH_ONE_IN))) keep(input)
}
shared.rest()
const kept = await minimise(target, coverage, seeds, pool)
say({
  kind: 'done',
  executions,
  replayed,
  accepted: oracle.accepted,
  coverage: coverage.reachedIn(target.sources),
  kept,
})
