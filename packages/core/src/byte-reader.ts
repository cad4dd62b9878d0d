import { MalformedError } from './malformed.ts'

/**
 * Reads a binary structure front to back. Every read names the offset that the specification gives; a gap or an overlap
 * is an error, so a wrong table fails in its first test. The input is copied at the door.
 */
export class ByteReader {
  readonly #name: string
  readonly #bytes: Uint8Array<ArrayBuffer>
  readonly #view: DataView
  #offset = 0

  /** @param name - the structure's name, used as the prefix of every field in errors. */
  constructor(name: string, bytes: Uint8Array) {
    this.#name = name
    this.#bytes = new Uint8Array(bytes)
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength)
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#bytes.byteLength - this.#offset
  }

  /** Where the next read stands. */
  get offset(): number {
    return this.#offset
  }

  u8(offset: number, field: string): number {
    return this.#view.getUint8(this.#take(offset, 1, field))
  }

  /** Little-endian, as all `u…` reads without a suffix. */
  u16(offset: number, field: string): number {
    return this.#view.getUint16(this.#take(offset, 2, field), true)
  }

  u32(offset: number, field: string): number {
    return this.#view.getUint32(this.#take(offset, 4, field), true)
  }

  u64(offset: number, field: string): bigint {
    return this.#view.getBigUint64(this.#take(offset, 8, field), true)
  }

  u16be(offset: number, field: string): number {
    return this.#view.getUint16(this.#take(offset, 2, field), false)
  }

  u32be(offset: number, field: string): number {
    return this.#view.getUint32(this.#take(offset, 4, field), false)
  }

  u64be(offset: number, field: string): bigint {
    return this.#view.getBigUint64(this.#take(offset, 8, field), false)
  }

  bytes(offset: number, length: number, field: string): Uint8Array<ArrayBuffer> {
    const start = this.#take(offset, length, field)
    return this.#bytes.slice(start, start + length)
  }

  /** All that is left. */
  rest(field: string): Uint8Array<ArrayBuffer> {
    return this.bytes(this.#offset, this.remaining, field)
  }

  /** @throws {MalformedError} `TRAILING_BYTES` when something is left. */
  end(): void {
    if (this.remaining !== 0) throw new MalformedError('TRAILING_BYTES', { field: this.#name, count: this.remaining })
  }

  #take(offset: number, length: number, field: string): number {
    const name = `${this.#name} ${field}`
    if (offset !== this.#offset) {
      throw new MalformedError('GAP_OR_OVERLAP', { field: name, expectedOffset: this.#offset, actualOffset: offset })
    }
    if (length > this.remaining) {
      throw new MalformedError('TRUNCATED', { field: name, needed: length, available: this.remaining })
    }
    this.#offset += length
    return offset
  }
}
