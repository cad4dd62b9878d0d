import { type JsonObject, type JsonValue, utf8 } from '@blindai/core'
import type { RawTensor, TaskInput } from '@blindai/protocol'
import type { LoadMessage, TaskInputMessage, TaskMessage } from '../wire/messages.ts'
import { encodeTensorTable, type OutgoingTensor } from '../wire/tensor-table.ts'
import type { EngineChannel } from './channel.ts'
import { checkInputs, wantedOutputs } from './check-inputs.ts'
import type { Engine, EngineDescription, EngineExit, EngineLimits, EngineModel, RunOptions } from './engine.ts'
import { EngineProcess } from './engine-process.ts'
import { JSON_REPLY, parseOutputs, parseReady, parseTaskOutputs, tensorReply } from './replies.ts'
import { rowsOf, stacked, unstacked } from './stack.ts'
import type { Wall } from './wall/wall.ts'

const DEFAULT_MAX_OUTPUT_BYTES = 512 * 1024 * 1024

/**
 * Starts an engine behind a wall: the process, the model's bytes over its channel, screening, loading, one run to warm up.
 *
 * Abort kills the process; nothing is left behind.
 *
 * @throws {EngineError} `MODEL_REFUSED`, `MODEL_INVALID`, `MODEL_NEEDS_MORE_MEMORY`, `TASK_UNSUPPORTED`,
 * `DEADLINE_EXCEEDED`, `ENGINE_CRASHED`, `WALL_UNAVAILABLE`; the reason of `signal`; what `model.read()` throws;
 * {RangeError} when it does not give `sizeBytes` bytes.
 */
export async function startEngine(
  model: EngineModel,
  limits: EngineLimits,
  wall: Wall,
  signal?: AbortSignal,
): Promise<Engine> {
  signal?.throwIfAborted()
  const process = new EngineProcess(wall.spawn({ memoryBudgetBytes: limits.memoryBudgetBytes }), limits)
  const abort = (): void => void process.kill()
  signal?.addEventListener('abort', abort)
  try {
    const { threads, maxOutputBytes = DEFAULT_MAX_OUTPUT_BYTES, proveRows = false } = limits
    const head: LoadMessage = { kind: model.kind, task: model.task ?? null, threads, maxOutputBytes, proveRows }
    const frame = await process.exchange({
      kind: 'load',
      head: utf8(JSON.stringify(head)),
      parts: [],
      bodyBytes: model.sizeBytes,
      reply: JSON_REPLY,
      phase: 'load',
      deadlineMs: limits.loadDeadlineMs,
      stream: (channel) => sendModel(model, channel),
    })
    const { inputs, outputs, rows } = await process.parsed('load', () => parseReady(frame))
    const description = {
      inputs,
      outputs,
      ...(model.task === undefined ? {} : { task: model.task }),
      ...(rows === undefined ? {} : { rows }),
    }
    return new RunningEngine(process, description, maxOutputBytes)
  } catch (error) {
    await process.kill()
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

/** Streams the model's bytes, a chunk at a time. A channel that closes meanwhile is the process's to explain. */
async function sendModel(model: EngineModel, channel: EngineChannel): Promise<void> {
  let sent = 0
  for await (const chunk of model.read()) {
    sent += chunk.byteLength
    if (sent > model.sizeBytes) break
    if (!(await channel.write(chunk))) return
  }
  if (sent !== model.sizeBytes) {
    throw new RangeError(`a model of ${model.sizeBytes} bytes was announced; ${sent} were read`)
  }
}

class RunningEngine implements Engine {
  readonly description: EngineDescription
  readonly #process: EngineProcess
  readonly #maxOutputBytes: number

  constructor(process: EngineProcess, description: EngineDescription, maxOutputBytes: number) {
    this.#process = process
    this.description = description
    this.#maxOutputBytes = maxOutputBytes
  }

  get exited(): Promise<EngineExit> {
    return this.#process.exited
  }

  async infer(
    inputs: readonly RawTensor[],
    outputs: readonly string[] | undefined,
    options: RunOptions,
  ): Promise<RawTensor[]> {
    options.signal?.throwIfAborted()
    checkInputs(inputs, this.description)
    return this.#infer(inputs, outputs, options)
  }

  async inferTogether(
    requests: readonly (readonly RawTensor[])[],
    outputs: readonly string[] | undefined,
    options: RunOptions,
  ): Promise<RawTensor[][]> {
    options.signal?.throwIfAborted()
    for (const inputs of requests) checkInputs(inputs, this.description)
    const counts = requests.map(rowsOf)
    return unstacked(await this.#infer(stacked(requests), outputs, options), counts)
  }

  async #infer(
    inputs: readonly OutgoingTensor[],
    outputs: readonly string[] | undefined,
    { deadlineMs, signal }: RunOptions,
  ): Promise<RawTensor[]> {
    const wanted = wantedOutputs(outputs, this.description)
    if (wanted.length === 0) return []
    const { head, parts, bodyBytes } = encodeTensorTable({ tensors: inputs, wanted: outputs })
    const reply = tensorReply(this.#maxOutputBytes)
    const running = this.#process.exchange({ kind: 'infer', head, parts, bodyBytes, reply, phase: 'run', deadlineMs })
    const frame = await unlessAborted(running, signal)
    return this.#process.parsed('run', () => parseOutputs(frame, wanted))
  }

  async run(
    task: string,
    inputs: readonly TaskInput[],
    parameters: JsonObject,
    { deadlineMs, signal }: RunOptions,
  ): Promise<JsonValue[]> {
    signal?.throwIfAborted()
    const parts: Uint8Array[] = []
    let bodyBytes = 0
    const described = inputs.map((input): TaskInputMessage => {
      if (input.kind === 'text') return input
      parts.push(input.data)
      bodyBytes += input.data.byteLength
      return { kind: 'binary', bytes: input.data.byteLength, contentType: input.contentType }
    })
    const message: TaskMessage = { task, parameters, inputs: described }
    const head = utf8(JSON.stringify(message))
    const running = this.#process.exchange({
      kind: 'task',
      head,
      parts,
      bodyBytes,
      reply: JSON_REPLY,
      phase: 'run',
      deadlineMs,
    })
    const frame = await unlessAborted(running, signal)
    return this.#process.parsed('run', () => parseTaskOutputs(frame, inputs.length))
  }

  kill(): Promise<void> {
    return this.#process.kill()
  }
}

/** The answer, or the abort's reason when that comes first. The run itself cannot be stopped. */
async function unlessAborted<T>(running: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return running
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(signal.reason)
  signal.addEventListener('abort', abort)
  running.catch(() => undefined)
  try {
    return await Promise.race([running, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
