import { parseArgs } from 'node:util'
import { CliError } from './cli-error.ts'
import type { Command, OptionSpec, OptionTable } from './command.ts'

/** Options of every command. */
export const COMMON_OPTIONS: OptionTable = {
  json: { type: 'flag', help: 'Write JSON to stdout, and nothing else.' },
  help: { type: 'flag', help: 'Show this help.' },
}

/** Options of every command that talks to a server. */
export const SERVER_OPTIONS: OptionTable = {
  url: { type: 'text', value: 'URL', help: 'The server. Default: BLINDAI_URL.' },
  policy: {
    type: 'text',
    value: 'FILE',
    help: 'The policy that evidence must meet. Default: BLINDAI_POLICY, else the built-in one (hardware only).',
  },
  'key-file': {
    type: 'text',
    value: 'FILE',
    help: 'A file that holds the API key. Default: BLINDAI_KEY_FILE, else BLINDAI_API_KEY. Never on the command line.',
  },
  transport: {
    type: 'text',
    value: 'WAY',
    choices: ['tls', 'ohttp'],
    help: 'Attested TLS or Oblivious HTTP. Default: tls for https:, ohttp for http:.',
  },
}

/** Spellings of an option that would carry a key, refused by name. */
const KEY_OPTIONS = ['--key', '--api-key', '--apikey', '--token', '--secret']

export interface ParsedArguments {
  readonly positionals: readonly string[]
  readonly texts: ReadonlyMap<string, string>
  readonly flags: ReadonlySet<string>
}

/** Every option that a command takes, its own first. */
export function optionsOf(command: Command): OptionTable {
  return { ...command.options, ...(command.usesServer ? SERVER_OPTIONS : {}), ...COMMON_OPTIONS }
}

/**
 * Parses what follows the name of a command.
 *
 * @throws {CliError} `USAGE`, `KEY_ON_COMMAND_LINE`.
 */
export function parseArguments(command: Command, argv: readonly string[]): ParsedArguments {
  const name = command.path.join(' ')
  const usage = (problem: string): CliError => new CliError('USAGE', { problem, command: name })
  const end = argv.indexOf('--')
  const key = argv
    .slice(0, end === -1 ? undefined : end)
    .find((text) => KEY_OPTIONS.includes(text.split('=', 1)[0] ?? ''))
  if (key !== undefined) throw new CliError('KEY_ON_COMMAND_LINE', { option: key.split('=', 1)[0] ?? '' })

  const options = optionsOf(command)
  const { positionals, values } = split(argv, options, usage)
  const texts = new Map<string, string>()
  const flags = new Set<string>()
  for (const [option, value] of Object.entries(values)) {
    const spec = options[option]
    if (value === true) flags.add(option)
    if (typeof value !== 'string') continue
    if (spec?.type === 'text' && spec.choices !== undefined && !spec.choices.includes(value)) {
      throw usage(`--${option} is one of ${spec.choices.join(', ')}`)
    }
    if (value === '') throw usage(`--${option} needs a value`)
    texts.set(option, value)
  }
  if (!flags.has('help')) checkPositionals(command, positionals, usage)
  return { positionals, texts, flags }
}

function split(
  argv: readonly string[],
  options: OptionTable,
  usage: (problem: string) => CliError,
): { positionals: string[]; values: Record<string, string | boolean | (string | boolean)[] | undefined> } {
  const config = Object.fromEntries(
    Object.entries(options).map(([name, spec]: [string, OptionSpec]) => [
      name,
      {
        type: spec.type === 'flag' ? ('boolean' as const) : ('string' as const),
        ...(name === 'help' ? { short: 'h' } : {}),
      },
    ]),
  )
  try {
    return parseArgs({ args: [...argv], options: config, allowPositionals: true, strict: true })
  } catch (cause) {
    if (!(cause instanceof TypeError) || !('code' in cause)) throw cause
    throw usage(explainParseError(cause.message, options))
  }
}

/** The first sentence of `parseArgs`, and the option that was probably meant. */
function explainParseError(message: string, options: OptionTable): string {
  const sentence = message.split(/\. |\n/)[0] ?? message
  const unknown = /Unknown option '--?([^']+)'/.exec(message)?.[1]
  const near = unknown === undefined ? undefined : closest(unknown, Object.keys(options))
  return `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}${near === undefined ? '' : `; did you mean --${near}?`}`
}

function checkPositionals(command: Command, given: readonly string[], usage: (problem: string) => CliError): void {
  const missing = command.positionals.find((spec, i) => spec.required && given[i] === undefined)
  if (missing !== undefined) throw usage(`${missing.name} is missing: ${lowerFirst(missing.help)}`)
  if (command.positionals.at(-1)?.repeated !== true && given.length > command.positionals.length) {
    throw usage(`too many arguments: ${given.length}, at most ${command.positionals.length}`)
  }
}

function lowerFirst(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`
}

/** The candidate within two edits of a word, or undefined. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const near = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .sort((a, b) => a.distance - b.distance)[0]
  return near !== undefined && near.distance <= Math.min(2, word.length - 1) ? near.candidate : undefined
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
