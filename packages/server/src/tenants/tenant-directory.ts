import { type UnixSeconds, unixSeconds } from '@blindai/core'
import type { StoredTenant } from '@blindai/store'
import { KeyLookup, type KnownKey } from './key-lookup.ts'
import type { NewApiKey, TenantWish } from './parse-tenant.ts'
import type { Tenant, TenantConfig } from './tenant.ts'
import { TenantError } from './tenant-error.ts'
import type { TenantQuotas } from './tenant-quotas.ts'
import {
  type ApiKeyRecord,
  isValidAt,
  keyIdOf,
  storedTenant,
  type TenantRecord,
  tenantRecord,
} from './tenant-record.ts'

/** Where tenants that were made at run time are kept. Durable when it resolves, as far as models are. */
export interface TenantShelf {
  /** What an earlier process left. */
  readonly tenants: readonly StoredTenant[]
  setTenants(tenants: readonly StoredTenant[]): Promise<void>
}

export interface TenantDirectoryOptions {
  readonly shelf: TenantShelf
  readonly clock: () => UnixSeconds
  readonly limits: { readonly maxTenants: number; readonly maxKeysPerTenant: number }
  /** Names of tenants that nobody has a key of: they are there, and no call makes one of that name. */
  readonly keyless?: readonly string[]
}

/** A tenant of either kind: named by the configuration, or made at run time. */
export type KnownTenant =
  | ({ readonly configured: true } & TenantConfig)
  | ({ readonly configured: false } & TenantRecord)

/** Refuses, by throwing, a change whose asker may not make it any more. */
type Confirm = () => void

const UNASKED: Confirm = () => undefined
const NO_SHELF: TenantShelf = { tenants: [], setTenants: async () => undefined }
const NOT_BEFORE_EVERYTHING = unixSeconds(0)

/**
 * All tenants. Those of the configuration are always there and no call changes them; the others are made, changed and deleted
 * at run time. No name and no key is of both. Changes are made one after the other, and count once they are durable.
 */
export class TenantDirectory {
  readonly #configured: ReadonlyMap<string, TenantConfig>
  readonly #options: TenantDirectoryOptions
  readonly #keys: KeyLookup
  #records: ReadonlyMap<string, TenantRecord>
  /** By name, what is new with each making of a tenant. */
  readonly #makings: Map<string, object> = new Map()
  /** Tenants that are being deleted: their keys open nothing. */
  readonly #leaving: Set<string> = new Set()
  #changes: Promise<unknown> = Promise.resolve()

