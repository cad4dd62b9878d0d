import type { EngineDescription } from '../runtime/host/index.ts'
import { CrashLedger } from './crash-ledger.ts'
import { isCrash, isFatal } from './engine-failure.ts'
import { EngineFleet, type FleetLimits, type StartEngine } from './engine-fleet.ts'
import type { EngineSlot, StopReason } from './engine-slot.ts'
import { createJob, type Job, type JobRequest, type Work } from './job.ts'
import { type JobQueue, RoundRobinQueue, type Verdict } from './job-queue.ts'
import type { ScheduledModel } from './scheduled-model.ts'
import { SchedulerError } from './scheduler-error.ts'

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
  readonly startEngine: StartEngine
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
  readonly onEvent: (event: SchedulerEvent) => void
  /** Told how long an engine was busy for a tenant, however that ended. */
  readonly onEngineTime?: (tenant: string, ms: number) => void
  /** The order of service; tenants take turns unless another policy is given. */
  readonly queue?: JobQueue<Job>
}

const MAX_RETRY_AFTER_SECONDS = 60
/** How fast the average of run times follows new ones. */
const AVERAGE_WEIGHT = 0.1

/**
 * Brings work and engines together: one-thread engines, at most one computing for each core, each for one tenant.
 *
 * A request whose engine dies fails by name; it is never run again on its own. The scheduler sees costs, never contents.
 */
export class Scheduler {
  readonly #limits: SchedulerLimits
  readonly #shared: boolean
  readonly #nowMs: () => number
  readonly #onEvent: (event: SchedulerEvent) => void
  readonly #onEngineTime: (tenant: string, ms: number) => void
  readonly #queue: JobQueue<Job>
  readonly #fleet: EngineFleet
  readonly #crashes: CrashLedger
  readonly #running: Map<Job, EngineSlot> = new Map()
  /** Waiting jobs by the pool of engines that they wait for. */
  readonly #waiting: Map<string, number> = new Map()
  readonly #sweep: NodeJS.Timeout
  /** For whom engines are being started. */
  readonly #starting: string[] = []
  #averageRunMs = 0
  #draining = false
  #onEmpty: () => void = () => undefined

