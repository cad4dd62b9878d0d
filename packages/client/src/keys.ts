import { utf8 } from '@blindai/core'
import { isAbsent } from './absent.ts'
import type { EnclaveApi } from './enclave-api.ts'
import { BlindAiError } from './errors.ts'
import type { CallOptions } from './models.ts'
import { asList, asNumber, asObject, asText, readJson } from './response.ts'

/** A key as its server knows it: the server keeps a hash and never shows it. */
export interface ApiKeySummary {
  /** Names the key in calls. A tenant of the configuration has one key, `configuration`, which no call changes. */
  readonly id: string
  /** Unix seconds, as all times here. */
  readonly createdAt?: number
  readonly notBefore?: number
  readonly expiresAt?: number
}

/** A key to be added: the key is made here, and only its hash is sent. */
export interface NewApiKey {
  /** Lower-case hex SHA-256 of the key's UTF-8 text. */
  readonly sha256: string
  readonly notBefore?: number | undefined
  readonly expiresAt?: number | undefined
}

/** The API keys of one tenant: the session's own, or another that an administrator names. */
export class ApiKeys {
  readonly #api: EnclaveApi
  readonly #path: string

  /** @param path - of the tenant's keys. */
  constructor(api: EnclaveApi, path: string) {
    this.#api = api
    this.#path = path
  }

  /** The session's own keys. Administrators see those of others in `tenants.show`. */
  async list({ signal }: CallOptions = {}): Promise<readonly ApiKeySummary[]> {
    const response = await this.#api.call({ what: 'the list of keys', method: 'GET', path: this.#path, signal })
    const { keys } = asObject('the list', readJson('the list', response.body))
    return asList('the list', keys).map(parseKey)
  }

  /**
   * Adds a key beside those that are there. An own one must expire.
   *
   * @throws {BlindAiError} `KEY_EXISTS`, `KEY_LIMIT`, `TENANT_CONFIGURED`.
   */
  async add({ sha256, notBefore, expiresAt }: NewApiKey, { signal }: CallOptions = {}): Promise<ApiKeySummary> {
    const body = [utf8(JSON.stringify({ sha256, notBefore, expiresAt }))]
    const headers = [['content-type', 'application/json']] as const
    const call = { what: 'the new key', method: 'POST', path: this.#path, headers, body, signal } as const
    return parseKey(readJson('the key', (await this.#api.call(call)).body))
  }

  /** Revokes a key. @throws {BlindAiError} `KEY_NOT_FOUND`, `KEY_IS_LAST`, `TENANT_CONFIGURED`. */
  async revoke(id: string, { signal }: CallOptions = {}): Promise<void> {
    if (id === '') throw new BlindAiError('OPTION_INVALID', { option: 'id', expected: 'the id of a key' })
    const path = `${this.#path}/${encodeURIComponent(id)}`
    await this.#api.call({ what: 'the revocation', method: 'DELETE', path, signal })
  }
}

/** Members that this version does not know are passed over. */
export function parseKey(value: Parameters<typeof asObject>[1]): ApiKeySummary {
  const { id, createdAt, notBefore, expiresAt } = asObject('a key', value)
  return {
    id: asText('the id of a key', id),
    ...(isAbsent(createdAt) ? {} : { createdAt: asNumber('the time of a key', createdAt) }),
    ...(isAbsent(notBefore) ? {} : { notBefore: asNumber('the begin of a key', notBefore) }),
    ...(isAbsent(expiresAt) ? {} : { expiresAt: asNumber('the end of a key', expiresAt) }),
  }
}
