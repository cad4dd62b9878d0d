import { type JsonValue, utf8 } from '@blindai/core'
import { isAbsent } from './absent.ts'
import type { EnclaveApi } from './enclave-api.ts'
import { BlindAiError } from './errors.ts'
import { type ApiKeySummary, ApiKeys, type NewApiKey, parseKey } from './keys.ts'
import type { CallOptions } from './models.ts'
import { asList, asNumber, asObject, asText, readJson } from './response.ts'

/** `admin` manages tenants; `owner` uploads, grants and runs; `caller` runs. */
export type TenantRole = 'admin' | 'owner' | 'caller'

/** What a tenant may take at most; the server's limits hold besides. */
export interface TenantQuotas {
  readonly maxModels?: number | undefined
  /** Bytes of all its models. */
  readonly maxModelBytes?: number | undefined
  readonly maxRequestsPerMinute?: number | undefined
  /** Milliseconds that engines compute for it. */
  readonly maxEngineMsPerMinute?: number | undefined
}

/** A tenant as its server describes it to an administrator. */
export interface TenantSummary {
  readonly name: string
  readonly role: TenantRole
  /** True for one that the configuration names, which no call changes. */
  readonly configured: boolean
  /** Unix seconds. */
  readonly createdAt?: number
  /** What was set. */
  readonly quotas: TenantQuotas
  /** What counts: the quota, or the server's limit where that is less. */
  readonly effective: TenantQuotas
  readonly usage: { readonly models: number; readonly modelBytes: number }
  readonly keys: readonly ApiKeySummary[]
}

/** What a tenant is to be. */
export interface TenantWish {
  readonly role: TenantRole
  readonly quotas?: TenantQuotas | undefined
  /** The first key of a tenant that is not there yet. */
  readonly key?: NewApiKey | undefined
}

const ROLES: readonly TenantRole[] = ['admin', 'owner', 'caller']
const QUOTAS = ['maxModels', 'maxModelBytes', 'maxRequestsPerMinute', 'maxEngineMsPerMinute'] as const

/** The tenants of a server, for administrators: `FORBIDDEN` for everybody else. */
export class Tenants {
  readonly #api: EnclaveApi

  constructor(api: EnclaveApi) {
    this.#api = api
  }

  async list({ signal }: CallOptions = {}): Promise<readonly TenantSummary[]> {
    const response = await this.#api.call({ what: 'the list of tenants', method: 'GET', path: '/v1/tenants', signal })
    const { tenants } = asObject('the list', readJson('the list', response.body))
    return asList('the list', tenants).map(parseTenant)
  }

  /** @throws {BlindAiError} `TENANT_NOT_FOUND`. */
  async show(name: string, { signal }: CallOptions = {}): Promise<TenantSummary> {
    const response = await this.#api.call({ what: 'the tenant', method: 'GET', path: pathOf(name), signal })
    return parseTenant(readJson('the tenant', response.body))
  }

  /**
   * Makes a tenant, or gives one that is there this role and these quotas.
   *
   * @throws {BlindAiError} `TENANT_EXISTS` for a first key of one that is there with another, `TENANT_CONFIGURED`,
   * `TENANT_LIMIT`, `KEY_EXISTS`.
   */
  async put(name: string, { role, quotas, key }: TenantWish, { signal }: CallOptions = {}): Promise<TenantSummary> {
    const body = [utf8(JSON.stringify({ role, quotas, key }))]
    const headers = [['content-type', 'application/json']] as const
    const call = { what: 'the tenant', method: 'PUT', path: pathOf(name), headers, body, signal } as const
    return parseTenant(readJson('the tenant', (await this.#api.call(call)).body))
  }

  /** Deletes a tenant with its keys, its models and what was granted to it. @throws {BlindAiError} `TENANT_NOT_FOUND`. */
  async delete(name: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#api.call({ what: 'the deletion', method: 'DELETE', path: pathOf(name), signal })
  }

  /** The keys of a tenant, to add and to revoke; `show` lists them. */
  keys(name: string): Pick<ApiKeys, 'add' | 'revoke'> {
    return new ApiKeys(this.#api, `${pathOf(name)}/keys`)
  }
}

function pathOf(name: string): string {
  if (name === '') throw new BlindAiError('OPTION_INVALID', { option: 'name', expected: 'the name of a tenant' })
  return `/v1/tenants/${encodeURIComponent(name)}`
}

/** Members that this version does not know are passed over. */
function parseTenant(value: JsonValue): TenantSummary {
  const { name, role, configured, createdAt, quotas, effective, usage, keys } = asObject('a tenant', value)
  const { models, modelBytes } = asObject('the usage', usage)
  return {
    name: asText('the name', name),
    role: parseRole(asText('the role', role)),
    configured: configured === true,
    ...(isAbsent(createdAt) ? {} : { createdAt: asNumber('the time of the tenant', createdAt) }),
    quotas: parseQuotas(quotas),
    effective: parseQuotas(effective),
    usage: { models: asNumber('the models', models), modelBytes: asNumber('the bytes', modelBytes) },
    keys: asList('the keys', keys).map(parseKey),
  }
}

function parseRole(text: string): TenantRole {
  for (const role of ROLES) if (role === text) return role
  throw new BlindAiError('RESPONSE_MALFORMED', { what: 'a tenant', reason: 'its role is unknown' })
}

function parseQuotas(value: JsonValue | undefined): TenantQuotas {
  const given = asObject('the quotas', value)
  const quotas: { -readonly [Name in keyof TenantQuotas]: number } = {}
  for (const name of QUOTAS) {
    const quota = given[name]
    if (!isAbsent(quota)) quotas[name] = asNumber('a quota', quota)
  }
  return quotas
}
