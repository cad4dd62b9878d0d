import type { Job } from './job.ts'
import type { Ahead, JobQueue, QueuedJob, Verdict } from './job-queue.ts'
import { SchedulerError } from './scheduler-error.ts'

/** The jobs that wait: in the order of the queue's policy, and counted by the pool of engines that they wait for. */
export class WaitingJobs {
  readonly #queue: JobQueue<Job>
  readonly #byPool: Map<string, number> = new Map()

  constructor(queue: JobQueue<Job>) {
    this.#queue = queue
  }

  get size(): number {
    return this.#queue.size
  }

  sizeOf(tenant: string): number {
    return this.#queue.sizeOf(tenant)
  }

  sizeOfPool(pool: string): number {
    return this.#byPool.get(pool) ?? 0
  }

  add(job: Job): void {
    this.#queue.add(job)
    this.#byPool.set(job.pool, this.sizeOfPool(job.pool) + 1)
  }

  /** Does nothing when the job does not wait. */
  remove(job: Job): void {
    if (this.#queue.remove(job)) this.#left(job)
  }

  /** Fails the jobs of which `matches` is true. */
  rejectAll(matches: (job: Job) => boolean, error: unknown): void {
    const removed = this.#queue.removeAll(matches)
    for (const job of removed) this.#left(job)
    for (const job of removed) job.reject(error)
  }

  /** As the queue's; what comes of a job that runs is to be settled. */
  next(decide: (job: Job) => Verdict): { readonly job: Job; readonly verdict: 'run' | 'start' } | undefined {
    const next = this.#queue.next(decide)
    if (next?.verdict === 'run') this.#left(next.job)
    return next
  }

  /** As the queue's; each of them is to be settled. */
  companions(first: Job, accepts: (job: Job) => boolean): Job[] {
    const taken = this.#queue.companions(first, accepts)
    for (const job of taken) this.#left(job)
    return taken
  }

  /** Fails a job that came to run when its deadline could not be met any more; it took nothing. */
  drop(job: Job): void {
    this.#queue.settle(job, 0)
    job.reject(new SchedulerError('DEADLINE_EXCEEDED', { deadlineMs: job.deadlineMs }))
  }

  settle(job: Job, tookMs: number): void {
    this.#queue.settle(job, tookMs)
  }

  forgetTenant(tenant: string): void {
    this.#queue.forgetTenant(tenant)
  }

  ahead(job: QueuedJob): Ahead {
    return this.#queue.ahead(job)
  }

  #left({ pool }: Job): void {
    const left = this.sizeOfPool(pool) - 1
    if (left > 0) this.#byPool.set(pool, left)
    else this.#byPool.delete(pool)
  }
}
