import type { JsonValue } from '@blindai/core'
import type { TaskResponse } from '@blindai/protocol'
import { BlindAiError } from './errors.ts'
import type { HeldReceipt } from './receipt.ts'
import { asList, asNumber, asObject, asText } from './response.ts'

/** A label with its probability. */
export type LabelScore = {
  readonly label: string
  readonly score: number
}

/** Text that was heard. */
export type Transcript = {
  readonly text: string
}

/** What each task gives for one input, in the shapes of Hugging Face's pipelines. */
export interface TaskOutputs {
  'text-classification': readonly LabelScore[]
  'image-classification': readonly LabelScore[]
  'automatic-speech-recognition': Transcript
}

/** The tasks whose answers this package knows. */
export type TaskName = keyof TaskOutputs

/** The answers of one task: one output for each input, in order. */
export interface TaskResult<Task extends TaskName = TaskName> {
  readonly task: Task
  /** Lower-case hex SHA-256 of the model that ran. */
  readonly model: string
  readonly outputs: readonly TaskOutputs[Task][]
  /** When it was asked for. */
  readonly receipt?: HeldReceipt
}

/** The answers of a task that the call did not name: one JSON value for each input, in order. */
export interface UntypedTaskResult {
  readonly task: string
  /** Lower-case hex SHA-256 of the model that ran. */
  readonly model: string
  readonly outputs: readonly JsonValue[]
  /** When it was asked for. */
  readonly receipt?: HeldReceipt
}

const PARSERS: { readonly [Task in TaskName]: (output: JsonValue) => TaskOutputs[Task] } = {
  'text-classification': parseLabels,
  'image-classification': parseLabels,
  'automatic-speech-recognition': parseTranscript,
}

/** True for a task whose answers this package knows. */
export function isTaskName(task: string): task is TaskName {
  return Object.hasOwn(PARSERS, task)
}

/**
 * A task's answer, checked to be of that task, one output for each input, each in the task's shape where that is known.
 *
 * @throws {BlindAiError} `RESPONSE_MALFORMED`.
 */
export function checkTaskResult(task: string, answer: TaskResponse, inputs: number): UntypedTaskResult {
  if (answer.task !== task) throw malformed('it is the answer of another task')
  if (answer.outputs.length !== inputs) throw malformed(`it has ${answer.outputs.length} outputs for ${inputs} inputs`)
  const outputs = isTaskName(task) ? answer.outputs.map((output): JsonValue => PARSERS[task](output)) : answer.outputs
  return { task, model: answer.model, outputs }
}

function parseLabels(value: JsonValue): readonly LabelScore[] {
  return asList('a list of labels', value).map((item) => {
    const { label, score } = asObject('a label', item)
    return { label: asText('a label', label), score: asNumber('a score', score) }
  })
}

function parseTranscript(value: JsonValue): Transcript {
  return { text: asText('the text', asObject('a transcript', value).text) }
}

function malformed(reason: string): BlindAiError {
  return new BlindAiError('RESPONSE_MALFORMED', { what: 'the answer', reason })
}
