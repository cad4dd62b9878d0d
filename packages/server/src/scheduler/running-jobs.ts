import type { EngineSlot } from './engine-slot.ts'
import type { Job } from './job.ts'

interface Run {
  readonly slot: EngineSlot
  readonly startedAtMs: number
}

/** The jobs that run, what they run on, and how much of them is left. */
export class RunningJobs {
  readonly #runs: Map<Job, Run> = new Map()

  get size(): number {
    return this.#runs.size
  }

  /** Threads that compute. */
  get threads(): number {
    let threads = 0
    for (const { slot } of this.#runs.values()) threads += slot.threads
    return threads
  }

  jobs(): Iterable<Job> {
    return this.#runs.keys()
  }

  slotOf(job: Job): EngineSlot | undefined {
    return this.#runs.get(job)?.slot
  }

  add(job: Job, slot: EngineSlot, startedAtMs: number): void {
    this.#runs.set(job, { slot, startedAtMs })
  }

  delete(job: Job): void {
    this.#runs.delete(job)
  }

  /** Engine time that those jobs will probably still take, leaving out one tenant's if it is named. */
  leftMs(nowMs: number, exceptTenant?: string): number {
    let left = 0
    for (const [job, { slot, startedAtMs }] of this.#runs) {
      if (job.tenant !== exceptTenant) left += Math.max(0, job.costMs - slot.threads * (nowMs - startedAtMs))
    }
    return left
  }
}
