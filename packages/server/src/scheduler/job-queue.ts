/** What a queue may know of a job: who asks, what for, how urgently, and what it costs. Never its contents. */
export interface QueuedJob {
  readonly tenant: string
  readonly modelKey: string
  /** Names the engines that may do it. */
  readonly pool: string
  /** What its input weighs. */
  readonly costBytes: number
  /** Engine time that it will probably take; 0 while nothing like it has run yet. */
  readonly costMs: number
  /** 1 is served first. */
  readonly priority: number
  readonly deadlineAtMs: number
}

/** `run`: take it out, an engine is free; `start`: leave it, an engine will be started for it; `wait`: pass it over. */
export type Verdict = 'run' | 'start' | 'wait'

/** Engine time that a queue would give to others before a job. */
export interface Ahead {
  /** To jobs of the same tenant. */
  readonly ownMs: number
  readonly othersMs: number
  /** To other tenants even if this one had nothing else waiting and owed nothing. */
  readonly othersFirstMs: number
}

/**
 * The order in which waiting jobs are served: the seam at which another policy is put in.
 *
 * The scheduler calls nothing else of a policy, and a policy knows no engine and no clock. Each job that leaves by `next`
 * or `companions` is settled once, when what it took is known.
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
   * runs leaves the queue. Undefined when all of them wait. Jobs of one tenant and pool have one verdict.
   */
  next(decide: (job: Job) => Verdict): { readonly job: Job; readonly verdict: 'run' | 'start' } | undefined
  /** More jobs of the pool of one that `next` gave, to go with it: those that are accepted leave, in the order of service. */
  companions(first: Job, accepts: (job: Job) => boolean): Job[]
  /** Takes note of the engine time that a job took in the end, in place of what was expected. */
  settle(job: Job, tookMs: number): void
  /** Forgets what a tenant that is gone owes; what of it still waits or is not settled yet costs the next of its name nothing. */
  forgetTenant(tenant: string): void
  /** What would be served before this job, if it came now. */
  ahead(job: QueuedJob): Ahead
}
