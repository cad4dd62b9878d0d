import { readFile } from 'node:fs/promises'
import { connect } from '@blindai/client'
import { DEFAULT_POLICY, type Policy, parsePolicy } from '@blindai/verifier'
import { reportOf } from '../failure.ts'
import { writeNew } from '../files.ts'
import { printReport } from '../report.ts'
import { policyText, simulatedPolicy } from '../simulated-policy.ts'
import type { DemoOptions } from './run-demo.ts'
import type { DemoScreen } from './screen.ts'
import type { Listening } from './server-process.ts'

/**
 * Shows the built-in policy refusing the server, then writes the policy of this installation and shows it accepting.
 *
 * @returns the policy that accepted.
 */
export async function attestStep(
  server: Listening,
  policyFile: string,
  screen: DemoScreen,
  options: DemoOptions,
): Promise<Policy> {
  const { terminal } = options
  screen.step('2  Attest, with the built-in policy', 'It accepts hardware only, so it has to refuse this server.')
  screen.refused(await refusalOf(server.url))

  screen.step(
    '3  Attest, with a policy of this installation',
    "It names this simulator's root and the measured files, nothing else.",
  )
  const text = policyText(await simulatedPolicy(options.state, [server.isolation], options.now()))
  await writeNew(policyFile, text, false)
  const policy = parsePolicy(await readFile(policyFile, 'utf8'))
  const session = await connect({ url: server.url, policy })
  printReport(session.result, terminal)
  terminal.data({ event: 'attested', result: session.result })
  await session.close()
  return policy
}

/**
 * What the built-in policy says of a simulated server.
 *
 * @throws what went wrong where it was no refusal, and `RangeError` where nothing was refused.
 */
async function refusalOf(
  url: string,
): Promise<{ readonly code: string; readonly check: string; readonly message: string }> {
  try {
    const session = await connect({ url, policy: DEFAULT_POLICY })
    await session.close()
  } catch (error) {
    const failed = reportOf(error)?.failed
    if (failed?.error === undefined) throw error
    return { code: failed.error.code, check: failed.code, message: failed.error.message }
  }
  throw new RangeError('the built-in policy accepted simulated evidence')
}
