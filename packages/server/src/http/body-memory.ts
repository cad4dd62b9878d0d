import { ApiError } from './api-error.ts'

/** What bounds the bodies that are in memory at the same time. */
export interface BodyMemoryLimits {
  readonly maxBodyMemoryBytes: number
  readonly maxBodyMemoryBytesPerTenant: number
}

/** Memory that one request holds until it is answered. */
export interface BodyLease {
  /** Grows where there is room beside all others; false, and nothing is taken back for it, where there is none. */
  tryGrow(bytes: number): boolean
  /**
   * For what a request has to have: where it alone would need more than there ever is, no waiting helps.
   *
   * @throws {ApiError} `BODY_TOO_LARGE_FOR_MEMORY`, `TENANT_BODY_MEMORY_FULL`, `BODY_MEMORY_FULL`.
   */
  growBody(bytes: number): void
  /**
   * As `growBody`, for an answer.
   *
   * @throws {ApiError} `OUTPUT_TOO_LARGE_FOR_MEMORY`, `TENANT_BODY_MEMORY_FULL`, `BODY_MEMORY_FULL`.
   */
  growAnswer(bytes: number): void
  /**
   * Offers the memory to whoever needs it more, until `keep`: what nobody is known to have sent, and is not there whole.
   *
   * @param onTaken - called once when it was taken back; the lease is over then.
   */
  offer(onTaken: (cause: ApiError) => void): void
  keep(): void
  end(): void
}

/** Bodies are gone soon; so is the reason to wait. */
const RETRY_AFTER_SECONDS = 1

interface Holding {
  readonly tenant: string
  bytes: number
}

/**
 * Counts the bytes of bodies in flight, together and by tenant. Where they reach a bound, those that were offered are
 * taken back, the oldest first; only where that does not help is the newcomer refused.
 */
export class BodyMemory {
  readonly #limits: BodyMemoryLimits
  readonly #byTenant: Map<string, number> = new Map()
  /** In the order of their offering. */
  readonly #offered: Map<Holding, (cause: ApiError) => void> = new Map()
  #total = 0

  constructor(limits: BodyMemoryLimits) {
    this.#limits = limits
  }

  /** Bytes held now. */
  get bytes(): number {
    return this.#total
  }

  lease(tenant: string): BodyLease {
    const holding: Holding = { tenant, bytes: 0 }
    return {
      growBody: (bytes) => {
        this.#checkFits(holding, bytes, 'BODY_TOO_LARGE_FOR_MEMORY')
        this.#take(holding, bytes)
      },
      growAnswer: (bytes) => {
        this.#checkFits(holding, bytes, 'OUTPUT_TOO_LARGE_FOR_MEMORY')
        this.#take(holding, bytes)
      },
      tryGrow: (bytes) => {
        if (this.#refusal(tenant, bytes) !== undefined) return false
        this.#add(holding, bytes)
        return true
      },
      offer: (onTaken) => this.#offered.set(holding, onTaken),
      keep: () => this.#offered.delete(holding),
      end: () => this.#give(holding),
    }
  }

  #checkFits(
    { bytes: held }: Holding,
    bytes: number,
    code: 'BODY_TOO_LARGE_FOR_MEMORY' | 'OUTPUT_TOO_LARGE_FOR_MEMORY',
  ): void {
    const limit = Math.min(this.#limits.maxBodyMemoryBytes, this.#limits.maxBodyMemoryBytesPerTenant)
    if (held + bytes > limit) throw new ApiError(code, { limit })
  }

  #take(holding: Holding, bytes: number): void {
    const { tenant } = holding
    for (;;) {
      const refusal = this.#refusal(tenant, bytes)
      if (refusal === undefined) break
      if (!this.#reclaim(holding, refusal)) throw refusal
    }
    this.#add(holding, bytes)
  }

  #add(holding: Holding, bytes: number): void {
    const { tenant } = holding
    this.#byTenant.set(tenant, (this.#byTenant.get(tenant) ?? 0) + bytes)
    this.#total += bytes
    holding.bytes += bytes
  }

  /** Why these bytes cannot be had now; undefined when they can. */
  #refusal(tenant: string, bytes: number): ApiError | undefined {
    const { maxBodyMemoryBytes, maxBodyMemoryBytesPerTenant } = this.#limits
    const retryAfterSeconds = RETRY_AFTER_SECONDS
    if ((this.#byTenant.get(tenant) ?? 0) + bytes > maxBodyMemoryBytesPerTenant) {
      return new ApiError('TENANT_BODY_MEMORY_FULL', { limit: maxBodyMemoryBytesPerTenant, retryAfterSeconds })
    }
    if (this.#total + bytes > maxBodyMemoryBytes) {
      return new ApiError('BODY_MEMORY_FULL', { limit: maxBodyMemoryBytes, retryAfterSeconds })
    }
    return undefined
  }

  /** Takes the oldest offer back that makes room for a newcomer; false when there is none. */
  #reclaim(newcomer: Holding, cause: ApiError): boolean {
    for (const [holding, onTaken] of this.#offered) {
      const isOfUse = cause.code === 'BODY_MEMORY_FULL' || holding.tenant === newcomer.tenant
      if (holding === newcomer || holding.bytes === 0 || !isOfUse) continue
      this.#give(holding)
      onTaken(cause)
      return true
    }
    return false
  }

  #give(holding: Holding): void {
    this.#offered.delete(holding)
    const left = (this.#byTenant.get(holding.tenant) ?? 0) - holding.bytes
    if (left > 0) this.#byTenant.set(holding.tenant, left)
    else this.#byTenant.delete(holding.tenant)
    this.#total -= holding.bytes
    holding.bytes = 0
  }
}
