/** Counts and holds the input that a thread works on, for another thread to read when the first no longer answers. */
export class SharedInput {
  static readonly HEAD_BYTES = 8
  readonly #head: Int32Array
  readonly #bytes: Uint8Array

  constructor(buffer: SharedArrayBuffer) {
    this.#head = new Int32Array(buffer, 0, 2)
    this.#bytes = new Uint8Array(buffer, SharedInput.HEAD_BYTES)
  }

  /** A buffer for inputs of at most so many bytes. */
  static allocate(maxBytes: number): SharedArrayBuffer {
    return new SharedArrayBuffer(SharedInput.HEAD_BYTES + maxBytes)
  }

  /** Called before an input is parsed. */
  announce(input: Uint8Array): void {
    this.#bytes.set(input)
    Atomics.store(this.#head, 1, input.byteLength)
    Atomics.add(this.#head, 0, 1)
  }

  /** Called when no input is being parsed any more. */
  rest(): void {
    Atomics.store(this.#head, 0, 0)
  }

  /** Which input is being parsed; 0 when none is. */
  get count(): number {
    return Atomics.load(this.#head, 0)
  }

  /** A copy of that input. */
  get input(): Uint8Array {
    return this.#bytes.slice(0, Atomics.load(this.#head, 1))
  }
}
