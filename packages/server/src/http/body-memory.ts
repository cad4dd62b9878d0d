import { ApiError } from './api-error.ts'

/** What bounds the bodies that are in memory at the same time. */
export interface BodyMemoryLimits {
  readonly maxBodyMemoryBytes: number
  readonly maxBodyMemoryBytesPerTenant: number
}

/** Memory that one request holds until it is answered. */
export interface BodyLease {
  /** @throws {ApiError} `TENANT_BODY_MEMORY_FULL`, `BODY_MEMORY_FULL`. */
  grow(bytes: number): void
  end(): void
}

/** Bodies are gone soon; so is the reason to wait. */
const RETRY_AFTER_SECONDS = 1

/** Counts the bytes of bodies in flight, together and by tenant. */
export class BodyMemory {
  readonly #limits: BodyMemoryLimits
  readonly #byTenant: Map<string, number> = new Map()
  #total = 0

  constructor(limits: BodyMemoryLimits) {
    this.#limits = limits
  }

  /** Bytes held now. */
  get bytes(): number {
    return this.#total
  }

  lease(tenant: string): BodyLease {
    let held = 0
    return {
      grow: (bytes) => {
        this.#take(tenant, bytes)
        held += bytes
      },
      end: () => {
        if (held > 0) this.#give(tenant, held)
        held = 0
      },
    }
  }

  #take(tenant: string, bytes: number): void {
    const { maxBodyMemoryBytes, maxBodyMemoryBytesPerTenant } = this.#limits
    const own = (this.#byTenant.get(tenant) ?? 0) + bytes
    if (own > maxBodyMemoryBytesPerTenant) {
      const limit = maxBodyMemoryBytesPerTenant
      throw new ApiError('TENANT_BODY_MEMORY_FULL', { limit, retryAfterSeconds: RETRY_AFTER_SECONDS })
    }
    if (this.#total + bytes > maxBodyMemoryBytes) {
      throw new ApiError('BODY_MEMORY_FULL', { limit: maxBodyMemoryBytes, retryAfterSeconds: RETRY_AFTER_SECONDS })
    }
    this.#byTenant.set(tenant, own)
    this.#total += bytes
  }

  #give(tenant: string, bytes: number): void {
    const left = (this.#byTenant.get(tenant) ?? 0) - bytes
    if (left > 0) this.#byTenant.set(tenant, left)
    else this.#byTenant.delete(tenant)
    this.#total -= bytes
  }
}
