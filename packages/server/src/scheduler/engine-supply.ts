import { mayLoad, mayRun } from './core-use.ts'
import { isCrash } from './engine-failure.ts'
import type { EngineFleet } from './engine-fleet.ts'
import type { EngineSlot } from './engine-slot.ts'
import type { Job } from './job.ts'
import type { Verdict } from './job-queue.ts'
import type { RunningJobs } from './running-jobs.ts'
import type { SchedulerEvent } from './scheduler-options.ts'
import type { WaitingJobs } from './waiting-jobs.ts'
import type { WideEngines } from './wide-engines.ts'

/** What engines are chosen among, and who is told of those that are started. */
export interface SupplyParts {
  readonly cores: number
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
  readonly fleet: EngineFleet
  readonly wide: WideEngines
  readonly queue: WaitingJobs
  readonly running: RunningJobs
  readonly onEvent: (event: SchedulerEvent) => void
  /** Told that an engine died of a model while it loaded it for a job. */
  readonly onCrash: (job: Job) => void
  /** Told when a start is over, however it ended. */
  readonly onStartOver: () => void
}

/** Finds the engine for a job: one that is free, or one that is to be started, as far as cores and memory allow. */
export class EngineSupply {
  readonly #parts: SupplyParts
  /** For whom engines are being started. */
  readonly #starting: string[] = []

  constructor(parts: SupplyParts) {
    this.#parts = parts
  }

  verdict(job: Job): Verdict {
    const { cores, fleet, queue, running } = this.#parts
    const use = { cores, running: running.threads, starting: this.#starting.length }
    if (this.slotFor(job) !== undefined) return mayRun(use) ? 'run' : 'wait'
    if (!mayLoad(use, this.#starting.includes(job.tenant))) return 'wait'
    return fleet.canStart(job.model, job.enginesOf, queue.sizeOfPool(job.pool)) ? 'start' : 'wait'
  }

  /** The engine for a job: while it is the only one here and its pool has long been alone, a wide one if there is one. */
  slotFor(job: Job): EngineSlot | undefined {
    const { fleet, wide, queue, running, nowMs } = this.#parts
    const { modelKey, enginesOf } = job
    // It still waits when the verdict is asked for, and has left when it runs.
    const isOnly = running.size === 0 && queue.size <= 1 && this.#starting.length === 0
    const wideSlot = isOnly && wide.isWorthIt(job, nowMs()) ? fleet.idle(modelKey, enginesOf, true) : undefined
    return wideSlot ?? fleet.idle(modelKey, enginesOf)
  }

  /** True while nothing runs, waits or starts, and the pool of the job that ran last is to have a wide engine. */
  isToWiden(job: Job): boolean {
    const { fleet, wide, queue, running, nowMs } = this.#parts
    const others = running.size + this.#starting.length + queue.size
    return others === 0 && wide.isWorthIt(job, nowMs()) && fleet.canWiden(job.model, job.enginesOf)
  }

  /** Starts an engine for the pool of a job. Never rejects: who waits for that pool fails where no engine of it lives. */
  async start(job: Job, threads = 1): Promise<void> {
    const { model, enginesOf, pool, tenant } = job
    const { fleet, wide, nowMs, onEvent, onStartOver } = this.#parts
    this.#starting.push(tenant)
    const startedAtMs = nowMs()
    try {
      await fleet.start(model, enginesOf, threads)
      onEvent({ event: 'engine-started', model: model.source.sha256, startMs: nowMs() - startedAtMs })
    } catch (error) {
      onEvent({ event: 'engine-failed', model: model.source.sha256 })
      // Nobody asked for a wide engine: that there is none is nobody's fault, and nobody waits for it.
      if (threads > 1) wide.failed(pool)
      else this.#notStarted(job, error)
    }
    this.#starting.splice(this.#starting.indexOf(tenant), 1)
    onStartOver()
  }

  #notStarted(job: Job, error: unknown): void {
    const { fleet, queue, onCrash } = this.#parts
    const { model, enginesOf, pool } = job
    if (isCrash(error)) onCrash(job)
    // Whoever waits for this pool waits for what has just failed, unless another engine of it lives.
    if (fleet.hasPool(model.key, enginesOf)) return
    queue.rejectAll((other) => other.pool === pool, error)
  }
}
