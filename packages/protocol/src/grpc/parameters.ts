import { MalformedError, utf8 } from '@blindai/core'
import { shownName } from '../json-members.ts'
import type { ProtocolLimits } from '../limits.ts'
import type { InferParameters } from '../parameters.ts'
import { ProtocolError } from '../protocol-error.ts'
import { ProtobufReader } from './protobuf-reader.ts'
import { ProtobufWriter } from './protobuf-writer.ts'

/** Parameters that are being read. */
export class ParametersReader {
  readonly #field: string
  readonly #limits: ProtocolLimits
  readonly #values: Map<string, string | number | boolean> = new Map()

  constructor(field: string, limits: ProtocolLimits) {
    this.#field = field
    this.#limits = limits
  }

  /** What was read; undefined when there was nothing. */
  get values(): InferParameters | undefined {
    return this.#values.size === 0 ? undefined : Object.fromEntries(this.#values)
  }

  /** As `values`, of a tensor, whose data is to be in the message. @throws {ProtocolError} `SHARED_MEMORY_UNSUPPORTED`. */
  ofTensor(field: string): InferParameters | undefined {
    if (this.#values.has('shared_memory_region')) throw new ProtocolError('SHARED_MEMORY_UNSUPPORTED', { field })
    return this.values
  }

  /**
   * Reads one entry of the map. Integers are numbers here, as in JSON: past 2^53 they are not exact.
   *
   * Source: Open Inference Protocol v2 over gRPC, `map<string, InferParameter>`.
   *
   * @throws {ProtocolError} `NOT_PROTOBUF`, `TOO_MANY_ITEMS`; {MalformedError} `DUPLICATE_MEMBER`, `WRONG_TYPE`.
   */
  entry(bytes: Uint8Array): void {
    const field = this.#field
    const { maxItems } = this.#limits
    if (this.#values.size === maxItems) throw new ProtocolError('TOO_MANY_ITEMS', { field, limit: maxItems })
    const reader = new ProtobufReader(field, bytes)
    let name = ''
    let value: string | number | boolean | undefined
    for (let number = reader.next(); number !== undefined; number = reader.next()) {
      if (number === 1) {
        reader.once(number, 'key')
        name = reader.name('key')
      } else if (number === 2) {
        reader.once(number, 'value')
        value = readValue(field, reader.bytes())
      }
    }
    if (this.#values.has(name)) throw new MalformedError('DUPLICATE_MEMBER', { field, member: shownName(name) })
    if (value === undefined) {
      throw new MalformedError('WRONG_TYPE', { field, expected: 'a map of strings, numbers and booleans' })
    }
    this.#values.set(name, value)
  }
}

/** Writes parameters as a map. */
export function writeParameters(
  writer: ProtobufWriter,
  number: number,
  parameters: InferParameters | undefined,
): ProtobufWriter {
  for (const [name, value] of Object.entries(parameters ?? {})) {
    writer.message(number, new ProtobufWriter().text(1, name).message(2, choiceOf(value)))
  }
  return writer
}

/** A member of a `oneof` is written even when it has the default. */
function choiceOf(value: string | number | boolean): ProtobufWriter {
  const writer = new ProtobufWriter()
  if (typeof value === 'string') return writer.bytesField(3, utf8(value))
  if (typeof value === 'boolean') return writer.varint(1, value ? 1 : 0)
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? writer.varint(2, value) : writer.double(4, value)
}

function readValue(field: string, bytes: Uint8Array): string | number | boolean | undefined {
  const reader = new ProtobufReader(field, bytes)
  let value: string | number | boolean | undefined
  for (let number = reader.next(); number !== undefined; number = reader.next()) {
    if (number > 5) continue
    if (value !== undefined) throw new MalformedError('DUPLICATE_MEMBER', { field, member: 'parameter_choice' })
    if (number === 1) value = reader.bool()
    else if (number === 2) value = reader.int64()
    else if (number === 3) value = reader.name('string_param')
    else if (number === 4) value = readDouble(reader.fixed(8))
    else value = reader.uint64()
  }
  return value
}

function readDouble(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat64(0, true)
}
