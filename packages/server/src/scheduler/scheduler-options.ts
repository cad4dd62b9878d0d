import type { FleetLimits, StartEngine } from './engine-fleet.ts'
import type { StopReason } from './engine-slot.ts'
import type { Job } from './job.ts'
import type { JobQueue } from './job-queue.ts'

/** The bounds of the scheduler; `ServerLimits` has them all. */
export interface SchedulerLimits extends Omit<FleetLimits, 'enginesPerPool'> {
  readonly cores: number
  readonly maxQueuedRequests: number
  readonly maxQueuedRequestsPerTenant: number
  readonly requestDeadlineMs: number
  readonly cancelGraceMs: number
  readonly engineIdleMs: number
  readonly crashWindowMs: number
}

/** What happens to engines. A closed set: digests and reasons, nothing of a request. */
export type SchedulerEvent =
  | { readonly event: 'engine-started'; readonly model: string; readonly startMs: number }
  | { readonly event: 'engine-failed'; readonly model: string }
  | { readonly event: 'engine-stopped'; readonly model: string; readonly reason: StopReason }
  | { readonly event: 'model-quarantined'; readonly model: string }

export interface SchedulerOptions {
  readonly limits: SchedulerLimits
  /** The operator's word; engines are shared only where the model's owner says so, too. */
  readonly sharedEngines: boolean
  /** Lets tenants that share engines share a run too, where a model's owner and its proof allow it; not unless given. */
  readonly crossTenantBatching?: boolean
  readonly startEngine: StartEngine
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
  readonly onEvent: (event: SchedulerEvent) => void
  /** Told how long an engine was busy for a tenant, for each of its threads, however that ended. */
  readonly onEngineTime?: (tenant: string, ms: number) => void
  /** The order of service; deficit round robin over tenants unless another policy is given. */
  readonly queue?: JobQueue<Job>
}
