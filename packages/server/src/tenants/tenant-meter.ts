import { TenantError } from './tenant-error.ts'
import type { TenantQuotas } from './tenant-quotas.ts'

export interface TenantMeterOptions {
  /** What counts for a tenant now. */
  readonly quotasOf: (tenant: string) => Pick<Required<TenantQuotas>, 'maxRequestsPerMinute' | 'maxEngineMsPerMinute'>
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
}

const MINUTE_MS = 60_000

/**
 * What each tenant has used of its requests and of its engine time: two buckets that hold a minute's worth and fill evenly.
 *
 * Engine time is known only afterwards, so runs that were admitted with something left may take more than that; nothing more
 * is admitted until the debt is paid. In memory: a new process begins with full buckets.
 */
export class TenantMeter {
  readonly #options: TenantMeterOptions
  readonly #requests: Map<string, Bucket> = new Map()
  readonly #engineTime: Map<string, Bucket> = new Map()

  constructor(options: TenantMeterOptions) {
    this.#options = options
  }

  /** Counts one request. @throws {TenantError} `TENANT_RATE_LIMITED`; the request is not counted then. */
  countRequest(tenant: string): void {
    const limit = this.#options.quotasOf(tenant).maxRequestsPerMinute
    const bucket = this.#filled(this.#requests, tenant, limit)
    if (bucket.level < 1) {
      const retryAfterSeconds = secondsUntil(1 - bucket.level, limit)
      throw new TenantError('TENANT_RATE_LIMITED', { limit, retryAfterSeconds })
    }
    bucket.level -= 1
  }

  /** @throws {TenantError} `TENANT_ENGINE_TIME_SPENT`. */
  checkEngineTime(tenant: string): void {
    const limitMs = this.#options.quotasOf(tenant).maxEngineMsPerMinute
    const { level } = this.#filled(this.#engineTime, tenant, limitMs)
    if (level > 0) return
    throw new TenantError('TENANT_ENGINE_TIME_SPENT', { limitMs, retryAfterSeconds: secondsUntil(1 - level, limitMs) })
  }

  /** Counts what is computed for a tenant from now on. */
  openEngineTime(tenant: string): void {
    this.#filled(this.#engineTime, tenant, this.#options.quotasOf(tenant).maxEngineMsPerMinute)
  }

  /** Takes what an engine has computed for the tenant; nothing of one that was forgotten meanwhile. */
  chargeEngineTime(tenant: string, ms: number): void {
    if (!this.#engineTime.has(tenant)) return
    const limitMs = this.#options.quotasOf(tenant).maxEngineMsPerMinute
    this.#filled(this.#engineTime, tenant, limitMs).level -= ms
  }

  /** Forgets a tenant that is gone. */
  forget(tenant: string): void {
    this.#requests.delete(tenant)
    this.#engineTime.delete(tenant)
  }

  #filled(buckets: Map<string, Bucket>, tenant: string, capacity: number): Bucket {
    const now = this.#options.nowMs()
    const bucket = buckets.get(tenant) ?? { level: capacity, atMs: now }
    bucket.level = Math.min(capacity, bucket.level + (capacity * (now - bucket.atMs)) / MINUTE_MS)
    bucket.atMs = now
    buckets.set(tenant, bucket)
    return bucket
  }
}

interface Bucket {
  level: number
  atMs: number
}

function secondsUntil(missing: number, perMinute: number): number {
  return Math.max(1, Math.ceil((missing * 60) / perMinute))
}
