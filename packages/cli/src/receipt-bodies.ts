import { type BodyDigest, digestBody, digestStreamBody, type HeldReceipt } from '@blindai/client'
import { fromBase64Url, fromUtf8, isMalformedError } from '@blindai/core'
import { CliError } from './cli-error.ts'
import type { Invocation } from './command.ts'
import { readArgument } from './files.ts'

/** The bodies that a receipt is compared with, and the salt under which it speaks of them, from files. */

type Bodies = Pick<HeldReceipt, 'request' | 'response'>

const SALT_BYTES = 32

/** @throws {CliError} `USAGE`, `FILE_UNREADABLE`, `FILE_TOO_LARGE`; {ReceiptError} `RECEIPT_STREAM_INVALID`. */
export async function readBodies(invocation: Invocation): Promise<Bodies> {
  const [request, response] = await Promise.all([bodyOf('request', invocation), bodyOf('response', invocation)])
  if (invocation.flag('stream') && request === undefined && response === undefined) {
    throw usage('--stream says what --request and --response are, and neither is there')
  }
  return { ...(request && { request }), ...(response && { response }) }
}

/** @throws {CliError} `USAGE`, `FILE_UNREADABLE`, `FILE_TOO_LARGE`. */
export async function readSalt(invocation: Invocation, bodies: Bodies): Promise<Pick<HeldReceipt, 'salt'>> {
  const file = invocation.text('salt-file')
  if (file === undefined) return {}
  if (invocation.text('document') === undefined) {
    throw usage('--salt-file is for a receipt with --document; a bundle holds its own')
  }
  if (bodies.request === undefined || bodies.response === undefined) {
    throw usage('--salt-file needs --request and --response, which are compared by it')
  }
  return { salt: saltOf(await readArgument(file, invocation)) }
}

function saltOf(bytes: Uint8Array): Uint8Array {
  const expected = `--salt-file is not base64url of ${SALT_BYTES} bytes`
  try {
    const salt = fromBase64Url('salt', fromUtf8('salt', bytes).trim())
    if (salt.byteLength === SALT_BYTES) return salt
  } catch (cause) {
    if (!isMalformedError(cause)) throw cause
    throw usage(expected, { cause })
  }
  throw usage(expected)
}

async function bodyOf(option: 'request' | 'response', invocation: Invocation): Promise<BodyDigest | undefined> {
  const file = invocation.text(option)
  if (file === undefined) return undefined
  const digest = invocation.flag('stream') ? digestStreamBody : digestBody
  return digest(await readArgument(file, invocation))
}

function usage(problem: string, options?: ErrorOptions): CliError<'USAGE'> {
  return new CliError('USAGE', { problem, command: 'receipts verify' }, options)
}
