/**
 * Protocol buffers, written front to back as a list of pieces, so that a weight of 100 MB is never copied.
 *
 * Source: Protocol Buffers encoding, wire types 0 (varint), 2 (length-delimited) and 5 (32 bits).
 */
export class MessageWriter {
  readonly #pieces: Uint8Array[] = []
  #length = 0

  get pieces(): readonly Uint8Array[] {
    return this.#pieces
  }

  get byteLength(): number {
    return this.#length
  }

  integer(field: number, value: number): this {
    return this.#push(varint(field * 8), varint(value))
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4)
    new DataView(bytes.buffer).setFloat32(0, value, true)
    return this.#push(varint(field * 8 + 5), bytes)
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value))
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#push(varint(field * 8 + 2), varint(value.byteLength), value)
  }

  message(field: number, value: MessageWriter): this {
    return this.#push(varint(field * 8 + 2), varint(value.byteLength), ...value.pieces)
  }

  #push(...pieces: readonly Uint8Array[]): this {
    for (const piece of pieces) {
      this.#pieces.push(piece)
      this.#length += piece.byteLength
    }
    return this
  }
}

/** A whole number of up to 53 bits; negative ones as 64-bit two's complement. */
function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let left = BigInt.asUintN(64, BigInt(value))
  do {
    const low = Number(left & 0x7fn)
    left >>= 7n
    bytes.push(left === 0n ? low : low | 0x80)
  } while (left !== 0n)
  return Uint8Array.from(bytes)
}
