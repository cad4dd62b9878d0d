import { NotProven } from './not-proven.ts'

/**
 * A length that a graph computes with: a whole number times lengths that nobody knows before a run. One of those is the
 * number of rows; the others are the same for all requests of a batch, which have equal shapes but for their rows.
 */
export interface Size {
  readonly factor: number
  /** Sorted; a length that stands twice is squared. */
  readonly symbols: readonly number[]
}

/** The symbol for the number of rows. All others are larger. */
const ROWS_SYMBOL = 0

/** The number of rows of a run. */
export const ROWS: Size = { factor: 1, symbols: [ROWS_SYMBOL] }

/** The most unknown lengths in a product; no real model multiplies more. */
const MAX_SYMBOLS = 32

/** A number. */
export function size(factor: number): Size {
  return { factor, symbols: [] }
}

/** A length that nobody knows before a run. */
export function unknownSize(symbol: number): Size {
  return { factor: 1, symbols: [symbol] }
}

/** The number, where it is one. */
export function numberOf({ factor, symbols }: Size): number | undefined {
  return symbols.length === 0 ? factor : undefined
}

/** True when it depends on how many rows there are. */
export function hasRows({ symbols }: Size): boolean {
  return symbols[0] === ROWS_SYMBOL
}

/** True when it is the number of rows, once, times something. */
export function isRowsTimes({ symbols }: Size): boolean {
  return symbols[0] === ROWS_SYMBOL && symbols[1] !== ROWS_SYMBOL
}

export function isSame(a: Size, b: Size): boolean {
  return a.factor === b.factor && a.symbols.join() === b.symbols.join()
}

/** @throws {NotProven} `size-too-large`. */
export function times(a: Size, b: Size): Size {
  const factor = a.factor * b.factor
  const symbols = factor === 0 ? [] : [...a.symbols, ...b.symbols].sort((x, y) => x - y)
  if (!Number.isSafeInteger(factor) || symbols.length > MAX_SYMBOLS) throw new NotProven('size-too-large')
  return { factor, symbols }
}

/** The product of lengths; one for none. */
export function product(sizes: readonly Size[]): Size {
  return sizes.reduce(times, size(1))
}

/** The quotient, where it is a whole number whatever the unknown lengths are. */
export function quotient(a: Size, b: Size): Size | undefined {
  const factor = a.factor / b.factor
  if (!Number.isSafeInteger(factor)) return undefined
  const symbols = [...a.symbols]
  for (const symbol of b.symbols) {
    const at = symbols.indexOf(symbol)
    if (at < 0) return undefined
    symbols.splice(at, 1)
  }
  return { factor, symbols }
}
