import type { RawTensor, TensorMetadata } from '@blindai/protocol'
import { type LengthAxes, ModelError, type PaddingReason } from '../../models/index.ts'
import { type EngineDescription, EngineError } from '../../runtime/host/index.ts'
import { cropOutputs } from './crop-outputs.ts'
import { padText, takesPaddedTexts } from './pad-text.ts'

/** Runs the model alone, and answers all outputs. */
type RunAlone = (inputs: readonly RawTensor[]) => Promise<readonly RawTensor[]>

/** Of an answer with and without padding, in units of the larger of 1 and the number. */
const TOLERANCE = 1e-5

/** Whole numbers that texts are made of, from `LEAST_ID` to below one of these; a small model has few. */
const ID_BOUNDS = [256, 8]
/** Below it are the marks of vocabularies, padding among them, that some models look at. */
const LEAST_ID = 3

/**
 * Finds out of a model of texts whether places that its mask hides change an answer, and which axes of its outputs are as long as
 * the text. Texts of several lengths are run as they are and padded: their answers are equal but for rounding, because sums over
 * more places are made in another order.
 *
 * It is a trial and no proof of the graph: it finds a model that does not look at its mask, or whose numbers are scaled by all
 * places, and not one that is made to deceive. That one gives wrong answers to whom its owner lets run it, as it could anyway.
 *
 * @throws {ModelError} `PADDING_NOT_PROVEN`; what `run` throws but `RUN_FAILED`.
 */
export async function provePadding(
  { inputs, outputs }: EngineDescription,
  multipleOf: number,
  run: RunAlone,
): Promise<LengthAxes> {
  if (!takesPaddedTexts(inputs)) throw notProven('inputs')
  if (outputs.some(({ datatype }) => datatype === 'FP16' || datatype === 'BYTES')) throw notProven('outputs')
  const lengths = [...new Set([1, Math.ceil(multipleOf / 2), multipleOf - 1, multipleOf + 1])]
  let found: LengthAxes | undefined
  for (const length of lengths.filter((one) => one % multipleOf !== 0)) {
    const axes = await compared(inputs, length, multipleOf, run)
    // Longer than the model's longest text.
    if (axes === undefined) continue
    if (found !== undefined && JSON.stringify(found) !== JSON.stringify(axes)) throw notProven('outputs')
    found = axes
  }
  if (found === undefined) throw notProven('runs')
  return found
}

/** Compares one text; gives the axes that are as long as it, or undefined where the model does not take it even as it is. */
async function compared(
  inputs: readonly TensorMetadata[],
  length: number,
  multipleOf: number,
  run: RunAlone,
): Promise<LengthAxes | undefined> {
  for (const bound of ID_BOUNDS) {
    const text = inputs.map((input) => inputOf(input, length, bound))
    const plain = await runs(run, text)
    if (plain === undefined) continue
    const padded = padText(text, multipleOf)
    const answer = padded && (await runs(run, padded.inputs))
    if (padded === undefined || answer === undefined) throw notProven('runs')
    const axes = plain.map((output, index) => grownAxes(output, answer[index], length, padded.paddedLength))
    const axesOf = new Map(plain.map(({ name }, index) => [name, axes[index] ?? []]))
    const cropped = cropOutputs(answer, (name) => axesOf.get(name) ?? [], padded)
    if (!plain.every((output, index) => isAlike(output, cropped[index]))) throw notProven('answers')
    return axes
  }
  return undefined
}

/** The answer; undefined where the model does not take the text. */
async function runs(run: RunAlone, text: readonly RawTensor[]): Promise<readonly RawTensor[] | undefined> {
  try {
    return await run(text)
  } catch (error) {
    if (error instanceof EngineError && error.code === 'RUN_FAILED') return undefined
    throw error
  }
}

function grownAxes(
  plain: RawTensor,
  padded: RawTensor | undefined,
  length: number,
  paddedLength: number,
): readonly number[] {
  if (padded?.shape.length !== plain.shape.length) throw notProven('outputs')
  return plain.shape.flatMap((size, axis) => {
    if (padded.shape[axis] === size) return []
    if (size === length && padded.shape[axis] === paddedLength) return [axis]
    throw notProven('outputs')
  })
}

function isAlike(plain: RawTensor, cropped: RawTensor | undefined): boolean {
  if (cropped === undefined || cropped.data.byteLength !== plain.data.byteLength) return false
  const [a, b] = [numbersOf(plain), numbersOf(cropped)]
  if (a === undefined || b === undefined) return Buffer.compare(plain.data, cropped.data) === 0
  return a.every((number, index) => isNear(number, b[index] ?? Number.NaN))
}

function isNear(a: number, b: number): boolean {
  return Object.is(a, b) || Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(a))
}

/** Of fractions; whole numbers are compared as bytes. */
function numbersOf({ datatype, data }: RawTensor): Float32Array | Float64Array | undefined {
  const { buffer } = data.slice()
  if (datatype === 'FP32') return new Float32Array(buffer)
  return datatype === 'FP64' ? new Float64Array(buffer) : undefined
}

/** Numbers that are the same at every trial. Source: Press et al., Numerical Recipes in C, section 7.1, `ranqd1`. */
function inputOf({ name, datatype }: TensorMetadata, length: number, bound: number): RawTensor {
  let state = length
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return LEAST_ID + ((state >>> 8) % (bound - LEAST_ID))
  }
  const value = (): number => (name === 'input_ids' ? next() : name === 'attention_mask' ? 1 : 0)
  const values = Array.from({ length }, value)
  const { buffer } = datatype === 'INT64' ? BigInt64Array.from(values, BigInt) : Int32Array.from(values)
  return { name, datatype, shape: [1, length], data: new Uint8Array(buffer) }
}

function notProven(reason: PaddingReason): ModelError {
  return new ModelError('PADDING_NOT_PROVEN', { reason })
}
