/**
 * A whole number from 1 as a flag or a variable gives it: `60`, and not ` 60`, `6e1`, `1_000`, `0` or nothing, with which a run
 * would end before it began.
 *
 * @throws {RangeError} for any other text.
 */
export function wholeNumber(name: string, text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text))
    throw new RangeError(`${name} is a whole number from 1, not ${JSON.stringify(text)}`)
  return Number(text)
}
