import type { RowsProof, Stack } from '../runtime/host/index.ts'

/** What a batch may be made of. */
export interface BatchRules {
  /** Elements of all inputs of a batch; 0 for no batches at all. */
  readonly maxElements: number
  /** What the operator allows: more than one tenant in a batch. */
  readonly crossTenant: boolean
}

/** What is looked at of a job. */
export interface BatchMember {
  readonly tenant: string
  /** Of the model's owner. */
  readonly allowsCrossTenantBatches: boolean
  /** Undefined for what cannot be computed together with anything. */
  readonly stack: Stack | undefined
}

/**
 * A batch while it is put together, from the first of its jobs.
 *
 * Another joins it when its tensors are of the same shape but for the rows, so that nothing is padded; while neither elements
 * nor rows are more than they may be; and when it is of the same tenant, unless the operator, the model's owner and the proof
 * of the model all allow others.
 */
export class Batch {
  readonly #first: BatchMember
  readonly #rules: BatchRules
  readonly #maxRows: number
  readonly #maxJobs: number
  #jobs = 1
  #rows: number
  #elements: number

  /** @param maxJobs - so that engines that are free get a share each. */
  constructor(first: BatchMember, rules: BatchRules, proof: RowsProof | undefined, maxJobs: number) {
    this.#first = first
    this.#rules = rules
    this.#maxRows = proof !== undefined && 'maxRows' in proof ? proof.maxRows : 0
    this.#maxJobs = maxJobs
    this.#rows = first.stack?.rows ?? 0
    this.#elements = first.stack?.elements ?? 0
  }

  /** True when no job can join, whatever it is. */
  get isFull(): boolean {
    const first = this.#first.stack
    if (first === undefined || this.#jobs >= this.#maxJobs) return true
    return this.#rows + 1 > this.#maxRows || this.#elements + first.elements / first.rows > this.#rules.maxElements
  }

  /** Takes a job in where it may join; false where not. */
  accepts(job: BatchMember): boolean {
    const { stack } = job
    if (stack === undefined || stack.key !== this.#first.stack?.key || this.#jobs >= this.#maxJobs) return false
    if (this.#rows + stack.rows > this.#maxRows || this.#elements + stack.elements > this.#rules.maxElements)
      return false
    if (job.tenant !== this.#first.tenant && !this.#mayBeShared(job)) return false
    this.#jobs++
    this.#rows += stack.rows
    this.#elements += stack.elements
    return true
  }

  #mayBeShared(job: BatchMember): boolean {
    return this.#rules.crossTenant && this.#first.allowsCrossTenantBatches && job.allowsCrossTenantBatches
  }
}
