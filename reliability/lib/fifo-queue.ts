import type { Ahead, JobQueue, QueuedJob, Verdict } from '@blindai/server'

/** First come, first served, whoever it is: the planted fault of fairness. */
export class FifoQueue<Job extends QueuedJob> implements JobQueue<Job> {
  readonly #jobs: Job[] = []

  get size(): number {
    return this.#jobs.length
  }

  sizeOf(tenant: string): number {
    return this.#jobs.filter((job) => job.tenant === tenant).length
  }

  add(job: Job): void {
    this.#jobs.push(job)
  }

  remove(job: Job): boolean {
    const at = this.#jobs.indexOf(job)
    if (at >= 0) this.#jobs.splice(at, 1)
    return at >= 0
  }

  removeAll(matches: (job: Job) => boolean): Job[] {
    const removed = this.#jobs.filter(matches)
    for (const job of removed) this.remove(job)
    return removed
  }

  next(decide: (job: Job) => Verdict): { readonly job: Job; readonly verdict: 'run' | 'start' } | undefined {
    for (const job of this.#jobs) {
      const verdict = decide(job)
      if (verdict === 'wait') continue
      if (verdict === 'run') this.remove(job)
      return { job, verdict }
    }
    return undefined
  }

  companions(first: Job, accepts: (job: Job) => boolean): Job[] {
    return this.removeAll((job) => job.pool === first.pool && accepts(job))
  }

  settle(): void {
    // Nobody is charged here.
  }

  forgetTenant(): void {
    // Nor is anything owed.
  }

  ahead({ tenant }: QueuedJob): Ahead {
    const costOf = (own: boolean): number =>
      this.#jobs.reduce((sum, job) => ((job.tenant === tenant) === own ? sum + job.costMs : sum), 0)
    return { ownMs: costOf(true), othersMs: costOf(false), othersFirstMs: costOf(false) }
  }
}
