/** How often something happened, and how long it took in all. */
export interface DurationStatistic {
  readonly count: number
  readonly ns: number
}

/** The parts of a request's time. Source: Triton statistics extension, `$inference_stats`. */
export interface InferenceStatistics {
  readonly success: DurationStatistic
  readonly fail: DurationStatistic
  /** Waiting for an engine. */
  readonly queue: DurationStatistic
  /** From the bytes of the request to tensors. */
  readonly computeInput: DurationStatistic
  /** In the engine. */
  readonly computeInfer: DurationStatistic
  /** From tensors to the bytes of the answer. */
  readonly computeOutput: DurationStatistic
}

/** What a model has done. */
export interface ModelStatistics extends InferenceStatistics {
  /** Runs that answered: fewer than requests where some were computed together. */
  readonly executions: number
  /** When the last request came, in whole seconds since the epoch; 0 for none. */
  readonly lastInference: number
}

/** One request that is over. A failed one has the parts that it came to. */
export interface FinishedRequest {
  readonly succeeded: boolean
  readonly atSeconds: number
  readonly totalNs: number
  /** Runs of an engine that count for it. */
  readonly executions: number
  readonly queueNs?: number
  readonly computeInputNs?: number
  readonly computeInferNs?: number
  readonly computeOutputNs?: number
}

/** Whose requests are counted: a tenant, until it is forgotten. */
export interface Asker {
  readonly tenant: string
}

/** Models and tenants together that are counted; past them the model that was idle longest starts again at nothing. */
const MAX_COUNTERS = 65_536

/** No tenant has this name. */
const NOBODY = ''

const PARTS = ['success', 'fail', 'queue', 'computeInput', 'computeInfer', 'computeOutput'] as const
type Part = (typeof PARTS)[number]
type Counter = { [Name in Part]: { count: number; ns: number } } & { executions: number; lastInference: number }

/**
 * Counts and durations by model and tenant, since the process started. A tenant sees its own requests; the owner of a model
 * those of all that it granted the model to, together. Nothing here depends on the content of a request but its duration.
 */
export class StatisticsLedger {
  readonly #maxCounters: number
  /** By model, the longest idle first, and by tenant. */
  readonly #models: Map<string, Map<string, Counter>> = new Map()
  /** By name. Whoever is forgotten is nobody in all requests that are still under way. */
  readonly #askers: Map<string, { tenant: string }> = new Map()
  #counters = 0

  constructor(maxCounters: number = MAX_COUNTERS) {
    this.#maxCounters = maxCounters
  }

  /** Who asks, for a request that is only recorded later. */
  asker(tenant: string): Asker {
    const asker = this.#askers.get(tenant) ?? { tenant }
    this.#askers.set(tenant, asker)
    return asker
  }

  record(modelKey: string, { tenant }: Asker, request: FinishedRequest): void {
    const counter = this.#counter(modelKey, tenant)
    counter.lastInference = request.atSeconds
    if (request.succeeded) counter.executions += request.executions
    add(counter, request.succeeded ? 'success' : 'fail', request.totalNs)
    add(counter, 'queue', request.queueNs)
    add(counter, 'computeInput', request.computeInputNs)
    add(counter, 'computeInfer', request.computeInferNs)
    add(counter, 'computeOutput', request.computeOutputNs)
  }

  /** What a tenant asked of a model; what everybody did, for `tenant` undefined. */
  of(modelKey: string, tenant: string | undefined): ModelStatistics {
    const tenants = this.#models.get(modelKey) ?? new Map<string, Counter>()
    return sumOf([...tenants].filter(([asker]) => tenant === undefined || asker === tenant).map(([, one]) => one))
  }

  /** Forgets a model that is deleted. */
  forget(modelKey: string): void {
    this.#counters -= this.#models.get(modelKey)?.size ?? 0
    this.#models.delete(modelKey)
  }

  /** Counts what a tenant that is gone has asked for as nobody's: it stays in the sums, and is not the next one's of its name. */
  forgetTenant(tenant: string): void {
    const asker = this.#askers.get(tenant)
    if (asker !== undefined) asker.tenant = NOBODY
    this.#askers.delete(tenant)
    for (const tenants of this.#models.values()) {
      const counter = tenants.get(tenant)
      if (counter === undefined) continue
      tenants.delete(tenant)
      const former = tenants.get(NOBODY)
      if (former !== undefined) this.#counters--
      tenants.set(NOBODY, former === undefined ? counter : sumOf([former, counter]))
    }
  }

  #counter(modelKey: string, tenant: string): Counter {
    const tenants = this.#models.get(modelKey) ?? new Map<string, Counter>()
    this.#models.delete(modelKey)
    this.#models.set(modelKey, tenants)
    const known = tenants.get(tenant)
    if (known !== undefined) return known
    const counter = emptyCounter()
    tenants.set(tenant, counter)
    this.#counters++
    for (const idle of this.#models.keys()) {
      if (this.#counters <= this.#maxCounters) break
      this.forget(idle)
    }
    return counter
  }
}

function sumOf(counters: readonly Counter[]): Counter {
  const sum = emptyCounter()
  for (const counter of counters) {
    for (const part of PARTS) {
      sum[part].count += counter[part].count
      sum[part].ns += counter[part].ns
    }
    sum.executions += counter.executions
    sum.lastInference = Math.max(sum.lastInference, counter.lastInference)
  }
  return sum
}

function emptyCounter(): Counter {
  const none = (): { count: number; ns: number } => ({ count: 0, ns: 0 })
  return {
    success: none(),
    fail: none(),
    queue: none(),
    computeInput: none(),
    computeInfer: none(),
    computeOutput: none(),
    executions: 0,
    lastInference: 0,
  }
}

function add(counter: Counter, part: Part, ns: number | undefined): void {
  if (ns === undefined) return
  counter[part].count++
  counter[part].ns += ns
}
