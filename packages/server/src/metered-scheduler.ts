import { type JobRequest, Scheduler, type SchedulerOptions, type Work } from './scheduler/index.ts'
import type { TenantMeter } from './tenants/index.ts'

/**
 * The scheduler with engine time that is counted: who has used up what it may use in a minute runs nothing more until the
 * minute has filled again. Whatever a route runs passes here.
 */
export class MeteredScheduler extends Scheduler {
  readonly #meter: TenantMeter

  constructor(options: SchedulerOptions, meter: TenantMeter) {
    super({ ...options, onEngineTime: (tenant, ms) => meter.chargeEngineTime(tenant, ms) })
    this.#meter = meter
  }

  /** @throws {TenantError} `TENANT_ENGINE_TIME_SPENT`, and as every scheduler. */
  override async perform<T>(request: JobRequest, work: Work<T>): Promise<T> {
    this.#meter.checkEngineTime(request.tenant)
    return await super.perform(request, work)
  }
}
