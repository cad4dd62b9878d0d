import { connect, type Session } from '@blindai/client'
import type { Policy } from '@blindai/verifier'
import { headlineOf } from '../answer.ts'
import { readKeyFile } from '../credentials.ts'
import { formatBytes, PART_BYTES, progressOf } from '../progress.ts'
import type { DemoOptions } from './run-demo.ts'
import type { SampleCase, SampleModel, Samples } from './samples.ts'
import type { Answered, DemoScreen } from './screen.ts'
import type { Listening } from './server-process.ts'

type Sessions = Readonly<Record<'tls' | 'ohttp', Session>>

/**
 * Uploads the models over attested TLS and runs the inputs over both ways in.
 *
 * @returns how many answers are wrong.
 */
export async function predictStep(
  server: Listening,
  policy: Policy,
  samples: Samples,
  screen: DemoScreen,
  options: DemoOptions,
): Promise<number> {
  const apiKey = await readKeyFile(server.keyFile)
  const sessions: Sessions = {
    tls: await connect({ url: server.url, policy, apiKey, transport: 'tls' }),
    ohttp: await connect({ url: server.plainUrl, policy, apiKey, transport: 'ohttp' }),
  }
  try {
    screen.step('4  Predict: upload the models', 'Encrypted to the enclave; it is the only one that can open them.')
    for (const model of samples.models) await upload(model, sessions.tls, screen, options)

    screen.step(
      '5  Predict: run them',
      'attested TLS goes to the HTTPS port, OHTTP through plain HTTP; both end in the enclave.',
    )
    const answered: Answered[] = []
    for (const sample of samples.cases) {
      const answer = await ask(sample, sessions[sample.transport], options.interrupted)
      answered.push(answer)
      options.terminal.data({ event: 'answer', ...answer })
    }
    screen.answers(answered)
    return answered.filter(({ correct }) => !correct).length
  } finally {
    await Promise.all([sessions.tls.close(), sessions.ohttp.close()])
  }
}

async function upload(
  model: SampleModel,
  session: Session,
  screen: DemoScreen,
  { terminal }: DemoOptions,
): Promise<void> {
  const progress = progressOf(`  ${model.name}`, terminal, true)
  const started = performance.now()
  try {
    const { bytes, sha256 } = await session.models.upload(model.folder, {
      name: model.name,
      task: model.task,
      kind: 'bundle',
      onProgress: progress.update,
      partBytes: PART_BYTES,
    })
    progress.end()
    const uploadMs = Math.round(performance.now() - started)
    screen.say(`${model.name.padEnd(10)} ${formatBytes(bytes).padStart(7)}  ${model.task}, ${uploadMs} ms`)
    terminal.data({ event: 'uploaded', name: model.name, task: model.task, bytes, sha256, uploadMs })
  } finally {
    progress.end()
  }
}

async function ask(sample: SampleCase, session: Session, signal: AbortSignal): Promise<Answered> {
  const started = performance.now()
  const { outputs } = await session.run(sample.model, [sample.input], { signal })
  const latencyMs = performance.now() - started
  const headline = headlineOf(outputs[0] ?? null)
  const answer = headline?.text ?? 'no answer'
  return {
    model: sample.model,
    input: sample.label,
    answer: firstName(answer),
    right: sample.right,
    correct: firstName(answer) === firstName(sample.right),
    ...(headline?.score === undefined ? {} : { score: headline.score }),
    latencyMs,
    transport: sample.transport,
  }
}

/** Of a label with synonyms ("hotdog, hot dog, red hot") the first. */
function firstName(label: string): string {
  return (label.split(',')[0] ?? label).trim()
}
