const FIRST_BLOCK_BYTES = 64 * 1024
const BLOCK_BYTES = 1024 * 1024

/**
 * Bytes in memory that grow without ever being moved: what is allocated follows what arrived, not what was announced:
 * at most 64 KiB, or as much again, more than that.
 */
export class ByteBlocks {
  readonly #blocks: Uint8Array[] = []
  #last: Uint8Array = new Uint8Array(0)
  #used = 0

  /** Copies bytes to the end. */
  append(bytes: Uint8Array): void {
    let rest = bytes
    while (rest.byteLength > 0) {
      if (this.#used === this.#last.byteLength) this.#grow()
      const part = rest.subarray(0, this.#last.byteLength - this.#used)
      this.#last.set(part, this.#used)
      this.#used += part.byteLength
      rest = rest.subarray(part.byteLength)
    }
  }

  /** The bytes in order. */
  *chunks(): Generator<Uint8Array> {
    for (const block of this.#blocks) yield block === this.#last ? block.subarray(0, this.#used) : block
  }

  /** Overwrites everything with zeros, as far as JavaScript memory can be. */
  clear(): void {
    for (const block of this.#blocks) block.fill(0)
    this.#blocks.length = 0
    this.#last = new Uint8Array(0)
    this.#used = 0
  }

  #grow(): void {
    this.#last = new Uint8Array(Math.min(BLOCK_BYTES, FIRST_BLOCK_BYTES * 2 ** this.#blocks.length))
    this.#used = 0
    this.#blocks.push(this.#last)
  }
}
