import { Failure } from '../failure.ts'
import { inputName, parseLabels, parseTopK, type Task } from './task.ts'
import type { Pipeline } from './transformers.ts'

/** Longer texts are cut by the tokenizer anyway; this bounds what it reads. */
const MAX_TEXT_LENGTH = 100_000
const DEFAULT_TOP_K = 1

/** Texts to classes. Parameters: `top_k`, 1 unless given. */
export function textClassification(pipeline: Pipeline): Task {
  return {
    parse(parameters) {
      const topK = parseTopK(parameters, DEFAULT_TOP_K)
      return async (input, position) => {
        if (input.kind !== 'text') throw new Failure('INPUT_UNSUPPORTED', 'text-expected', inputName(position))
        if (input.text.length > MAX_TEXT_LENGTH) {
          throw new Failure('INPUT_INVALID', 'text-too-long', inputName(position))
        }
        return parseLabels(await pipeline(input.text, { top_k: topK }))
      }
    },
    async warmUp() {
      await pipeline('a', { top_k: DEFAULT_TOP_K })
    },
  }
}
