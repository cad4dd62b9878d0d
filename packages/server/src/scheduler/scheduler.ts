import type { EngineDescription, RowsProof } from '../runtime/host/index.ts'
import { wholeSeconds } from './admission.ts'
import { AdmissionControl } from './admission-control.ts'
import { Batching } from './batching.ts'
import { CostBook } from './cost-model.ts'
import { CrashLedger } from './crash-ledger.ts'
import { DeficitQueue } from './deficit-queue.ts'
import { isCrash, isFatal } from './engine-failure.ts'
import { EngineFleet } from './engine-fleet.ts'
import type { EngineSlot } from './engine-slot.ts'
import { EngineSupply } from './engine-supply.ts'
import {
  createJob,
  describeJob,
  isPoolOf,
  type Job,
  type JobRequest,
  poolOf,
  type Submission,
  type Work,
} from './job.ts'
import { watchJob } from './job-watch.ts'
import { type Jobs, shareOf } from './run-together.ts'
import { RunningJobs } from './running-jobs.ts'
import type { ScheduledModel } from './scheduled-model.ts'
import { SchedulerError } from './scheduler-error.ts'
import type { SchedulerEvent, SchedulerLimits, SchedulerOptions } from './scheduler-options.ts'
import { TenantStays } from './tenant-stays.ts'
import { WaitingJobs } from './waiting-jobs.ts'
import { WideEngines } from './wide-engines.ts'

/**
 * Brings work and engines together: never more threads compute than there are cores, and each engine is for one tenant.
 * Engines have one thread; a pool that has long been alone gets one besides that has them all.
 *
 * A request whose engine dies fails by name; it is never run again on its own. The scheduler sees costs, never contents.
 */
export class Scheduler {
  readonly #limits: SchedulerLimits
  readonly #shared: boolean
  readonly #nowMs: () => number
  readonly #onEvent: (event: SchedulerEvent) => void
  readonly #queue: WaitingJobs
  readonly #onEngineTime: (tenant: string, ms: number) => void
  readonly #fleet: EngineFleet
  readonly #batching: Batching
  readonly #crashes: CrashLedger
  readonly #running: RunningJobs = new RunningJobs()
  readonly #costs: CostBook = new CostBook()
  readonly #stays: TenantStays = new TenantStays()
  readonly #wide: WideEngines
  readonly #admission: AdmissionControl
  readonly #supply: EngineSupply
  readonly #sweep: NodeJS.Timeout
  #onEmpty: () => void = () => undefined

