import type { EngineDescription, RowsProof } from '../runtime/host/index.ts'
import { admit, predictedWaitMs, type Situation, wholeSeconds } from './admission.ts'
import { Batch } from './batch.ts'
import { CostBook } from './cost-model.ts'
import { CrashLedger } from './crash-ledger.ts'
import { DeficitQueue } from './deficit-queue.ts'
import { isCrash, isFatal } from './engine-failure.ts'
import { EngineFleet, type FleetLimits, type StartEngine } from './engine-fleet.ts'
import type { EngineSlot, StopReason } from './engine-slot.ts'
import {
  batchFieldsOf,
  createJob,
  DEFAULT_PRIORITY,
  type Job,
  type JobFields,
  type JobRequest,
  poolOf,
  type Work,
} from './job.ts'
import type { JobQueue, Verdict } from './job-queue.ts'
import { type Jobs, runTogether, shareOf } from './run-together.ts'
import { RunningJobs } from './running-jobs.ts'
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
  readonly sharedEngines: boolean
  /** Lets tenants that share engines share a run too, where a model's owner and its proof allow it; not unless given. */
  readonly crossTenantBatching?: boolean
  readonly startEngine: StartEngine
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
  readonly onEvent: (event: SchedulerEvent) => void
  /** The order of service; deficit round robin over tenants unless another policy is given. */
  readonly queue?: JobQueue<Job>
}

/** How work is done that is asked for. */
interface Submission {
  readonly enginesOf: string | undefined
  readonly isLoad: boolean
  readonly endMs: number
}

/**
 * Brings work and engines together: one-thread engines, at most one computing for each core, each for one tenant.
 *
 * A request whose engine dies fails by name; it is never run again on its own. The scheduler sees costs, never contents.
 */
export class Scheduler {
  readonly #limits: SchedulerLimits
  readonly #shared: boolean
  readonly #crossTenant: boolean
  readonly #nowMs: () => number
  readonly #onEvent: (event: SchedulerEvent) => void
  readonly #queue: JobQueue<Job>
  readonly #fleet: EngineFleet
  readonly #crashes: CrashLedger
  readonly #running: RunningJobs = new RunningJobs()
  readonly #costs: CostBook = new CostBook()
  /** Waiting jobs by the pool of engines that they wait for. */
  readonly #waiting: Map<string, number> = new Map()
  readonly #sweep: NodeJS.Timeout
  /** For whom engines are being started. */
  readonly #starting: string[] = []
  #draining = false
  #onEmpty: () => void = () => undefined

