import type { JsonObject, JsonValue } from '@blindai/core'
import type { TensorMetadata } from '@blindai/protocol'

/**
 * Heads that are JSON: settings, descriptions, failures and the answers of tasks. Never a tensor.
 *
 * The engine believes what the gatekeeper sends; the gatekeeper parses what comes back as hostile (`host/replies.ts`).
 */

/** Head of `load`; the body is the model's bytes. */
export interface LoadMessage {
  readonly kind: 'onnx' | 'bundle'
  readonly task: string | null
  readonly threads: number
  /** Bytes of all outputs of a run; more is a failure and not sent. */
  readonly maxOutputBytes: number
  /** Whether to find out if requests may be stacked; it takes up to a second. */
  readonly proveRows: boolean
}

/** Bytes of the head of an answer. */
export const MAX_ANSWER_HEAD_BYTES: number = 4 * 1024 * 1024

/** Head of `task`; the body is the files, one after the other. */
export interface TaskMessage {
  readonly task: string
  readonly parameters: JsonObject
  readonly inputs: readonly TaskInputMessage[]
}

/** A text, or the length of a file in the body. */
export type TaskInputMessage =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'binary'; readonly bytes: number; readonly contentType: string }

/** Head of `ready`. */
export interface ReadyMessage {
  readonly inputs: readonly TensorMetadata[]
  readonly outputs: readonly TensorMetadata[]
  /** Null where it was not asked for. */
  readonly rows: RowsMessage | null
}

/** As many rows as may be computed together, or why rows are not stacked: a fixed word, and a type of operator. */
export type RowsMessage = { readonly maxRows: number } | { readonly reason: string; readonly operator: string | null }

/** The most rows that are computed together: more bring nothing. */
export const MAX_ROWS: number = 32

/** Head of `json`: what a task answers, one output for each input. */
export interface TaskAnswer {
  readonly outputs: readonly JsonValue[]
}

/** What an engine can say of a failure. `subject` names a member, operator or limit; never a value. */
export interface FailureMessage {
  readonly code: FailureCode
  readonly reason: string
  readonly subject: string | null
}

/** The codes of failures that leave the engine alive, or end it in good order while it loads. */
export const FAILURE_CODES = [
  'MODEL_REFUSED',
  'MODEL_INVALID',
  'MODEL_NEEDS_MORE_MEMORY',
  'INPUT_INVALID',
  'INPUT_UNSUPPORTED',
  'TASK_UNSUPPORTED',
  'RUN_FAILED',
  'OUTPUT_TOO_LARGE',
] as const

/** One of `FAILURE_CODES`. */
export type FailureCode = (typeof FAILURE_CODES)[number]

/** The tasks that engines have, by Hugging Face's names. */
export const TASKS = ['text-classification', 'image-classification', 'automatic-speech-recognition'] as const

/** One of `TASKS`. */
export type TaskName = (typeof TASKS)[number]

/** True for the exact name of a task. */
export function isTaskName(text: string): text is TaskName {
  return TASKS.some((task) => task === text)
}