  constructor(options: SchedulerOptions) {
    const { limits, nowMs, onEvent } = options
    this.#limits = limits
    this.#shared = options.sharedEngines
    this.#nowMs = nowMs
    this.#onEvent = onEvent
    this.#queue = new WaitingJobs(options.queue ?? new DeficitQueue())
    this.#wide = new WideEngines(limits.cores, this.#costs)
    this.#onEngineTime = options.onEngineTime ?? (() => undefined)
    this.#crashes = new CrashLedger(limits.crashWindowMs)
    this.#fleet = new EngineFleet({ ...limits, enginesPerPool: limits.cores }, options.startEngine, nowMs, {
      onStopped: (slot) => this.#engineStopped(slot),
      isWanted: (modelKey, enginesOf) => this.#queue.sizeOfPool(poolOf(modelKey, enginesOf)) > 0,
    })
    const crossTenant = options.sharedEngines && options.crossTenantBatching === true
    this.#batching = new Batching(this.#fleet.proofs, { maxElements: limits.maxBatchElements, crossTenant }, nowMs)
    const shared = { limits, nowMs, queue: this.#queue, running: this.#running, fleet: this.#fleet }
    this.#admission = new AdmissionControl({ ...shared, costs: this.#costs, crashes: this.#crashes })
    this.#supply = new EngineSupply({
      ...shared,
      cores: limits.cores,
      wide: this.#wide,
      onEvent,
      onCrash: (job) => this.#recordCrash(job),
      onStartOver: () => this.#settled(),
    })
    this.#sweep = setInterval(() => this.#fleet.stopIdle(limits.engineIdleMs), Math.ceil(limits.engineIdleMs / 4))
    this.#sweep.unref()
  }

  /** Engine processes that exist. */
  get engines(): number {
    return this.#fleet.engines
  }

  /** Requests that wait for an engine. */
  get waiting(): number {
    return this.#queue.size
  }

  /** How many engines are in each phase. */
  census(): ReturnType<EngineFleet['census']> {
    return this.#fleet.census()
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
    const isShared = this.#shared && request.model.sharedEngines === true
    const enginesOf = isShared ? undefined : request.tenant
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

  /** Stops every engine that has done nothing for that long. */
  stopIdleEngines(idleMs: number): void {
    this.#fleet.stopIdle(idleMs)
  }

  /** Whether requests to a model can share a run, as far as any engine of it has found out. */
  rowsOf(modelKey: string): RowsProof | undefined {
    return this.#batching.rowsOf(modelKey)
  }

  isQuarantined(modelKey: string, tenant: string): boolean {
    return this.#crashes.isQuarantined(modelKey, tenant)
  }

  /** True when there was one, for whichever tenant. */
  clearQuarantine(modelKey: string): boolean {
    return this.#crashes.clear(modelKey)
  }

  /**
   * Fails every run of a tenant with that error and kills the engines that served it alone, and shared ones on which nobody
   * else waits for a run; resolves when they are dead. A model that it is uploading loads on: whoever publishes that asks for
   * the tenant. Nothing that was learned of it is left for the next of that name, nor what it owes: what its runs take from now
   * on is charged to nobody.
   */
  async releaseTenant(tenant: string, error: Error): Promise<void> {
    const isRun = (job: Job): boolean => job.tenant === tenant && !job.isLoad
    this.#queue.rejectAll(isRun, error)
    const running = [...this.#running.jobs()].filter(isRun)
    for (const job of running) job.reject(error)
    const isUnwanted = (job: Job): boolean => this.#running.together(job).every(({ settled }) => settled)
    const slots = new Set(running.filter(isUnwanted).flatMap((job) => this.#running.slotOf(job) ?? []))
    const stopped = [...slots].map((slot) => this.#fleet.stop(slot, 'released'))
    await Promise.all([this.#fleet.releaseTenant(tenant), ...stopped])
    this.#stays.forget(tenant)
    this.#queue.forgetTenant(tenant)
    this.#crashes.forgetTenant(tenant)
    this.#forgetPools((pool) => isPoolOf(pool, tenant))
  }

  /** Fails every request for a model with that error and kills its engines; resolves when they are dead. */
  async release(modelKey: string, error: Error): Promise<void> {
    this.#queue.rejectAll((job) => job.modelKey === modelKey, error)
    for (const job of this.#running.jobs()) if (job.modelKey === modelKey) job.reject(error)
    await this.#fleet.release(modelKey)
    this.#crashes.clear(modelKey)
    this.#fleet.proofs.forget(modelKey)
    this.#forgetPools((pool) => pool.startsWith(poolOf(modelKey, undefined)))
  }

  #forgetPools(matches: (pool: string) => boolean): void {
    this.#costs.forget(matches)
    this.#wide.forget(matches)
  }

  /** Takes no new work, finishes what it has, at the latest after that time, and kills every engine. */
  async close(drainMs: number): Promise<void> {
    this.#admission.drain()
    clearInterval(this.#sweep)
    if (drainMs > 0 && this.#queue.size + this.#running.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, drainMs)
      this.#onEmpty = resolve
      await promise
      clearTimeout(timer)
    }
    const error = new SchedulerError('SERVER_DRAINING', { retryAfterSeconds: wholeSeconds(drainMs) })
    this.#queue.rejectAll(() => true, error)
    for (const job of this.#running.jobs()) job.reject(error)
    await this.#fleet.releaseAll()
  }

  async #submit<T>(request: JobRequest, how: Submission, work: Work<T>): Promise<T> {
    const nowMs = this.#nowMs()
    const cost = this.#costs.of(poolOf(request.model.key, how.enginesOf))
    const fields = describeJob(request, how, how.isLoad ? 0 : (cost?.predictMs(request.costBytes) ?? 0), nowMs)
    this.#admission.admit(fields)
    const { job, result } = createJob(fields, work)
    this.#stays.begin(job)
    this.#wide.arrives(job, this.#queue.size + this.#running.size, nowMs)
    this.#queue.add(job)
    this.#pump()
    job.hasWaited = this.#running.slotOf(job) === undefined
    watchJob(job, (error) => this.#giveUp(job, error))
    return result
  }

  /** Serves as many waiting jobs as there are free cores. */
  #pump(): void {
    while (this.#queue.size > 0 && this.#running.threads < this.#limits.cores) {
      const next = this.#queue.next((job) => this.#supply.verdict(job))
      if (next === undefined) return
      if (next.verdict === 'start') void this.#supply.start(next.job)
      else if (this.#admission.comesTooLate(next.job)) this.#queue.drop(next.job)
      else void this.#run(this.#gather(next.job))
    }
  }

  #gather(first: Job): Jobs {
    const freeCores = this.#limits.cores - this.#running.threads
    const free = Math.min(freeCores, this.#fleet.idleCount(first.modelKey, first.enginesOf))
    return this.#batching.gather(first, this.#queue, free, (job) => !this.#admission.comesTooLate(job))
  }

  async #run(jobs: Jobs): Promise<void> {
    const [first] = jobs
    const slot = this.#supply.slotFor(first)
    if (slot?.phase.name !== 'idle') throw new RangeError('a job was to run, and no engine is idle')
    const { engine } = slot.phase
    slot.step({ name: 'taken' })
    slot.tenant ??= first.enginesOf
    if (first.enginesOf === undefined && !first.isLoad) slot.isShared = true
    const startedAtMs = this.#nowMs()
    this.#running.add(jobs, slot, startedAtMs)
    const running = this.#batching.run(jobs, engine, startedAtMs)
    // The engine is given back before a caller can ask again, which takes a turn less than waiting for a list of one.
    const failures = running.length === 1 ? [await running[0]] : await Promise.all(running)
    this.#running.delete(jobs)
    const tookMs = this.#nowMs() - startedAtMs
    for (const [index, job] of jobs.entries()) {
      const isHere = this.#stays.isHere(job)
      const shareMs = tookMs * shareOf(job, jobs)
      this.#queue.settle(job, isHere ? shareMs * slot.threads : 0)
      if (!isHere) continue
      this.#onEngineTime(job.tenant, shareMs * slot.threads)
      if (failures[index] === undefined && !job.isLoad) this.#wide.observe(job, slot.isWide, shareMs)
    }
    const hasDied = failures.some(isCrash) && (slot.stopReason ?? 'exited') === 'exited'
    if (hasDied && this.#batching.engineDied(jobs) !== undefined) this.#recordCrash(first)
    if (failures.some(isFatal)) void this.#fleet.stop(slot, 'failed')
    else slot.giveBack(this.#nowMs())
    this.#settled()
    // Whoever stopped this engine wants no other in its place.
    const isLeft = slot.phase.name === 'idle'
    if (isLeft && !this.#admission.isDraining && this.#supply.isToWiden(first)) {
      void this.#supply.start(first, this.#wide.threads)
    }
  }

  /** Takes a waiting job away at once; a running one has a little time to end before its engine is killed. */
  #giveUp(job: Job, error: SchedulerError): void {
    this.#queue.remove(job)
    const slot = this.#running.slotOf(job)
    // What runs alone until the server's own deadline is the engine's to end.
    const isAlone = this.#running.together(job).length === 1
    if (isAlone && error.code === 'DEADLINE_EXCEEDED' && job.deadlineAtMs >= job.endAtMs) return
    job.reject(error)
    if (slot === undefined) return
    setTimeout(() => {
      // Whoever shares the run still waits for it.
      const isWanted = this.#running.together(job).some((other) => !other.settled)
      if (this.#running.slotOf(job) === slot && !isWanted) void this.#fleet.stop(slot, 'cancelled')
    }, this.#limits.cancelGraceMs).unref()
  }

  /** Counts the death of an engine for the tenant of the job that it died of. */
  #recordCrash(job: Job): void {
    const { model, modelKey, tenant } = job
    if (!this.#stays.isHere(job) || !this.#crashes.record(modelKey, tenant, this.#nowMs())) return
    this.#onEvent({ event: 'model-quarantined', model: model.source.sha256 })
    const error = new SchedulerError('MODEL_QUARANTINED', { crashes: this.#crashes.limit })
    this.#queue.rejectAll((other) => other.modelKey === modelKey && other.tenant === tenant, error)
  }

  #engineStopped({ model, stopReason }: EngineSlot): void {
    this.#onEvent({ event: 'engine-stopped', model: model.source.sha256, reason: stopReason ?? 'exited' })
    this.#pump()
  }

  #settled(): void {
    this.#pump()
    if (this.#queue.size + this.#running.size === 0) this.#onEmpty()
  }
}
