import { resolve } from 'node:path'
import { createEvidenceBundle, type HeldReceipt, type Session } from '@blindai/client'
import { fromUtf8, type JsonObject, parseJson } from '@blindai/core'
import { printAnswer, printTensors, tensorToJson } from '../answer.ts'
import { CliError } from '../cli-error.ts'
import type { Command, Invocation } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { refuseExisting, writeNew } from '../files.ts'
import { type Input, readInput } from '../input.ts'
import { isJsonObject } from '../json-object.ts'
import { policyJsonOf, withSession } from '../session.ts'

/** `blindai run MODEL INPUT…` */
export const run: Command = {
  path: ['run'],
  summary: 'Run a model on files, text or tensors, and print the answer.',
  details: `INPUT is the name of a file, text, JSON of tensors as the Open Inference Protocol has it ({"inputs": […]}), @FILE
where a name must be a file, or - for standard input. Images (JPEG, PNG, WebP) and recordings (WAV) are recognised by their
first bytes. Several inputs go in one request. Nothing is sent before the server's evidence is affirming.`,
  positionals: [
    { name: 'MODEL', help: 'A name of yours, OWNER~NAME of a model granted to you, or a SHA-256.', required: true },
    { name: 'INPUT', help: 'What to run it on.', required: true, repeated: true },
  ],
  options: {
    task: { type: 'text', value: 'TASK', help: "A task other than the model's own." },
    parameters: { type: 'text', value: 'JSON', help: 'Parameters of the task, such as {"top_k": 3}.' },
    evidence: {
      type: 'text',
      value: 'FILE',
      help: 'Ask for a signed receipt, and write it with all that a third party needs to check it later.',
    },
    text: { type: 'flag', help: 'Take each INPUT as text, even where a file has that name.' },
  },
  usesServer: true,
  examples: [
    'blindai run mobilenet samples/images/cat.jpg',
    'blindai run spam "Free entry! Text WIN to 80086"',
    'blindai run words @samples/audio/words_06.wav --json',
    'blindai run mobilenet samples/images/cat.jpg --evidence evidence.json',
    `blindai run sum '{"inputs":[{"name":"x","datatype":"FP32","shape":[2],"data":[1,2]}]}'`,
  ],
  async run(invocation) {
    const [model = '', ...args] = invocation.positionals
    const source = { folder: invocation.folder, stdin: invocation.stdin, asText: invocation.flag('text') }
    const inputs: Input[] = []
    for (const argument of args) inputs.push(await readInput(argument, source))
    const parameters = parseParameters(invocation.text('parameters'))
    const evidence = invocation.text('evidence')
    // A run is not to be paid for, and its receipt lost, because of a name.
    if (evidence !== undefined) await refuseExisting(resolve(invocation.folder, evidence))
    return await withSession(invocation, async (session) => {
      const [first] = inputs
      if (first?.kind === 'tensors') return await runTensors(session, model, inputs, invocation)
      return await runTask(session, model, inputs, parameters, invocation)
    })
  },
}

async function runTensors(
  session: Session,
  model: string,
  inputs: readonly Input[],
  invocation: Invocation,
): Promise<ExitCode> {
  const { terminal, interrupted } = invocation
  const [input] = inputs
  if (inputs.length !== 1 || input?.kind !== 'tensors') throw usage('tensors are given in one INPUT')
  const started = performance.now()
  const answer = await session.infer(model, input.tensors, {
    ...(input.outputs.length > 0 ? { outputs: input.outputs } : {}),
    receipt: invocation.text('evidence') !== undefined,
    signal: interrupted,
  })
  const latencyMs = performance.now() - started
  await writeEvidence(session, answer.receipt, invocation)
  printTensors(answer.outputs, terminal)
  terminal.note(terminal.paint('dim', `${latencyMs.toFixed(1)} ms`))
  terminal.data({ model, outputs: answer.outputs.map(tensorToJson), latencyMs, trustClass: session.result.trustClass })
  return EXIT.ok
}

async function runTask(
  session: Session,
  model: string,
  inputs: readonly Input[],
  parameters: JsonObject | undefined,
  invocation: Invocation,
): Promise<ExitCode> {
  const { terminal, interrupted, positionals } = invocation
  const task = invocation.text('task')
  const items = inputs.map((input) => {
    if (input.kind === 'tensors') throw usage('tensors and other inputs do not mix in one request')
    return input.kind === 'text' ? input.text : input.bytes
  })
  const started = performance.now()
  const { outputs, receipt } = await session.run(model, items, {
    ...(task === undefined ? {} : { task }),
    ...(parameters === undefined ? {} : { parameters }),
    receipt: invocation.text('evidence') !== undefined,
    signal: interrupted,
  })
  const latencyMs = performance.now() - started
  await writeEvidence(session, receipt, invocation)
  for (const [i, output] of outputs.entries()) {
    if (outputs.length > 1) terminal.line(terminal.paint('bold', positionals[i + 1] ?? ''))
    printAnswer(output, terminal)
  }
  terminal.note(terminal.paint('dim', `${latencyMs.toFixed(1)} ms`))
  terminal.data({ model, outputs, latencyMs, trustClass: session.result.trustClass })
  return EXIT.ok
}

/** Writes the bundle of `--evidence`, which must not exist yet. */
async function writeEvidence(
  session: Session,
  receipt: HeldReceipt | undefined,
  invocation: Invocation,
): Promise<void> {
  const file = invocation.text('evidence')
  if (file === undefined || receipt === undefined) return
  const { document, result } = session
  const bundle = createEvidenceBundle({ document, policy: await policyJsonOf(invocation), receipt, result })
  await writeNew(resolve(invocation.folder, file), fromUtf8('bundle', bundle), true)
  invocation.terminal.note(`evidence written to ${file}; whoever has it can try what the input was`)
}

function parseParameters(text: string | undefined): JsonObject | undefined {
  if (text === undefined) return undefined
  const value = parseJson('parameters', text)
  if (isJsonObject(value)) return value
  throw usage('--parameters is a JSON object')
}

function usage(problem: string): CliError {
  return new CliError('USAGE', { problem, command: 'run' })
}
