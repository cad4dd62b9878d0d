import { MalformedError } from '@blindai/core'
import type { BinaryPart } from './body.ts'
import { type Datatype, elementBytes, parseDatatype } from './datatype.ts'
import { readJsonData } from './json-data.ts'
import type { JsonScanner } from './json-scanner.ts'
import { jsonDataText } from './json-text.ts'
import { MAX_NAME_LENGTH, MAX_RANK, type ProtocolLimits } from './limits.ts'
import { readTensorParameters } from './parameters.ts'
import { ProtocolError } from './protocol-error.ts'
import { checkRawTensor, type RawTensor } from './raw-tensor.ts'
import { checkTensorBytes, elementCount } from './shape.ts'

/**
 * The entries of `inputs` in a request and of `outputs` in a response, which have one form.
 *
 * They are read in two passes: first the entries, with the place of their data, then the data, so that nothing is
 * allocated for a message that is broken further on.
 */

/** A tensor whose data has been found and not yet read. */
export interface TensorEntry {
  readonly field: string
  readonly name: string
  readonly datatype: Datatype
  readonly shape: readonly number[]
  readonly count: number
  /** Where the data is: a range of the JSON text, or so many bytes of the binary part. */
  readonly source: { readonly start: number; readonly end: number } | { readonly binaryBytes: number }
}

/**
 * Reads the entries that the scanner stands at.
 *
 * @throws {MalformedError} `NOT_JSON`, `WRONG_TYPE`, `MISSING_MEMBER`, `DUPLICATE_MEMBER`, `TOO_LONG`;
 * {ProtocolError} `DATATYPE_UNKNOWN`, `SHAPE_INVALID`, `TENSOR_TOO_LARGE`, `TOO_MANY_ITEMS`, `DUPLICATE_TENSOR`,
 * `DATA_AMBIGUOUS`, `BINARY_SIZE_MISMATCH`.
 */
export function readEntries(scanner: JsonScanner, field: string, limits: ProtocolLimits): TensorEntry[] {
  const entries: TensorEntry[] = []
  const names = new DistinctNames()
  for (const index of scanner.items(field)) {
    if (index >= limits.maxItems) throw new ProtocolError('TOO_MANY_ITEMS', { field, limit: limits.maxItems })
    const entry = readEntry(scanner, `${field}[${index}]`, limits)
    names.add(entry.field, entry.name)
    entries.push(entry)
  }
  return entries
}

/**
 * Reads the data of entries, all of it: what the binary part holds beyond them is refused.
 *
 * @throws {ProtocolError} as `readJsonData` and `checkRawTensor`; {MalformedError} `TRUNCATED`, `TRAILING_BYTES`.
 */
export function readTensors(scanner: JsonScanner, entries: readonly TensorEntry[], binary: BinaryPart): RawTensor[] {
  const views = entries.map(({ field, source }) =>
    'binaryBytes' in source ? binary.take(field, source.binaryBytes) : undefined,
  )
  binary.end()
  return entries.map((entry, index) => {
    const { field, name, datatype, shape, source } = entry
    const view = views[index]
    if (view !== undefined) {
      const tensor: RawTensor = { name, datatype, shape, data: view }
      checkRawTensor(field, tensor)
      return tensor
    }
    const { start, end } = 'start' in source ? source : { start: 0, end: 0 }
    scanner.seek(start)
    return { name, datatype, shape, data: readJsonData(scanner, `${field}.data`, datatype, shape, entry.count, end) }
  })
}

/** Names seen so far and where. */
export class DistinctNames {
  readonly #places: Map<string, string> = new Map()

  /** @throws {ProtocolError} `DUPLICATE_TENSOR`. */
  add(field: string, name: string): void {
    const first = this.#places.get(name)
    if (first !== undefined) throw new ProtocolError('DUPLICATE_TENSOR', { field, first })
    this.#places.set(name, field)
  }
}

/** The JSON of a tensor; its data is appended to `binary` when that is given. */
export function entryText(field: string, tensor: RawTensor, binary: Uint8Array[] | undefined): string {
  const head = `{"name":${JSON.stringify(tensor.name)},"datatype":"${tensor.datatype}","shape":[${tensor.shape.join(',')}]`
  if (binary === undefined) return `${head},"data":${jsonDataText(field, tensor)}}`
  checkRawTensor(field, tensor)
  binary.push(tensor.data)
  return `${head},"parameters":{"binary_data_size":${tensor.data.byteLength}}}`
}

/** Reads a tensor, model or request name. @throws {MalformedError} `WRONG_TYPE`, `TOO_LONG`. */
export function readName(scanner: JsonScanner, field: string): string {
  const name = scanner.string(field)
  if (name.length > MAX_NAME_LENGTH) {
    throw new MalformedError('TOO_LONG', { field, length: name.length, limit: MAX_NAME_LENGTH })
  }
  return name
}

function readEntry(scanner: JsonScanner, field: string, limits: ProtocolLimits): TensorEntry {
  let name: string | undefined
  let datatype: Datatype | undefined
  let shape: readonly number[] | undefined
  let data: { start: number; end: number } | undefined
  let binaryBytes: number | undefined
  for (const member of scanner.members(field)) {
    switch (member) {
      case 'name':
        name = readName(scanner, `${field}.name`)
        break
      case 'datatype':
        datatype = parseDatatype(`${field}.datatype`, scanner.string(`${field}.datatype`))
        break
      case 'shape':
        shape = readShape(scanner, `${field}.shape`)
        break
      case 'data':
        data = { start: scanner.skip(), end: scanner.at }
        break
      case 'parameters':
        binaryBytes = readTensorParameters(scanner, field).binary.binary_data_size
        break
      default:
        scanner.value(field)
    }
  }
  const missing = (member: string): MalformedError => new MalformedError('MISSING_MEMBER', { field, member })
  if (name === undefined) throw missing('name')
  if (datatype === undefined) throw missing('datatype')
  if (shape === undefined) throw missing('shape')
  if (data !== undefined && binaryBytes !== undefined) throw new ProtocolError('DATA_AMBIGUOUS', { field })
  const count = elementCount(`${field}.shape`, shape)
  checkTensorBytes(field, datatype, count, limits.maxTensorBytes)
  if (data !== undefined) return { field, name, datatype, shape, count, source: data }
  if (binaryBytes === undefined) throw missing('data')
  checkBinaryBytes(field, datatype, count, binaryBytes, limits)
  return { field, name, datatype, shape, count, source: { binaryBytes } }
}

function checkBinaryBytes(
  field: string,
  datatype: Datatype,
  count: number,
  actual: number,
  limits: ProtocolLimits,
): void {
  const size = elementBytes(datatype)
  if (size !== undefined && actual !== count * size) {
    throw new ProtocolError('BINARY_SIZE_MISMATCH', { field, expected: count * size, actual })
  }
  if (actual > limits.maxTensorBytes) {
    throw new ProtocolError('TENSOR_TOO_LARGE', { field, limitBytes: limits.maxTensorBytes })
  }
}

function readShape(scanner: JsonScanner, field: string): number[] {
  const shape: number[] = []
  for (const _ of scanner.items(field)) {
    const dimension = scanner.integer()
    // NaN, a dimension of more than 15 digits, is refused here too.
    if (dimension === undefined || !(dimension >= 0) || shape.length === MAX_RANK) {
      throw new ProtocolError('SHAPE_INVALID', { field })
    }
    shape.push(dimension)
  }
  return shape
}
