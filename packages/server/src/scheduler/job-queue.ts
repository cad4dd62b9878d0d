/** What a queue may know of a job: who asks, what for, and what it costs. Never its contents. */
export interface QueuedJob {
  readonly tenant: string
  readonly modelKey: string
  readonly costBytes: number
}

/** `run`: take it out, an engine is free; `start`: leave it, an engine will be started for it; `wait`: pass it over. */
export type Verdict = 'run' | 'start' | 'wait'

/**
 * The order in which waiting jobs are served: the seam at which another policy is put in.
 *
 * The scheduler calls nothing else of a policy, and a policy knows no engine.
 */
export interface JobQueue<Job extends QueuedJob> {
  readonly size: number
  /** How many jobs of a tenant wait. */
  sizeOf(tenant: string): number
  add(job: Job): void
  /** False when the job was not there. */
  remove(job: Job): boolean
  /** The jobs of which `matches` is true, taken out. */
  removeAll(matches: (job: Job) => boolean): Job[]
  /**
   * Shows jobs in the order in which they should be served, until `decide` says something else than `wait`. A job that
   * runs leaves the queue. Undefined when all of them wait.
   */
  next(decide: (job: Job) => Verdict): { readonly job: Job; readonly verdict: 'run' | 'start' } | undefined
}

/** Tenants take turns; within a tenant, first come, first served among those that can be. */
export class RoundRobinQueue<Job extends QueuedJob> implements JobQueue<Job> {
  /** In the order of turns: a `Map` remembers insertion, and who was served is inserted anew. */
  readonly #waiting: Map<string, Job[]> = new Map()
  #size = 0

  get size(): number {
    return this.#size
  }

  sizeOf(tenant: string): number {
    return this.#waiting.get(tenant)?.length ?? 0
  }

  add(job: Job): void {
    const jobs = this.#waiting.get(job.tenant)
    if (jobs === undefined) this.#waiting.set(job.tenant, [job])
    else jobs.push(job)
    this.#size++
  }

  remove(job: Job): boolean {
    const jobs = this.#waiting.get(job.tenant)
    const at = jobs?.indexOf(job) ?? -1
    if (jobs === undefined || at < 0) return false
    this.#removeAt(job.tenant, jobs, at)
    return true
  }

  removeAll(matches: (job: Job) => boolean): Job[] {
    const removed: Job[] = []
    for (const jobs of this.#waiting.values()) removed.push(...jobs.filter(matches))
    for (const job of removed) this.remove(job)
    return removed
  }

  next(decide: (job: Job) => Verdict): { readonly job: Job; readonly verdict: 'run' | 'start' } | undefined {
    for (const [tenant, jobs] of this.#waiting) {
      for (const [at, job] of jobs.entries()) {
        const verdict = decide(job)
        if (verdict === 'wait') continue
        this.#waiting.delete(tenant)
        this.#waiting.set(tenant, jobs)
        if (verdict === 'run') this.#removeAt(tenant, jobs, at)
        return { job, verdict }
      }
    }
    return undefined
  }

  #removeAt(tenant: string, jobs: Job[], at: number): void {
    jobs.splice(at, 1)
    this.#size--
    if (jobs.length === 0) this.#waiting.delete(tenant)
  }
}
