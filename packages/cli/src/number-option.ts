import { CliError } from './cli-error.ts'
import type { Invocation } from './command.ts'

/** A whole number that an option gives. @throws {CliError} `USAGE`. */
export function numberOption(option: string, { text }: Invocation, command: string): number | undefined {
  const given = text(option)
  if (given === undefined) return undefined
  if (/^(?:0|[1-9]\d{0,11})$/.test(given)) return Number(given)
  throw new CliError('USAGE', { problem: `--${option} is a whole number`, command })
}
