import type { JsonObject, JsonValue } from '@blindai/core'
import { DATATYPES, MAX_NAME_LENGTH } from '@blindai/protocol'
import { CONFIG_DATATYPES } from '../../inference/index.ts'
import { TENANT_SCHEMAS } from './tenants.ts'

/**
 * What bodies look like, as JSON Schema. Requests are open where the protocol lets members be passed over; answers are
 * closed, so that a member that is not described here fails a test.
 *
 * Source: JSON Schema 2020-12; OpenAPI 3.1 section 4.8.24.
 */

const text: JsonObject = { type: 'string' }
const count: JsonObject = { type: 'integer', minimum: 0 }
const sha256: JsonObject = { type: 'string', pattern: '^[0-9a-f]{64}$' }
const name: JsonObject = { type: 'string', minLength: 1, maxLength: MAX_NAME_LENGTH }

const list = (items: JsonValue): JsonObject => ({ type: 'array', items })
const ref = (schema: string): JsonObject => ({ $ref: `#/components/schemas/${schema}` })

/** An object of an answer: these members and no other, all but the optional ones there. */
function closed(properties: JsonObject, optional: readonly string[] = []): JsonObject {
  const required = Object.keys(properties).filter((member) => !optional.includes(member))
  return { type: 'object', properties, required, additionalProperties: false }
}

/** An object of a request: other members are passed over. */
const open = (properties: JsonObject, required: readonly string[]): JsonObject => ({
  type: 'object',
  properties,
  required,
})

const parameters: JsonObject = {
  type: 'object',
  additionalProperties: { type: ['string', 'number', 'boolean'] },
}

const jsonData: JsonObject = { type: 'array', items: { type: ['number', 'string', 'boolean', 'array'] } }

const tensorHead: JsonObject = { name, datatype: { enum: DATATYPES }, shape: list(count) }

const duration = closed({ count, ns: count })
const compute: JsonObject = { compute_input: duration, compute_infer: duration, compute_output: duration }

const modelMembers: JsonObject = {
  sha256,
  name,
  version: { type: 'integer', minimum: 1 },
  kind: { enum: ['onnx', 'bundle'] },
  task: text,
  bytes: count,
}
const tensors: JsonObject = { inputs: list(ref('TensorMetadata')), outputs: list(ref('TensorMetadata')) }
const listing: JsonObject = {
  owner: { type: 'boolean' },
  sharedEngines: { type: 'boolean' },
  padToMultipleOf: count,
  createdAt: count,
  grants: list(text),
}
/** Of a model in a list, what is not always there. */
const NOT_ALWAYS_LISTED = ['name', 'version', 'task', 'grants', 'sharedEngines', 'padToMultipleOf']
/** Whether requests can share a run: shown to the owner, once an engine has found out. */
const rows: JsonObject = { anyOf: [closed({ maxRows: count }), closed({ reason: text, operator: text }, ['operator'])] }

export const SCHEMAS: JsonObject = {
  Error: closed({ error: text, code: { type: 'string', pattern: '^[A-Z][A-Z0-9_]*$' }, hint: text }),
  Live: closed({ live: { const: true } }),
  Ready: closed({ ready: { type: 'boolean' } }),
  ServerMetadata: closed({ name, version: text, extensions: list(text) }),
  TensorMetadata: closed({ name, datatype: { enum: DATATYPES }, shape: list({ type: 'integer', minimum: -1 }) }),
  ModelMetadata: closed({ name, versions: list(text), platform: text, ...tensors }),
  ModelReady: closed({ name, ready: { type: 'boolean' } }),
  ConfigTensor: closed({
    name,
    data_type: { enum: Object.values(CONFIG_DATATYPES) },
    dims: list({ type: 'integer', minimum: -1 }),
  }),
  ModelConfig: closed({
    name,
    platform: text,
    backend: text,
    version_policy: closed({ all: closed({}) }),
    max_batch_size: { const: 0 },
    input: list(ref('ConfigTensor')),
    output: list(ref('ConfigTensor')),
    instance_group: list(closed({ name, kind: { const: 'KIND_CPU' }, count })),
    default_model_filename: text,
    parameters: { type: 'object', additionalProperties: closed({ string_value: text }) },
  }),
  InferRequest: open(
    {
      id: name,
      parameters,
      inputs: list(open({ ...tensorHead, parameters, data: jsonData }, ['name', 'datatype', 'shape'])),
      outputs: list(open({ name, parameters }, ['name'])),
    },
    ['inputs'],
  ),
  InferResponse: closed(
    {
      model_name: name,
      model_version: text,
      id: name,
      outputs: list(closed({ ...tensorHead, parameters, data: jsonData }, ['parameters', 'data'])),
    },
    ['id'],
  ),
  RepositoryIndexRequest: open({ ready: { type: 'boolean' } }, []),
  RepositoryIndex: list(closed({ name, version: text, state: { enum: ['READY', 'UNAVAILABLE'] }, reason: text })),
  RepositoryControlRequest: open({ parameters }, []),
  Statistics: closed({
    model_stats: list(
      closed({
        name,
        version: text,
        last_inference: count,
        inference_count: count,
        execution_count: count,
        inference_stats: closed({
          success: duration,
          fail: duration,
          queue: duration,
          ...compute,
          cache_hit: duration,
          cache_miss: duration,
        }),
        batch_stats: list(closed({ batch_size: count, ...compute })),
      }),
    ),
  }),
  UploadedModel: closed({ ...modelMembers, ...tensors }, ['name', 'version', 'task']),
  UploadProgress: closed({ offset: count }),
  ...TENANT_SCHEMAS,
  Model: closed({ ...modelMembers, ...listing, ...tensors, rows }, [...NOT_ALWAYS_LISTED, 'rows']),
  ModelList: closed({
    models: list(closed({ ...modelMembers, ...listing }, NOT_ALWAYS_LISTED)),
  }),
  TaskRequest: {
    type: 'object',
    properties: {
      model: name,
      inputs: list({
        anyOf: [
          text,
          closed({ binary_data_size: count, base64: text, content_type: text }, [
            'binary_data_size',
            'base64',
            'content_type',
          ]),
        ],
      }),
      parameters: { type: 'object' },
    },
    required: ['model', 'inputs'],
    additionalProperties: false,
  },
  TaskResponse: closed({ model: sha256, task: text, outputs: { type: 'array' } }),
  ChannelRequest: closed({ nonce: { type: 'string', pattern: '^[A-Za-z0-9_-]{43}$' } }),
  ChannelProof: closed({ statementSha256: sha256, signature: text }),
  AttestationDocument: open(
    { statement: text, nonce: text, evidence: open({ format: text, bytes: text }, ['format', 'bytes']) },
    ['statement', 'nonce', 'evidence'],
  ),
}
