import { fromBase64Url, type JsonObject, type JsonValue, MalformedError, parseJson, utf8 } from '@blindai/core'
import { type BinaryPart, EncodedBody, splitBody } from './body.ts'
import { itemsOf, objectOf, refuseUnknownMembers, textOf } from './json-members.ts'
import { DEFAULT_LIMITS, MAX_NAME_LENGTH, type ProtocolLimits } from './limits.ts'
import { ProtocolError } from './protocol-error.ts'

/**
 * Tasks: the same framing as inference, with texts and files where that has tensors.
 *
 * A request is `{"model": …, "inputs": [item…], "parameters": {…}}`. An item is a text, or
 * `{"binary_data_size": n, "content_type": "image/jpeg"}` for n bytes after the JSON part, or
 * `{"base64": "…", "content_type": "image/jpeg"}`.
 */

/** One input of a task. */
export type TaskInput =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'binary'; readonly data: Uint8Array; readonly contentType: string }

/** What a task is asked to do. */
export interface TaskRequest {
  /** A model's name or digest. */
  readonly model: string
  readonly inputs: readonly TaskInput[]
  readonly parameters: JsonObject
}

/** What a task answers: one output for each input, in Hugging Face's shapes. */
export interface TaskResponse {
  /** The digest of the model that ran. */
  readonly model: string
  readonly task: string
  readonly outputs: readonly JsonValue[]
}

/** What a file is taken for when its sender does not say. */
export const DEFAULT_CONTENT_TYPE = 'application/octet-stream'

/** `type/subtype` with parameters: visible ASCII and spaces. */
const CONTENT_TYPE_PATTERN = /^[\w!#$&^.+-]{1,64}\/[\w!#$&^.+-]{1,64}(?:;[ -~]{0,128})?$/

/** Like every object that was parsed, it has no prototype: no name in it is special. */
const NO_PARAMETERS: JsonObject = Object.freeze(Object.create(null))

const REQUEST = 'task request'
const RESPONSE = 'task response'

/**
 * Parses a task request. Unknown members are refused. Files of the binary part are views of `body`.
 *
 * @throws {MalformedError} `NOT_UTF8`, `NOT_JSON`, `JSON_TOO_DEEP`, `DUPLICATE_MEMBER`, `UNKNOWN_MEMBER`,
 * `MISSING_MEMBER`, `WRONG_TYPE`, `WRONG_VALUE`, `TOO_LONG`, `NOT_BASE64URL`, `TRUNCATED`, `TRAILING_BYTES`;
 * {ProtocolError} `HEADER_LENGTH_INVALID`, `TOO_MANY_ITEMS`, `DATA_AMBIGUOUS`.
 */
export function parseTaskRequest(
  body: Uint8Array,
  headerLength: number | undefined,
  limits: ProtocolLimits = DEFAULT_LIMITS,
): TaskRequest {
  const { json, binary } = splitBody(REQUEST, body, headerLength, limits)
  const root = objectOf(REQUEST, parseJson(REQUEST, json))
  refuseUnknownMembers(REQUEST, root, ['model', 'inputs', 'parameters'])
  const model = textOf(REQUEST, root, 'model', MAX_NAME_LENGTH)
  const inputs = itemsOf(REQUEST, root, 'inputs')
  if (inputs.length > limits.maxItems)
    throw new ProtocolError('TOO_MANY_ITEMS', { field: 'inputs', limit: limits.maxItems })
  const parameters = root.parameters === undefined ? NO_PARAMETERS : objectOf('parameters', root.parameters)
  const request = {
    model,
    inputs: inputs.map((item, index) => readInput(`inputs[${index}]`, item, binary)),
    parameters,
  }
  binary.end()
  return request
}

/** Encodes a task request; files travel as binary data. */
export function encodeTaskRequest(request: TaskRequest): EncodedBody {
  const binary: Uint8Array[] = []
  const inputs = request.inputs.map((input) => {
    if (input.kind === 'text') return input.text
    binary.push(input.data)
    return { binary_data_size: input.data.byteLength, content_type: input.contentType }
  })
  return new EncodedBody(JSON.stringify({ model: request.model, inputs, parameters: request.parameters }), binary)
}

/** Encodes a task's answer. */
export function encodeTaskResponse({ model, task, outputs }: TaskResponse): Uint8Array {
  return utf8(JSON.stringify({ model, task, outputs }))
}

/**
 * Parses a task's answer; unknown members are passed over.
 *
 * @throws {MalformedError} `NOT_UTF8`, `NOT_JSON`, `JSON_TOO_DEEP`, `DUPLICATE_MEMBER`, `MISSING_MEMBER`, `WRONG_TYPE`,
 * `TOO_LONG`.
 */
export function parseTaskResponse(body: Uint8Array, limits: ProtocolLimits = DEFAULT_LIMITS): TaskResponse {
  const { json } = splitBody(RESPONSE, body, undefined, limits)
  const root = objectOf(RESPONSE, parseJson(RESPONSE, json))
  return {
    model: textOf(RESPONSE, root, 'model', MAX_NAME_LENGTH),
    task: textOf(RESPONSE, root, 'task', MAX_NAME_LENGTH),
    outputs: itemsOf(RESPONSE, root, 'outputs'),
  }
}

function readInput(field: string, item: JsonValue, binary: BinaryPart): TaskInput {
  if (typeof item === 'string') return { kind: 'text', text: wellFormed(field, item) }
  const input = objectOf(field, item)
  refuseUnknownMembers(field, input, ['binary_data_size', 'base64', 'content_type'])
  const contentType = readContentType(field, input)
  if (input.base64 === undefined) {
    const size = input.binary_data_size
    if (size === undefined) throw new MalformedError('MISSING_MEMBER', { field, member: 'binary_data_size' })
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
      throw new MalformedError('WRONG_TYPE', { field: `${field}.binary_data_size`, expected: 'a byte count' })
    }
    return { kind: 'binary', data: binary.take(field, size), contentType }
  }
  if (input.binary_data_size !== undefined) throw new ProtocolError('DATA_AMBIGUOUS', { field })
  const text = textOf(field, input, 'base64', Number.POSITIVE_INFINITY)
  return { kind: 'binary', data: fromBase64(`${field}.base64`, text), contentType }
}

function readContentType(field: string, input: JsonObject): string {
  if (input.content_type === undefined) return DEFAULT_CONTENT_TYPE
  const contentType = textOf(field, input, 'content_type', 256)
  if (!CONTENT_TYPE_PATTERN.test(contentType)) {
    throw new MalformedError('WRONG_VALUE', { field: `${field}.content_type`, expected: 'a media type' })
  }
  return contentType
}

/** Base64 with its padding. Source: RFC 4648 section 4. */
function fromBase64(field: string, text: string): Uint8Array {
  const digits = text.replace(/={1,2}$/, '')
  if (text.length % 4 !== 0 || /[-_]/.test(digits)) {
    throw new MalformedError('WRONG_VALUE', { field, expected: 'base64 with padding' })
  }
  return fromBase64Url(field, digits.replaceAll('+', '-').replaceAll('/', '_'))
}

function wellFormed(field: string, text: string): string {
  if (!text.isWellFormed()) throw new MalformedError('WRONG_VALUE', { field, expected: 'text of Unicode characters' })
  return text
}
