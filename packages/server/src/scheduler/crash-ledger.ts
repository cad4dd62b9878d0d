/** Crashes of one model for one tenant that quarantine it. */
const CRASHES_TO_QUARANTINE = 2

/**
 * Remembers which model crashed for whom.
 *
 * Crashes count for the tenant whose request died, so nobody can shut a model for others by crashing it on purpose.
 * A quarantine stays until it is cleared; crashes before it are forgotten after the window.
 */
export class CrashLedger {
  readonly #windowMs: number
  readonly #crashes: Map<string, Map<string, number[]>> = new Map()

  /** The number of crashes that quarantines. */
  readonly limit: number = CRASHES_TO_QUARANTINE

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  /** Notes a crash; true when it quarantines the model for this tenant. */
  record(modelKey: string, tenant: string, now: number): boolean {
    const byTenant = this.#crashes.get(modelKey) ?? new Map<string, number[]>()
    this.#crashes.set(modelKey, byTenant)
    const times = byTenant.get(tenant) ?? []
    if (times.length >= CRASHES_TO_QUARANTINE) return false
    const recent = [...times.filter((time) => now - time < this.#windowMs), now]
    byTenant.set(tenant, recent)
    return recent.length >= CRASHES_TO_QUARANTINE
  }

  isQuarantined(modelKey: string, tenant: string): boolean {
    return (this.#crashes.get(modelKey)?.get(tenant)?.length ?? 0) >= CRASHES_TO_QUARANTINE
  }

  /** Forgets the crashes that count for a tenant, of every model. */
  forgetTenant(tenant: string): void {
    for (const [modelKey, byTenant] of this.#crashes) {
      byTenant.delete(tenant)
      if (byTenant.size === 0) this.#crashes.delete(modelKey)
    }
  }

  /** Forgets the crashes of a model, for every tenant; true when it was quarantined for one. */
  clear(modelKey: string): boolean {
    const byTenant = this.#crashes.get(modelKey) ?? new Map<string, number[]>()
    this.#crashes.delete(modelKey)
    return [...byTenant.values()].some((times) => times.length >= CRASHES_TO_QUARANTINE)
  }
}
