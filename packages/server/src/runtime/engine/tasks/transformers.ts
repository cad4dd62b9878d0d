import { InferenceSession } from 'onnxruntime-node'
import type { TaskName } from '../../wire/messages.ts'
import { type Bundle, formatOf } from '../bundle/bundle.ts'
import { asFailure, Failure } from '../failure.ts'
import { sessionOptions } from '../session.ts'
import { importTransformers } from './transformers-module.ts'

/** A pipeline of transformers: one input and its options in, its own kind of answer out. */
export type Pipeline = (input: unknown, options: Readonly<Record<string, unknown>>) => Promise<unknown>

/** Where transformers believes that the bundle lies. */
const MODELS_PATH = '/bundle/'
const MODEL_ID = 'model'
/** It asks for a file under its local path first, then under the address that the hub would have. */
const REQUEST_PATTERN = /^(?:\/bundle\/model\/|https:\/\/huggingface\.co\/model\/resolve\/main\/)(.+)$/

/**
 * Makes a pipeline of transformers from a bundle in memory. It never asks the hub: remote loading is off, its cache is the
 * bundle, and its `fetch` refuses.
 *
 * Every ONNX Runtime session that transformers makes, those for its own small operators included, gets the options of
 * this engine; for the main graph it gets the session that is loaded already.
 *
 * @throws {Failure} `TASK_UNSUPPORTED` `pipeline` when transformers cannot make the pipeline of this bundle,
 * `MODEL_NEEDS_MORE_MEMORY`.
 */
export async function createPipeline(
  task: TaskName,
  bundle: Bundle,
  session: InferenceSession,
  threads: number,
): Promise<Pipeline> {
  const mainGraph = Uint8Array.of(0)
  shareSession(session, mainGraph, threads)
  const { env, LogLevel, pipeline } = await importTransformers()
  env.logLevel = LogLevel.NONE
  env.allowRemoteModels = false
  env.allowLocalModels = true
  env.useFS = false
  env.useFSCache = false
  env.useBrowserCache = false
  env.useCustomCache = true
  env.localModelPath = MODELS_PATH
  env.fetch = refuseFetch
  env.customCache = {
    match: async (request) => {
      const path = REQUEST_PATTERN.exec(request)?.[1] ?? ''
      const bytes = path === bundle.mainModel ? mainGraph : fileOf(bundle, path)
      return bytes === undefined ? undefined : new Response(new Uint8Array(bytes))
    },
    put: async () => undefined,
  }
  try {
    const options = { device: 'cpu', dtype: formatOf(bundle), session_options: sessionOptions(threads) }
    const made: unknown = await pipeline(task, MODEL_ID, options)
    if (typeof made !== 'function') throw new Failure('TASK_UNSUPPORTED', 'pipeline')
    // Everything is read: what stays in memory is the session's copy of the weights.
    env.customCache = { match: async () => undefined, put: async () => undefined }
    return async (input, callOptions) => Reflect.apply(made, undefined, [input, callOptions])
  } catch (error) {
    throw asFailure(error, 'TASK_UNSUPPORTED', 'pipeline')
  }
}

/** The folder of a bundle may set devices, formats and file names for transformers.js; those are not its to choose here. */
function fileOf(bundle: Bundle, path: string): Uint8Array | undefined {
  const bytes = bundle.files.get(path)
  if (bytes === undefined || path !== 'config.json') return bytes
  const config = parseJsonFile(bundle, path)
  return new TextEncoder().encode(JSON.stringify({ ...config, 'transformers.js_config': undefined }))
}

/** A JSON object of the bundle. @throws {Failure} `MODEL_INVALID` `bundle-json`. */
export function parseJsonFile(bundle: Bundle, path: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bundle.files.get(path)))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch (cause) {
    throw new Failure('MODEL_INVALID', 'bundle-json', path, { cause })
  }
  throw new Failure('MODEL_INVALID', 'bundle-json', path)
}

function shareSession(session: InferenceSession, mainGraph: Uint8Array, threads: number): void {
  const create = InferenceSession.create.bind(InferenceSession)
  Reflect.set(InferenceSession, 'create', async (model: unknown, options: InferenceSession.SessionOptions = {}) => {
    if (!(model instanceof Uint8Array)) throw new Failure('TASK_UNSUPPORTED', 'graph-by-path')
    if (model.byteLength === mainGraph.byteLength) return session
    return create(model, { ...options, ...sessionOptions(threads) })
  })
}

async function refuseFetch(): Promise<never> {
  throw new Failure('TASK_UNSUPPORTED', 'file-missing')
}
