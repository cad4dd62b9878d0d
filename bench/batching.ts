import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { RawTensor } from '@blindai/protocol'
import { defaultLimits } from '../packages/server/src/config-limits.ts'
import { padText } from '../packages/server/src/inference/padding/index.ts'
import { buildWall, type EngineModel, startEngine } from '../packages/server/src/runtime/host/index.ts'
import { type JobTensors, Scheduler } from '../packages/server/src/scheduler/index.ts'
import { keepAsking } from './lib/clients.ts'
import { cpuMs, descendants } from './lib/proc.ts'
import { numberOption, printPlace, printTable } from './lib/report.ts'
import { median, quantile, rotated, spread, spreadText } from './lib/statistics.ts'
import { bertBase } from './models/architectures.ts'

/**
 * What batches bring, beside the same scheduler, engines and requests without them. Both keep engines of their own; each round
 * measures both, one after the other, in an order that changes, and ratios are taken within a round. Beside them stands the
 * processor time of a request, engines and this process together, which other work on the machine hardly changes. No
 * transport: what TLS costs is the same for both. Requests are of one tenant, and of one length or of several mixed; where texts
 * are filled up, that is done for the batched side only, within what is measured.
 *
 *   node --conditions=source bench/batching.ts [--rounds 9] [--seconds 2] [--clients 8] [--bert 1]
 */

const ROUNDS = numberOption('rounds', 9)
const WINDOW_MS = numberOption('seconds', 2) * 1000
const CLIENTS = numberOption('clients', 8)
const HAS_BERT_BASE = process.argv.includes('--bert')

/** Elements of a batch: more than any batch here has, so that only rows bound it. */
const MAX_ELEMENTS = 4 * 1024 * 1024

type Arm = 'alone' | 'batched'
const ARMS: readonly Arm[] = ['alone', 'batched']

interface Workload {
  readonly title: string
  readonly model: EngineModel
  /** What clients ask for, in turn. */
  readonly requests: readonly JobTensors[]
  /** Of the batched side: texts are filled up to a multiple of so many places. */
  readonly padToMultipleOf?: number
}

/** One window. */
interface Sample {
  readonly rate: number
  /** Processor time of one request. */
  readonly cpuMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Requests for each run of an engine. */
  readonly perRun: number
}

printPlace('Batches')
const wall = await buildWall()
console.log(`wall: ${wall.level}; ${ROUNDS} rounds of ${WINDOW_MS / 1000} s, ${CLIENTS} requests in flight\n`)
const rows: string[][] = []
for (const workload of workloads()) rows.push(await measure(workload))
printTable(
  [
    'requests',
    'alone, requests/s',
    'batched, requests/s',
    'gain (range)',
    'CPU ms',
    'gain by CPU',
    'p50 ms',
    'p99 ms',
    'requests in a run',
  ],
  rows,
)

async function measure({ title, model, requests, padToMultipleOf }: Workload): Promise<string[]> {
  const schedulers: Record<Arm, Scheduler> = { alone: schedulerOf(0), batched: schedulerOf(MAX_ELEMENTS) }
  const samples: Record<Arm, Sample[]> = { alone: [], batched: [] }
  // The first of every shape are computed both ways; that is over before anything is measured.
  const driven = (arm: Arm): Promise<Sample> =>
    drive(schedulers[arm], model, requests, arm === 'batched' ? padToMultipleOf : undefined)
  for (const arm of ARMS) for (let i = 0; i < 3; i++) await driven(arm)
  for (let round = 0; round < ROUNDS; round++) {
    for (const arm of rotated(ARMS, round)) samples[arm].push(await driven(arm))
  }
  const proof = schedulers.batched.rowsOf('m')
  for (const scheduler of Object.values(schedulers)) await scheduler.close(0)
  const middle = (arm: Arm, pick: (each: Sample) => number): number => median(samples[arm].map(pick))
  const gains = samples.batched.map(({ rate }, round) => rate / (samples.alone[round]?.rate ?? Number.NaN))
  const both = (pick: (each: Sample) => number, digits = 1): string =>
    `${middle('alone', pick).toFixed(digits)} → ${middle('batched', pick).toFixed(digits)}`
  const cpuGains = samples.batched.map((each, round) => (samples.alone[round]?.cpuMs ?? Number.NaN) / each.cpuMs)
  return [
    proof !== undefined && 'maxRows' in proof ? title : `${title} (not batched: ${proof?.reason ?? 'unknown'})`,
    middle('alone', ({ rate }) => rate).toFixed(0),
    middle('batched', ({ rate }) => rate).toFixed(0),
    spreadText(spread(gains), 2),
    both((each) => each.cpuMs, 2),
    spreadText(spread(cpuGains), 2),
    both(({ p50Ms }) => p50Ms),
    both(({ p99Ms }) => p99Ms),
    middle('batched', ({ perRun }) => perRun).toFixed(1),
  ]
}

