import { isMalformedError, MalformedError, type UnixSeconds } from '@blindai/core'
import { DEFAULT_POLICY, type EvidenceResult, type Policy, verifyEvidence } from '@blindai/verifier'
import type { Invocation } from './command.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { reportFailure } from './failure.ts'
import { readArgument } from './files.ts'
import { parseRawInput, type RawInput } from './raw-input.ts'
import { readPolicy, requirePolicy } from './session.ts'

/**
 * Judges the bare evidence of an input. Its time and its policy are those of the command line, else those of the input;
 * never the clock's or the environment's, so that the same command gives the same bytes everywhere.
 *
 * @param now - of the command line.
 * @returns the verifier's result, or the exit code once an input that is malformed was reported.
 * @throws {CliError} `FILE_UNREADABLE`, `FILE_TOO_LARGE`, `POLICY_INVALID`.
 */
export async function verifyRaw(
  argument: string,
  now: UnixSeconds | undefined,
  invocation: Invocation,
): Promise<EvidenceResult | ExitCode> {
  const bytes = await readArgument(argument, invocation)
  try {
    const input = parseRawInput(bytes)
    const time = now ?? input.now
    if (time === undefined) throw new MalformedError('MISSING_MEMBER', { field: 'input', member: 'now' })
    return await verifyEvidence(input.evidence, await policyFor(argument, input, invocation), { now: time })
  } catch (error) {
    if (!isMalformedError(error)) throw error
    reportFailure(error, invocation.terminal, invocation.interrupted)
    return EXIT.malformed
  }
}

async function policyFor(argument: string, { policy }: RawInput, invocation: Invocation): Promise<Policy> {
  const file = invocation.text('policy')
  if (file !== undefined) return await readPolicy(file, invocation.folder)
  return policy === undefined ? DEFAULT_POLICY : requirePolicy(`in ${argument}`, policy)
}
