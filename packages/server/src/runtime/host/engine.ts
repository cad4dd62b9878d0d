import type { JsonObject, JsonValue } from '@blindai/core'
import type { RawTensor, TaskInput, TensorMetadata } from '@blindai/protocol'

/** A model as the runtime takes it. */
export interface EngineModel {
  readonly kind: 'onnx' | 'bundle'
  /** Lower-case hex SHA-256 of the bytes; the runtime does not check it. */
  readonly sha256: string
  readonly task?: string
  readonly sizeBytes: number
  /** The plaintext, `sizeBytes` bytes in all. */
  read(): AsyncIterable<Uint8Array>
}

/** What one engine may take. */
export interface EngineLimits {
  /** Private memory beside what Node itself needs. */
  readonly memoryBudgetBytes: number
  readonly threads: number
  /** From the start of the process to the end of the warm-up run. */
  readonly loadDeadlineMs: number
  /** Bytes of all outputs of a run, which is refused past them; 512 MiB unless given. */
  readonly maxOutputBytes?: number
  /** Whether to find out if requests may be stacked, which can take a second of the start; not unless given. */
  readonly proveRows?: boolean
}

/**
 * Whether requests of equal shape but for their first axis may be computed in one run: at most so many rows, or why not, in a
 * fixed word and a type of operator.
 */
export type RowsProof = { readonly maxRows: number } | { readonly reason: string; readonly operator?: string }

/** What a loaded model says of itself. Written by the engine: worth what the model's owner is worth. */
export interface EngineDescription {
  readonly inputs: readonly TensorMetadata[]
  readonly outputs: readonly TensorMetadata[]
  readonly task?: string
  /** There where it was asked for. */
  readonly rows?: RowsProof
}

/** How an engine ended. */
export interface EngineExit {
  readonly reason: 'stopped' | 'deadline' | 'crashed' | 'out-of-memory' | 'protocol' | 'not-started'
  readonly exitCode: number | null
  readonly signal: string | null
}

/** What bounds one run. */
export interface RunOptions {
  /** From the moment the engine gets the input; the engine is killed when it is over. */
  readonly deadlineMs: number
  /** Aborted, the answer is given up; the run itself goes on to its end or its deadline. */
  readonly signal?: AbortSignal
}

/** A process with one model. Runs are done one after the other, in the order of the calls. */
export interface Engine {
  readonly description: EngineDescription
  /** Resolves when the process is gone and its memory is free. */
  readonly exited: Promise<EngineExit>
  /**
   * Runs the model on tensors. `outputs` names those that are wanted, all when undefined; they come in that order.
   *
   * @throws {EngineError} `INPUT_INVALID`, `OUTPUT_UNKNOWN`, `RUN_FAILED`, `MODEL_NEEDS_MORE_MEMORY`; and, with the engine
   * gone, `DEADLINE_EXCEEDED`, `ENGINE_CRASHED`, `ENGINE_OUT_OF_MEMORY`, `ENGINE_STOPPED`.
   */
  infer(inputs: readonly RawTensor[], outputs: readonly string[] | undefined, options: RunOptions): Promise<RawTensor[]>
  /**
   * Runs the model once on requests that `stackOf` gave one key, stacked along the first axis: the outputs of each.
   *
   * Only for models whose description has `maxRows`, and no more rows than that.
   *
   * @throws {EngineError} as `infer`, for all of them together; `RUN_FAILED` `rows-lost` when the outputs cannot be told apart.
   */
  inferTogether(
    requests: readonly (readonly RawTensor[])[],
    outputs: readonly string[] | undefined,
    options: RunOptions,
  ): Promise<RawTensor[][]>
  /**
   * Runs the task of a bundle: one output for each input, in Hugging Face's shapes.
   *
   * @throws {EngineError} as `infer`, and `TASK_UNSUPPORTED`, `INPUT_UNSUPPORTED`.
   */
  run(task: string, inputs: readonly TaskInput[], parameters: JsonObject, options: RunOptions): Promise<JsonValue[]>
  /** Kills the process; resolves as `exited` does. */
  kill(): Promise<void>
}
