import { formatUnixSeconds, type IsolationLevel, type JsonObject, type UnixSeconds } from '@blindai/core'
import { loadSimulator } from './simulator.ts'
import { simulatorFolder } from './state-folder.ts'

/**
 * The policy file that accepts this installation's simulator and nothing else: its root, and the measurements of the files
 * that lie here now. One changed byte of a source, a dependency or Node makes it refuse.
 *
 * @param isolation - the walls around engines that are accepted.
 */
export async function simulatedPolicy(
  state: string,
  isolation: readonly IsolationLevel[],
  now: UnixSeconds,
): Promise<JsonObject> {
  const { openSimulator } = await loadSimulator()
  const { rootSha256, measurements } = await openSimulator(simulatorFolder(state))
  const date = formatUnixSeconds(now).slice(0, 10)
  return {
    version: 1,
    name: 'this installation, simulated: protects nothing',
    trustClasses: ['simulated'],
    simulated: {
      rootSha256: [rootSha256],
      measurements: [{ name: 'this installation', date, source: 'files', ...measurements }],
    },
    config: { isolation: [...isolation] },
  }
}

/** A policy as it is written to a file. */
export function policyText(policy: JsonObject): string {
  return `${JSON.stringify(policy, null, 2)}\n`
}
