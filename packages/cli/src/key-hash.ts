import { hash } from 'node:crypto'
import { resolve } from 'node:path'
import { CliError } from './cli-error.ts'
import type { Invocation } from './command.ts'
import { readKeyFile } from './credentials.ts'

/**
 * The hash of a key: 64 hexadecimal digits as they are, or that of the key in a file. The key itself goes nowhere.
 *
 * @throws {CliError} `KEY_INVALID`, `FILE_UNREADABLE`.
 */
export async function keyHashOf(given: string, { folder }: Invocation): Promise<string> {
  if (/^[0-9a-f]{64}$/.test(given)) return given
  if (given.startsWith('blindai_')) throw new CliError('KEY_ON_COMMAND_LINE', { option: 'the key' })
  return hash('sha256', await readKeyFile(resolve(folder, given)), 'hex')
}

/**
 * The id of a key, as `keys list` shows it, or that of the key in a file.
 *
 * @throws {CliError} as `keyHashOf`.
 */
export async function keyIdOf(given: string, invocation: Invocation): Promise<string> {
  return /^[0-9a-f]{16}$/.test(given) ? given : (await keyHashOf(given, invocation)).slice(0, 16)
}
