import { fromRaw, type RawTensor } from '@blindai/protocol'
import { loadGraph, loadPipeline, type PipelineSource } from './lib/bare-model.ts'

/**
 * One process, one thread, one model, nothing around it: what onnxruntime-node does by itself. Started by
 * `lib/bare-pool.ts`.
 */

/** What a child is asked. Inputs travel as bytes. */
export type BareQuestion =
  | { readonly ask: 'load-graph'; readonly file: string; readonly inputs: readonly RawTensor[] }
  | ({ readonly ask: 'load-pipeline'; readonly input: string | Uint8Array } & PipelineSource)
  /** Runs until so many milliseconds have passed. */
  | { readonly ask: 'run-for'; readonly ms: number }
  /** Runs so many times. */
  | { readonly ask: 'run-times'; readonly times: number }

/** What a child answers; durations in milliseconds. */
export type BareAnswer =
  | { readonly answer: 'loaded' }
  | { readonly answer: 'ran'; readonly durationsMs: readonly number[] }

const WARM_UP_RUNS = 3

let run: (() => Promise<unknown>) | undefined

async function runOnce(): Promise<number> {
  if (run === undefined) throw new RangeError('nothing is loaded')
  const start = performance.now()
  await run()
  return performance.now() - start
}

async function runWhile(goesOn: (runs: number, elapsedMs: number) => boolean): Promise<BareAnswer> {
  const durationsMs: number[] = []
  const start = performance.now()
  while (goesOn(durationsMs.length, performance.now() - start)) durationsMs.push(await runOnce())
  return { answer: 'ran', durationsMs }
}

async function loaded(load: () => Promise<unknown>): Promise<BareAnswer> {
  run = load
  for (let times = 0; times < WARM_UP_RUNS; times++) await runOnce()
  return { answer: 'loaded' }
}

async function answer(question: BareQuestion): Promise<BareAnswer> {
  switch (question.ask) {
    case 'load-graph': {
      const graph = await loadGraph(question.file, 'one')
      const inputs = question.inputs.map((raw) => fromRaw({ ...raw, data: new Uint8Array(raw.data) }))
      return loaded(() => graph(inputs))
    }
    case 'load-pipeline': {
      const pipeline = await loadPipeline(question, 'one')
      const input = typeof question.input === 'string' ? question.input : new Uint8Array(question.input)
      return loaded(() => pipeline(input))
    }
    case 'run-for':
      return runWhile((_, elapsedMs) => elapsedMs < question.ms)
    case 'run-times':
      return runWhile((runs) => runs < question.times)
    default:
      return question satisfies never
  }
}

process.on('message', (question: BareQuestion) => {
  void answer(question).then((message) => process.send?.(message))
})
