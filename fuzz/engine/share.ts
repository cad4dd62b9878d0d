const HOUR_MS = 3_600_000

/**
 * So many runs have each target once: two at a time, the three or four of a share take two minutes of the twenty that a run
 * may take. The number has no divisor with the hours of a day in common: were it 8, a run that comes at the
 * same hour of each day would have the same share for ever.
 */
export const SHARES = 17

/** The share of the hour that a time lies in; the next hour's is the next, and the same hour of the next day has another. */
export function shareAt(ms: number): number {
  return Math.floor(ms / HOUR_MS) % SHARES
}

/** The targets of a share. */
export function shareOf<T>(targets: readonly T[], share: number): readonly T[] {
  return targets.filter((_, i) => i % SHARES === share)
}
