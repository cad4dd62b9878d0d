import { Failure } from '../failure.ts'
import { decodeImage } from '../media/image.ts'
import { inputName, parseLabels, parseTopK, type Task } from './task.ts'
import type { Pipeline } from './transformers.ts'
import { importTransformers } from './transformers-module.ts'

const DEFAULT_TOP_K = 5
const WARM_UP_SIDE = 32

/** Pictures to classes. Parameters: `top_k`, 5 unless given. */
export async function imageClassification(pipeline: Pipeline): Promise<Task> {
  const { RawImage } = await importTransformers()
  return {
    parse(parameters) {
      const topK = parseTopK(parameters, DEFAULT_TOP_K)
      return async (input, position) => {
        if (input.kind !== 'binary') throw new Failure('INPUT_UNSUPPORTED', 'image-expected', inputName(position))
        const { pixels, width, height } = await decodeImage(input.data)
        return parseLabels(await pipeline(new RawImage(pixels, width, height, 3), { top_k: topK }))
      }
    },
    async warmUp() {
      const pixels = new Uint8ClampedArray(3 * WARM_UP_SIDE * WARM_UP_SIDE)
      await pipeline(new RawImage(pixels, WARM_UP_SIDE, WARM_UP_SIDE, 3), { top_k: DEFAULT_TOP_K })
    },
  }
}
