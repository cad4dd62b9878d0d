import { Failure } from '../failure.ts'

/**
 * Reads protobuf messages in place, field by field. Lengths are checked against what is left before anything is looked
 * at; groups, which ONNX does not have, and reserved wire types are refused.
 *
 * Source: Protocol Buffers, "Encoding".
 */

/** One field of a message. `bytes` is set for length-delimited fields, `value` for varints, neither for fixed ones. */
export interface Field {
  readonly number: number
  readonly value: bigint | undefined
  readonly bytes: Uint8Array | undefined
}

/** The fields of a message in order. @throws {Failure} `MODEL_INVALID` `not-protobuf`. */
export function* fields(message: Uint8Array): Generator<Field, void, undefined> {
  const reader = new VarintReader(message)
  while (reader.remaining > 0) {
    const tag = reader.varint()
    const number = Number(tag >> 3n)
    if (number < 1 || number > MAX_FIELD_NUMBER) throw notProtobuf()
    switch (Number(tag & 7n)) {
      case 0:
        yield { number, value: reader.varint(), bytes: undefined }
        break
      case 1:
        reader.take(8)
        yield { number, value: undefined, bytes: undefined }
        break
      case 2:
        yield { number, value: undefined, bytes: reader.take(Number(reader.varint())) }
        break
      case 5:
        reader.take(4)
        yield { number, value: undefined, bytes: undefined }
        break
      default:
        throw notProtobuf()
    }
  }
}

/** The integers of a repeated field, packed or single. @throws {Failure} `MODEL_INVALID` `not-protobuf`. */
export function integers({ value, bytes }: Field): bigint[] {
  if (value !== undefined) return [value]
  const reader = new VarintReader(bytes ?? new Uint8Array(0))
  const values: bigint[] = []
  while (reader.remaining > 0) values.push(reader.varint())
  return values
}

const MAX_FIELD_NUMBER = 0x1fff_ffff
const MAX_VARINT_BYTES = 10

class VarintReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get remaining(): number {
    return this.#bytes.byteLength - this.#at
  }

  take(length: number): Uint8Array {
    if (length > this.remaining) throw notProtobuf()
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  varint(): bigint {
    let low = 0
    // Four bytes hold 28 bits, which a number holds exactly: enough for almost every tag and length.
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte()
      low |= (byte & 0x7f) << shift
      if (byte < 0x80) return BigInt(low)
    }
    let value = BigInt(low)
    for (let i = 4; i < MAX_VARINT_BYTES; i++) {
      const byte = this.#byte()
      value |= BigInt(byte & 0x7f) << BigInt(7 * i)
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    throw notProtobuf()
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw notProtobuf()
    return byte
  }
}

function notProtobuf(): Failure {
  return new Failure('MODEL_INVALID', 'not-protobuf')
}
