import type { JsonValue } from '@blindai/core'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { openApiDocument } from '../../src/http/openapi/document.ts'
import { OPERATIONS } from '../../src/http/openapi/operations.ts'
import { UNSUPPORTED } from '../../src/http/routes/unsupported.ts'
import { type Answer, type Ask, base64UrlOf, buildHouse, digestOf } from '../fixtures/house.ts'

const MODEL = new Uint8Array([1, 2, 3])
const SHA256 = digestOf(MODEL)
const INPUT = { name: 'x', datatype: 'FP32', shape: [1], data: [1] }
const INFER = { id: '7', parameters: { n: 1 }, inputs: [INPUT], outputs: [{ name: 'y', parameters: { s: 't' } }] }

const document = openApiDocument()
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true })
// The members of the document around its schemas; any other word that is no keyword is refused.
ajv.addVocabulary(['openapi', 'info', 'paths', 'components'])
ajv.addSchema(document, 'interface')

/** The schema at a path of members inside the document. */
function schemaAt(...members: readonly string[]): ValidateFunction | undefined {
  const pointer = members.map((member) => encodeURIComponent(member.replaceAll('~', '~0').replaceAll('/', '~1')))
  return ajv.getSchema(`interface#/${pointer.join('/')}`)
}

/** Checks a body against what the document says of it; a body that it says nothing of is not accepted. */
function expectDescribed(value: JsonValue, ...members: readonly string[]): void {
  const validate = schemaAt(...members, 'content', 'application/json', 'schema')
  expect(validate, members.join(' ')).toBeDefined()
  validate?.(value)
  expect(validate?.errors ?? [], members.join(' ')).toEqual([])
}

/** One request for each operation, in an order in which each has something to do. */
const EXCHANGES: readonly (readonly [operation: string, target: string, how: Ask, status: number])[] = [
  ['GET /v2/health/live', '/v2/health/live', {}, 200],
  ['GET /v2/health/ready', '/v2/health/ready', {}, 200],
  ['GET /.well-known/blindai/attestation', `/.well-known/blindai/attestation?nonce=${base64UrlOf(1)}`, {}, 200],
  ['POST /.well-known/blindai/channel', '/.well-known/blindai/channel', { body: `{"nonce":"${base64UrlOf(2)}"}` }, 200],
  ['GET /v2', '/v2', { as: 'carol' }, 200],
  ['PUT /v1/models/{model}', `/v1/models/${SHA256}?name=m`, { as: 'alice', body: MODEL }, 201],
  ['PUT /v1/models/{model}', `/v1/models/${SHA256}`, { as: 'alice', body: MODEL }, 200],
  [
    'PUT /v1/models/{model}',
    `/v1/models/${'ab'.repeat(32)}`,
    { as: 'alice', body: MODEL, headers: { 'upload-offset': '0', 'upload-length': '9' } },
    202,
  ],
  ['HEAD /v1/models/{model}', `/v1/models/${'ab'.repeat(32)}`, { as: 'alice' }, 200],
  ['DELETE /v1/models/{model}', `/v1/models/${'ab'.repeat(32)}`, { as: 'alice' }, 204],
  ['PUT /v1/models/{model}/grants/{tenant}', '/v1/models/m/grants/bob', { as: 'alice' }, 204],
  ['GET /v1/models', '/v1/models', { as: 'alice' }, 200],
  ['GET /v1/models', '/v1/models', { as: 'bob' }, 200],
  ['GET /v1/models/{model}', '/v1/models/m', { as: 'alice' }, 200],
  ['GET /v2/models/{model}', '/v2/models/alice~m', { as: 'bob' }, 200],
  ['GET /v2/models/{model}/versions/{version}', '/v2/models/m/versions/1', { as: 'alice' }, 200],
  ['GET /v2/models/{model}/config', '/v2/models/m/config', { as: 'alice' }, 200],
  ['GET /v2/models/{model}/versions/{version}/config', '/v2/models/m/versions/1/config', { as: 'alice' }, 200],
  ['GET /v2/models/{model}/ready', '/v2/models/m/ready', { as: 'alice' }, 200],
  ['GET /v2/models/{model}/versions/{version}/ready', '/v2/models/m/versions/1/ready', { as: 'alice' }, 200],
  ['POST /v2/models/{model}/infer', '/v2/models/m/infer', { as: 'alice', body: JSON.stringify(INFER) }, 200],
  [
    'POST /v2/models/{model}/versions/{version}/infer',
    '/v2/models/m/versions/1/infer',
    { as: 'alice', body: JSON.stringify(INFER) },
    200,
  ],
  [
    'POST /v1/tasks/{task}',
    '/v1/tasks/t',
    { as: 'alice', body: '{"model":"m","inputs":["a",{"base64":"AA=="}]}' },
    200,
  ],
  ['GET /v2/models/stats', '/v2/models/stats', { as: 'alice' }, 200],
  ['GET /v2/models/{model}/stats', '/v2/models/m/stats', { as: 'alice' }, 200],
  ['GET /v2/models/{model}/versions/{version}/stats', '/v2/models/m/versions/1/stats', { as: 'alice' }, 200],
  ['POST /v2/repository/index', '/v2/repository/index', { as: 'alice', body: '{"ready":true}' }, 200],
  [
    'POST /v2/repository/models/{model}/unload',
    '/v2/repository/models/m/unload',
    { as: 'alice', body: '{"parameters":{"unload_dependents":false}}' },
    200,
  ],
  ['GET /v2/models/{model}/ready', '/v2/models/m/ready', { as: 'alice' }, 503],
  ['POST /v2/models/{model}/infer', '/v2/models/m/infer', { as: 'alice', body: JSON.stringify(INFER) }, 409],
  ['POST /v2/repository/models/{model}/load', '/v2/repository/models/m/load', { as: 'alice', body: '{}' }, 200],
  ['DELETE /v1/quarantine/{model}', `/v1/quarantine/${SHA256}`, { as: 'root' }, 204],
  ['DELETE /v1/models/{model}/grants/{tenant}', '/v1/models/m/grants/bob', { as: 'alice' }, 204],
  ['GET /openapi.json', '/openapi.json', {}, 200],
  ...UNSUPPORTED.map(({ method, path }): readonly [string, string, Ask, number] => [
    `${method} ${path}`,
    path.replaceAll(/\{\w+\}/g, 'm'),
    { as: 'alice', body: '' },
    404,
  ]),
]

