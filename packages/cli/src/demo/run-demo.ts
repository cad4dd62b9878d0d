import { join } from 'node:path'
import type { UnixSeconds } from '@blindai/core'
import { CliError } from '../cli-error.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { makeRunFolder } from '../state-folder.ts'
import type { Terminal } from '../terminal.ts'
import { attestStep } from './attest-step.ts'
import { predictStep } from './predict-step.ts'
import { loadSamples, type Samples } from './samples.ts'
import { DemoScreen } from './screen.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'

export interface DemoOptions {
  readonly terminal: Terminal
  readonly interrupted: AbortSignal
  readonly now: () => UnixSeconds
  readonly once: boolean
  /** The folder of models, inputs and right answers. */
  readonly samples: string
  /** Where the simulator keeps its root, and where the folder of this run is made. */
  readonly state: string
}

/**
 * Launch, attest, predict, with everything of one run in a folder of its own.
 *
 * @throws {CliError} `ANSWERS_WRONG`, `SERVER_ENDED`, `SAMPLES_INCOMPLETE`.
 */
export async function runDemo(options: DemoOptions): Promise<ExitCode> {
  const { terminal, interrupted } = options
  const screen = new DemoScreen(terminal)
  const samples = await loadSamples(options.samples)
  screen.title()
  const runFolder = await makeRunFolder(options.state, 'demo')
  try {
    screen.step('1  Launch', 'blindai serve --simulated, in a process of its own')
    const server = await startServerProcess(
      ['--simulated', '--port', '0', '--plain-port', '0', '--isolation', 'none', '--state', options.state],
      interrupted,
    )
    try {
      screen.launched(server)
      return await tour(server, join(runFolder.path, 'policy.json'), samples, screen, options)
    } finally {
      await server.stop()
    }
  } finally {
    await runFolder.remove()
  }
}

/** Attest and predict, until Ctrl-C or, with `once`, until the answers are there. */
async function tour(
  server: ServerProcess,
  policyFile: string,
  samples: Samples,
  screen: DemoScreen,
  options: DemoOptions,
): Promise<ExitCode> {
  let outcome: ExitCode = EXIT.interrupted
  const interruption = interruptionOf(options.interrupted)
  const steps = async (): Promise<ExitCode> => {
    const policy = await attestStep(server, policyFile, screen, options)
    const wrong = await predictStep(server, policy, samples, screen, options)
    if (wrong > 0) {
      const error = new CliError('ANSWERS_WRONG', { wrong, of: samples.cases.length })
      if (options.once) throw error
      screen.say(options.terminal.paint('red', `${error.message}: ${error.hint}`))
    }
    outcome = wrong > 0 ? EXIT.failed : EXIT.ok
    if (options.once) return outcome
    screen.whatNext(server, policyFile)
    await interruption
    return outcome
  }
  return await Promise.race([steps(), server.ended, interruption.then(() => outcome)])
}

/** Resolves at Ctrl-C or SIGTERM. */
async function interruptionOf(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => resolve(), { once: true })
  if (signal.aborted) resolve()
  await promise
}
