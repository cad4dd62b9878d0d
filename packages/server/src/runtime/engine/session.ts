import type { RawTensor, TensorMetadata } from '@blindai/protocol'
import { env, InferenceSession, type Tensor } from 'onnxruntime-node'
import { asFailure, Failure } from './failure.ts'
import { datatypeOf, elementBytes, fromOrt, toOrt, zeros } from './tensors.ts'

// What it would print is not for anybody's log.
env.logLevel = 'fatal'

/** Options of every session in this process, those that transformers makes included. */
export function sessionOptions(threads: number): InferenceSession.SessionOptions {
  return {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 4,
    extra: {
      session: {
        // Threads that spin while they wait take the cores of the other engines.
        intra_op: { allow_spinning: '0' },
        inter_op: { allow_spinning: '0' },
        // Only what was screened: protobuf, never ORT's own format.
        load_model_format: 'ONNX',
      },
    },
  }
}

/** One ONNX graph, loaded. */
export class Session {
  readonly inputs: readonly TensorMetadata[]
  readonly outputs: readonly TensorMetadata[]
  readonly ort: InferenceSession

  /** @throws {Failure} `MODEL_INVALID` for inputs that are no tensors or of a datatype that the protocol lacks. */
  constructor(session: InferenceSession) {
    this.ort = session
    this.inputs = session.inputMetadata.map((input) => {
      const metadata = metadataOf(input)
      if (metadata === undefined) throw new Failure('MODEL_INVALID', 'input-type', input.name)
      return metadata
    })
    // Sequences and maps cannot leave ONNX Runtime here; the tensors beside them can.
    this.outputs = session.outputMetadata.flatMap((output) => metadataOf(output) ?? [])
    if (this.outputs.length === 0) throw new Failure('MODEL_INVALID', 'no-tensor-output')
  }

  /** Loads a graph. @throws {Failure} `MODEL_INVALID` `onnx-runtime`, `MODEL_NEEDS_MORE_MEMORY`. */
  static async load(model: Uint8Array, threads: number): Promise<Session> {
    try {
      return new Session(await InferenceSession.create(model, sessionOptions(threads)))
    } catch (error) {
      throw asFailure(error, 'MODEL_INVALID', 'onnx-runtime')
    }
  }

  /** Runs the graph. @throws {Failure} `INPUT_INVALID`, `RUN_FAILED`, `MODEL_NEEDS_MORE_MEMORY`. */
  async run(tensors: readonly RawTensor[], wanted: readonly string[] | undefined): Promise<RawTensor[]> {
    const feeds: Record<string, Tensor> = Object.create(null)
    for (const tensor of tensors) feeds[tensor.name] = toOrt(tensor)
    const names = wanted ?? this.outputs.map((output) => output.name)
    try {
      const results = await this.ort.run(feeds, names)
      return names.map((name) => {
        const tensor = results[name]
        if (tensor === undefined) throw new Failure('RUN_FAILED', 'output-missing', name)
        return fromOrt(name, tensor)
      })
    } catch (error) {
      throw asFailure(error, 'RUN_FAILED', 'onnx-runtime')
    }
  }

  /**
   * Runs once with zeros, where at most the first dimension of each input is open: kernels are chosen, memory is laid out
   * and a model that needs more than its budget says so now. A model that cannot take zeros is none the worse for it.
   *
   * @throws {Failure} `MODEL_NEEDS_MORE_MEMORY`.
   */
  async warmUp(): Promise<void> {
    const shapes = this.inputs.map(({ shape }) =>
      shape.map((dimension, axis) => (axis === 0 ? Math.abs(dimension) : dimension)),
    )
    if (shapes.some((shape) => shape.some((dimension) => dimension < 0))) return
    let bytes = 0
    const feeds: Record<string, Tensor> = Object.create(null)
    for (const [index, { datatype }] of this.inputs.entries()) {
      bytes += (shapes[index] ?? []).reduce((product, dimension) => product * dimension, elementBytes(datatype))
    }
    if (bytes > MAX_WARM_UP_BYTES) return
    for (const [index, { name, datatype }] of this.inputs.entries()) feeds[name] = zeros(datatype, shapes[index] ?? [])
    try {
      await this.ort.run(feeds, [this.outputs[0]?.name ?? ''])
    } catch (error) {
      const failure = asFailure(error, 'RUN_FAILED', 'onnx-runtime')
      if (failure.code === 'MODEL_NEEDS_MORE_MEMORY') throw failure
    }
  }
}

const MAX_WARM_UP_BYTES = 64 * 1024 * 1024

/** Undefined for what is no tensor, or of a datatype without a name in the protocol. */
function metadataOf(value: InferenceSession.ValueMetadata): TensorMetadata | undefined {
  if (!value.isTensor) return undefined
  const datatype = datatypeOf(value.type)
  if (datatype === undefined) return undefined
  const shape = value.shape.map((dimension) => (typeof dimension === 'number' ? dimension : -1))
  return { name: value.name, datatype, shape }
}