  constructor(options: SchedulerOptions) {
    const { limits } = options
    this.#limits = limits
    this.#shared = options.sharedEngines
    this.#nowMs = options.nowMs
    this.#onEvent = options.onEvent
    this.#onEngineTime = options.onEngineTime ?? (() => undefined)
    this.#queue = options.queue ?? new RoundRobinQueue()
    this.#crashes = new CrashLedger(limits.crashWindowMs)
    this.#fleet = new EngineFleet({ ...limits, enginesPerPool: limits.cores }, options.startEngine, options.nowMs, {
      onStopped: (slot) => this.#engineStopped(slot),
    })
    this.#sweep = setInterval(() => this.#fleet.stopIdle(limits.engineIdleMs), Math.ceil(limits.engineIdleMs / 4))
    this.#sweep.unref()
  }

  /** Engine processes that exist. */
  get engines(): number {
    return this.#fleet.engines
  }

  /**
   * Does work on an engine of the model that serves this tenant.
   *
   * Aborting the signal takes a waiting job away at once; a running one is given `cancelGraceMs`, then its engine is
   * killed.
   *
   * @throws {SchedulerError} every code; besides, what the engine's start and the work throw.
   */
  perform<T>(request: JobRequest, work: Work<T>): Promise<T> {
    const isShared = this.#shared && request.model.sharedEngines === true
    return this.#submit(request, isShared ? undefined : request.tenant, this.#limits.requestDeadlineMs, work)
  }

  /**
   * Starts an engine of a model to see that it loads, and keeps it warm for the first who asks.
   *
   * @throws as `perform`.
   */
  load(model: ScheduledModel, tenant: string, signal?: AbortSignal): Promise<EngineDescription> {
    const request = { tenant, model, costBytes: model.source.sizeBytes, ...(signal === undefined ? {} : { signal }) }
    const deadlineMs = this.#limits.loadDeadlineMs + this.#limits.requestDeadlineMs
    return this.#submit(request, undefined, deadlineMs, async (engine) => engine.description)
  }

  isQuarantined(modelKey: string, tenant: string): boolean {
    return this.#crashes.isQuarantined(modelKey, tenant)
  }

  /** True when there was one, for whichever tenant. */
  clearQuarantine(modelKey: string): boolean {
    return this.#crashes.clear(modelKey)
  }

  /** Fails every request for a model with that error and kills its engines; resolves when they are dead. */
  async release(modelKey: string, error: Error): Promise<void> {
    for (const job of this.#queue.removeAll((job) => job.modelKey === modelKey)) this.#leave(job).reject(error)
    for (const job of this.#running.keys()) if (job.modelKey === modelKey) job.reject(error)
    await this.#fleet.release(modelKey)
    this.#crashes.clear(modelKey)
  }

  /** Takes no new work, finishes what it has, at the latest after that time, and kills every engine. */
  async close(drainMs: number): Promise<void> {
    this.#draining = true
    clearInterval(this.#sweep)
    if (drainMs > 0 && this.#queue.size + this.#running.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, drainMs)
      this.#onEmpty = resolve
      await promise
      clearTimeout(timer)
    }
    const error = new SchedulerError('SERVER_DRAINING', { retryAfterSeconds: this.#retryAfterSeconds() })
    for (const job of this.#queue.removeAll(() => true)) this.#leave(job).reject(error)
    for (const job of this.#running.keys()) job.reject(error)
    await this.#fleet.releaseAll()
  }

  async #submit<T>(request: JobRequest, enginesOf: string | undefined, deadlineMs: number, work: Work<T>): Promise<T> {
    this.#admit(request)
    const deadlineAtMs = this.#nowMs() + deadlineMs
    const { job, result } = createJob({ ...request, signal: request.signal, enginesOf, deadlineMs, deadlineAtMs }, work)
    this.#queue.add(job)
    this.#waiting.set(job.pool, this.#waitingFor(job) + 1)
    this.#pump()
    this.#watch(job)
    return result
  }

  #admit({ tenant, model, signal }: JobRequest): void {
    const limits = this.#limits
    const retryAfterSeconds = this.#retryAfterSeconds()
    if (this.#draining) throw new SchedulerError('SERVER_DRAINING', { retryAfterSeconds })
    if (signal?.aborted === true) throw new SchedulerError('REQUEST_CANCELLED', {})
    if (this.#crashes.isQuarantined(model.key, tenant)) {
      throw new SchedulerError('MODEL_QUARANTINED', { crashes: this.#crashes.limit })
    }
    if (this.#queue.sizeOf(tenant) >= limits.maxQueuedRequestsPerTenant) {
      throw new SchedulerError('TENANT_BUSY', { limit: limits.maxQueuedRequestsPerTenant, retryAfterSeconds })
    }
    if (this.#queue.size >= limits.maxQueuedRequests) {
      throw new SchedulerError('SERVER_BUSY', { limit: limits.maxQueuedRequests, retryAfterSeconds })
    }
    const neededBytes = this.#fleet.memoryFor(model)
    if (neededBytes > limits.enginesMemoryBytes) {
      throw new SchedulerError('MODEL_NEEDS_MORE_MEMORY', { neededBytes, availableBytes: limits.enginesMemoryBytes })
    }
  }

  /** Serves as many waiting jobs as there are free cores. */
  #pump(): void {
    while (this.#queue.size > 0 && this.#running.size < this.#limits.cores) {
      const next = this.#queue.next((job) => this.#verdict(job))
      if (next === undefined) return
      if (next.verdict === 'start') void this.#start(next.job)
      else void this.#run(this.#leave(next.job))
    }
  }

  #verdict(job: Job): Verdict {
    const { cores } = this.#limits
    const [running, starting] = [this.#running.size, this.#starting.length]
    // One core stays free of loading where there are two, so that a large model delays nobody's answer.
    const loadingCores = Math.max(1, cores - 1)
    if (this.#fleet.idle(job.modelKey, job.enginesOf) !== undefined) {
      return running + Math.min(starting, loadingCores) < cores ? 'run' : 'wait'
    }
    // Who has no engine on its way may have one more: models that take long to load would shut out everybody else.
    const isOneMore = running + loadingCores <= cores && !this.#starting.includes(job.tenant)
    const mayStart = isOneMore ? starting <= loadingCores : starting < loadingCores && running + starting < cores
    return mayStart && this.#fleet.canStart(job.model, job.enginesOf, this.#waitingFor(job)) ? 'start' : 'wait'
  }

  async #start({ model, enginesOf, pool, tenant }: Job): Promise<void> {
    this.#starting.push(tenant)
    const startedAtMs = this.#nowMs()
    try {
      await this.#fleet.start(model, enginesOf)
      this.#onEvent({ event: 'engine-started', model: model.source.sha256, startMs: this.#nowMs() - startedAtMs })
    } catch (error) {
      this.#onEvent({ event: 'engine-failed', model: model.source.sha256 })
      if (isCrash(error)) this.#recordCrash(model, tenant)
      // Whoever waits for this pool waits for what has just failed, unless another engine of it lives.
      if (!this.#fleet.hasPool(model.key, enginesOf)) {
        for (const job of this.#queue.removeAll((job) => job.pool === pool)) this.#leave(job).reject(error)
      }
    }
    this.#starting.splice(this.#starting.indexOf(tenant), 1)
    this.#settled()
  }

  async #run(job: Job): Promise<void> {
    const slot = this.#fleet.idle(job.modelKey, job.enginesOf)
    if (slot?.phase.name !== 'idle') throw new RangeError('a job was to run, and no engine is idle')
    const { engine } = slot.phase
    slot.step({ name: 'taken' })
    slot.tenant ??= job.enginesOf
    this.#running.set(job, slot)
    const startedAtMs = this.#nowMs()
    const failure = await job.run(engine, startedAtMs)
    this.#running.delete(job)
    this.#onEngineTime(job.tenant, this.#nowMs() - startedAtMs)
    if (failure === undefined) {
      this.#averageRunMs += AVERAGE_WEIGHT * (this.#nowMs() - startedAtMs - this.#averageRunMs)
    } else if (isCrash(failure) && (slot.stopReason ?? 'exited') === 'exited') {
      this.#recordCrash(job.model, job.tenant)
    }
    if (isFatal(failure)) void this.#fleet.stop(slot, 'failed')
    else slot.giveBack(this.#nowMs())
    this.#settled()
  }

  /** Ends a job when its client goes away, or when it has waited for too long. */
  #watch(job: Job): void {
    const { signal } = job
    if (job.settled) return
    const onAbort = (): void => this.#cancel(job)
    signal?.addEventListener('abort', onAbort)
    const waiting = this.#running.has(job) ? undefined : setTimeout(() => this.#expire(job), job.deadlineMs)
    job.onSettled = () => {
      signal?.removeEventListener('abort', onAbort)
      clearTimeout(waiting)
    }
  }

  #cancel(job: Job): void {
    if (this.#queue.remove(job)) this.#leave(job)
    const slot = this.#running.get(job)
    job.reject(new SchedulerError('REQUEST_CANCELLED', {}))
    if (slot === undefined) return
    setTimeout(() => {
      if (this.#running.get(job) === slot) void this.#fleet.stop(slot, 'cancelled')
    }, this.#limits.cancelGraceMs).unref()
  }

  /** A running job is the engine's to end; its deadline has the same end. */
  #expire(job: Job): void {
    if (!this.#queue.remove(job)) return
    this.#leave(job).reject(new SchedulerError('DEADLINE_EXCEEDED', { deadlineMs: job.deadlineMs }))
  }

  #recordCrash(model: ScheduledModel, tenant: string): void {
    if (!this.#crashes.record(model.key, tenant, this.#nowMs())) return
    this.#onEvent({ event: 'model-quarantined', model: model.source.sha256 })
    const matches = (job: Job): boolean => job.modelKey === model.key && job.tenant === tenant
    const error = new SchedulerError('MODEL_QUARANTINED', { crashes: this.#crashes.limit })
    for (const job of this.#queue.removeAll(matches)) this.#leave(job).reject(error)
  }

  #engineStopped({ model, stopReason }: EngineSlot): void {
    this.#onEvent({ event: 'engine-stopped', model: model.source.sha256, reason: stopReason ?? 'exited' })
    this.#pump()
  }

  #settled(): void {
    this.#pump()
    if (this.#queue.size + this.#running.size === 0) this.#onEmpty()
  }

  #waitingFor(job: Job): number {
    return this.#waiting.get(job.pool) ?? 0
  }

  /** Notes that a job has left the queue. */
  #leave(job: Job): Job {
    const left = this.#waitingFor(job) - 1
    if (left > 0) this.#waiting.set(job.pool, left)
    else this.#waiting.delete(job.pool)
    return job
  }

  #retryAfterSeconds(): number {
    const seconds = Math.ceil((this.#queue.size * this.#averageRunMs) / this.#limits.cores / 1000)
    return Math.min(MAX_RETRY_AFTER_SECONDS, Math.max(1, seconds))
  }
}
