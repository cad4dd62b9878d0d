import { hash } from 'node:crypto'
import { DOUBLES } from './models.ts'

/** Requests that are refused, and the code of each. They suppose that `alice` has the model `doubles` and grants it to `carol`. */

/** In every name and text that is sent; an answer holds it nowhere. */
export const CANARY = 'canary9f3b'

/** The largest request, and the largest model, of the server that these are sent to. */
export const MAX_BYTES: number = 1024 * 1024

export interface HostileRequest {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly as: 'alice' | 'carol' | 'nobody'
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | string
  readonly status: number
  readonly code: string
}

type Details = Partial<Pick<HostileRequest, 'as' | 'headers' | 'body'>>

function ask(target: string, name: string, status: number, code: string, details: Details = {}): HostileRequest {
  const [method = '', path = ''] = target.split(' ')
  return { name, method, path, as: 'alice', headers: {}, body: '', status, code, ...details }
}

const SHA256 = hash('sha256', DOUBLES)
const NOBODYS = 'ab'.repeat(32)
const LENGTH_HEADER = 'inference-header-content-length'

export const AT_THE_DOOR: readonly HostileRequest[] = [
  ask('GET /v2', 'no such key', 401, 'UNAUTHENTICATED', { as: 'nobody' }),
  ask('GET /v2', 'a key of another form', 401, 'UNAUTHENTICATED', { headers: { authorization: CANARY } }),
  ask(`GET /${CANARY}`, 'no such path', 404, 'NOT_FOUND'),
  ask('GET /v2/../../etc/passwd', 'a path that climbs', 404, 'NOT_FOUND'),
  ask('GET /v2/models/%ff%fe', 'a path of no text', 400, 'PATH_INVALID'),
  ask(`GET /v2/models/${CANARY.repeat(500)}`, 'a long path', 404, 'NOT_FOUND'),
  ask('GET /v2', 'a long header', 431, 'HEADERS_TOO_LARGE', { headers: { x: CANARY.repeat(2000) } }),
  ask('TRACE /v2', 'a method that nobody has', 405, 'METHOD_NOT_ALLOWED'),
  ask('POST /v2/models/doubles/infer', 'a packed body', 415, 'CONTENT_ENCODING_UNSUPPORTED', {
    headers: { 'content-encoding': 'br' },
  }),
  ask('POST /v2/models/doubles/infer', 'a packed body that is none', 400, 'BODY_ENCODING_INVALID', {
    headers: { 'content-encoding': 'gzip' },
    body: CANARY,
  }),
  ask('GET /.well-known/blindai/attestation?nonce=AAAA', 'a short nonce', 400, 'PARAMETER_INVALID'),
  ask(`GET /.well-known/blindai/attestation?${CANARY}=1`, 'an unknown parameter', 400, 'PARAMETER_INVALID'),
  ask('POST /.well-known/blindai/channel', 'a proof without a nonce', 400, 'PARAMETER_INVALID', {
    body: `{"${CANARY}":1}`,
  }),
  ask('POST /.well-known/blindai/channel', 'a proof of no JSON', 400, 'NOT_JSON', { body: CANARY }),
  ask('POST /.well-known/blindai/ohttp', 'a sealed request that is none', 415, 'MEDIA_TYPE_UNSUPPORTED', {
    body: CANARY,
  }),
]

export const FOR_METADATA: readonly HostileRequest[] = [
  ask(`GET /v2/models/${CANARY}`, 'no such model', 404, 'MODEL_NOT_FOUND'),
  ask(`GET /v2/models/doubles/versions/${CANARY}`, 'no such version', 404, 'VERSION_NOT_FOUND'),
  ask(`GET /v2/models/${CANARY}/ready`, 'the state of no model', 404, 'MODEL_NOT_FOUND'),
  ask(`GET /v1/models/${CANARY}`, 'no such model to show', 404, 'MODEL_NOT_FOUND'),
  ask(`HEAD /v1/models/${NOBODYS}`, 'the progress of nothing', 404, 'MODEL_NOT_FOUND'),
  ask('POST /v1/models', 'a list in another way', 405, 'METHOD_NOT_ALLOWED'),
]

function infer(name: string, status: number, code: string, body: Uint8Array | string, headerLength?: number | string) {
  const headers: Record<string, string> = headerLength === undefined ? {} : { [LENGTH_HEADER]: String(headerLength) }
  return ask('POST /v2/models/doubles/infer', name, status, code, { body, headers })
}

