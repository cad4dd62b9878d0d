import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { CliError } from './cli-error.ts'
import type { Invocation } from './command.ts'
import { readBounded } from './files.ts'

const MAX_KEY_FILE_BYTES = 4096
/** What the server takes for a key: one line of visible ASCII. */
const KEY = /^[\x21-\x7e]{20,200}$/

/**
 * The API key for a command: the file of `--key-file`, that of `BLINDAI_KEY_FILE`, or `BLINDAI_API_KEY`; undefined without
 * any.
 *
 * @throws {CliError} `KEY_INVALID`, `FILE_UNREADABLE`; neither shows what was read.
 */
export async function readApiKey(invocation: Invocation): Promise<string | undefined> {
  const file = invocation.text('key-file') ?? invocation.env.BLINDAI_KEY_FILE
  if (file === undefined || file === '') return fromEnvironment(invocation.env.BLINDAI_API_KEY)
  const path = resolve(invocation.folder, file)
  const key = await readKeyFile(path)
  if (((await stat(path)).mode & 0o077) !== 0) {
    invocation.terminal.note(`warning: others on this machine may read ${file}; run chmod 600 on it`)
  }
  return key
}

/**
 * The key that a file holds.
 *
 * @throws {CliError} `KEY_INVALID`, `FILE_UNREADABLE`; neither shows what was read.
 */
export async function readKeyFile(file: string): Promise<string> {
  const key = new TextDecoder().decode(await readBounded(file, MAX_KEY_FILE_BYTES)).trim()
  if (!KEY.test(key)) throw new CliError('KEY_INVALID', { source: file })
  return key
}

function fromEnvironment(value: string | undefined): string | undefined {
  if (value === undefined || value === '') return undefined
  if (!KEY.test(value)) throw new CliError('KEY_INVALID', { source: 'BLINDAI_API_KEY' })
  return value
}
