import { fileURLToPath } from 'node:url'
import type { Tensor } from '@blindai/protocol'
import { env, pipeline, RawImage } from '@huggingface/transformers'
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import type { TaskWorkload } from './workloads.ts'

/** What anybody writes who has onnxruntime-node, transformers and no server. */

/** Options of a session with one thread that does not spin, as engines have them. */
const ONE_THREAD: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  extra: { session: { intra_op: { allow_spinning: '0' } } },
}

/** Threads of a model: one, or what onnxruntime-node chooses. */
export type Threads = 'one' | 'default'

export type Graph = (inputs: readonly Tensor[]) => Promise<InferenceSession.OnnxValueMapType>

export async function loadGraph(file: string, threads: Threads): Promise<Graph> {
  const session = await InferenceSession.create(file, threads === 'one' ? ONE_THREAD : {})
  // New tensors for each run, as each request brings its own.
  return (inputs) => session.run(Object.fromEntries(inputs.map((input) => [input.name, toOrt(input)])))
}

/** One input, its text or the bytes of its file, to what transformers answers. */
export type Pipeline = (input: string | Uint8Array<ArrayBuffer>) => Promise<unknown>

export async function loadPipeline({ folder, task }: PipelineSource, threads: Threads): Promise<Pipeline> {
  env.allowRemoteModels = false
  env.localModelPath = fileURLToPath(new URL('../../samples/models/', import.meta.url))
  const options = { device: 'cpu', dtype: 'fp32', ...(threads === 'one' && { session_options: ONE_THREAD }) } as const
  const run = await pipeline(task, folder, options)
  return async (input) => {
    const read = typeof input === 'string' ? input : await RawImage.fromBlob(new Blob([input]))
    return Reflect.apply(run, undefined, [read])
  }
}

export type PipelineSource = Pick<TaskWorkload, 'folder' | 'task'>

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
