import type { Readable } from 'node:stream'
import type { UnixSeconds } from '@blindai/core'
import type { ProcessStart } from '@blindai/server'
import type { ExitCode } from './exit-codes.ts'
import type { Output, Terminal } from './terminal.ts'

/** What the process gives a command; tests give their own. */
export interface Environment {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Relative paths start here. */
  readonly folder: string
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Output
  readonly stderr: Output
  readonly now: () => UnixSeconds
  /** Aborted by Ctrl-C and by SIGTERM; the reason is an `Interruption` then. */
  readonly interrupted: AbortSignal
  /** How the process was started, which a server looks at. */
  readonly start: ProcessStart
}

/** One option as help prints it and as it is parsed. */
export type OptionSpec =
  | { readonly type: 'flag'; readonly help: string }
  | { readonly type: 'text'; readonly value: string; readonly help: string; readonly choices?: readonly string[] }

export type OptionTable = Readonly<Record<string, OptionSpec>>

export interface PositionalSpec {
  readonly name: string
  readonly help: string
  readonly required: boolean
  /** The last one may take all that is left. */
  readonly repeated?: boolean
}

/** What a command gets to work with. */
export interface Invocation extends Environment {
  readonly terminal: Terminal
  readonly positionals: readonly string[]
  /** The value of a text option. @throws {RangeError} for an option that the command does not declare. */
  text(name: string): string | undefined
  /** Whether a flag was given. @throws {RangeError} as `text`. */
  flag(name: string): boolean
}

/** One command of `blindai`; each has a file of its own in `commands/`. */
export interface Command {
  /** As it is typed: `['models', 'upload']`. */
  readonly path: readonly string[]
  readonly summary: string
  /** What help says below the usage line. */
  readonly details: string
  readonly positionals: readonly PositionalSpec[]
  readonly options: OptionTable
  /** True where the options that name a server, a policy, a key and a transport apply. */
  readonly usesServer: boolean
  readonly examples: readonly string[]
  run(invocation: Invocation): Promise<ExitCode>
}
