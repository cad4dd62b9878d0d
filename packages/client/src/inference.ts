import { isMalformedError, type JsonObject } from '@blindai/core'
import {
  buildModelPath,
  buildTaskPath,
  type EncodedBody,
  encodeInferRequest,
  encodeTaskRequest,
  fromRaw,
  HEADER_LENGTH_HEADER,
  type InferParameters,
  isProtocolError,
  parseHeaderLength,
  parseInferResponse,
  parseModelMetadata,
  parseTaskResponse,
  type Tensor,
  toRaw,
} from '@blindai/protocol'
import type { EnclaveApi } from './enclave-api.ts'
import { BlindAiError } from './errors.ts'
import type { PinnedModel } from './model-pins.ts'
import { ASKS_FOR_RECEIPT, type HeldReceipt, receiptOfRun } from './receipt.ts'
import type { ReadResponse } from './response.ts'
import { type RunInput, readTaskInput } from './task-input.ts'
import { checkTaskResult, type UntypedTaskResult } from './tasks.ts'

const SHA256 = /^[0-9a-f]{64}$/

/** How to infer. */
export interface InferOptions {
  /** The outputs wanted; all when absent. */
  readonly outputs?: readonly string[] | undefined
  readonly version?: string | undefined
  readonly parameters?: InferParameters | undefined
  /** Ask for a signed receipt; the call fails when none comes, or not of this exchange. */
  readonly receipt?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** What a model answered. */
export interface InferResult {
  readonly modelName: string
  /** Empty when the server does not say. */
  readonly modelVersion: string
  readonly outputs: readonly Tensor[]
  /** When it was asked for. */
  readonly receipt?: HeldReceipt
}

/** How to run a task. */
export interface RunOptions {
  /** The model's own when absent. */
  readonly task?: string | undefined
  readonly parameters?: JsonObject | undefined
  /** Ask for a signed receipt; the call fails when none comes, or not of this exchange. */
  readonly receipt?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Tensors in, tensors out. They travel as binary data, so every value arrives as it is, NaN included.
 *
 * @throws {BlindAiError} `TENSOR_INVALID`, `MODEL_NOT_FOUND`, `INPUT_INVALID`, …
 */
export async function infer(
  api: EnclaveApi,
  { model, version }: PinnedModel,
  inputs: readonly Tensor[],
  { outputs, parameters, receipt, signal }: Omit<InferOptions, 'version'>,
): Promise<InferResult> {
  const encoded = encoding(() =>
    encodeInferRequest(
      {
        ...(parameters === undefined ? {} : { parameters }),
        inputs: inputs.map(toRaw),
        ...(outputs === undefined ? {} : { outputs: outputs.map((name) => ({ name, binary: true })) }),
        binaryOutputsByDefault: true,
      },
      { binary: true },
    ),
  )
  const path = buildModelPath({ model, action: 'infer', ...(version === undefined ? {} : { version }) })
  const asked = bodyOf(encoded, receipt)
  const response = await api.call({ what: 'the inference', method: 'POST', path, ...asked, signal })
  const result = decoding('the inference response', () => {
    const answer = parseInferResponse(response.body, headerLengthOf(response))
    const { modelName, modelVersion } = answer
    return { modelName, modelVersion, outputs: answer.outputs.map(fromRaw) }
  })
  if (receipt !== true) return result
  const digest = SHA256.test(model) ? { modelSha256: model } : {}
  return { ...result, receipt: await receiptOfRun(response, asked.body, digest) }
}

/**
 * A task on inputs. Without a task in the options the server is asked for the model's own.
 *
 * @throws {BlindAiError} `INPUT_UNRECOGNISED`, `TASK_UNKNOWN`, `MODEL_NOT_FOUND`, `INPUT_UNSUPPORTED`, …
 */
export async function runTask(
  api: EnclaveApi,
  model: string,
  inputs: readonly RunInput[],
  ownTask: () => Promise<string | undefined>,
  { task, parameters, receipt, signal }: RunOptions,
): Promise<UntypedTaskResult> {
  const items = await Promise.all(inputs.map(readTaskInput))
  const chosen = task ?? (await ownTask())
  if (chosen === undefined) throw new BlindAiError('TASK_UNKNOWN', { model })
  const encoded = encoding(() => encodeTaskRequest({ model, inputs: items, parameters: parameters ?? {} }))
  const path = buildTaskPath(chosen)
  const asked = bodyOf(encoded, receipt)
  const response = await api.call({ what: 'the task', method: 'POST', path, ...asked, signal })
  const answer = decoding('the answer', () => parseTaskResponse(response.body))
  const result = checkTaskResult(chosen, answer, inputs.length)
  if (receipt !== true) return result
  const subject = { modelSha256: result.model, task: chosen }
  return { ...result, receipt: await receiptOfRun(response, asked.body, subject) }
}

/**
 * The digest of one version of a name: the last of the versions that its metadata lists.
 *
 * @throws {BlindAiError} `MODEL_NOT_FOUND`, `VERSION_NOT_FOUND`, `RESPONSE_MALFORMED`.
 */
export async function digestOfVersion(
  api: EnclaveApi,
  model: string,
  version: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const path = buildModelPath({ model, version, action: 'metadata' })
  const what = 'the metadata'
  const { body } = await api.call({ what, method: 'GET', path, signal })
  const sha256 = decoding(what, () => parseModelMetadata(body)).versions.at(-1)
  if (sha256 !== undefined && SHA256.test(sha256)) return sha256
  throw new BlindAiError('RESPONSE_MALFORMED', { what, reason: 'its last version is not a digest' })
}

function bodyOf(
  encoded: EncodedBody,
  receipt: boolean | undefined,
): {
  readonly headers: readonly (readonly [string, string])[]
  readonly body: readonly Uint8Array[]
} {
  const { contentType, headerLength, parts } = encoded
  const length = headerLength === undefined ? [] : [[HEADER_LENGTH_HEADER.toLowerCase(), String(headerLength)] as const]
  const asks = receipt === true ? [ASKS_FOR_RECEIPT] : []
  return { headers: [['content-type', contentType], ...length, ...asks], body: parts }
}

function headerLengthOf({ headers }: ReadResponse): number | undefined {
  return parseHeaderLength(headers.get(HEADER_LENGTH_HEADER) ?? undefined)
}

/** What the caller gave, encoded. @throws {BlindAiError} `TENSOR_INVALID`. */
function encoding<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (!isProtocolError(cause)) throw cause
    throw new BlindAiError('TENSOR_INVALID', { reason: cause.message }, { cause })
  }
}

/** What the server gave, parsed. @throws {BlindAiError} `RESPONSE_MALFORMED`. */
function decoding<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (!isProtocolError(cause) && !isMalformedError(cause)) throw cause
    throw new BlindAiError('RESPONSE_MALFORMED', { what, reason: cause.message }, { cause })
  }
}
