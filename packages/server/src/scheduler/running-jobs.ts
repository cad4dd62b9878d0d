import type { EngineSlot } from './engine-slot.ts'
import type { Job } from './job.ts'

interface Run {
  readonly slot: EngineSlot
  /** One, or those of a batch. */
  readonly jobs: readonly Job[]
  readonly startedAtMs: number
}

/** The jobs that run, alone or together, what they run on, and how much of them is left. */
export class RunningJobs {
  readonly #runs: Map<Job, Run> = new Map()
  #size = 0

  /** Engines that compute. */
  get size(): number {
    return this.#size
  }

  /** Threads that compute. */
  get threads(): number {
    let threads = 0
    for (const { slot } of new Set(this.#runs.values())) threads += slot.threads
    return threads
  }

  jobs(): Iterable<Job> {
    return this.#runs.keys()
  }

  slotOf(job: Job): EngineSlot | undefined {
    return this.#runs.get(job)?.slot
  }

  /** The jobs that run together with this one, and this one. */
  together(job: Job): readonly Job[] {
    return this.#runs.get(job)?.jobs ?? []
  }

  add(jobs: readonly Job[], slot: EngineSlot, startedAtMs: number): void {
    const run = { slot, jobs, startedAtMs }
    for (const job of jobs) this.#runs.set(job, run)
    this.#size++
  }

  delete(jobs: readonly Job[]): void {
    for (const job of jobs) this.#runs.delete(job)
    this.#size--
  }

  /** Engine time that those jobs will probably still take, leaving out one tenant's if it is named. */
  leftMs(nowMs: number, exceptTenant?: string): number {
    let left = 0
    for (const { slot, jobs, startedAtMs } of new Set(this.#runs.values())) {
      const costMs = jobs.reduce((sum, job) => sum + (job.tenant === exceptTenant ? 0 : job.costMs), 0)
      left += Math.max(0, costMs - slot.threads * (nowMs - startedAtMs))
    }
    return left
  }
}
