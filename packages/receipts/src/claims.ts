import {
  fromUtf8,
  isMalformedError,
  type JsonObject,
  type JsonValue,
  parseJson,
  unixSeconds,
  utf8,
} from '@blindai/core'
import {
  type BodyCommitment,
  RECEIPT_PROFILE,
  type Receipt,
  type ReceiptModel,
  type ReceiptOperation,
} from './receipt.ts'
import { ReceiptError } from './receipt-error.ts'

const SHA256 = /^[0-9a-f]{64}$/
/** 32 bytes in base64url, whose last character holds four bits. */
const HMAC = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/
const TASK = /^[a-z0-9][a-z0-9-]{0,63}$/
const OPERATIONS: readonly ReceiptOperation[] = ['run', 'upload', 'delete']
const KINDS: readonly ReceiptModel['kind'][] = ['onnx', 'bundle']

/** The claims as UTF-8 JSON, with members in one order. */
export function encodeClaims(receipt: Receipt): Uint8Array {
  const { sequence, hostTime, statementSha256, operation, model, task, request, response } = receipt
  return utf8(
    JSON.stringify({
      eat_profile: RECEIPT_PROFILE,
      statement: statementSha256,
      sequence,
      hostTime,
      operation,
      model: { sha256: model.sha256, kind: model.kind },
      ...(task === undefined ? {} : { task }),
      ...(request && { request: { hmac: request.hmac, bytes: request.bytes } }),
      ...(response && { response: { hmac: response.hmac, bytes: response.bytes } }),
    }),
  )
}

/**
 * Parses claims strictly: unknown, missing and repeated members are refused, and so is a run that covers no bodies.
 *
 * @throws {ReceiptError} `RECEIPT_FORM_INVALID`.
 */
export function parseClaims(bytes: Uint8Array): Receipt {
  const claims = members('claims', parse(bytes), ['eat_profile', 'statement', 'sequence', 'hostTime'], {
    also: ['operation', 'model'],
    maybe: ['task', 'request', 'response'],
  })
  if (claims.eat_profile !== RECEIPT_PROFILE) throw invalid('eat_profile', RECEIPT_PROFILE)
  const operation = OPERATIONS.find((one) => one === claims.operation)
  if (operation === undefined) throw invalid('operation', OPERATIONS.join(', '))
  const receipt: Receipt = {
    statementSha256: text('statement', claims.statement, SHA256, 'a SHA-256 in lower-case hexadecimal'),
    sequence: count('sequence', claims.sequence, 1),
    hostTime: time('hostTime', claims.hostTime),
    operation,
    model: parseModel(claims.model),
    ...(claims.task !== undefined && { task: text('task', claims.task, TASK, 'the name of a task') }),
    ...(claims.request !== undefined && { request: parseCommitment('request', claims.request) }),
    ...(claims.response !== undefined && { response: parseCommitment('response', claims.response) }),
  }
  const isRun = operation === 'run'
  if (isRun !== (receipt.request !== undefined) || isRun !== (receipt.response !== undefined)) {
    throw invalid('request and response', 'there for a run, and for nothing else')
  }
  if (receipt.task !== undefined && !isRun) throw invalid('task', 'there for a run only')
  return receipt
}

function parse(bytes: Uint8Array): JsonValue {
  try {
    return parseJson('claims', fromUtf8('claims', bytes))
  } catch (cause) {
    if (!isMalformedError(cause)) throw cause
    throw new ReceiptError('RECEIPT_FORM_INVALID', { part: 'claims', expected: 'strict JSON' }, { cause })
  }
}

function parseModel(value: JsonValue | undefined): ReceiptModel {
  const { sha256, kind } = members('model', value, ['sha256', 'kind'])
  const known = KINDS.find((one) => one === kind)
  if (known === undefined) throw invalid('model.kind', KINDS.join(' or '))
  return { sha256: text('model.sha256', sha256, SHA256, 'a SHA-256 in lower-case hexadecimal'), kind: known }
}

function parseCommitment(part: string, value: JsonValue): BodyCommitment {
  const { hmac, bytes } = members(part, value, ['hmac', 'bytes'])
  return {
    hmac: text(`${part}.hmac`, hmac, HMAC, 'base64url of 32 bytes'),
    bytes: count(`${part}.bytes`, bytes, 0),
  }
}

function members(
  part: string,
  value: JsonValue | undefined,
  needed: readonly string[],
  { also = [], maybe = [] }: { readonly also?: readonly string[]; readonly maybe?: readonly string[] } = {},
): JsonObject {
  if (!isObject(value)) throw invalid(part, 'an object')
  const required = [...needed, ...also]
  for (const name of required) if (value[name] === undefined) throw invalid(part, `complete: "${name}" is missing`)
  const known = [...required, ...maybe]
  if (Object.keys(value).some((name) => !known.includes(name))) throw invalid(part, `made of ${known.join(', ')} only`)
  return value
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(part: string, value: JsonValue | undefined, form: RegExp, expected: string): string {
  if (typeof value === 'string' && form.test(value)) return value
  throw invalid(part, expected)
}

function count(part: string, value: JsonValue | undefined, least: number): number {
  // JSON can write a negative zero, which would not be written again.
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value + 0
  throw invalid(part, `a whole number from ${least} on`)
}

/** A time that every other part of this system can take; what lies past it would be no time to judge evidence at. */
function time(part: string, value: JsonValue | undefined): number {
  const seconds = count(part, value, 0)
  try {
    return unixSeconds(seconds)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    const expected = 'a whole number of seconds up to the year 9999'
    throw new ReceiptError('RECEIPT_FORM_INVALID', { part, expected }, { cause })
  }
}

function invalid(part: string, expected: string): ReceiptError<'RECEIPT_FORM_INVALID'> {
  return new ReceiptError('RECEIPT_FORM_INVALID', { part, expected })
}
