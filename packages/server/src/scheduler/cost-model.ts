/** Runs after which a prediction is worth refusing work for. */
export const RUNS_TO_TRUST = 8
/** How much the newest run counts against all before it. */
const WEIGHT = 0.05
/** A run of a size between others that took longer or shorter than predicted by more than this counts as one that did not. */
const OUTLIER_FACTOR = 4
/** What a scheduler of the operating system adds to any run, however short. */
const OUTLIER_SLACK_MS = 1
/** Pools whose costs are remembered. */
const MAX_POOLS = 4096

/**
 * What runs of one pool take: `a + b × bytes` milliseconds, neither negative, learned from the runs as they end. Newer runs
 * count more, single ones that are far off count little, and nothing is predicted beyond the sizes that were seen.
 *
 * Least squares over exponentially weighted means. Source: T. Finch, "Incremental calculation of weighted mean and
 * variance" (2009), section 9.
 */
export class RunCost {
  #runs = 0
  #meanBytes = 0
  #meanMs = 0
  #variance = 0
  #covariance = 0
  #leastBytes = Number.POSITIVE_INFINITY
  #mostBytes = 0

  get isTrusted(): boolean {
    return this.#runs >= RUNS_TO_TRUST
  }

  /** 0 before the first run. */
  predictMs(bytes: number): number {
    if (this.#runs === 0) return 0
    const seen = Math.min(this.#mostBytes, Math.max(this.#leastBytes, bytes))
    const slope = this.#slope()
    return Math.max(0, this.#meanMs + slope * (seen - this.#meanBytes))
  }

  observe(bytes: number, tookMs: number): void {
    if (!(bytes >= 0 && bytes < Number.POSITIVE_INFINITY && tookMs >= 0 && tookMs < Number.POSITIVE_INFINITY)) return
    const isLikeOthers = this.isTrusted && bytes >= this.#leastBytes && bytes <= this.#mostBytes
    const ms = isLikeOthers ? this.#withinReason(bytes, tookMs) : tookMs
    this.#runs++
    this.#leastBytes = Math.min(this.#leastBytes, bytes)
    this.#mostBytes = Math.max(this.#mostBytes, bytes)
    const weight = Math.max(WEIGHT, 1 / this.#runs)
    const [fromBytes, fromMs] = [bytes - this.#meanBytes, ms - this.#meanMs]
    this.#meanBytes += weight * fromBytes
    this.#meanMs += weight * fromMs
    this.#variance = (1 - weight) * (this.#variance + weight * fromBytes * fromBytes)
    this.#covariance = (1 - weight) * (this.#covariance + weight * fromBytes * fromMs)
  }

  #withinReason(bytes: number, tookMs: number): number {
    const predicted = this.predictMs(bytes)
    const least = predicted / OUTLIER_FACTOR - OUTLIER_SLACK_MS
    return Math.min(predicted * OUTLIER_FACTOR + OUTLIER_SLACK_MS, Math.max(least, tookMs))
  }

  /** Neither a longer input that costs less, nor a part that every run has and that is negative. */
  #slope(): number {
    if (this.#variance === 0) return 0
    const slope = Math.max(0, this.#covariance / this.#variance)
    return this.#meanBytes * slope > this.#meanMs ? this.#meanMs / this.#meanBytes : slope
  }
}

/** The costs of all pools; of so many, those that ran last. */
export class CostBook {
  readonly #costs: Map<string, RunCost> = new Map()

  of(pool: string): RunCost | undefined {
    return this.#costs.get(pool)
  }

  observe(pool: string, bytes: number, tookMs: number): void {
    const cost = this.#costs.get(pool) ?? new RunCost()
    this.#costs.delete(pool)
    this.#costs.set(pool, cost)
    cost.observe(bytes, tookMs)
    const [oldest] = this.#costs.keys()
    if (this.#costs.size > MAX_POOLS && oldest !== undefined) this.#costs.delete(oldest)
  }

  /** Forgets the pools of which `matches` is true. */
  forget(matches: (pool: string) => boolean): void {
    for (const pool of [...this.#costs.keys()].filter(matches)) this.#costs.delete(pool)
  }
}
