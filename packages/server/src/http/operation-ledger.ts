import { ApiError } from './api-error.ts'

/** What bounds the ids that are remembered. */
export interface OperationLimits {
  readonly maxOperationIdsPerTenant: number
  readonly operationIdWindowSeconds: number
}

/**
 * Remembers the single-use ids of operations, so that an encapsulated upload or delete takes effect once.
 *
 * An id is used up when its operation begins, and is forgotten after the window, when the date of the encapsulated request
 * has long been refused. A full memory refuses; it never forgets early. Ids of one tenant mean nothing for another.
 */
export class OperationLedger {
  readonly #limits: OperationLimits
  readonly #nowMs: () => number
  /** By tenant, ids in the order of their beginning, with its second. */
  readonly #begun: Map<string, Map<string, number>> = new Map()

  /** @param nowMs - monotonic: an operator who sets the clock forward makes nothing forgotten. */
  constructor(limits: OperationLimits, nowMs: () => number) {
    this.#limits = limits
    this.#nowMs = nowMs
  }

  /**
   * Forgets the ids of a tenant that is gone. Its requests are none of the next of its name, and what was sealed is refused a
   * second time by itself.
   */
  forget(tenant: string): void {
    this.#begun.delete(tenant)
  }

  /** @throws {ApiError} `OPERATION_REPLAYED`, `OPERATION_LIMIT`. */
  begin(tenant: string, id: string): void {
    const now = Math.floor(this.#nowMs() / 1000)
    const { maxOperationIdsPerTenant: limit, operationIdWindowSeconds: window } = this.#limits
    const begun = this.#begun.get(tenant) ?? new Map<string, number>()
    this.#begun.set(tenant, begun)
    for (const [old, since] of begun) {
      if (now - since <= window) break
      begun.delete(old)
    }
    if (begun.has(id)) throw new ApiError('OPERATION_REPLAYED', {})
    if (begun.size >= limit) {
      const oldest = begun.values().next().value ?? now
      throw new ApiError('OPERATION_LIMIT', { limit, retryAfterSeconds: Math.max(1, oldest + window - now + 1) })
    }
    begun.set(id, now)
  }
}
