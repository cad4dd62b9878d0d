import { MalformedError } from '@blindai/core'
import { type Datatype, parseDatatype } from '../datatype.ts'
import { MAX_RANK, type ProtocolLimits } from '../limits.ts'
import { ProtocolError } from '../protocol-error.ts'
import { checkRawTensor, type RawTensor } from '../raw-tensor.ts'
import { checkTensorBytes, elementCount } from '../shape.ts'
import { DistinctNames } from '../tensor-entry.ts'
import { ParametersReader } from './parameters.ts'
import { ProtobufReader, signedOf } from './protobuf-reader.ts'
import { ProtobufWriter } from './protobuf-writer.ts'
import { isFloat, readContents } from './tensor-contents.ts'

/**
 * The tensors of a message: `InferInputTensor` in a request, `InferOutputTensor` in a response, which have one form, and
 * the raw contents beside them.
 *
 * Source: Open Inference Protocol v2 over gRPC.
 */

/** A tensor whose data has not been read yet. */
interface Entry {
  readonly field: string
  readonly name: string
  readonly datatype: Datatype
  readonly shape: readonly number[]
  readonly count: number
  readonly contents: Uint8Array | undefined
}

/** Tensors that are being read: first all of the message, then the data, so that a broken one costs nothing. */
export class EntriesReader {
  readonly #field: string
  readonly #limits: ProtocolLimits
  readonly #entries: Entry[] = []
  readonly #names: DistinctNames = new DistinctNames()
  readonly #raw: Uint8Array[] = []
  /** Of contents that are read one by one. */
  #countedBytes = 0

  /** @param field - what the tensors are called in errors. */
  constructor(field: string, limits: ProtocolLimits) {
    this.#field = field
    this.#limits = limits
  }

  /**
   * Reads one tensor but for its data.
   *
   * @throws {ProtocolError} `NOT_PROTOBUF`, `DATATYPE_UNKNOWN`, `SHAPE_INVALID`, `TENSOR_TOO_LARGE`, `TOO_MANY_ITEMS`,
   * `DUPLICATE_TENSOR`, `SHARED_MEMORY_UNSUPPORTED`; {MalformedError} `NOT_UTF8`, `TOO_LONG`, `MISSING_MEMBER`, `DUPLICATE_MEMBER`, `WRONG_TYPE`.
   */
  entry(bytes: Uint8Array): void {
    const entry = readEntry(`${this.#field}[${this.#next(this.#entries)}]`, bytes, this.#limits)
    this.#names.add(entry.field, entry.name)
    this.#entries.push(entry)
  }

  /** Takes the raw contents of one tensor. @throws {ProtocolError} `TOO_MANY_ITEMS`. */
  raw(bytes: Uint8Array): void {
    this.#next(this.#raw)
    this.#raw.push(bytes)
  }

  /**
   * The tensors with their data: raw for all of them, or typed for all of them.
   *
   * @throws {ProtocolError} `DATA_AMBIGUOUS`, `RAW_CONTENTS_MISMATCH`, and as `readContents` and `checkRawTensor`;
   * {MalformedError} `TOO_LONG`.
   */
  tensors(): RawTensor[] {
    const raw = this.#raw
    if (raw.length === 0) return this.#entries.map((entry) => this.#typed(entry))
    const expected = this.#entries.length
    if (raw.length !== expected) throw new ProtocolError('RAW_CONTENTS_MISMATCH', { expected, actual: raw.length })
    return this.#entries.map((entry, index) => rawTensor(entry, raw[index] ?? NOTHING, this.#limits))
  }

  #typed({ field, name, datatype, shape, count, contents }: Entry): RawTensor {
    if (contents === undefined && count === 0) return { name, datatype, shape, data: NOTHING }
    const bytes = contents ?? NOTHING
    const { maxJsonBytes } = this.#limits
    const data = readContents({ field, datatype, count }, bytes, maxJsonBytes - this.#countedBytes)
    if (!isFloat(datatype)) this.#countedBytes += bytes.byteLength
    return { name, datatype, shape, data }
  }

  #next(items: readonly unknown[]): number {
    const { maxItems: limit } = this.#limits
    if (items.length === limit) throw new ProtocolError('TOO_MANY_ITEMS', { field: this.#field, limit })
    return items.length
  }
}

/** Where a message has its tensors. */
export interface TensorFields {
  /** What the tensors are called in errors. */
  readonly field: string
  readonly entries: number
  readonly raw: number
}

/**
 * Writes tensors, their data raw.
 *
 * @throws {ProtocolError} `DUPLICATE_TENSOR`, and as `checkRawTensor`.
 */
export function writeTensors(
  writer: ProtobufWriter,
  { field, entries, raw }: TensorFields,
  tensors: readonly RawTensor[],
): ProtobufWriter {
  const names = new DistinctNames()
  for (const [index, tensor] of tensors.entries()) {
    const place = `${field}[${index}]`
    names.add(place, tensor.name)
    checkRawTensor(place, tensor)
    const { name, datatype, shape } = tensor
    writer.message(entries, new ProtobufWriter().text(1, name).text(2, datatype).integers(3, shape))
  }
  for (const { data } of tensors) writer.bytesField(raw, data)
  return writer
}

const NOTHING = new Uint8Array(0)

function rawTensor(
  { field, name, datatype, shape, contents }: Entry,
  data: Uint8Array,
  limits: ProtocolLimits,
): RawTensor {
  if (contents !== undefined) throw new ProtocolError('DATA_AMBIGUOUS', { field })
  if (data.byteLength > limits.maxTensorBytes) {
    throw new ProtocolError('TENSOR_TOO_LARGE', { field, limitBytes: limits.maxTensorBytes })
  }
  const tensor: RawTensor = { name, datatype, shape, data }
  checkRawTensor(field, tensor)
  return tensor
}

function readEntry(field: string, bytes: Uint8Array, limits: ProtocolLimits): Entry {
  const reader = new ProtobufReader(field, bytes)
  let name = ''
  let datatype: Datatype | undefined
  const shape: number[] = []
  let contents: Uint8Array | undefined
  const parameters = new ParametersReader(`${field}.parameters`, limits)
  for (let number = reader.next(); number !== undefined; number = reader.next()) {
    switch (number) {
      case 1:
        reader.once(number, 'name')
        name = reader.name('name')
        break
      case 2:
        reader.once(number, 'datatype')
        datatype = parseDatatype(`${field}.datatype`, reader.name('datatype'))
        break
      case 3:
        reader.integers((low, high) => {
          const dimension = signedOf(low, high)
          if (dimension < 0 || !Number.isSafeInteger(dimension) || shape.length === MAX_RANK) {
            throw new ProtocolError('SHAPE_INVALID', { field: `${field}.shape` })
          }
          shape.push(dimension)
        })
        break
      case 4:
        parameters.entry(reader.bytes())
        break
      case 5:
        reader.once(number, 'contents')
        contents = reader.bytes()
        break
      default:
    }
  }
  if (name === '') throw new MalformedError('MISSING_MEMBER', { field, member: 'name' })
  if (datatype === undefined) throw new MalformedError('MISSING_MEMBER', { field, member: 'datatype' })
  parameters.ofTensor(field)
  const count = elementCount(`${field}.shape`, shape)
  checkTensorBytes(field, datatype, count, limits.maxTensorBytes)
  return { field, name, datatype, shape, count, contents }
}
