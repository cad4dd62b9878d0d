import { optionsOf } from './arguments.ts'
import type { Command, OptionSpec, OptionTable } from './command.ts'

/** Columns of help; narrower than most terminals, and right for reading. */
const WIDTH = 100

const INTRODUCTION = `blindai runs models where the operator of the machine cannot look: it launches a server in a trusted execution
environment, verifies its evidence against a policy of yours, and sends models and inputs only after that.`

const EXIT_CODES = `Exit codes
  0  done; verify: affirming      10  evidence is malformed
  1  something to correct         20  evidence is not proved
  2  the command line             30  evidence is proved and not wanted
  75 busy or unreachable: try again`

/** What `blindai --help` prints. */
export function programHelp(commands: readonly Command[]): string {
  const names = commands.map((command) => command.path.join(' '))
  const width = Math.max(...names.map((name) => name.length))
  const list = commands.map((command, i) => `  ${(names[i] ?? '').padEnd(width)}  ${command.summary}`)
  return [
    wrap(INTRODUCTION),
    `Usage: blindai COMMAND [OPTIONS]`,
    `Commands\n${list.join('\n')}`,
    EXIT_CODES,
    `Run blindai COMMAND --help for one command, blindai --version for the version.`,
  ].join('\n\n')
}

/** What `blindai models --help` prints: the commands that start with a word. */
export function groupHelp(word: string, commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => usageOf(command).length))
  const list = commands.map((command) => `  ${usageOf(command).padEnd(width)}  ${command.summary}`)
  return [`Usage: blindai ${word} COMMAND [OPTIONS]`, `Commands\n${list.join('\n')}`].join('\n\n')
}

/** What `blindai COMMAND --help` prints. */
export function commandHelp(command: Command): string {
  const sections = [`${command.summary}`, `Usage: blindai ${usageOf(command)} [OPTIONS]`]
  if (command.details !== '') sections.push(...command.details.split('\n\n').map((paragraph) => wrap(paragraph)))
  if (command.positionals.length > 0) {
    const width = Math.max(...command.positionals.map((spec) => spec.name.length))
    sections.push(
      `Arguments\n${command.positionals.map((spec) => `  ${spec.name.padEnd(width)}  ${spec.help}`).join('\n')}`,
    )
  }
  sections.push(`Options\n${optionLines(optionsOf(command))}`)
  if (command.examples.length > 0) sections.push(`Examples\n${command.examples.map((line) => `  ${line}`).join('\n')}`)
  return sections.join('\n\n')
}

function usageOf(command: Command): string {
  const positionals = command.positionals.map((spec) => {
    const name = spec.repeated === true ? `${spec.name}…` : spec.name
    return spec.required ? name : `[${name}]`
  })
  return [...command.path, ...positionals].join(' ')
}

function optionLines(options: OptionTable): string {
  const rows = Object.entries(options).map(([name, spec]) => ({ left: optionLeft(name, spec), help: spec.help }))
  const width = Math.max(...rows.map((row) => row.left.length))
  return rows.map((row) => wrap(row.help, `  ${row.left.padEnd(width)}  `)).join('\n')
}

function optionLeft(name: string, spec: OptionSpec): string {
  const flag = name === 'help' ? '-h, --help' : `--${name}`
  return spec.type === 'text' ? `${flag} ${spec.choices?.join('|') ?? spec.value}` : flag
}

/** Breaks a text between words; what does not start the first line is indented as far as `first` reaches. */
function wrap(text: string, first: string = ''): string {
  const indent = ' '.repeat(first.length)
  const lines: string[] = []
  let line = first
  for (const word of text.split(/\s+/)) {
    const isEmpty = line.length === indent.length
    if (!isEmpty && line.length + 1 + word.length > WIDTH) {
      lines.push(line)
      line = `${indent}${word}`
    } else {
      line += isEmpty ? word : ` ${word}`
    }
  }
  return [...lines, line].join('\n')
}
