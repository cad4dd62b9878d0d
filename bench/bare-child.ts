import { fromRaw, type RawTensor, type Tensor } from '@blindai/protocol'
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'

/**
 * One process, one thread, one session, nothing around it: what onnxruntime-node does by itself. Started by
 * `lib/bare-pool.ts`.
 */

/** What a child is asked. Inputs travel as bytes. */
export type BareQuestion =
  | { readonly ask: 'load'; readonly file: string; readonly inputs: readonly RawTensor[] }
  /** Runs until so many milliseconds have passed. */
  | { readonly ask: 'run-for'; readonly ms: number }
  /** Runs so many times. */
  | { readonly ask: 'run-times'; readonly times: number }

/** What a child answers; durations in milliseconds. */
export type BareAnswer =
  | { readonly answer: 'loaded' }
  | { readonly answer: 'ran'; readonly durationsMs: readonly number[] }

const OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  extra: { session: { intra_op: { allow_spinning: '0' } } },
}

const WARM_UP_RUNS = 3

let session: InferenceSession | undefined
let inputs: readonly Tensor[] = []

async function runOnce(): Promise<number> {
  if (session === undefined) throw new RangeError('nothing is loaded')
  const start = performance.now()
  // New tensors for each run, as each request brings its own.
  await session.run(Object.fromEntries(inputs.map((input) => [input.name, toOrt(input)])))
  return performance.now() - start
}

async function runWhile(goesOn: (runs: number, elapsedMs: number) => boolean): Promise<BareAnswer> {
  const durationsMs: number[] = []
  const start = performance.now()
  while (goesOn(durationsMs.length, performance.now() - start)) durationsMs.push(await runOnce())
  return { answer: 'ran', durationsMs }
}

async function answer(question: BareQuestion): Promise<BareAnswer> {
  switch (question.ask) {
    case 'load':
      session = await InferenceSession.create(question.file, OPTIONS)
      inputs = question.inputs.map((raw) => fromRaw({ ...raw, data: new Uint8Array(raw.data) }))
      for (let run = 0; run < WARM_UP_RUNS; run++) await runOnce()
      return { answer: 'loaded' }
    case 'run-for':
      return runWhile((_, elapsedMs) => elapsedMs < question.ms)
    case 'run-times':
      return runWhile((runs) => runs < question.times)
    default:
      return question satisfies never
  }
}

function toOrt(tensor: Tensor): OrtTensor {
  switch (tensor.datatype) {
    case 'FP32':
      return new OrtTensor('float32', tensor.data, tensor.shape)
    case 'INT64':
      return new OrtTensor('int64', tensor.data, tensor.shape)
    default:
      throw new RangeError(`no workload has inputs of ${tensor.datatype}`)
  }
}

process.on('message', (question: BareQuestion) => {
  void answer(question).then((message) => process.send?.(message))
})
