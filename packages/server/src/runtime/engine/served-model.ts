import { type JsonValue, utf8 } from '@blindai/core'
import type { TaskInput } from '@blindai/protocol'
import type { Frame, FrameKind } from '../wire/frame.ts'
import {
  type LoadMessage,
  MAX_ANSWER_HEAD_BYTES,
  type ReadyMessage,
  type RowsMessage,
  type TaskAnswer,
  type TaskInputMessage,
  type TaskMessage,
} from '../wire/messages.ts'
import { encodeTensorTable, parseTensorTable } from '../wire/tensor-table.ts'
import { openBundle } from './bundle/bundle.ts'
import { asFailure, Failure } from './failure.ts'
import { screenModel } from './onnx/screen.ts'
import { Session } from './session.ts'
import { loadTask } from './tasks/load-task.ts'
import type { Task } from './tasks/task.ts'

/** What is sent back for a frame. */
export interface Reply {
  readonly kind: FrameKind
  readonly head: Uint8Array
  readonly parts: readonly Uint8Array[]
}

/** The one model of this process, and its task where it has one. */
export class ServedModel {
  readonly #session: Session
  readonly #maxOutputBytes: number
  readonly #rows: RowsMessage | null
  readonly #task: { readonly name: string; readonly task: Task } | undefined

  constructor(
    session: Session,
    maxOutputBytes: number,
    rows: RowsMessage | null,
    task?: { readonly name: string; readonly task: Task },
  ) {
    this.#session = session
    this.#maxOutputBytes = maxOutputBytes
    this.#rows = rows
    this.#task = task
  }

  /** Screens, loads and warms up. @throws {Failure} whose code starts with `MODEL_`, or `TASK_UNSUPPORTED`. */
  static async load(message: LoadMessage, bytes: Uint8Array): Promise<ServedModel> {
    const { kind, task, threads, maxOutputBytes, proveRows: isProofWanted } = message
    if (kind === 'onnx') {
      if (task !== null) throw new Failure('TASK_UNSUPPORTED', 'task-needs-a-bundle')
      screenModel(bytes)
      const session = await Session.load(bytes, threads)
      await session.warmUp()
      return new ServedModel(session, maxOutputBytes, isProofWanted ? await provedRows(bytes, session) : null)
    }
    const bundle = openBundle(bytes)
    const graph = bundle.files.get(bundle.mainModel) ?? new Uint8Array(0)
    const session = await Session.load(graph, threads)
    if (task === null) await session.warmUp()
    const rows = isProofWanted ? await provedRows(graph, session) : null
    if (task === null) return new ServedModel(session, maxOutputBytes, rows)
    return new ServedModel(session, maxOutputBytes, rows, {
      name: task,
      task: await loadTask(task, bundle, session.ort, threads),
    })
  }

  /** The reply that describes the model. */
  describe(): Reply {
    const message: ReadyMessage = { inputs: this.#session.inputs, outputs: this.#session.outputs, rows: this.#rows }
    return jsonReply('ready', message)
  }

  /** Answers one request. @throws {Failure} */
  async answer(frame: Frame): Promise<Reply> {
    switch (frame.kind) {
      case 'infer': {
        const { tensors, wanted } = parseTensorTable(frame.head, frame.body)
        const outputs = await this.#session.run(tensors, wanted)
        const { head, parts } = encodeTensorTable({ tensors: outputs, wanted: undefined })
        return this.#bounded({ kind: 'tensors', head, parts })
      }
      case 'task': {
        const answer: TaskAnswer = { outputs: await this.#runTask(parseHead(frame.head), frame.body) }
        return this.#bounded(jsonReply('json', answer))
      }
      default:
        throw new Failure('RUN_FAILED', 'frame-kind', frame.kind)
    }
  }

  /** What the gatekeeper would take for a breach of the protocol is refused here. @throws {Failure} `OUTPUT_TOO_LARGE`. */
  #bounded(reply: Reply): Reply {
    let bodyBytes = 0
    for (const part of reply.parts) bodyBytes += part.byteLength
    if (reply.head.byteLength <= MAX_ANSWER_HEAD_BYTES && bodyBytes <= this.#maxOutputBytes) return reply
    throw new Failure('OUTPUT_TOO_LARGE', 'too-large')
  }

  async #runTask(message: TaskMessage, body: Uint8Array): Promise<JsonValue[]> {
    if (this.#task?.name !== message.task) throw new Failure('TASK_UNSUPPORTED', 'not-the-task-of-the-model')
    const call = this.#task.task.parse(message.parameters)
    const outputs: JsonValue[] = []
    let at = 0
    for (const [position, described] of message.inputs.entries()) {
      const input = inputOf(described, body, at)
      if (described.kind === 'binary') at += described.bytes
      try {
        outputs.push(await call(input, position))
      } catch (error) {
        throw asFailure(error, 'RUN_FAILED', 'pipeline')
      }
    }
    return outputs
  }
}

/** A reply whose head is JSON. */
export function jsonReply(kind: FrameKind, value: object): Reply {
  return { kind, head: utf8(JSON.stringify(value)), parts: [] }
}

/** The JSON of a head. It was written by the gatekeeper, whose word an engine takes. */
export function parseHead<T>(head: Uint8Array): T {
  return JSON.parse(new TextDecoder().decode(head))
}

function inputOf(described: TaskInputMessage, body: Uint8Array, at: number): TaskInput {
  if (described.kind === 'text') return described
  return { kind: 'binary', data: body.subarray(at, at + described.bytes), contentType: described.contentType }
}

/** The code of the proof is loaded where one is asked for: it would be part of every engine's memory otherwise. */
async function provedRows(graph: Uint8Array, session: Session): Promise<RowsMessage> {
  const { proveRows } = await import('./onnx/rows/prove-rows.ts')
  return proveRows(graph, session)
}
