import { join } from 'node:path'
import { fromUtf8, isMalformedError, parseJson } from '@blindai/core'
import { kindOfPath, readBounded } from './files.ts'
import { isJsonObject } from './json-object.ts'

/** The classes of Hugging Face's library that a model says it is of, by how their names end, and what each does. */
const TASKS = [
  { ending: 'ForImageClassification', task: 'image-classification' },
  { ending: 'ForSequenceClassification', task: 'text-classification' },
  { ending: 'ForCTC', task: 'automatic-speech-recognition' },
] as const

const MAX_CONFIG_BYTES = 4 * 1024 * 1024

/**
 * The task that the `config.json` of a folder names, or undefined: a convenience for whoever uploads, which the server
 * does not rely on.
 */
export async function taskOfFolder(path: string): Promise<string | undefined> {
  const file = join(path, 'config.json')
  if ((await kindOfPath(file)) !== 'file') return undefined
  try {
    const config = parseJson('config.json', fromUtf8('config.json', await readBounded(file, MAX_CONFIG_BYTES)))
    const architectures = isJsonObject(config) && Array.isArray(config.architectures) ? config.architectures : []
    const [architecture] = architectures
    return TASKS.find(({ ending }) => String(architecture).endsWith(ending))?.task
  } catch (cause) {
    if (isMalformedError(cause)) return undefined
    throw cause
  }
}
