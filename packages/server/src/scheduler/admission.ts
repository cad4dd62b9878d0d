import type { JobFields } from './job.ts'
import type { Ahead } from './job-queue.ts'
import { SchedulerError } from './scheduler-error.ts'

/** What bounds the jobs that wait. */
export interface AdmissionLimits {
  readonly cores: number
  readonly maxQueuedRequests: number
  readonly maxQueuedRequestsPerTenant: number
}

/** What is going on when a job comes. */
export interface Situation {
  readonly nowMs: number
  /** Jobs that wait, of this tenant and in all. */
  readonly ownQueued: number
  readonly queued: number
  /** Cores on which nothing runs. */
  readonly freeCores: number
  /** What the queue would serve first. */
  readonly ahead: Ahead
  /** Engine time that running jobs still take: all of them, and those of other tenants. */
  readonly leftMs: number
  readonly othersLeftMs: number
  /** Whether enough runs were seen to refuse a job for what is expected of it. */
  readonly isTrusted: boolean
}

const MAX_RETRY_AFTER_SECONDS = 60

/**
 * How much longer than predicted a wait may become. Under more load than can be served every job that is taken waits as long as
 * it may; were its place promised to the millisecond, many answers would come just too late, and be computed for nothing.
 */
const CAUTION = 0.15

/**
 * Refuses a job that finds no place, or whose answer would come after its deadline: waiting would only cost it time, and
 * others engines. A job that need not wait is never refused, whatever is expected of it.
 *
 * `TENANT_…` when fewer requests of its own would help, `SERVER_…` otherwise. Retry-After is when the same request would
 * probably be taken, if nothing else came.
 *
 * @throws {SchedulerError} `TENANT_BUSY`, `SERVER_BUSY`, `TENANT_BACKLOG`, `SERVER_BACKLOG`.
 */
export function admit(job: JobFields, limits: AdmissionLimits, situation: Situation): void {
  const { cores, maxQueuedRequests, maxQueuedRequestsPerTenant } = limits
  const { nowMs, ahead, leftMs, othersLeftMs } = situation
  const waitMs = predictedWaitMs(limits, situation)
  if (situation.ownQueued >= maxQueuedRequestsPerTenant) {
    const retryAfterSeconds = wholeSeconds(waitMs)
    throw new SchedulerError('TENANT_BUSY', { limit: maxQueuedRequestsPerTenant, retryAfterSeconds })
  }
  if (situation.queued >= maxQueuedRequests) {
    throw new SchedulerError('SERVER_BUSY', { limit: maxQueuedRequests, retryAfterSeconds: wholeSeconds(waitMs) })
  }
  const mayWaitMs = (job.deadlineAtMs - nowMs - job.costMs) / (1 + CAUTION)
  const lateMs = waitMs - mayWaitMs
  if (!situation.isTrusted || waitMs === 0 || lateMs <= 0) return
  const details = { deadlineMs: job.deadlineMs, retryAfterSeconds: wholeSeconds(Math.min(lateMs, waitMs)) }
  // What others alone would make it wait.
  const withoutOwnMs = waitMs - (leftMs + ahead.ownMs + ahead.othersMs - othersLeftMs - ahead.othersFirstMs) / cores
  const isOwn = withoutOwnMs <= mayWaitMs
  throw new SchedulerError(isOwn ? 'TENANT_BACKLOG' : 'SERVER_BACKLOG', details)
}

/** How long it probably takes until a job runs: all cores work until then, on nothing but what comes first. */
export function predictedWaitMs({ cores }: AdmissionLimits, { freeCores, ahead, leftMs }: Situation): number {
  const aheadMs = ahead.ownMs + ahead.othersMs
  return freeCores > 0 && aheadMs === 0 ? 0 : (leftMs + aheadMs) / cores
}

/** A time as Retry-After has it. */
export function wholeSeconds(ms: number): number {
  return Math.min(MAX_RETRY_AFTER_SECONDS, Math.max(1, Math.ceil(ms / 1000)))
}
