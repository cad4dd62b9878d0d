import type { JsonObject, JsonValue } from '@blindai/core'
import type { TaskInput } from '@blindai/protocol'
import { Failure } from '../failure.ts'

/** A task of a loaded bundle. */
export interface Task {
  /** Checks the parameters of a request, once. */
  readonly parse: (parameters: JsonObject) => TaskCall
  /** Runs once on something of no meaning, so that everything lazy is there. */
  readonly warmUp: () => Promise<void>
}

/** Answers one input, in Hugging Face's shape. */
export type TaskCall = (input: TaskInput, position: number) => Promise<JsonValue>

/** The most classes that are returned. */
const MAX_TOP_K = 10_000

/** `top_k` of a classification: a whole number from 1, or null for all. @throws {Failure} `INPUT_INVALID`. */
export function parseTopK(parameters: JsonObject, defaultTopK: number): number {
  refuseUnknownParameters(parameters, ['top_k'])
  const { top_k: topK } = parameters
  if (topK === undefined) return defaultTopK
  if (topK === null) return MAX_TOP_K
  if (typeof topK === 'number' && Number.isInteger(topK) && topK >= 1 && topK <= MAX_TOP_K) return topK
  throw new Failure('INPUT_INVALID', 'parameter-value', 'parameters.top_k')
}

/** @throws {Failure} `INPUT_INVALID` `parameter-unknown`. */
export function refuseUnknownParameters(parameters: JsonObject, known: readonly string[]): void {
  if (Object.keys(parameters).some((name) => !known.includes(name))) {
    throw new Failure('INPUT_INVALID', 'parameter-unknown', 'parameters')
  }
}

/** What a classification pipeline returns for one input. @throws {Failure} `RUN_FAILED`. */
export function parseLabels(value: unknown): JsonValue {
  if (!Array.isArray(value)) throw new Failure('RUN_FAILED', 'pipeline-output')
  return value.map((item: unknown): JsonObject => {
    if (typeof item !== 'object' || item === null || !('label' in item) || !('score' in item)) {
      throw new Failure('RUN_FAILED', 'pipeline-output')
    }
    const { label, score } = item
    if (typeof score !== 'number' || !Number.isFinite(score)) throw new Failure('RUN_FAILED', 'score-not-finite')
    return { label: String(label), score }
  })
}

/** Names an input in failures. */
export function inputName(position: number): string {
  return `inputs[${position}]`
}
