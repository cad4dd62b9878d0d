import { fromUtf8, type JsonObject, type JsonValue, MalformedError, parseJson } from '@blindai/core'
import { checkRawTensor, isDatatype, type RawTensor, type TensorMetadata } from '@blindai/protocol'
import type { Frame, FrameLimits } from '../wire/frame.ts'
import { FAILURE_CODES, type FailureMessage, MAX_ANSWER_HEAD_BYTES, MAX_ROWS } from '../wire/messages.ts'
import { MAX_TENSORS, parseTensorTable } from '../wire/tensor-table.ts'
import type { EngineDescription, RowsProof } from './engine.ts'

/**
 * Parses what an engine sends. The engine may be in an attacker's hands: everything is checked here, and nothing of it is
 * kept that was not.
 *
 * All functions throw `MalformedError` or `ProtocolError`; either means that the engine does not keep to the protocol.
 */

/** Bounds of a reply that is JSON. */
export const JSON_REPLY: FrameLimits = { maxHeadBytes: MAX_ANSWER_HEAD_BYTES, maxBodyBytes: 0 }

/** Bounds of a reply that is tensors. */
export function tensorReply(maxOutputBytes: number): FrameLimits {
  return { maxHeadBytes: JSON_REPLY.maxHeadBytes, maxBodyBytes: maxOutputBytes }
}

const MAX_NAME_LENGTH = 512
const MAX_RANK = 32
const MAX_LABEL_LENGTH = 4096
const MAX_TEXT_LENGTH = 1_000_000
const MAX_LABELS = 10_000

/** The description of a model. */
export function parseReady(frame: Frame): EngineDescription {
  const root = jsonHead(frame, 'ready')
  const rows = root.rows ?? null
  const proof = rows === null ? {} : { rows: parseRows(rows) }
  return { inputs: parsePorts(root, 'inputs'), outputs: parsePorts(root, 'outputs'), ...proof }
}

function parseRows(value: JsonValue): RowsProof {
  const { maxRows, reason, operator } = objectOf('rows', value)
  if (typeof maxRows === 'number') {
    if (Number.isInteger(maxRows) && maxRows >= 2 && maxRows <= MAX_ROWS) return { maxRows }
    throw wrongValue('rows', `from 2 to ${MAX_ROWS}`)
  }
  if (typeof reason !== 'string' || !/^[a-z0-9-]{1,64}$/.test(reason)) throw wrongValue('rows reason', 'a word')
  const isName = typeof operator === 'string' && /^\w{1,64}$/.test(operator)
  return isName ? { reason, operator } : { reason }
}

/** A failure. Its words are restricted to characters that are safe to print. */
export function parseFailure(frame: Frame): FailureMessage {
  const root = jsonHead(frame, 'failure')
  const code = FAILURE_CODES.find((known) => known === root.code)
  if (code === undefined) throw wrongValue('failure code', 'a known code')
  const { reason, subject } = root
  if (typeof reason !== 'string' || !/^[a-z0-9-]{1,64}$/.test(reason)) throw wrongValue('failure reason', 'a word')
  return {
    code,
    reason,
    subject: typeof subject === 'string' && /^[\w.,:;/()[\] -]{1,128}$/.test(subject) ? subject : null,
  }
}

/** The outputs of a run: exactly those asked for, of the datatypes that the model announced, bytes fitting shapes. */
export function parseOutputs(frame: Frame, wanted: readonly TensorMetadata[]): RawTensor[] {
  if (frame.kind !== 'tensors') throw wrongValue('reply', 'tensors')
  const { tensors } = parseTensorTable(frame.head, frame.body)
  if (tensors.length !== wanted.length) throw wrongValue('outputs', 'the outputs asked for')
  return tensors.map((tensor, index) => {
    const expected = wanted[index]
    if (tensor.name !== expected?.name || tensor.datatype !== expected.datatype) {
      throw wrongValue('output', 'the output asked for')
    }
    checkRawTensor(`outputs[${index}]`, tensor)
    return tensor
  })
}

/** The outputs of a task: labels with scores, or a text, for each input. */
export function parseTaskOutputs(frame: Frame, count: number): JsonValue[] {
  const { outputs } = jsonHead(frame, 'json')
  if (!Array.isArray(outputs) || outputs.length !== count) throw wrongValue('outputs', 'one for each input')
  return outputs.map((output: JsonValue) => (Array.isArray(output) ? parseLabels(output) : parseText(output)))
}

function parseLabels(items: readonly JsonValue[]): JsonValue {
  if (items.length > MAX_LABELS) throw wrongValue('labels', `at most ${MAX_LABELS}`)
  return items.map((item) => {
    const { label, score } = objectOf('label', item)
    if (typeof label !== 'string' || label.length > MAX_LABEL_LENGTH) throw wrongValue('label', 'a short text')
    if (typeof score !== 'number') throw wrongValue('score', 'a number')
    return { label, score }
  })
}

function parseText(item: JsonValue): JsonValue {
  const { text } = objectOf('text', item)
  if (typeof text !== 'string' || text.length > MAX_TEXT_LENGTH) throw wrongValue('text', 'a text')
  return { text }
}

function parsePorts(root: JsonObject, member: 'inputs' | 'outputs'): TensorMetadata[] {
  const items = root[member]
  if (!Array.isArray(items) || items.length > MAX_TENSORS) throw wrongValue(member, 'a list')
  const names: Set<string> = new Set()
  return items.map((item: JsonValue) => {
    const { name, datatype, shape } = objectOf(member, item)
    if (typeof name !== 'string' || name.length > MAX_NAME_LENGTH || names.has(name)) {
      throw wrongValue(`${member} name`, 'a name of its own')
    }
    names.add(name)
    if (typeof datatype !== 'string' || !isDatatype(datatype)) throw wrongValue(`${member} datatype`, 'a datatype')
    if (!Array.isArray(shape) || shape.length > MAX_RANK) throw wrongValue(`${member} shape`, 'a shape')
    return { name, datatype, shape: shape.map(parseDimension) }
  })
}

function parseDimension(dimension: JsonValue): number {
  if (typeof dimension === 'number' && Number.isSafeInteger(dimension) && dimension >= -1) return dimension
  throw wrongValue('shape', 'dimensions, or -1')
}

function jsonHead(frame: Frame, kind: Frame['kind']): JsonObject {
  if (frame.kind !== kind) throw wrongValue('reply', kind)
  return objectOf(kind, parseJson(kind, fromUtf8(kind, frame.head)))
}

function objectOf(field: string, value: JsonValue | undefined): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  throw new MalformedError('WRONG_TYPE', { field, expected: 'an object' })
}

function wrongValue(field: string, expected: string): MalformedError {
  return new MalformedError('WRONG_VALUE', { field, expected })
}
