import type { JsonObject } from '@blindai/core'
import type { Operation } from './operations.ts'

const count: JsonObject = { type: 'integer', minimum: 0 }
const text: JsonObject = { type: 'string' }
const role: JsonObject = { enum: ['admin', 'owner', 'caller'] }
const sha256: JsonObject = { type: 'string', pattern: '^[0-9a-f]{64}$' }

/** These members and no other: requests about tenants are as strict as answers. */
function closed(properties: JsonObject, optional: readonly string[] = []): JsonObject {
  const required = Object.keys(properties).filter((member) => !optional.includes(member))
  return { type: 'object', properties, required, additionalProperties: false }
}

const list = (schema: string): JsonObject => ({ type: 'array', items: ref(schema) })
const ref = (schema: string): JsonObject => ({ $ref: `#/components/schemas/${schema}` })

const quotas: JsonObject = {
  maxModels: count,
  maxModelBytes: count,
  maxRequestsPerMinute: count,
  maxEngineMsPerMinute: count,
}

/** Bodies of the routes for tenants and keys. */
export const TENANT_SCHEMAS: Readonly<Record<string, JsonObject>> = {
  Quotas: closed(quotas, Object.keys(quotas)),
  NewKey: closed({ sha256, notBefore: count, expiresAt: count }, ['notBefore', 'expiresAt']),
  Key: closed({ id: text, createdAt: count, notBefore: count, expiresAt: count }, [
    'createdAt',
    'notBefore',
    'expiresAt',
  ]),
  KeyList: closed({ keys: list('Key') }),
  TenantWish: closed({ role, quotas: ref('Quotas'), key: ref('NewKey') }, ['quotas', 'key']),
  Tenant: closed(
    {
      name: text,
      role,
      configured: { type: 'boolean' },
      createdAt: count,
      quotas: ref('Quotas'),
      effective: ref('Quotas'),
      usage: closed({ models: count, modelBytes: count }),
      keys: list('Key'),
    },
    ['createdAt'],
  ),
  TenantList: closed({ tenants: list('Tenant') }),
}

const T = '/v1/tenants/{name}'
const SHARED = '/v1/models/{model}/shared-engines'
const newKey = { request: { json: 'NewKey' }, answers: { 200: { json: 'Key' }, 201: { json: 'Key' } } } as const
const gone = { answers: { 204: 'empty' } } as const

/** The routes for tenants and keys. */
export const TENANT_OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET /v1/tenants': { summary: 'All tenants.', access: 'admin', answers: { 200: { json: 'TenantList' } } },
  [`GET ${T}`]: { summary: 'One of them.', access: 'admin', answers: { 200: { json: 'Tenant' } } },
  [`PUT ${T}`]: {
    summary: 'Make a tenant, or change the role and the quotas of one.',
    access: 'admin',
    request: { json: 'TenantWish' },
    answers: { 200: { json: 'Tenant' }, 201: { json: 'Tenant' } },
  },
  [`DELETE ${T}`]: {
    summary: 'Delete a tenant with its keys, its models and what was granted to it.',
    access: 'admin',
    ...gone,
  },
  [`POST ${T}/keys`]: { summary: 'Add a key to a tenant, by its hash.', access: 'admin', ...newKey },
  [`DELETE ${T}/keys/{id}`]: { summary: 'Revoke a key of a tenant.', access: 'admin', ...gone },
  'GET /v1/keys': { summary: 'The keys of the caller.', access: 'tenant', answers: { 200: { json: 'KeyList' } } },
  'POST /v1/keys': { summary: 'Add a key of the caller, by its hash; it must expire.', access: 'tenant', ...newKey },
  'DELETE /v1/keys/{id}': { summary: 'Revoke a key of the caller; not the last.', access: 'tenant', ...gone },
  [`PUT ${SHARED}`]: {
    summary: 'Let one engine serve several tenants, one after the other, where the operator allows it, too.',
    access: 'owner',
    ...gone,
  },
  [`DELETE ${SHARED}`]: { summary: 'End that, and kill engines that did.', access: 'owner', ...gone },
}
