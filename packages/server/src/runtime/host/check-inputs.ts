import { checkRawTensor, type RawTensor, type TensorMetadata } from '@blindai/protocol'
import type { EngineDescription } from './engine.ts'
import { EngineError } from './engine-error.ts'

/**
 * Checks tensors against a model's description before an engine gets them: names, datatypes, shapes and lengths.
 *
 * @throws {EngineError} `INPUT_INVALID`; {ProtocolError} of `checkRawTensor`.
 */
export function checkInputs(inputs: readonly RawTensor[], description: EngineDescription): void {
  const seen: Set<string> = new Set()
  for (const [index, tensor] of inputs.entries()) {
    const expected = description.inputs.find((input) => input.name === tensor.name)
    // The name is the caller's own word: it is not repeated.
    if (expected === undefined)
      throw new EngineError('INPUT_INVALID', { input: `inputs[${index}]`, reason: 'unknown-name' })
    const { name } = expected
    if (seen.has(name)) throw new EngineError('INPUT_INVALID', { input: name, reason: 'given-twice' })
    seen.add(name)
    if (tensor.datatype !== expected.datatype) {
      const reason = `datatype-${tensor.datatype}-for-${expected.datatype}`
      throw new EngineError('INPUT_INVALID', { input: name, reason })
    }
    if (!fits(tensor.shape, expected.shape)) {
      const reason = `shape-[${tensor.shape.join(',')}]-for-[${expected.shape.join(',')}]`
      throw new EngineError('INPUT_INVALID', { input: name, reason })
    }
    checkRawTensor(name, tensor)
  }
  const missing = description.inputs.find(({ name }) => !seen.has(name))
  if (missing !== undefined) throw new EngineError('INPUT_INVALID', { input: missing.name, reason: 'missing' })
}

/** The outputs that are wanted, in the order asked for. @throws {EngineError} `OUTPUT_UNKNOWN`. */
export function wantedOutputs(
  names: readonly string[] | undefined,
  { outputs }: EngineDescription,
): readonly TensorMetadata[] {
  if (names === undefined) return outputs
  return names.map((name, index) => {
    const output = outputs.find((candidate) => candidate.name === name)
    if (output === undefined || names.indexOf(name) !== index) {
      throw new EngineError('OUTPUT_UNKNOWN', { output: `outputs[${index}]` })
    }
    return output
  })
}

/** ONNX Runtime shows an input of unknown rank as one of rank zero, so that one is left to the run. */
function fits(shape: readonly number[], expected: readonly number[]): boolean {
  if (expected.length === 0) return true
  return (
    shape.length === expected.length &&
    expected.every((dimension, axis) => dimension === -1 || dimension === shape[axis])
  )
}
