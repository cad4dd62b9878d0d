import { resolve } from 'node:path'
import type { IsolationLevel, JsonObject } from '@blindai/core'
import { parsePolicy } from '@blindai/verifier'
import { CliError } from '../cli-error.ts'
import type { Command, Invocation } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { writeNew } from '../files.ts'
import { firstUsePolicy } from '../first-use-policy.ts'
import { urlOf } from '../session.ts'
import { policyText, simulatedPolicy } from '../simulated-policy.ts'
import { SIMULATED_WARNING } from '../simulator.ts'
import { stateFolder } from '../state-folder.ts'

/** `blindai policy init` */
export const policyInit: Command = {
  path: ['policy', 'init'],
  summary: 'Write a policy: what evidence must be before anything is sent.',
  details: `With --simulated alone the files of this installation are measured, and the policy accepts its simulator running
them. With --trust-on-first-use the server of --url is asked instead, and believed: each reference value says so for ever.
A server with simulated evidence needs both. Read the policy before you use it.`,
  positionals: [],
  options: {
    simulated: { type: 'flag', help: 'Accept simulated evidence. It protects nothing.' },
    'trust-on-first-use': { type: 'flag', help: 'Believe what the server of --url measures today.' },
    isolation: {
      type: 'text',
      value: 'LEVEL',
      choices: ['full', 'reduced', 'none'],
      help: 'The weakest wall around engines to accept. Default: full.',
    },
    url: { type: 'text', value: 'URL', help: 'The server of --trust-on-first-use. Default: BLINDAI_URL.' },
    out: { type: 'text', value: 'FILE', help: 'Write to a new file instead of stdout.' },
    state: {
      type: 'text',
      value: 'FOLDER',
      help: 'Where the simulator keeps its root. Default: BLINDAI_STATE, .blindai.',
    },
  },
  usesServer: false,
  examples: [
    'blindai policy init --simulated --out policy.json',
    'blindai policy init --trust-on-first-use --url https://models.example --out policy.json',
  ],
  async run(invocation) {
    const { terminal, folder, text, flag } = invocation
    const policy = await makePolicy(invocation)
    parsePolicy(policy)
    const out = text('out')
    if (out === undefined) {
      terminal.line(policyText(policy).trimEnd())
      terminal.data(policy)
      return EXIT.ok
    }
    await writeNew(resolve(folder, out), policyText(policy), false)
    terminal.line(`wrote ${out}`)
    if (flag('simulated')) terminal.note(terminal.paint('yellow', `it accepts evidence that is ${SIMULATED_WARNING}`))
    if (flag('trust-on-first-use')) terminal.note('it believes the server that answered now: compare it with a release')
    terminal.data({ file: out, policy })
    return EXIT.ok
  },
}

async function makePolicy(invocation: Invocation): Promise<JsonObject> {
  const { env, folder, text, flag, now } = invocation
  const isolation = levelsFrom(text('isolation'))
  if (flag('trust-on-first-use')) {
    return await firstUsePolicy(urlOf(invocation), { simulated: flag('simulated'), isolation, now: now() })
  }
  if (text('url') !== undefined) throw usage('--url goes with --trust-on-first-use')
  if (!flag('simulated')) throw usage('say what to trust: --simulated, or --trust-on-first-use with --url')
  return await simulatedPolicy(resolve(folder, text('state') ?? stateFolder(env, folder)), isolation, now())
}

const LEVELS: readonly IsolationLevel[] = ['full', 'reduced', 'none']

/** The level named and those above it. */
function levelsFrom(weakest: string | undefined): readonly IsolationLevel[] {
  return LEVELS.slice(0, LEVELS.findIndex((level) => level === (weakest ?? 'full')) + 1)
}

function usage(problem: string): CliError {
  return new CliError('USAGE', { problem, command: 'policy init' })
}
