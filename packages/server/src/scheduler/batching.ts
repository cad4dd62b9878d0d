import type { Engine, RowsProof } from '../runtime/host/index.ts'
import { Batch, type BatchRules } from './batch.ts'
import type { Job } from './job.ts'
import type { RowProofs } from './row-proofs.ts'
import { type Jobs, runTogether } from './run-together.ts'
import type { WaitingJobs } from './waiting-jobs.ts'

/** Takes jobs that wait and can be computed together, and runs them. */
export class Batching {
  readonly #proofs: RowProofs
  readonly #rules: BatchRules
  readonly #nowMs: () => number

  /** @param rules - as the operator has them. */
  constructor(proofs: RowProofs, rules: BatchRules, nowMs: () => number) {
    this.#proofs = proofs
    this.#rules = rules
    this.#nowMs = nowMs
  }

  /** Whether requests to a model can share a run, as far as any engine of it has found out. */
  rowsOf(modelKey: string): RowsProof | undefined {
    return this.#proofs.of(modelKey)
  }

  /**
   * Takes from the queue what has gathered behind a job: a batch is what waits when an engine becomes free.
   *
   * @param free - engines that are free at the same time: each gets an equal part of what waits.
   */
  gather(first: Job, queue: WaitingJobs, free: number, mayRun: (job: Job) => boolean): Jobs {
    const { modelKey, pool } = first
    const maxJobs = Math.ceil((queue.sizeOfPool(pool) + 1) / Math.max(1, free))
    const crossTenant = this.#rules.crossTenant && !this.#proofs.areTenantsKeptApart(modelKey)
    const batch = new Batch(first, { ...this.#rules, crossTenant }, this.#proofs.of(modelKey), maxJobs)
    if (batch.isFull) return [first]
    return [first, ...queue.companions(first, (job) => mayRun(job) && batch.accepts(job))]
  }

  /** Runs jobs on an engine: what each of them failed with, undefined where it did not. Nothing rejects. */
  run(jobs: Jobs, engine: Engine, startedAtMs: number): readonly Promise<unknown>[] {
    const shares = runTogether(jobs, engine, this.#proofs, this.#nowMs)
    return jobs.map((job, index) => job.run(shares[index] ?? { engine, executions: 1 }, startedAtMs))
  }

  /**
   * Says that an engine died of jobs: gives the tenant whose requests they were. Where several shared the run nobody knows
   * whose fault it was, and no two tenants of the model share one from then on.
   */
  engineDied(jobs: Jobs): string | undefined {
    const [{ tenant, modelKey }] = jobs
    if (jobs.every((job) => job.tenant === tenant)) return tenant
    this.#proofs.keepTenantsApart(modelKey)
    return undefined
  }
}
