import { closest, optionsOf, type ParsedArguments, parseArguments } from './arguments.ts'
import { CliError } from './cli-error.ts'
import type { Command, Environment, Invocation } from './command.ts'
import { COMMANDS } from './commands/index.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { reportFailure } from './failure.ts'
import { commandHelp, groupHelp, programHelp } from './help.ts'
import { Terminal } from './terminal.ts'
import { version } from './version.ts'

/**
 * Runs one command line and answers its exit code; never throws.
 *
 * @param argv - what follows `blindai`.
 */
export async function runCommandLine(argv: readonly string[], environment: Environment): Promise<ExitCode> {
  const json = argv.includes('--json') && !argv.slice(0, argv.indexOf('--json')).includes('--')
  const terminal = new Terminal({ ...environment, json })
  try {
    const words = argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv
    const early = answerWithoutCommand(words, terminal)
    if (early !== undefined) return early
    const command = findCommand(words)
    const parsed = parseArguments(command, words.slice(command.path.length))
    if (parsed.flags.has('help')) return printHelp(commandHelp(command), terminal)
    return await command.run(invocation(command, parsed, environment, terminal))
  } catch (error) {
    return reportFailure(error, terminal, environment.interrupted)
  }
}

function answerWithoutCommand(argv: readonly string[], terminal: Terminal): ExitCode | undefined {
  const [first, second] = argv
  if (first === undefined || first === '--help' || first === '-h') {
    printHelp(programHelp(COMMANDS), terminal)
    return first === undefined ? EXIT.usage : EXIT.ok
  }
  if (first === '--version') {
    terminal.line(`blindai ${version()}`)
    terminal.data({ name: 'blindai', version: version() })
    return EXIT.ok
  }
  const group = COMMANDS.filter((command) => command.path[0] === first && command.path.length > 1)
  if (group.length > 0 && (second === undefined || second === '--help' || second === '-h')) {
    printHelp(groupHelp(first, group), terminal)
    return second === undefined ? EXIT.usage : EXIT.ok
  }
  return undefined
}

/** @throws {CliError} `USAGE` */
function findCommand(words: readonly string[]): Command {
  const command = COMMANDS.find(({ path }) => path.every((word, i) => words[i] === word))
  if (command !== undefined) return command
  const typed = words.filter((word) => !word.startsWith('-')).slice(0, 2)
  const names = COMMANDS.map(({ path }) => path.join(' '))
  const near = closest(typed.join(' '), names) ?? closest(typed[0] ?? '', names)
  throw new CliError('USAGE', {
    problem: `unknown command ${typed.join(' ')}${near === undefined ? '' : `; did you mean ${near}?`}`,
    command: '',
  })
}

function printHelp(text: string, terminal: Terminal): ExitCode {
  terminal.line(text)
  terminal.data({ help: text })
  return EXIT.ok
}

function invocation(
  command: Command,
  parsed: ParsedArguments,
  environment: Environment,
  terminal: Terminal,
): Invocation {
  const declared = (name: string, type: 'text' | 'flag'): void => {
    if (optionsOf(command)[name]?.type !== type) throw new RangeError(`${name} is no ${type} option of this command`)
  }
  return {
    ...environment,
    terminal,
    positionals: parsed.positionals,
    text(name) {
      declared(name, 'text')
      return parsed.texts.get(name)
    },
    flag(name) {
      declared(name, 'flag')
      return parsed.flags.has(name)
    },
  }
}
