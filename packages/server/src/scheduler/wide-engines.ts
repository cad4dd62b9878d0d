import { CostBook } from './cost-model.ts'
import type { Job } from './job.ts'
import { LoneCaller } from './lone-caller.ts'

/** Runs on one thread that take less than this are not worth a second engine. */
const WORTH_MS = 5
/** A wide engine that does not bring runs below this part of what one thread takes is given up. */
const WORTH_PART = 0.8

/** Pools whose wide engine did not start; of more, those of the last. */
const MAX_FAILED = 64

/** Whether a pool that nobody disturbs is better off with one engine of as many threads as there are cores. */
export class WideEngines {
  /** Threads of a wide engine. */
  readonly threads: number
  readonly #narrow: CostBook
  readonly #wide: CostBook = new CostBook()
  readonly #lone = new LoneCaller()
  readonly #failed: Set<string> = new Set()

  /** @param narrow - what runs take on one thread. */
  constructor(cores: number, narrow: CostBook) {
    this.threads = cores
    this.#narrow = narrow
  }

  /** A job comes while so many others wait or run. */
  arrives(job: Job, others: number, nowMs: number): void {
    this.#lone.arrives(job.pool, others, nowMs)
  }

  /** True while the job's pool is alone, and its runs are long enough and not known to gain nothing, nor to start no wide engine. */
  isWorthIt({ pool, costBytes, isLoad }: Job, nowMs: number): boolean {
    if (this.threads < 2 || isLoad || this.#failed.has(pool) || !this.#lone.isAlone(pool, nowMs)) return false
    const [narrow, wide] = [this.#narrow.of(pool), this.#wide.of(pool)]
    if (narrow?.isTrusted !== true) return false
    const narrowMs = narrow.predictMs(costBytes)
    return narrowMs >= WORTH_MS && !(wide?.isTrusted === true && wide.predictMs(costBytes) > WORTH_PART * narrowMs)
  }

  observe({ pool, costBytes }: Job, tookMs: number): void {
    this.#wide.observe(pool, costBytes, tookMs)
  }

  /** A wide engine of the pool did not start: none is tried again. */
  failed(pool: string): void {
    this.#failed.add(pool)
    const [oldest] = this.#failed
    if (this.#failed.size > MAX_FAILED && oldest !== undefined) this.#failed.delete(oldest)
  }

  forget(matches: (pool: string) => boolean): void {
    this.#wide.forget(matches)
    for (const pool of [...this.#failed].filter(matches)) this.#failed.delete(pool)
  }
}
