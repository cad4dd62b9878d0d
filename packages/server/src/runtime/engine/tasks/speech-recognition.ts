import type { Bundle } from '../bundle/bundle.ts'
import { Failure } from '../failure.ts'
import { resample } from '../media/resample.ts'
import { readWav } from '../media/wav.ts'
import { inputName, refuseUnknownParameters, type Task } from './task.ts'
import { type Pipeline, parseJsonFile } from './transformers.ts'

const DEFAULT_RATE = 16_000
const MIN_RATE = 1000
const MAX_RATE = 192_000

/** Recordings of speech to text, by a model with CTC outputs. No parameters. */
export function speechRecognition(pipeline: Pipeline, bundle: Bundle): Task {
  const rate = modelRate(bundle)
  return {
    parse(parameters) {
      refuseUnknownParameters(parameters, [])
      return async (input, position) => {
        if (input.kind !== 'binary') throw new Failure('INPUT_UNSUPPORTED', 'audio-expected', inputName(position))
        const { samples, samplingRate } = readWav(input.data)
        return { text: parseText(await pipeline(resample(samples, samplingRate, rate), {})) }
      }
    },
    async warmUp() {
      await pipeline(new Float32Array(rate), {})
    },
  }
}

/** The sampling rate that the model was trained with. */
function modelRate(bundle: Bundle): number {
  const { sampling_rate: rate = DEFAULT_RATE } = parseJsonFile(bundle, 'preprocessor_config.json')
  if (typeof rate === 'number' && Number.isInteger(rate) && rate >= MIN_RATE && rate <= MAX_RATE) return rate
  throw new Failure('MODEL_INVALID', 'bundle-json', 'preprocessor_config.json sampling_rate')
}

function parseText(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'text' in value && typeof value.text === 'string')
    return value.text
  throw new Failure('RUN_FAILED', 'pipeline-output')
}
