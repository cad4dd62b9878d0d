import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fromUtf8, type JsonValue, parseJson } from '@blindai/core'
import { CliError } from '../cli-error.ts'
import { readBounded } from '../files.ts'
import { isJsonObject } from '../json-object.ts'

/** A model of the demo. */
export interface SampleModel {
  /** The alias it is uploaded under. */
  readonly name: string
  readonly task: string
  readonly folder: string
}

/** One input and what a right answer to it is. */
export interface SampleCase {
  readonly model: string
  /** What the screen calls it. */
  readonly label: string
  readonly input: string | Uint8Array
  readonly right: string
  readonly transport: 'tls' | 'ohttp'
}

export interface Samples {
  readonly models: readonly SampleModel[]
  readonly cases: readonly SampleCase[]
}

const MODELS = [
  { name: 'mobilenet', task: 'image-classification', folder: 'models/mobilenet_v2_1.0_224' },
  { name: 'spam', task: 'text-classification', folder: 'models/sms-spam-bert' },
  { name: 'words', task: 'automatic-speech-recognition', folder: 'models/spoken-words-wavenet' },
] as const

const MEDIA = [
  { model: 'mobilenet', file: 'images/cat.jpg', transport: 'tls' },
  { model: 'mobilenet', file: 'images/parrot.jpg', transport: 'ohttp' },
  { model: 'mobilenet', file: 'images/hot_dog.jpg', transport: 'tls' },
  { model: 'words', file: 'audio/words_06.wav', transport: 'tls' },
  { model: 'words', file: 'audio/words_07.wav', transport: 'ohttp' },
] as const

const MESSAGES = [
  { line: 661, transport: 'tls' },
  { line: 1861, transport: 'ohttp' },
  { line: 3133, transport: 'ohttp' },
] as const

const SHOWN_CHARACTERS = 38

/** The samples folder of the repository. */
export function defaultSamplesFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'samples', 'SAMPLES.json')) && dirname(folder) !== folder) folder = dirname(folder)
  return join(folder, 'samples')
}

/**
 * Reads the demo's models and inputs, and the right answers that the folder's list gives.
 *
 * @throws {CliError} `SAMPLES_INCOMPLETE`, `FILE_UNREADABLE`.
 */
export async function loadSamples(folder: string): Promise<Samples> {
  const right = await rightAnswers(folder)
  const models = MODELS.map((model) => ({ ...model, folder: resolve(folder, model.folder) }))
  const cases: SampleCase[] = []
  for (const { file, ...rest } of MEDIA) {
    const answer = right.get(file)
    if (answer === undefined) throw new CliError('SAMPLES_INCOMPLETE', { folder, missing: file })
    cases.push({ ...rest, label: file, input: await readBounded(join(folder, file)), right: answer })
  }
  const messages = await readMessages(folder)
  for (const { line, transport } of MESSAGES) {
    const message = messages.get(line)
    if (message === undefined) throw new CliError('SAMPLES_INCOMPLETE', { folder, missing: `message ${line}` })
    cases.push({ model: 'spam', label: quoted(message.text), input: message.text, right: message.label, transport })
  }
  return { models, cases: cases.toSorted((a, b) => orderOf(a.model) - orderOf(b.model)) }
}

function orderOf(model: string): number {
  return MODELS.findIndex(({ name }) => name === model)
}

function quoted(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `"${text.slice(0, SHOWN_CHARACTERS - 1)}…"` : `"${text}"`
}

async function rightAnswers(folder: string): Promise<ReadonlyMap<string, string>> {
  const list = await readJson(folder, 'SAMPLES.json')
  const samples = isJsonObject(list) && Array.isArray(list.samples) ? list.samples : []
  const answers = new Map<string, string>()
  for (const sample of samples) {
    if (isJsonObject(sample) && typeof sample.file === 'string' && typeof sample.rightAnswer === 'string') {
      answers.set(sample.file, sample.rightAnswer)
    }
  }
  return answers
}

async function readMessages(folder: string): Promise<ReadonlyMap<number, { text: string; label: string }>> {
  const list = await readJson(folder, 'text/sms_labelled.json')
  const messages = new Map<number, { text: string; label: string }>()
  for (const item of Array.isArray(list) ? list : []) {
    if (!isJsonObject(item)) continue
    const { line, text, label } = item
    if (typeof line === 'number' && typeof text === 'string' && typeof label === 'string') {
      messages.set(line, { text, label })
    }
  }
  return messages
}

async function readJson(folder: string, file: string): Promise<JsonValue> {
  return parseJson(file, fromUtf8(file, await readBounded(join(folder, file))))
}
