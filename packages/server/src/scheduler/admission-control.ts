import { admit, predictedWaitMs, type Situation, wholeSeconds } from './admission.ts'
import type { CostBook } from './cost-model.ts'
import type { CrashLedger } from './crash-ledger.ts'
import type { EngineFleet } from './engine-fleet.ts'
import type { Job, JobFields } from './job.ts'
import type { RunningJobs } from './running-jobs.ts'
import { SchedulerError } from './scheduler-error.ts'
import type { SchedulerLimits } from './scheduler-options.ts'
import type { WaitingJobs } from './waiting-jobs.ts'

/** What is looked at when a job comes. */
export interface AdmissionParts {
  readonly limits: SchedulerLimits
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
  readonly queue: WaitingJobs
  readonly running: RunningJobs
  readonly costs: CostBook
  readonly fleet: EngineFleet
  readonly crashes: CrashLedger
}

/** Decides which jobs are taken in, and which of those that waited are still worth running. */
export class AdmissionControl {
  readonly #parts: AdmissionParts
  #draining = false

  constructor(parts: AdmissionParts) {
    this.#parts = parts
  }

  get isDraining(): boolean {
    return this.#draining
  }

  /** Takes nothing more from now on. */
  drain(): void {
    this.#draining = true
  }

  /** @throws {SchedulerError} every code but `DEADLINE_EXCEEDED`. */
  admit(job: JobFields): void {
    const { limits, crashes, fleet } = this.#parts
    const { enginesMemoryBytes } = limits
    const situation = this.#situationOf(job)
    if (this.#draining) {
      const retryAfterSeconds = wholeSeconds(predictedWaitMs(limits, situation))
      throw new SchedulerError('SERVER_DRAINING', { retryAfterSeconds })
    }
    if (job.signal?.aborted === true) throw new SchedulerError('REQUEST_CANCELLED', {})
    if (crashes.isQuarantined(job.modelKey, job.tenant)) {
      throw new SchedulerError('MODEL_QUARANTINED', { crashes: crashes.limit })
    }
    const neededBytes = fleet.memoryFor(job.model)
    if (neededBytes > enginesMemoryBytes) {
      throw new SchedulerError('MODEL_NEEDS_MORE_MEMORY', { neededBytes, availableBytes: enginesMemoryBytes })
    }
    admit(job, limits, situation)
  }

  /** True when a job has waited so long that its answer would come after its deadline. */
  comesTooLate(job: Job): boolean {
    return job.hasWaited && this.#isTrusted(job) && this.#parts.nowMs() + job.costMs > job.deadlineAtMs
  }

  #situationOf(job: JobFields): Situation {
    const { limits, queue, running } = this.#parts
    const nowMs = this.#parts.nowMs()
    return {
      nowMs,
      ownQueued: queue.sizeOf(job.tenant),
      queued: queue.size,
      freeCores: limits.cores - running.threads,
      ahead: queue.ahead(job),
      leftMs: running.leftMs(nowMs),
      othersLeftMs: running.leftMs(nowMs, job.tenant),
      isTrusted: this.#isTrusted(job),
    }
  }

  #isTrusted({ isLoad, pool }: JobFields): boolean {
    return !isLoad && this.#parts.costs.of(pool)?.isTrusted === true
  }
}