  /**
   * @throws {MalformedError} for a stored tenant of another version; {TenantError} `TENANT_CONFIGURED` when the
   * configuration names one of the shelf's, or has its key.
   */
  constructor(configured: readonly TenantConfig[], options?: TenantDirectoryOptions) {
    this.#configured = new Map(configured.map((tenant) => [tenant.name, tenant]))
    this.#options = options ?? {
      shelf: NO_SHELF,
      clock: () => NOT_BEFORE_EVERYTHING,
      limits: { maxTenants: 0, maxKeysPerTenant: 0 },
    }
    this.#records = new Map(this.#options.shelf.tenants.map(tenantRecord).map((record) => [record.name, record]))
    this.#keys = new KeyLookup(this.#options.clock)
    for (const { name, keys } of this.#records.values()) {
      const isClash = this.#isConfigured(name) || keys.some(({ sha256 }) => this.#configuredKeys().has(sha256))
      if (isClash) throw new TenantError('TENANT_CONFIGURED', {})
      this.#makings.set(name, {})
    }
    this.#index()
  }

  /** The tenant of a key that is valid now, or undefined. */
  find(apiKey: string): Tenant | undefined {
    return this.#keys.find(apiKey)
  }

  /**
   * Tells a tenant from an earlier one of its name, which may have had the same key. Undefined for those of the configuration,
   * which are never made anew.
   */
  makingOf(name: string): object | undefined {
    return this.#makings.get(name)
  }

  /** False for a tenant that is not there, or is being deleted. */
  has(name: string): boolean {
    return this.#isConfigured(name) || (this.#records.has(name) && !this.#leaving.has(name))
  }

  /** @throws {TenantError} `TENANT_NOT_FOUND`. */
  get(name: string): KnownTenant {
    const configured = this.#configured.get(name)
    if (configured !== undefined) return { configured: true, ...configured }
    return { configured: false, ...this.#record(name) }
  }

  /** Those of the configuration first, then by name. */
  list(): KnownTenant[] {
    const made = [...this.#records.keys()].filter((name) => this.has(name)).sort()
    return [...this.#configured.keys(), ...made].map((name) => this.get(name))
  }

  /** What was set for the tenant; nothing for one of the configuration. */
  quotasOf(name: string): TenantQuotas {
    return this.#records.get(name)?.quotas ?? {}
  }

  /**
   * Makes a tenant, or gives one that is there another role and other quotas.
   *
   * @param confirm - of this change and the others: called when its turn has come, with what may have been changed while it
   * waited; refuses by throwing.
   * @throws {TenantError} `TENANT_CONFIGURED`, `TENANT_EXISTS` for a first key of one that is there with another key,
   * `TENANT_LIMIT`, `KEY_EXISTS`; what the shelf and `confirm` throw.
   */
  put(
    name: string,
    { role, quotas, key }: TenantWish,
    confirm: Confirm = UNASKED,
  ): Promise<{ readonly created: boolean; readonly record: TenantRecord }> {
    return this.#inTurn(async () => {
      confirm()
      this.#refuseConfigured(name)
      const former = this.#records.get(name)
      const { maxTenants } = this.#options.limits
      if (former === undefined && this.#records.size + this.#configured.size >= maxTenants) {
        throw new TenantError('TENANT_LIMIT', { limit: maxTenants })
      }
      if (former !== undefined && key !== undefined && !former.keys.some(({ sha256 }) => sha256 === key.sha256)) {
        throw new TenantError('TENANT_EXISTS', {})
      }
      const createdAt = former?.createdAt ?? this.#options.clock()
      const keys = former?.keys ?? (key === undefined ? [] : [this.#newKey(key)])
      const record = { name, role, createdAt, quotas, keys }
      if (former === undefined) this.#makings.set(name, {})
      try {
        await this.#keep(record)
      } catch (cause) {
        if (former === undefined) this.#makings.delete(name)
        throw cause
      }
      return { created: former === undefined, record }
    })
  }

  /**
   * Deletes a tenant: from now on its keys open nothing, and it is gone when `removeAll` has removed it and all that is its.
   * When that throws, the tenant is as it was.
   *
   * @throws {TenantError} `TENANT_CONFIGURED`, `TENANT_NOT_FOUND`; what `removeAll` and `confirm` throw.
   */
  remove(name: string, removeAll: () => Promise<void>, confirm: Confirm = UNASKED): Promise<void> {
    return this.#inTurn(async () => {
      confirm()
      this.#refuseConfigured(name)
      this.#record(name)
      this.#leaving.add(name)
      this.#index()
      try {
        await removeAll()
        this.#records = new Map([...this.#records].filter(([other]) => other !== name))
        this.#makings.delete(name)
      } finally {
        this.#leaving.delete(name)
        this.#index()
      }
    })
  }

  /**
   * Adds a key beside those that a tenant has; one that is there already is given as it is. Keys that have expired go.
   *
   * @throws {TenantError} `TENANT_CONFIGURED`, `TENANT_NOT_FOUND`, `KEY_LIMIT`, `KEY_EXISTS`; what the shelf and
   * `confirm` throw.
   */
  addKey(
    name: string,
    key: NewApiKey,
    confirm: Confirm = UNASKED,
  ): Promise<{ readonly created: boolean; readonly key: ApiKeyRecord }> {
    return this.#inTurn(async () => {
      confirm()
      this.#refuseConfigured(name)
      const record = this.#record(name)
      const same = record.keys.find(({ sha256 }) => sha256 === key.sha256)
      if (same !== undefined) return { created: false, key: same }
      const now = this.#options.clock()
      const left = record.keys.filter(({ expiresAt }) => expiresAt === undefined || now < expiresAt)
      const { maxKeysPerTenant } = this.#options.limits
      if (left.length >= maxKeysPerTenant) throw new TenantError('KEY_LIMIT', { limit: maxKeysPerTenant })
      const added = this.#newKey(key)
      await this.#keep({ ...record, keys: [...left, added] })
      return { created: true, key: added }
    })
  }

  /**
   * Revokes a key.
   *
   * @param keepOne - refuses when no other key of the tenant would be valid now, so that nobody locks himself out.
   * @throws {TenantError} `TENANT_CONFIGURED`, `TENANT_NOT_FOUND`, `KEY_NOT_FOUND`, `KEY_IS_LAST`; what the shelf
   * and `confirm` throw.
   */
  removeKey(
    name: string,
    id: string,
    { keepOne }: { readonly keepOne: boolean },
    confirm: Confirm = UNASKED,
  ): Promise<void> {
    return this.#inTurn(async () => {
      confirm()
      this.#refuseConfigured(name)
      const record = this.#record(name)
      const keys = record.keys.filter((key) => key.id !== id)
      if (keys.length === record.keys.length) throw new TenantError('KEY_NOT_FOUND', {})
      if (keepOne && !keys.some((key) => isValidAt(key, this.#options.clock())))
        throw new TenantError('KEY_IS_LAST', {})
      await this.#keep({ ...record, keys })
    })
  }

  #record(name: string): TenantRecord {
    const record = this.#records.get(name)
    if (record === undefined || this.#leaving.has(name)) throw new TenantError('TENANT_NOT_FOUND', {})
    return record
  }

  #refuseConfigured(name: string): void {
    if (this.#isConfigured(name)) throw new TenantError('TENANT_CONFIGURED', {})
  }

  #isConfigured(name: string): boolean {
    return this.#configured.has(name) || this.#options.keyless?.includes(name) === true
  }

  #newKey(key: NewApiKey): ApiKeyRecord {
    const id = keyIdOf(key.sha256)
    const known = [...this.#records.values()].flatMap(({ keys }) => keys)
    const isTaken = known.some((other) => other.id === id) || this.#configuredKeys().has(key.sha256)
    if (isTaken) throw new TenantError('KEY_EXISTS', {})
    return { ...key, id, createdAt: this.#options.clock() }
  }

  #configuredKeys(): ReadonlySet<string> {
    return new Set([...this.#configured.values()].map(({ keySha256 }) => keySha256))
  }

  async #keep(record: TenantRecord): Promise<void> {
    const records = new Map(this.#records).set(record.name, record)
    await this.#options.shelf.setTenants([...records.values()].map(storedTenant))
    this.#records = records
    this.#index()
  }

  #index(): void {
    const known: KnownKey[] = []
    for (const { name, role, keySha256 } of this.#configured.values()) {
      known.push({ tenant: { name, role }, sha256: keySha256 })
    }
    for (const { name, role, keys } of this.#records.values()) {
      if (this.#leaving.has(name)) continue
      for (const key of keys) known.push({ ...key, tenant: { name, role } })
    }
    this.#keys.set(known)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#changes.then(work)
    this.#changes = done.catch(() => undefined)
    return done
  }
}
