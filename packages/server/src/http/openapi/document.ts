import type { JsonObject } from '@blindai/core'
import type { Access } from '../router.ts'
import { type BodyDescription, OPERATIONS, type Operation, schemaRef } from './operations.ts'
import { SCHEMAS } from './schemas.ts'

const ACCESS: { readonly [A in Access]: string } = {
  public: 'Anybody, without a key.',
  tenant: 'Any API key.',
  owner: 'A key of a tenant that may own models.',
  admin: "An administrator's key.",
}

const ABOUT = `Confidential model serving: the Open Inference Protocol v2 with Triton's binary tensor data, model repository,
model configuration and statistics extensions, and the routes of BlindAI. A TLS connection is first proved to end in the
enclave, unless the server lets unattested clients in. GET paths take HEAD, all paths take OPTIONS. Every error has a code of a
closed list in the header x-blindai-error.`

/** The description of the HTTP interface, for programs and for people. Source: OpenAPI 3.1.1. */
export function openApiDocument(): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {}
  for (const [key, operation] of Object.entries(OPERATIONS)) {
    const [method = '', path = ''] = key.split(' ')
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationJson(path, operation) }
  }
  return {
    openapi: '3.1.1',
    info: { title: 'BlindAI', version: '2', description: ABOUT.replaceAll('\n', ' '), license: { name: 'Apache-2.0' } },
    paths,
    components: {
      schemas: SCHEMAS,
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key of a tenant.' } },
    },
  }
}

function operationJson(path: string, { summary, access, query = [], request, answers }: Operation): JsonObject {
  const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const asked = query.map((name) => ({ name, in: 'query', required: false, schema: { type: 'string' } }))
  const responses: Record<string, JsonObject> = {
    default: { description: 'An error.', content: { 'application/json': { schema: schemaRef('Error') } } },
  }
  for (const [status, body] of Object.entries(answers)) {
    responses[status] =
      body === 'empty' ? { description: 'Done.' } : { description: 'The answer.', content: contentOf(body) }
  }
  return {
    summary,
    description: ACCESS[access],
    ...(access === 'public' ? {} : { security: [{ key: [] }] }),
    parameters: [...named, ...asked],
    ...(request === undefined
      ? {}
      : { requestBody: { required: request.optional !== true, content: contentOf(request) } }),
    responses,
  }
}

function contentOf({ json, bytes }: BodyDescription): JsonObject {
  return {
    ...(json === undefined ? {} : { 'application/json': { schema: schemaRef(json) } }),
    ...(bytes === undefined ? {} : { [bytes]: {} }),
  }
}
