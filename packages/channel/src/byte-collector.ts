/**
 * Gathers pieces into one array. A single piece is kept as it is; more are copied into memory that doubles, so that a
 * peer who sends single bytes costs no more than one who sends large pieces.
 */
export class ByteCollector {
  #bytes: Uint8Array = new Uint8Array()
  #length = 0

  /** Bytes gathered. */
  get length(): number {
    return this.#length
  }

  add(piece: Uint8Array): void {
    if (this.#length === 0) {
      this.#bytes = piece
      this.#length = piece.byteLength
      return
    }
    const length = this.#length + piece.byteLength
    // Always so after the first piece, whose memory is not ours: it has no room.
    if (length > this.#bytes.byteLength) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#length))
      grown.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = grown
    }
    this.#bytes.set(piece, this.#length)
    this.#length = length
  }

  /** All of it; a view of the only piece, if there was one. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }
}
