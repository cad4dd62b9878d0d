/**
 * Writes a binary structure of a fixed length front to back, the mirror of core's `ByteReader`: every write names the
 * offset that the specification gives, and a gap, an overlap or a wrong length throws.
 */
export class ByteWriter {
  readonly #name: string
  readonly #bytes: Uint8Array<ArrayBuffer>
  readonly #view: DataView
  #offset = 0

  constructor(name: string, length: number) {
    this.#name = name
    this.#bytes = new Uint8Array(length)
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** Little-endian. */
  u16(offset: number, value: number): void {
    this.#view.setUint16(this.#take(offset, 2), value, true)
  }

  /** Little-endian. */
  u32(offset: number, value: number): void {
    this.#view.setUint32(this.#take(offset, 4), value, true)
  }

  bytes(offset: number, length: number, value: Uint8Array): void {
    if (value.byteLength !== length) {
      throw new RangeError(`${this.#name} at ${offset} holds ${length} bytes, not ${value.byteLength}`)
    }
    this.#bytes.set(value, this.#take(offset, length))
  }

  /** The structure. @throws {RangeError} when it is not full. */
  end(): Uint8Array<ArrayBuffer> {
    if (this.#offset !== this.#bytes.byteLength) {
      throw new RangeError(`${this.#name} has ${this.#offset} of ${this.#bytes.byteLength} bytes`)
    }
    return this.#bytes
  }

  #take(offset: number, length: number): number {
    if (offset !== this.#offset || offset + length > this.#bytes.byteLength) {
      throw new RangeError(`${this.#name} cannot take ${length} bytes at ${offset}; it stands at ${this.#offset}`)
    }
    this.#offset += length
    return offset
  }
}
