import { availableParallelism, cpus, loadavg } from 'node:os'

/** Prints where and when figures were taken. */
export function printPlace(title: string): void {
  const model = cpus()[0]?.model ?? 'unknown processor'
  console.log(`# ${title}`)
  console.log(`${new Date().toISOString()}, ${availableParallelism()} cores (${model}), Node ${process.version}`)
  console.log(
    `load average at the start: ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')}\n`,
  )
}

/** Prints a table in Markdown. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  console.log(line(head))
  console.log(line(head.map(() => '---')))
  for (const row of rows) console.log(line(row))
  console.log()
}

/** A whole number from the command line, `--name N`, or a default. @throws {RangeError} for anything else. */
export function numberOption(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`)
  if (at < 0) return fallback
  const value = Number(process.argv[at + 1])
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`--${name} wants a whole number`)
  return value
}
