import { NotProven } from './not-proven.ts'
import { hasRows, isRowsTimes, type Size } from './size.ts'

/**
 * What is known of a tensor in every run, before any run.
 *
 * Either it has rows: cut along `rowAxis` into as many equal blocks as the run has rows, each block depends on its own row of
 * the inputs alone. Or it is the same, element for element, whatever the inputs hold and however many rows there are; the
 * one exception are `sizes`, which may count rows.
 */
export interface Value {
  /** The lengths of the axes; undefined where not even their number is known, which happens only without rows. */
  readonly shape: readonly Size[] | undefined
  /** The axis along which the rows lie; undefined for a tensor without rows. */
  readonly rowAxis: number | undefined
  /** The elements of a small tensor of integers, each where it is known. */
  readonly sizes?: readonly (Size | undefined)[]
}

/** A tensor with rows. */
export interface RowValue extends Value {
  readonly shape: readonly Size[]
  readonly rowAxis: number
}

/** The same in every run. */
export function uniform(shape: readonly Size[] | undefined, sizes?: readonly (Size | undefined)[]): Value {
  return { shape, rowAxis: undefined, ...(sizes === undefined ? {} : { sizes }) }
}

/** A tensor with rows along an axis whose length says so, and no other length that does. @throws {NotProven} */
export function rows(shape: readonly Size[], rowAxis: number): RowValue {
  const others = shape.filter((length, axis) => axis !== rowAxis && hasRows(length))
  const length = shape[rowAxis]
  if (length === undefined || !isRowsTimes(length) || others.length > 0) throw new NotProven('rows-lost')
  return { shape, rowAxis }
}

export function isRowValue(value: Value): value is RowValue {
  return value.rowAxis !== undefined && value.shape !== undefined
}

/** True for integers of which one counts rows. */
export function countsRows({ sizes }: Value): boolean {
  return sizes?.some((element) => element !== undefined && hasRows(element)) ?? false
}
