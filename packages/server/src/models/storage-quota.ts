import { ModelError } from './model-error.ts'

/** What the models of one tenant may take. */
export interface TenantStorage {
  readonly maxModelBytesPerTenant: number
  readonly maxModelsPerTenant: number
}

/** What models may take. */
export interface StorageLimits extends TenantStorage {
  readonly maxModelBytes: number
  readonly maxStoredBytes: number
  readonly maxUploadsPerTenant: number
  readonly uploadIdleMs: number
}

/** Counts the bytes that tenants have stored or are storing. */
export class StorageQuota {
  readonly #limits: StorageLimits
  readonly #storageOf: (tenant: string) => TenantStorage
  readonly #byTenant: Map<string, number> = new Map()
  #total = 0

  constructor(limits: StorageLimits, storageOf: (tenant: string) => TenantStorage) {
    this.#limits = limits
    this.#storageOf = storageOf
  }

  /** @throws {ModelError} when that many more bytes of a model that has `held` would be too many. */
  check(tenant: string, held: number, bytes: number): void {
    const { maxModelBytes, maxStoredBytes } = this.#limits
    const { maxModelBytesPerTenant } = this.#storageOf(tenant)
    if (held + bytes > maxModelBytes) throw new ModelError('MODEL_TOO_LARGE', { limit: maxModelBytes })
    if (this.of(tenant) + bytes > maxModelBytesPerTenant) {
      throw new ModelError('TENANT_STORAGE_FULL', { limit: maxModelBytesPerTenant })
    }
    if (this.#total + bytes > maxStoredBytes) throw new ModelError('STORAGE_FULL', { limit: maxStoredBytes })
  }

  of(tenant: string): number {
    return this.#byTenant.get(tenant) ?? 0
  }

  take(tenant: string, bytes: number): void {
    this.#byTenant.set(tenant, this.of(tenant) + bytes)
    this.#total += bytes
  }

  give(tenant: string, bytes: number): void {
    const left = this.of(tenant) - bytes
    if (left > 0) this.#byTenant.set(tenant, left)
    else this.#byTenant.delete(tenant)
    this.#total -= bytes
  }
}
