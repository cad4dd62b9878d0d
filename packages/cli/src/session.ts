import { resolve } from 'node:path'
import { connect, type EvaluationMemory, type Session } from '@blindai/client'
import { evaluationFolder } from '@blindai/client/node'
import { fromUtf8, type JsonValue, parseJson } from '@blindai/core'
import { DEFAULT_POLICY, type Policy, parsePolicy } from '@blindai/verifier'
import { CliError } from './cli-error.ts'
import type { Invocation } from './command.ts'
import { readApiKey } from './credentials.ts'
import { readBounded } from './files.ts'
import { SIMULATED_WARNING } from './simulator.ts'
import { evaluationNumbersFolder, stateFolder } from './state-folder.ts'

const MAX_POLICY_BYTES = 1024 * 1024

/**
 * The server that a command talks to.
 *
 * @throws {CliError} `USAGE`
 */
export function urlOf(invocation: Invocation, given?: string): string {
  const url = given ?? invocation.text('url') ?? invocation.env.BLINDAI_URL
  if (url === undefined || url === '') throw usage('no server is named: use --url or BLINDAI_URL')
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) throw usage('the URL does not start with https:// or http://')
  return url
}

/**
 * The policy of `--policy`, of `BLINDAI_POLICY`, or the built-in one, which accepts hardware only.
 *
 * @throws {CliError} `POLICY_INVALID`, `FILE_UNREADABLE`.
 */
export async function policyOf(invocation: Invocation): Promise<Policy> {
  const file = invocation.text('policy') ?? invocation.env.BLINDAI_POLICY
  return file === undefined || file === '' ? DEFAULT_POLICY : await readPolicy(file, invocation.folder)
}

/** That policy as it stands in its file. @throws {CliError} `POLICY_INVALID`, `FILE_UNREADABLE`. */
export async function policyJsonOf(invocation: Invocation): Promise<JsonValue> {
  const file = invocation.text('policy') ?? invocation.env.BLINDAI_POLICY
  if (file === undefined || file === '') return { version: 1, name: DEFAULT_POLICY.name }
  const bytes = await readBounded(resolve(invocation.folder, file), MAX_POLICY_BYTES)
  requirePolicy(file, bytes)
  return parseJson('policy', fromUtf8('policy', bytes))
}

/** The policy of a file. @throws {CliError} as `policyOf`. */
export async function readPolicy(file: string, folder: string): Promise<Policy> {
  return requirePolicy(file, await readBounded(resolve(folder, file), MAX_POLICY_BYTES))
}

/**
 * The policy that bytes or JSON hold.
 *
 * @param file - names it in the error.
 * @throws {CliError} `POLICY_INVALID`
 */
export function requirePolicy(file: string, policy: Uint8Array | JsonValue): Policy {
  try {
    return parsePolicy(policy)
  } catch (cause) {
    if (!(cause instanceof Error) || !('code' in cause)) throw cause
    throw new CliError('POLICY_INVALID', { file, problem: cause.message }, { cause })
  }
}

/** Connects, verifies, runs the work over the attested channel, and closes it whatever happens. */
export async function withSession<T>(invocation: Invocation, work: (session: Session) => Promise<T>): Promise<T> {
  const [policy, apiKey] = await Promise.all([policyOf(invocation), readApiKey(invocation)])
  const transport = invocation.text('transport')
  const session = await connect({
    url: urlOf(invocation),
    policy,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(transport === 'tls' || transport === 'ohttp' ? { transport } : {}),
    evaluationMemory: rememberingServers(invocation),
    signal: invocation.interrupted,
  })
  if (session.result.trustClass === 'simulated') {
    invocation.terminal.note(invocation.terminal.paint('yellow', `[${SIMULATED_WARNING}]`))
  }
  try {
    return await work(session)
  } finally {
    await session.close()
  }
}

/** The memory of servers in the state folder. One that cannot be written is told, and is no reason to stop. */
export function rememberingServers({ env, folder, terminal }: Invocation): EvaluationMemory {
  return evaluationFolder(evaluationNumbersFolder(stateFolder(env, folder)), {
    onUnwritable: ({ code, message }) => terminal.note(`${terminal.paint('yellow', code)}: ${message}`),
  })
}

function usage(problem: string): CliError {
  return new CliError('USAGE', { problem, command: '' })
}
