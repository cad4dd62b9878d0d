import type { EngineDescription } from './runtime/host/index.ts'
import { type JobRequest, type ScheduledModel, Scheduler, type SchedulerOptions, type Work } from './scheduler/index.ts'
import type { TenantMeter } from './tenants/index.ts'

/** What a metered scheduler stands on besides. */
export interface MeteredOptions extends Omit<SchedulerOptions, 'onEngineTime'> {
  readonly meter: TenantMeter
  /** @throws {TenantError} `TENANT_DELETED`. */
  readonly expectTenant: (tenant: string) => void
}

/**
 * The scheduler with engine time that is counted: who has used up what it may use in a minute is admitted to nothing more
 * until the minute has filled again; what was admitted before runs, and is owed. Nor is a tenant that was deleted while its
 * request was still on the way. Whatever a route runs passes here.
 */
export class MeteredScheduler extends Scheduler {
  readonly #meter: TenantMeter
  readonly #expectTenant: (tenant: string) => void

  constructor({ meter, expectTenant, ...options }: MeteredOptions) {
    super({ ...options, onEngineTime: (tenant, ms) => meter.chargeEngineTime(tenant, ms) })
    this.#meter = meter
    this.#expectTenant = expectTenant
  }

  /** A load is let through whatever was used, and counts. @throws as every scheduler. */
  override async load(model: ScheduledModel, tenant: string, signal?: AbortSignal): Promise<EngineDescription> {
    this.#meter.openEngineTime(tenant)
    return await super.load(model, tenant, signal)
  }

  /** @throws {TenantError} `TENANT_DELETED`, `TENANT_ENGINE_TIME_SPENT`, and as every scheduler. */
  override async perform<T>(request: JobRequest, work: Work<T>): Promise<T> {
    this.#expectTenant(request.tenant)
    this.#meter.checkEngineTime(request.tenant)
    return await super.perform(request, work)
  }
}