function schedulerOf(maxBatchElements: number): Scheduler {
  return new Scheduler({
    limits: {
      ...defaultLimits(),
      cores: 2,
      maxBatchElements,
      engineMemoryBytes: 4 * 1024 ** 3,
      enginesMemoryBytes: 16 * 1024 ** 3,
    },
    sharedEngines: false,
    startEngine: (model, limits, signal) => startEngine(model, limits, wall, signal),
    nowMs: () => performance.now(),
    onEvent: () => undefined,
  })
}

/** Keeps so many requests in flight for a time. */
async function drive(
  scheduler: Scheduler,
  model: EngineModel,
  requests: readonly JobTensors[],
  padToMultipleOf: number | undefined,
): Promise<Sample> {
  let runs = 0
  let next = 0
  const engines = descendants(process.pid)
  const before = totalCpuMs(engines)
  const { rate, tookMs } = await keepAsking(CLIENTS, WINDOW_MS, async () => {
    const request = requests[next++ % requests.length]
    if (request === undefined) throw new RangeError('a workload has requests')
    const tensors = padToMultipleOf === undefined ? request : filledUp(request, padToMultipleOf)
    const job = { tenant: 'bench', model: { key: 'm', source: model }, costBytes: costOf(tensors), tensors }
    await scheduler.perform(job, (engine, options) => {
      runs += options.executions
      return engine.infer(tensors.inputs, tensors.outputs, options)
    })
  })
  return {
    rate,
    cpuMs: (totalCpuMs(engines) - before) / tookMs.length,
    p50Ms: quantile(tookMs, 0.5),
    p99Ms: quantile(tookMs, 0.99),
    perRun: tookMs.length / runs,
  }
}

/** This process and its engines. */
function totalCpuMs(engines: readonly number[]): number {
  return [process.pid, ...engines].reduce((sum, pid) => sum + cpuMs(pid), 0)
}

/** As the server does it. What is cropped of an answer is not: this model's are as long for every text. */
function filledUp(tensors: JobTensors, multipleOf: number): JobTensors {
  return { ...tensors, inputs: padText(tensors.inputs, multipleOf)?.inputs ?? tensors.inputs }
}

function costOf({ inputs }: JobTensors): number {
  return inputs.reduce((sum, { data }) => sum + data.byteLength, 0)
}

function workloads(): Workload[] {
  const spam = modelOf([read('sms-spam-bert/onnx/model.onnx')])
  const texts = (lengths: readonly number[]): JobTensors[] => lengths.map(text)
  const mixed = texts([6, 8, 10, 12, 14, 16, 20, 24])
  const all: Workload[] = [
    { title: 'small BERT, 8 word pieces', model: spam, requests: texts([8]) },
    { title: 'small BERT, 32 word pieces', model: spam, requests: texts([32]) },
    { title: 'small BERT, 128 word pieces', model: spam, requests: texts([128]) },
    { title: 'small BERT, 8 lengths mixed', model: spam, requests: mixed },
    {
      title: 'small BERT, 8 lengths mixed, filled up to 8 places',
      model: spam,
      requests: mixed,
      padToMultipleOf: 8,
    },
    { title: 'ResNet on 28 × 28', model: modelOf([read('fashion-resnet/onnx/model.onnx')]), requests: [picture(28)] },
    {
      title: 'MobileNetV2 on 224 × 224',
      model: modelOf([read('mobilenet_v2_1.0_224/onnx/model.onnx')]),
      requests: [picture(224)],
    },
  ]
  if (!HAS_BERT_BASE) return all
  const base = modelOf(bertBase())
  return [
    ...all,
    { title: 'BERT-base, 8 word pieces', model: base, requests: texts([8]) },
    { title: 'BERT-base, 64 word pieces', model: base, requests: texts([64]) },
    { title: 'BERT-base, 8 lengths mixed', model: base, requests: mixed },
    { title: 'BERT-base, 8 lengths mixed, filled up to 8 places', model: base, requests: mixed, padToMultipleOf: 8 },
  ]
}

function read(path: string): Uint8Array {
  return readFileSync(fileURLToPath(new URL(`../samples/models/${path}`, import.meta.url)))
}

function modelOf(parts: readonly Uint8Array[]): EngineModel {
  return {
    kind: 'onnx',
    sha256: '00'.repeat(32),
    sizeBytes: parts.reduce((sum, part) => sum + part.byteLength, 0),
    async *read() {
      yield* parts
    },
  }
}

function text(length: number): JobTensors {
  const numbers = (name: string, value: (at: number) => number): RawTensor => {
    const data = BigInt64Array.from({ length }, (_, at) => BigInt(value(at)))
    return { name, datatype: 'INT64', shape: [1, length], data: new Uint8Array(data.buffer) }
  }
  const inputs = [
    numbers('input_ids', (at) => 5 + ((at * 37) % 900)),
    numbers('attention_mask', () => 1),
    numbers('token_type_ids', () => 0),
  ]
  return { inputs, outputs: undefined }
}

function picture(side: number): JobTensors {
  const data = Float32Array.from({ length: 3 * side * side }, (_, at) => Math.sin(at / 50))
  const input: RawTensor = {
    name: 'pixel_values',
    datatype: 'FP32',
    shape: [1, 3, side, side],
    data: new Uint8Array(data.buffer),
  }
  return { inputs: [input], outputs: undefined }
}
