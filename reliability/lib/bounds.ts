import { idle, type Violation } from './report.ts'

/** Between what a figure has to be. */
export interface Bounds {
  readonly least?: number
  readonly most?: number
}

/**
 * The violation of a figure that is not within its bounds. One that is no number, as a quotient of nothing, is within none; and
 * as it shows no fault that was planted either, its kind is another, and idle.
 */
export function outside(kind: string, figure: number, { least, most }: Bounds): Violation[] {
  if (!Number.isFinite(figure)) return [idle(`${kind}: no figure`)]
  const isWithin = (least === undefined || figure >= least) && (most === undefined || figure <= most)
  return isWithin ? [] : [{ kind }]
}