const TENSOR = { name: 'x', datatype: 'FP32', shape: [1], data: [1] }

function inputs(...tensors: readonly object[]): string {
  return JSON.stringify({ inputs: tensors.map((members) => ({ ...TENSOR, ...members })) })
}

/** A tensor of which so many bytes are announced, and so many follow. */
function binary(name: string, code: string, announced: number, sent: number, members: object = {}): HostileRequest {
  const { data: _, ...bare } = TENSOR
  const tensor = { ...bare, shape: [announced / 4], parameters: { binary_data_size: announced }, ...members }
  const head = Buffer.from(JSON.stringify({ inputs: [tensor] }))
  return infer(name, 400, code, Buffer.concat([head, Buffer.alloc(sent)]), head.byteLength)
}

export const FOR_INFERENCE: readonly HostileRequest[] = [
  infer('nothing', 400, 'NOT_JSON', ''),
  infer('no JSON', 400, 'NOT_JSON', CANARY),
  infer('JSON that breaks off', 400, 'NOT_JSON', inputs({}).slice(0, -1)),
  infer('brackets without end', 400, 'WRONG_TYPE', '['.repeat(100_000)),
  infer('a tensor of brackets without end', 400, 'NOT_JSON', `{"inputs":[{"data":${'['.repeat(100_000)}`),
  infer('a list', 400, 'WRONG_TYPE', `["${CANARY}"]`),
  infer('no inputs', 400, 'MISSING_MEMBER', '{}'),
  infer('inputs of text', 400, 'WRONG_TYPE', `{"inputs":"${CANARY}"}`),
  infer('a member twice', 400, 'DUPLICATE_MEMBER', '{"inputs":[],"inputs":[]}'),
  infer('no tensor', 400, 'INPUT_INVALID', '{"inputs":[]}'),
  infer('another tensor', 400, 'INPUT_INVALID', inputs({ name: CANARY })),
  infer('a tensor twice', 400, 'DUPLICATE_TENSOR', inputs({}, {})),
  infer('another datatype', 400, 'INPUT_INVALID', inputs({ datatype: 'INT64' })),
  infer('a datatype that is none', 400, 'DATATYPE_UNKNOWN', inputs({ datatype: CANARY })),
  infer('more axes', 400, 'INPUT_INVALID', inputs({ shape: [1, 1] })),
  infer('a negative shape', 400, 'SHAPE_INVALID', inputs({ shape: [-1] })),
  infer('a shape of fractions', 400, 'SHAPE_INVALID', inputs({ shape: [0.5] })),
  infer('a shape past all numbers', 400, 'SHAPE_INVALID', inputs({ shape: [2 ** 53 - 1, 2 ** 53 - 1] })),
  infer('fewer numbers than its shape', 400, 'SHAPE_MISMATCH', inputs({ shape: [3] })),
  infer('text for numbers', 400, 'VALUE_TYPE_MISMATCH', inputs({ data: [CANARY] })),
  infer('numbers past their datatype', 400, 'VALUE_OUT_OF_RANGE', inputs({ data: [1e300] })),
  infer('NaN', 422, 'USE_BINARY', inputs({ data: [0] }).replace('[0]', '[NaN]')),
  infer('half floats', 422, 'USE_BINARY', inputs({ datatype: 'FP16' })),
  infer('a header longer than its body', 400, 'HEADER_LENGTH_INVALID', inputs({}), 99_999),
  infer('a header of no length', 400, 'HEADER_LENGTH_INVALID', inputs({}), CANARY),
  binary('more bytes than it says', 'TRAILING_BYTES', 4, 5),
  binary('fewer bytes than it says', 'TRUNCATED', 8, 4),
  binary('other bytes than its shape', 'BINARY_SIZE_MISMATCH', 8, 8, { shape: [3] }),
  binary('bytes and numbers', 'DATA_AMBIGUOUS', 4, 4, { data: [1] }),
  infer(
    'an output that is none',
    400,
    'OUTPUT_UNKNOWN',
    inputs({}).replace(/}$/, `,"outputs":[{"name":"${CANARY}"}]}`),
  ),
  infer('a byte too much', 413, 'BODY_TOO_LARGE', Buffer.alloc(MAX_BYTES + 1)),
  ask('POST /v2/models/doubles/versions/2/infer', 'a version that is none', 404, 'VERSION_NOT_FOUND'),
  ask(`POST /v2/models/${CANARY}/infer`, 'a model that is none', 404, 'MODEL_NOT_FOUND'),
]

