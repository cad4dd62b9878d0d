import { utf8 } from '@blindai/core'

const VARINT = 0
const FIXED64 = 1
const BYTES = 2

/** From this length on bytes are sent where they lie instead of being copied. */
const OWN_PIECE_BYTES = 256

/**
 * Writes a protobuf message as pieces that can be sent one after another; long byte fields stay views of the caller's memory.
 * As in proto3, what has its default is left out.
 *
 * Source: Protocol Buffers, "Encoding".
 */
export class ProtobufWriter {
  readonly #pieces: Uint8Array[] = []
  #pending: number[] = []
  #length = 0

  get byteLength(): number {
    return this.#length
  }

  /** The message. */
  get pieces(): readonly Uint8Array[] {
    this.#flush()
    return this.#pieces
  }

  /** The whole message in one piece. */
  get bytes(): Uint8Array {
    const bytes = new Uint8Array(this.#length)
    let at = 0
    for (const piece of this.pieces) {
      bytes.set(piece, at)
      at += piece.byteLength
    }
    return bytes
  }

  text(number: number, value: string): this {
    return value === '' ? this : this.bytesField(number, utf8(value))
  }

  texts(number: number, values: readonly string[]): this {
    for (const value of values) this.bytesField(number, utf8(value))
    return this
  }

  bool(number: number, value: boolean): this {
    return value ? this.varint(number, 1) : this
  }

  /** A whole number. */
  integer(number: number, value: number): this {
    return value === 0 ? this : this.varint(number, value)
  }

  /** A whole number, written even when it is zero; a negative one as its two's complement of 64 bits. */
  varint(number: number, value: number): this {
    return this.#tag(number, VARINT).#varint(BigInt.asUintN(64, BigInt(value)))
  }

  double(number: number, value: number): this {
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setFloat64(0, value, true)
    return this.#tag(number, FIXED64).#copy(bytes)
  }

  /** Many whole numbers in one field. */
  integers(number: number, values: readonly number[]): this {
    if (values.length === 0) return this
    const packed = new ProtobufWriter()
    for (const value of values) packed.#varint(BigInt.asUintN(64, BigInt(value)))
    return this.bytesField(number, packed.bytes)
  }

  /** Bytes, written even when there are none. */
  bytesField(number: number, value: Uint8Array): this {
    this.#tag(number, BYTES).#varint(BigInt(value.byteLength))
    return this.#append(value)
  }

  /** A message within this one, written even when it is empty. */
  message(number: number, value: ProtobufWriter): this {
    this.#tag(number, BYTES).#varint(BigInt(value.byteLength))
    for (const piece of value.pieces) this.#append(piece)
    return this
  }

  #tag(number: number, wireType: number): this {
    return this.#varint(BigInt(number * 8 + wireType))
  }

  #varint(value: bigint): this {
    let left = value
    while (left >= 0x80n) {
      this.#push(Number(left & 0x7fn) | 0x80)
      left >>= 7n
    }
    return this.#push(Number(left))
  }

  #push(byte: number): this {
    this.#pending.push(byte)
    this.#length++
    return this
  }

  #append(value: Uint8Array): this {
    if (value.byteLength < OWN_PIECE_BYTES) return this.#copy(value)
    this.#flush()
    this.#pieces.push(value)
    this.#length += value.byteLength
    return this
  }

  #copy(value: Uint8Array): this {
    for (const byte of value) this.#push(byte)
    return this
  }

  #flush(): void {
    if (this.#pending.length === 0) return
    this.#pieces.push(Uint8Array.from(this.#pending))
    this.#pending = []
  }
}
