import { vi } from 'vitest'
import { defaultLimits } from '../../src/config-limits.ts'
import type { Engine, EngineLimits } from '../../src/runtime/host/index.ts'
import { Scheduler, type SchedulerLimits } from '../../src/scheduler/index.ts'
import type { JobEngine } from '../../src/scheduler/run-together.ts'
import { DESCRIPTION, engineError, fakeModel } from '../fixtures/fake-engines.ts'

/** A request in simulated time. */
export interface Ask {
  readonly tenant: string
  readonly model?: string
  /** What it takes on one thread; its input weighs ten bytes for each millisecond. */
  readonly tookMs: number
  readonly priority?: number
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** What became of it, and when. */
export interface Told {
  readonly ask: Ask
  readonly askedAtMs: number
  readonly settledAtMs: number
  readonly code: 'answered' | string
  readonly details: { readonly retryAfterSeconds?: number; readonly deadlineMs?: number }
}

/**
 * A scheduler whose engines do nothing but let simulated time pass: no process, no clock, the same each time.
 *
 * `vi.useFakeTimers()` must hold.
 */
export class Simulation {
  readonly scheduler: Scheduler
  readonly told: Told[] = []
  /** In the order in which runs began. */
  readonly runs: { readonly ask: Ask; readonly threads: number; readonly startedAtMs: number }[] = []
  /** Engine time, run by run. */
  readonly charged: number[] = []
  /** Threads that ever computed at once. */
  mostThreads = 0
  /** Of what one thread takes, what so many take. */
  speedup: (threads: number) => number = (threads) => threads
  loadMs = 0
  /** Called before an engine has started; may throw. */
  beforeStart: (limits: EngineLimits) => void = () => undefined
  #threads = 0

  constructor(limits: Partial<SchedulerLimits> = {}, sharedEngines = false) {
    this.scheduler = new Scheduler({
      limits: { ...defaultLimits(), cores: 2, engineIdleMs: 86_400_000, ...limits },
      sharedEngines,
      startEngine: async (_model, engineLimits) => {
        if (this.loadMs > 0) await pass(this.loadMs)
        this.beforeStart(engineLimits)
        return this.#engine(engineLimits)
      },
      nowMs: () => Date.now(),
      onEvent: () => undefined,
      onEngineTime: (_tenant, ms) => this.charged.push(ms),
    })
  }

  ask(ask: Ask): void {
    const askedAtMs = Date.now()
    const key = ask.model ?? 'm'
    const { tenant, priority, timeoutMs, signal } = ask
    const request = {
      tenant,
      model: { key, source: fakeModel(key) },
      costBytes: Math.round(10 * ask.tookMs),
      ...(priority === undefined ? {} : { priority }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(signal === undefined ? {} : { signal }),
    }
    const tell = (code: string, details: Told['details']): void => {
      this.told.push({ ask, askedAtMs, settledAtMs: Date.now(), code, details })
    }
    this.scheduler
      .perform(request, (engine) => this.#work(engine, ask))
      .then(
        () => tell('answered', {}),
        (error: { readonly code: string; readonly details: Told['details'] }) => tell(error.code, error.details),
      )
  }

  /** Lets simulated time pass. */
  async pass(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms)
  }

  /** Runs jobs of one size after the other, until their cost is known. */
  async teach(tenant: string, tookMs: number, model = 'm'): Promise<void> {
    for (let i = 0; i < 10; i++) {
      this.ask({ tenant, tookMs, model })
      await this.pass(Math.ceil(tookMs) + this.loadMs + 1)
    }
  }

  /** What became of the requests of a tenant. */
  of(tenant: string): readonly Told[] {
    return this.told.filter(({ ask }) => ask.tenant === tenant)
  }

  /** Engine time that was given to a tenant until now. */
  servedMs(tenant: string): number {
    return this.runs.reduce((sum, { ask }) => (ask.tenant === tenant ? sum + ask.tookMs : sum), 0)
  }

  readonly #threadsOf: WeakMap<JobEngine, number> = new WeakMap()
  readonly #killed: WeakMap<JobEngine, Promise<unknown>> = new WeakMap()

  async #work(engine: JobEngine, ask: Ask): Promise<void> {
    const threads = this.#threadsOf.get(engine) ?? 1
    this.runs.push({ ask, threads, startedAtMs: Date.now() })
    this.#threads += threads
    this.mostThreads = Math.max(this.mostThreads, this.#threads)
    const computed = pass(threads === 1 ? ask.tookMs : ask.tookMs / this.speedup(threads))
    const killed = this.#killed.get(engine)?.then(() => Promise.reject(engineError('ENGINE_STOPPED')))
    try {
      await Promise.race([computed, ...(killed === undefined ? [] : [killed])])
    } finally {
      this.#threads -= threads
    }
  }

  #engine({ threads }: EngineLimits): Engine {
    const { promise, resolve } = Promise.withResolvers<Awaited<Engine['exited']>>()
    const engine: Engine = {
      description: DESCRIPTION,
      exited: promise,
      infer: async () => [],
      inferTogether: async () => [],
      run: async () => [],
      kill: async () => resolve({ reason: 'stopped', exitCode: null, signal: 'SIGKILL' }),
    }
    this.#threadsOf.set(engine, threads)
    this.#killed.set(engine, promise)
    return engine
  }
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