function task(name: string, status: number, code: string, body: string, path = '/v1/tasks/text-classification') {
  return ask(`POST ${path}`, name, status, code, { body })
}

export const FOR_TASKS: readonly HostileRequest[] = [
  task('nothing', 400, 'NOT_JSON', ''),
  task('no model', 400, 'MISSING_MEMBER', '{"inputs":["x"]}'),
  task('no inputs', 400, 'MISSING_MEMBER', '{"model":"doubles"}'),
  task('an input of a number', 400, 'WRONG_TYPE', '{"model":"doubles","inputs":[7]}'),
  task('an unknown member', 400, 'UNKNOWN_MEMBER', `{"model":"doubles","inputs":["x"],"${CANARY}":1}`),
  task('a model that is none', 404, 'MODEL_NOT_FOUND', `{"model":"${CANARY}","inputs":["x"]}`),
  task('a model without a task', 400, 'TASK_UNSUPPORTED', `{"model":"doubles","inputs":["${CANARY}"]}`),
  task('a task that is none', 400, 'TASK_UNSUPPORTED', '{"model":"doubles","inputs":["x"]}', `/v1/tasks/${CANARY}`),
]

function upload(name: string, status: number, code: string, target = NOBODYS, details: Details = { body: 'x' }) {
  return ask(`PUT /v1/models/${target}`, name, status, code, details)
}

function part(
  name: string,
  status: number,
  code: string,
  offset: string,
  length: string,
  body: string,
): HostileRequest {
  return upload(name, status, code, NOBODYS, { headers: { 'upload-offset': offset, 'upload-length': length }, body })
}

export const FOR_UPLOADS: readonly HostileRequest[] = [
  upload('under a name', 400, 'PARAMETER_INVALID', CANARY),
  upload('with an unknown parameter', 400, 'PARAMETER_INVALID', `${NOBODYS}?${CANARY}=1`),
  upload('with a name that climbs', 400, 'PARAMETER_INVALID', `${NOBODYS}?name=..%2F${CANARY}`),
  upload('of a kind that is none', 400, 'PARAMETER_INVALID', `${NOBODYS}?kind=${CANARY}`),
  upload('under the digest of other bytes', 422, 'DIGEST_MISMATCH', NOBODYS, { body: CANARY }),
  upload('of nothing', 422, 'MODEL_INVALID', hash('sha256', ''), {}),
  part('at a negative place', 400, 'HEADER_INVALID', '-1', '5', 'x'),
  part('at a place that is not reached', 409, 'UPLOAD_OFFSET_MISMATCH', '3', '5', 'x'),
  part('larger than it says', 400, 'UPLOAD_TOO_LONG', '0', '5', CANARY),
  part('of a length past all models', 413, 'MODEL_TOO_LARGE', '0', '99999999999999', 'x'),
  upload('larger than a model may be', 413, 'MODEL_TOO_LARGE', NOBODYS, { body: Buffer.alloc(MAX_BYTES + 1) }),
  upload('of what is there, as another kind', 409, 'MODEL_EXISTS', `${SHA256}?kind=bundle`, { body: DOUBLES }),
  upload('of what is there, and more', 400, 'UPLOAD_TOO_LONG', SHA256, { body: Buffer.alloc(100_000) }),
  upload('by whom may only call', 403, 'FORBIDDEN', NOBODYS, { as: 'carol', body: 'x' }),
]

export const FOR_CHANGES: readonly HostileRequest[] = [
  ask(`DELETE /v1/models/${CANARY}`, 'a deletion of nothing', 404, 'MODEL_NOT_FOUND'),
  ask('DELETE /v1/models/doubles', 'a deletion by whom may only call', 403, 'FORBIDDEN', { as: 'carol' }),
  ask(`PUT /v1/models/doubles/grants/${CANARY}%20`, 'a grant to whom cannot exist', 400, 'PARAMETER_INVALID'),
  ask(`PUT /v1/models/${CANARY}/grants/bob`, 'a grant of nothing', 404, 'MODEL_NOT_FOUND'),
  ask(`DELETE /v1/models/${CANARY}/grants/bob`, 'a grant of nothing taken back', 404, 'MODEL_NOT_FOUND'),
  ask(`DELETE /v1/quarantine/${SHA256}`, 'a quarantine lifted by no administrator', 403, 'FORBIDDEN'),
]
