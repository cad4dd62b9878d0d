import type { RawTensor } from '@blindai/protocol'
import { EngineError } from '../../runtime/host/index.ts'
import type { PaddedText } from './pad-text.ts'

/**
 * Takes the places that were put into a text out of its answer.
 *
 * @param axesOf - the axes of an output that are as long as the text.
 * @throws {EngineError} `RUN_FAILED` `padding-lost` when one of them is not as long as what went in.
 */
export function cropOutputs(
  outputs: readonly RawTensor[],
  axesOf: (name: string) => readonly number[],
  { length, paddedLength }: PaddedText,
): RawTensor[] {
  return outputs.map((output) => {
    const axes = axesOf(output.name)
    if (axes.some((axis) => output.shape[axis] !== paddedLength)) {
      throw new EngineError('RUN_FAILED', { reason: 'padding-lost' })
    }
    return axes.reduce((tensor, axis) => cropAxis(tensor, axis, length), output)
  })
}

/** The first places of one axis. */
function cropAxis(tensor: RawTensor, axis: number, length: number): RawTensor {
  const { shape, data } = tensor
  const blocks = shape.slice(0, axis).reduce((product, size) => product * size, 1)
  const kept = shape.map((size, index) => (index === axis ? length : size))
  if (data.byteLength === 0) return { ...tensor, shape: kept }
  const blockBytes = data.byteLength / blocks
  const keptBytes = (blockBytes / (shape[axis] ?? 1)) * length
  const cropped = new Uint8Array(blocks * keptBytes)
  for (let block = 0; block < blocks; block++) {
    const start = block * blockBytes
    cropped.set(data.subarray(start, start + keptBytes), block * keptBytes)
  }
  return { ...tensor, shape: kept, data: cropped }
}
