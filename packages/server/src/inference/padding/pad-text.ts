import { elementBytes, type RawTensor, type TensorMetadata } from '@blindai/protocol'

/** What `transformers` calls the inputs of a model of texts. Source: its glossary; `PreTrainedTokenizerBase.model_input_names`. */
const TEXT_INPUTS: ReadonlySet<string> = new Set(['input_ids', 'attention_mask', 'token_type_ids', 'position_ids'])
const MASK = 'attention_mask'

/** Larger texts fill an engine alone, and what is small must not become large. */
const MAX_PADDED_BYTES = 64 * 1024

/** A text with places at its end that its mask says are none. */
export interface PaddedText {
  readonly inputs: readonly RawTensor[]
  /** Places before. */
  readonly length: number
  readonly paddedLength: number
}

/** True for a model of texts of any length, `[rows, places]` in whole numbers, with a mask that says which places there are. */
export function takesPaddedTexts(inputs: readonly TensorMetadata[]): boolean {
  const isText = ({ name, datatype, shape }: TensorMetadata): boolean =>
    TEXT_INPUTS.has(name) && (datatype === 'INT64' || datatype === 'INT32') && shape.length === 2 && shape[1] === -1
  return inputs.every(isText) && inputs.some(({ name }) => name === MASK)
}

/**
 * Fills a text up with zeros to the next multiple of places. To how many depends on the text alone, never on what waits beside
 * it; so does the answer.
 *
 * @param inputs - as they came: nothing has checked them yet.
 * @returns undefined for what stays as it is: a text that has such a length, one that would be too large, and what is no text,
 * which the engine is to refuse.
 */
export function padText(inputs: readonly RawTensor[], multipleOf: number): PaddedText | undefined {
  const [rows = 0, length = 0] = inputs[0]?.shape ?? []
  const paddedLength = Math.ceil(length / multipleOf) * multipleOf
  if (!(rows > 0 && length > 0) || paddedLength === length) return undefined
  // A tensor that is as long as it says has no more rows than bytes, so that what is done for each is bounded, too.
  const isOfText = ({ shape, datatype, data }: RawTensor): boolean =>
    shape.length === 2 &&
    shape[0] === rows &&
    shape[1] === length &&
    data.byteLength === rows * length * (elementBytes(datatype) ?? Number.NaN)
  if (!inputs.every(isOfText)) return undefined
  const bytes = inputs.reduce((sum, { data }) => sum + (data.byteLength / length) * paddedLength, 0)
  if (bytes > MAX_PADDED_BYTES) return undefined
  return { inputs: inputs.map((tensor) => padded(tensor, rows, paddedLength)), length, paddedLength }
}

function padded(tensor: RawTensor, rows: number, paddedLength: number): RawTensor {
  const rowBytes = tensor.data.byteLength / rows
  const paddedRowBytes = (rowBytes / (tensor.shape[1] ?? 1)) * paddedLength
  const data = new Uint8Array(rows * paddedRowBytes)
  for (let row = 0; row < rows; row++) {
    data.set(tensor.data.subarray(row * rowBytes, (row + 1) * rowBytes), row * paddedRowBytes)
  }
  return { ...tensor, shape: [rows, paddedLength], data }
}