/** Its bodies are sealed; `oblivious.test.ts` is about them. */
const SEALED = 'POST /.well-known/blindai/ohttp'

function checkExchange(operation: string, { body = '' }: Ask, status: number, answer: Answer): void {
  const [method = '', path = ''] = operation.split(' ')
  const members = ['paths', path, method.toLowerCase()]
  if (typeof body === 'string' && body !== '') expectDescribed(JSON.parse(body), ...members, 'requestBody')
  const described = OPERATIONS[operation]?.answers[status]
  if (described === 'empty') expect(answer.bytes.byteLength).toBe(0)
  else if (described?.json !== undefined) expectDescribed(answer.json, ...members, 'responses', String(status))
  else if (described === undefined) expectDescribed(answer.json, ...members, 'responses', 'default')
}

describe('the description of the interface', () => {
  test('has every route with its access, and nothing else', async () => {
    const { routes } = await buildHouse()
    const served = routes.map(({ method, path, access }) => `${method} ${path} ${access}`)
    const described = Object.entries(OPERATIONS).map(([operation, { access }]) => `${operation} ${access}`)
    expect(described.sort()).toEqual(served.sort())
  })

  test('is made of schemas, all of which compile', () => {
    const { components } = document
    const schemas =
      typeof components === 'object' && components !== null && 'schemas' in components && components.schemas
    const names = Object.keys(schemas || {})
    expect(names.length).toBeGreaterThan(20)
    for (const name of names) expect(schemaAt('components', 'schemas', name), name).toBeDefined()
  })

  test('describes what is sent and answered on every route', async () => {
    const { ask } = await buildHouse()
    const done = new Set([SEALED])
    for (const [operation, target, how, status] of EXCHANGES) {
      const method = operation.slice(0, operation.indexOf(' '))
      const answer = await ask(method, target, how)
      expect(answer.status, operation).toBe(status)
      checkExchange(operation, how, status, answer)
      done.add(operation)
    }
    expect([...done].sort()).toEqual(Object.keys(OPERATIONS).sort())
  })

  test.each([
    ['no such key', '/v2', {}],
    ['no such model', '/v2/models/none', { as: 'alice' }],
    ['no such path', '/v3', { as: 'alice' }],
  ] as const)('describes errors: %s', async (_name, target, how) => {
    const { ask } = await buildHouse()
    const { json } = await ask('GET', target, how)
    const validate = schemaAt('components', 'schemas', 'Error')
    expect(validate?.(json)).toBe(true)
  })

  test('finds a member that is not described, and one that is not there', () => {
    const validate = schemaAt('components', 'schemas', 'ModelReady')
    expect(validate?.({ name: 'm', ready: true })).toBe(true)
    expect(validate?.({ name: 'm', ready: true, more: 1 })).toBe(false)
    expect(validate?.({ name: 'm' })).toBe(false)
  })

  test('is served to everybody, the same as it is stored', async () => {
    const { ask } = await buildHouse()
    expect(await ask('GET', '/openapi.json')).toMatchObject({ status: 200, json: document })
  })
})
