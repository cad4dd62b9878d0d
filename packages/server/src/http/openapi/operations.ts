import type { Access } from '../router.ts'
import { UNSUPPORTED } from '../routes/unsupported.ts'
import { SCHEMAS } from './schemas.ts'
import { TENANT_OPERATIONS } from './tenants.ts'

/** What is said of a route beside its method and path. */
export interface Operation {
  readonly summary: string
  readonly access: Access
  /** Parameters of the query, none of them needed. */
  readonly query?: readonly string[]
  /** The body of a request; `optional` when none will do. */
  readonly request?: BodyDescription & { readonly optional?: boolean }
  /** Answers that are no error. */
  readonly answers: Readonly<Record<number, BodyDescription | 'empty'>>
}

/** A body: JSON of a schema, bytes of a media type, or either. */
export interface BodyDescription {
  readonly json?: string
  readonly bytes?: string
}

const BINARY = 'application/octet-stream'
const json = (schema: string): BodyDescription => ({ json: schema })
const get = (summary: string, schema: string, access: Access = 'tenant'): Operation => ({
  summary,
  access,
  answers: { 200: json(schema) },
})

const ready: Operation = {
  ...get('Whether a model takes requests; 503 while it does not.', 'ModelReady'),
  answers: { 200: json('ModelReady'), 503: json('ModelReady') },
}
const infer: Operation = {
  summary: 'Run a model on tensors: JSON, JSON with a binary part, or one raw tensor. Bodies may be gzip or deflate.',
  access: 'tenant',
  request: { json: 'InferRequest', bytes: BINARY },
  answers: { 200: { json: 'InferResponse', bytes: BINARY } },
}
const control = (summary: string): Operation => ({
  summary,
  access: 'owner',
  request: { json: 'RepositoryControlRequest', optional: true },
  answers: { 200: 'empty' },
})
const stats = (of: string): Operation => get(`What ${of} did since the server started.`, 'Statistics')
const done = (summary: string, access: Access): Operation => ({ summary, access, answers: { 204: 'empty' } })

const M = '/v2/models/{model}'
const V = `${M}/versions/{version}`
const OWN = '/v1/models/{model}'

/** Every route by method and path. A route that is not here, and an entry without a route, fail a test. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET /openapi.json': {
    summary: 'This document.',
    access: 'public',
    answers: { 200: { bytes: 'application/json' } },
  },
  'GET /v2/health/live': get('Whether the process lives.', 'Live', 'public'),
  'GET /v2/health/ready': {
    ...get('Whether the server takes work; 503 while it does not.', 'Ready', 'public'),
    answers: { 200: json('Ready'), 503: json('Ready') },
  },
  'GET /.well-known/blindai/attestation': {
    ...get('The attestation document: evidence, and the keys that it speaks for.', 'AttestationDocument', 'public'),
    query: ['nonce'],
  },
  'POST /.well-known/blindai/channel': {
    summary: 'Proof that this TLS connection ends where the keys of the document are.',
    access: 'public',
    request: json('ChannelRequest'),
    answers: { 200: json('ChannelProof') },
  },
  'POST /.well-known/blindai/ohttp': {
    summary: 'Oblivious HTTP: a sealed request for any other path, and its sealed answer.',
    access: 'public',
    request: { bytes: 'message/ohttp-req' },
    answers: { 200: { bytes: 'message/ohttp-res' } },
  },
  'GET /v2': get('The name, version and extensions of the server.', 'ServerMetadata'),
  [`GET ${M}`]: get('The inputs and outputs of the newest version of a model.', 'ModelMetadata'),
  [`GET ${V}`]: get('The inputs and outputs of a version: its number, or its digest.', 'ModelMetadata'),
  [`GET ${M}/config`]: get('A model as a Triton configuration.', 'ModelConfig'),
  [`GET ${V}/config`]: get('A version as a Triton configuration.', 'ModelConfig'),
  [`GET ${M}/ready`]: ready,
  [`GET ${V}/ready`]: ready,
  [`POST ${M}/infer`]: infer,
  [`POST ${V}/infer`]: infer,
  'GET /v2/models/stats': stats('all models that the caller may run'),
  [`GET ${M}/stats`]: stats('all versions of a model'),
  [`GET ${V}/stats`]: stats('a version'),
  'POST /v2/repository/index': {
    summary: 'Every version of every model that the caller may run.',
    access: 'tenant',
    request: { json: 'RepositoryIndexRequest', optional: true },
    answers: { 200: json('RepositoryIndex') },
  },
  'POST /v2/repository/models/{model}/load': control(
    'Serve all versions of a model, and start an engine of the newest.',
  ),
  'POST /v2/repository/models/{model}/unload': control('Serve no version of a model, and stop its engines.'),
  'POST /v1/tasks/{task}': {
    summary: 'Run the task of a bundle on texts and files.',
    access: 'tenant',
    request: { json: 'TaskRequest', bytes: BINARY },
    answers: { 200: json('TaskResponse') },
  },
  'GET /v1/models': get('The models that the caller owns or may run.', 'ModelList'),
  [`GET ${OWN}`]: get('One of them.', 'Model'),
  [`HEAD ${OWN}`]: {
    summary: 'How far an upload is, in the headers Upload-Offset and Upload-Length.',
    access: 'owner',
    answers: { 200: 'empty' },
  },
  [`PUT ${OWN}`]: {
    summary: 'Upload a model, whole or in parts, under its SHA-256. With a name it is the next version of that name.',
    access: 'owner',
    query: ['name', 'task', 'kind', 'shared', 'crossTenantBatching', 'padToMultipleOf'],
    request: { bytes: BINARY },
    answers: { 200: json('UploadedModel'), 201: json('UploadedModel'), 202: json('UploadProgress') },
  },
  [`DELETE ${OWN}`]: done('Delete a model, or forget an upload.', 'owner'),
  [`PUT ${OWN}/grants/{tenant}`]: done('Let a tenant, or * for all, run a model.', 'owner'),
  [`DELETE ${OWN}/grants/{tenant}`]: done('Take that back, for all versions of a name.', 'owner'),
  'DELETE /v1/quarantine/{model}': done('Lift the quarantine of all models of a digest.', 'admin'),
  ...TENANT_OPERATIONS,
  ...Object.fromEntries(
    UNSUPPORTED.map(({ method, path, extension }): [string, Operation] => [
      `${method} ${path}`,
      { summary: `Refused: the ${extension} extension is not served.`, access: 'tenant', answers: {} },
    ]),
  ),
}

/** The name of a schema that an operation speaks of. @throws {RangeError} for one that is not there. */
export function schemaRef(schema: string): { readonly $ref: string } {
  if (SCHEMAS[schema] === undefined) throw new RangeError(`there is no schema ${schema}`)
  return { $ref: `#/components/schemas/${schema}` }
}
