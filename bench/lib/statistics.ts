/** The middle of a list of numbers. @throws {RangeError} for an empty one. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.floor((sorted.length - 1) / 2)]
  if (upper === undefined || lower === undefined) throw new RangeError('the median of nothing')
  return (lower + upper) / 2
}

/** The value below which that part of the values lies. @throws {RangeError} for none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]
  if (value === undefined) throw new RangeError('a quantile of nothing')
  return value
}

/** A median with the smallest and largest value. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly greatest: number
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), least: Math.min(...values), greatest: Math.max(...values) }
}

/** A spread as text, e.g. `0.97 (0.95 to 0.99)`. */
export function spreadText({ median: middle, least, greatest }: Spread, digits: number): string {
  return `${middle.toFixed(digits)} (${least.toFixed(digits)} to ${greatest.toFixed(digits)})`
}

/** The items in an order that differs from round to round, so that no arm is always first. */
export function rotated<T>(items: readonly T[], round: number): readonly T[] {
  const start = round % items.length
  const turned = [...items.slice(start), ...items.slice(0, start)]
  return Math.floor(round / items.length) % 2 === 0 ? turned : turned.reverse()
}
