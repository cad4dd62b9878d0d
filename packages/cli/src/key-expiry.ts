import { isMalformedError, type UnixSeconds, unixSeconds } from '@blindai/core'
import { CliError } from './cli-error.ts'
import type { Invocation, OptionTable } from './command.ts'
import { parseTime } from './time.ts'

const DAY_SECONDS = 86_400

/** Options that say when a key is valid. */
export const VALIDITY_OPTIONS: OptionTable = {
  expires: {
    type: 'text',
    value: 'TIME',
    help: 'When the key ends: in days from now, such as 90d, Unix seconds, or 2027-01-31T00:00:00Z.',
  },
  'not-before': { type: 'text', value: 'TIME', help: 'When the key begins to be valid. Default: at once.' },
}

/** When a key is valid, as those options say it. @throws {CliError} `USAGE`. */
export function validityOf(invocation: Invocation): {
  readonly notBefore: UnixSeconds | undefined
  readonly expiresAt: UnixSeconds | undefined
} {
  return { notBefore: timeOf('not-before', invocation), expiresAt: timeOf('expires', invocation) }
}

function timeOf(option: string, { text, now }: Invocation): UnixSeconds | undefined {
  const given = text(option)
  if (given === undefined) return undefined
  const days = /^(\d{1,5})d$/.exec(given)?.[1]
  if (days !== undefined) return unixSeconds(now() + Number(days) * DAY_SECONDS)
  try {
    return parseTime(`--${option}`, given)
  } catch (cause) {
    if (!isMalformedError(cause)) throw cause
    throw new CliError('USAGE', { problem: `${cause.message}, or days such as 90d`, command: '' }, { cause })
  }
}
