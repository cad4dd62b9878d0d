import type { Job } from './job.ts'

/** Tells the jobs of a tenant from those of an earlier one of its name, which may still run when that one is forgotten. */
export class TenantStays {
  /** By name, what is new with each stay. */
  readonly #stays: Map<string, object> = new Map()
  readonly #byJob: WeakMap<Job, object> = new WeakMap()

  /** Notes whose a job is. */
  begin(job: Job): void {
    const stay = this.#stays.get(job.tenant) ?? {}
    this.#stays.set(job.tenant, stay)
    this.#byJob.set(job, stay)
  }

  /** False for a job whose tenant was forgotten after it began. */
  isHere(job: Job): boolean {
    return this.#stays.get(job.tenant) === this.#byJob.get(job)
  }

  forget(tenant: string): void {
    this.#stays.delete(tenant)
  }
}
