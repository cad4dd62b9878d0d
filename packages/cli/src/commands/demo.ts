import { resolve } from 'node:path'
import type { Command } from '../command.ts'
import { runDemo } from '../demo/run-demo.ts'
import { defaultSamplesFolder } from '../demo/samples.ts'
import { stateFolder } from '../state-folder.ts'

/** `blindai demo` */
export const demo: Command = {
  path: ['demo'],
  summary: 'Launch, attest, predict: a tour with real models in a simulated enclave.',
  details: `Starts a server of its own on free ports, shows the built-in policy refusing it and a policy of this installation
accepting it, uploads real models, runs photographs, messages and recordings, and compares the answers with the right ones.
Then it stays up for you to try. Everything it makes lies in a folder of this run and is removed at the end.

Where this machine cannot build the wall around engines, the demo goes on with less and says so.`,
  positionals: [],
  options: {
    once: { type: 'flag', help: 'End after the answers: with 0 when all are right, else with 1.' },
    samples: {
      type: 'text',
      value: 'FOLDER',
      help: 'Models, inputs and right answers. Default: BLINDAI_SAMPLES, else samples/ of the repository.',
    },
    state: {
      type: 'text',
      value: 'FOLDER',
      help: 'Where the simulator keeps its root. Default: BLINDAI_STATE, .blindai.',
    },
  },
  usesServer: false,
  examples: ['blindai demo', 'blindai demo --once --json'],
  async run(invocation) {
    const { env, folder } = invocation
    const samples = invocation.text('samples') ?? (env.BLINDAI_SAMPLES || undefined)
    return await runDemo({
      ...invocation,
      once: invocation.flag('once'),
      samples: samples === undefined ? defaultSamplesFolder() : resolve(folder, samples),
      state: resolve(folder, invocation.text('state') ?? stateFolder(env, folder)),
    })
  },
}