  constructor(options: SchedulerOptions) {
    const { limits } = options
    this.#limits = limits
    this.#shared = options.sharedEngines
    this.#crossTenant = options.sharedEngines && options.crossTenantBatching === true
    this.#nowMs = options.nowMs
    this.#onEvent = options.onEvent
    this.#queue = options.queue ?? new DeficitQueue()
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
   * killed. So is one that is still running when its caller's `timeoutMs` is over.
   *
   * @throws {SchedulerError} every code; besides, what the engine's start and the work throw.
   */
  perform<T>(request: JobRequest, work: Work<T>): Promise<T> {
    const enginesOf = this.#shared ? undefined : request.tenant
    return this.#submit(request, { enginesOf, isLoad: false, endMs: this.#limits.requestDeadlineMs }, work)
  }

  /**
   * Starts an engine of a model to see that it loads, and keeps it warm for the first who asks.
   *
   * @throws as `perform`.
   */
  load(model: ScheduledModel, tenant: string, signal?: AbortSignal): Promise<EngineDescription> {
    const request = { tenant, model, costBytes: model.source.sizeBytes, ...(signal === undefined ? {} : { signal }) }
    const endMs = this.#limits.loadDeadlineMs + this.#limits.requestDeadlineMs
    return this.#submit(request, { enginesOf: undefined, isLoad: true, endMs }, async (engine) => engine.description)
  }

  /** Whether requests to a model can share a run, as far as any engine of it has found out. */
  rowsOf(modelKey: string): RowsProof | undefined {
    return this.#fleet.proofs.of(modelKey)
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
    for (const job of this.#running.jobs()) if (job.modelKey === modelKey) job.reject(error)
    await this.#fleet.release(modelKey)
    this.#crashes.clear(modelKey)
    this.#fleet.proofs.forget(modelKey)
    this.#costs.forget((pool) => pool.startsWith(poolOf(modelKey, undefined)))
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
    const error = new SchedulerError('SERVER_DRAINING', { retryAfterSeconds: wholeSeconds(drainMs) })
    for (const job of this.#queue.removeAll(() => true)) this.#leave(job).reject(error)
    for (const job of this.#running.jobs()) job.reject(error)
    await this.#fleet.releaseAll()
  }

  async #submit<T>(request: JobRequest, how: Submission, work: Work<T>): Promise<T> {
    const fields = this.#fieldsOf(request, how)
    this.#admit(fields)
    const { job, result } = createJob(fields, work)
    this.#queue.add(job)
    this.#waiting.set(job.pool, this.#waitingFor(job) + 1)
    this.#pump()
    job.hasWaited = this.#running.slotOf(job) === undefined
    this.#watch(job)
    return result
  }

  #fieldsOf(request: JobRequest, { enginesOf, isLoad, endMs }: Submission): JobFields {
    const { tenant, model, costBytes, signal, priority = DEFAULT_PRIORITY, timeoutMs = endMs } = request
    const pool = poolOf(model.key, enginesOf)
    const costMs = isLoad ? 0 : (this.#costs.of(pool)?.predictMs(costBytes) ?? 0)
    const nowMs = this.#nowMs()
    const deadlineMs = Math.min(timeoutMs, endMs)
    const times = { deadlineMs, deadlineAtMs: nowMs + deadlineMs, endAtMs: nowMs + endMs }
    return {
      tenant,
      model,
      modelKey: model.key,
      pool,
      enginesOf,
      isLoad,
      costBytes,
      costMs,
      priority,
      signal,
      ...times,
      ...batchFieldsOf(request),
    }
  }

  #admit(job: JobFields): void {
    const { enginesMemoryBytes } = this.#limits
    const situation = this.#situationOf(job)
    if (this.#draining) {
      const retryAfterSeconds = wholeSeconds(predictedWaitMs(this.#limits, situation))
      throw new SchedulerError('SERVER_DRAINING', { retryAfterSeconds })
    }
    if (job.signal?.aborted === true) throw new SchedulerError('REQUEST_CANCELLED', {})
    if (this.#crashes.isQuarantined(job.modelKey, job.tenant)) {
      throw new SchedulerError('MODEL_QUARANTINED', { crashes: this.#crashes.limit })
    }
    const neededBytes = this.#fleet.memoryFor(job.model)
    if (neededBytes > enginesMemoryBytes) {
      throw new SchedulerError('MODEL_NEEDS_MORE_MEMORY', { neededBytes, availableBytes: enginesMemoryBytes })
    }
    admit(job, this.#limits, situation)
  }

  #situationOf(job: JobFields): Situation {
    const nowMs = this.#nowMs()
    return {
      nowMs,
      ownQueued: this.#queue.sizeOf(job.tenant),
      queued: this.#queue.size,
      freeCores: this.#limits.cores - this.#running.size,
      ahead: this.#queue.ahead(job),
      leftMs: this.#running.leftMs(nowMs),
      othersLeftMs: this.#running.leftMs(nowMs, job.tenant),
      isTrusted: this.#isTrusted(job),
    }
  }

  #isTrusted({ isLoad, pool }: JobFields): boolean {
    return !isLoad && this.#costs.of(pool)?.isTrusted === true
  }

  /** Serves as many waiting jobs as there are free cores. */
  #pump(): void {
    while (this.#queue.size > 0 && this.#running.size < this.#limits.cores) {
      const next = this.#queue.next((job) => this.#verdict(job))
      if (next === undefined) return
      if (next.verdict === 'start') void this.#start(next.job)
      else if (this.#comesTooLate(next.job)) this.#drop(this.#leave(next.job))
      else void this.#run([this.#leave(next.job), ...this.#companionsOf(next.job)])
    }
  }

  /** True when a job has waited so long that its answer would come after its deadline. */
  #comesTooLate(job: Job): boolean {
    return job.hasWaited && this.#isTrusted(job) && this.#nowMs() + job.costMs > job.deadlineAtMs
  }

  /** What has gathered behind a job and can be computed with it: a batch is what waits when an engine becomes free. */
  #companionsOf(first: Job): Job[] {
    const { maxBatchElements: maxElements, cores } = this.#limits
    const proofs = this.#fleet.proofs
    const free = Math.min(cores - this.#running.size, this.#fleet.idleCount(first.modelKey, first.enginesOf))
    // Engines that are free at the same time get equal parts of what waits.
    const maxJobs = Math.ceil((this.#waitingFor(first) + 1) / Math.max(1, free))
    const crossTenant = this.#crossTenant && !proofs.areTenantsKeptApart(first.modelKey)
    const batch = new Batch(first, { maxElements, crossTenant }, proofs.of(first.modelKey), maxJobs)
    if (batch.isFull) return []
    const joined = this.#queue.companions(first, (job) => !this.#comesTooLate(job) && batch.accepts(job))
    return joined.map((job) => this.#leave(job))
  }

  #drop(job: Job): void {
    this.#queue.settle(job, 0)
    job.reject(new SchedulerError('DEADLINE_EXCEEDED', { deadlineMs: job.deadlineMs }))
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

  async #run(jobs: Jobs): Promise<void> {
    const [first] = jobs
    const slot = this.#fleet.idle(first.modelKey, first.enginesOf)
    if (slot?.phase.name !== 'idle') throw new RangeError('a job was to run, and no engine is idle')
    const { engine } = slot.phase
    slot.step({ name: 'taken' })
    slot.tenant ??= first.enginesOf
    const startedAtMs = this.#nowMs()
    this.#running.add(jobs, slot, startedAtMs)
    const shares = runTogether(jobs, engine, this.#fleet.proofs, this.#nowMs)
    const running = jobs.map((job, index) => job.run(shares[index] ?? { engine, executions: 1 }, startedAtMs))
    // The engine is given back before a caller can ask again, which takes a turn less than waiting for a list of one.
    const failures = running.length === 1 ? [await running[0]] : await Promise.all(running)
    this.#running.delete(jobs)
    const tookMs = this.#nowMs() - startedAtMs
    for (const [index, job] of jobs.entries()) {
      const shareMs = tookMs * shareOf(job, jobs)
      this.#queue.settle(job, shareMs)
      if (failures[index] === undefined && !job.isLoad) this.#costs.observe(job.pool, job.costBytes, shareMs)
    }
    if (failures.some(isCrash) && (slot.stopReason ?? 'exited') === 'exited') this.#blame(jobs)
    if (failures.some(isFatal)) void this.#fleet.stop(slot, 'failed')
    else slot.giveBack(this.#nowMs())
    this.#settled()
  }

  /** A crash counts for the tenant whose request it was; where several shared the run, nobody knows whose. */
  #blame(jobs: Jobs): void {
    const [{ model, tenant, modelKey }] = jobs
    if (jobs.every((job) => job.tenant === tenant)) this.#recordCrash(model, tenant)
    else this.#fleet.proofs.keepTenantsApart(modelKey)
  }

  /** Ends a job when its client goes away, or when its deadline is over. */
  #watch(job: Job): void {
    const { signal } = job
    if (job.settled) return
    const onAbort = (): void => this.#giveUp(job, new SchedulerError('REQUEST_CANCELLED', {}))
    const onDeadline = (): void => {
      // What runs alone until the server's own deadline is the engine's to end.
      if (this.#running.together(job).length === 1 && job.deadlineAtMs >= job.endAtMs) return
      this.#giveUp(job, new SchedulerError('DEADLINE_EXCEEDED', { deadlineMs: job.deadlineMs }))
    }
    signal?.addEventListener('abort', onAbort)
    const deadline = setTimeout(onDeadline, job.deadlineMs)
    job.onSettled = () => {
      signal?.removeEventListener('abort', onAbort)
      clearTimeout(deadline)
    }
  }

  /** Takes a waiting job away at once; a running one has a little time to end before its engine is killed. */
  #giveUp(job: Job, error: SchedulerError): void {
    if (this.#queue.remove(job)) this.#leave(job)
    const slot = this.#running.slotOf(job)
    job.reject(error)
    if (slot === undefined) return
    setTimeout(() => {
      // Whoever shares the run still waits for it.
      const isWanted = this.#running.together(job).some((other) => !other.settled)
      if (this.#running.slotOf(job) === slot && !isWanted) void this.#fleet.stop(slot, 'cancelled')
    }, this.#limits.cancelGraceMs).unref()
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
}
