import { ByteCollector } from './byte-collector.ts'
import { ChannelError } from './channel-error.ts'

/** How a source refuses. */
export interface ByteSourceRules {
  /** Names the source in `TOO_LARGE`. */
  readonly name: string
  /** The most bytes that are ever pulled. */
  readonly limit: number
  /** What it means here that the bytes end in the middle of `field`. */
  readonly truncated: (field: string, received: number) => ChannelError
}

/**
 * Reads a structure front to back from bytes that arrive in pieces.
 *
 * Nothing is allocated for a length that was only declared: memory grows with what has come, and the caller bounds each
 * length before it asks. Bytes returned may be views of what was passed in.
 */
export class ByteSource {
  readonly #rules: ByteSourceRules
  readonly #pieces: AsyncIterator<Uint8Array>
  #current: Uint8Array = new Uint8Array()
  #pulled = 0
  #ended = false

  constructor(bytes: Uint8Array | AsyncIterable<Uint8Array>, rules: ByteSourceRules) {
    this.#rules = rules
    const pieces = bytes instanceof Uint8Array ? once(bytes) : bytes
    this.#pieces = pieces[Symbol.asyncIterator]()
  }

  /** Bytes read so far. */
  get consumed(): number {
    return this.#pulled - this.#current.byteLength
  }

  /** True when nothing is left; waits for the next piece to know. */
  async isAtEnd(): Promise<boolean> {
    return !(await this.#fill())
  }

  /** Exactly `length` bytes. The caller has bounded `length`. */
  async take(length: number, field: string): Promise<Uint8Array> {
    if (this.#current.byteLength >= length) return this.#split(length)
    const collector = new ByteCollector()
    while (collector.length < length) {
      const part = await this.takeSome(length - collector.length)
      if (part.byteLength === 0) throw this.#rules.truncated(field, this.consumed)
      collector.add(part)
    }
    return collector.finish()
  }

  /** From 1 to `max` bytes, whatever is there; none at the end. */
  async takeSome(max: number): Promise<Uint8Array> {
    if (!(await this.#fill())) return new Uint8Array()
    return this.#split(Math.min(max, this.#current.byteLength))
  }

  /** What has come and was not taken; a look, without waiting. */
  get atHand(): Uint8Array {
    return this.#current
  }

  /** Takes the first bytes of what is at hand. */
  skip(length: number): void {
    this.#split(length)
  }

  /** All that is left. @throws {ChannelError} `TOO_LARGE` past `max`. */
  async rest(max: number, field: string): Promise<Uint8Array> {
    const collector = new ByteCollector()
    while (await this.#fill()) {
      const part = this.#split(this.#current.byteLength)
      if (collector.length + part.byteLength > max) throw new ChannelError('TOO_LARGE', { field, limit: max })
      collector.add(part)
    }
    return collector.finish()
  }

  /**
   * A variable-length integer of at most `max`; any of its four lengths is accepted, as RFC 9292 section 3 allows.
   *
   * Source: RFC 9000 section 16.
   *
   * @throws {ChannelError} `TOO_LARGE`.
   */
  async varint(field: string, max: number): Promise<number> {
    const first = (await this.take(1, field))[0] ?? 0
    let value = first & 0x3f
    for (const byte of await this.take((1 << (first >>> 6)) - 1, field)) value = value * 256 + byte
    if (value > max) throw new ChannelError('TOO_LARGE', { field, limit: max })
    return value
  }

  /** Tells whoever produces the bytes that no more are wanted. */
  async cancel(): Promise<void> {
    this.#ended = true
    this.#current = new Uint8Array()
    await this.#pieces.return?.()
  }

  #split(length: number): Uint8Array {
    const taken = this.#current.subarray(0, length)
    this.#current = this.#current.subarray(length)
    return taken
  }

  async #fill(): Promise<boolean> {
    while (this.#current.byteLength === 0) {
      if (this.#ended) return false
      const next = await this.#pieces.next()
      if (next.done === true) {
        this.#ended = true
        return false
      }
      this.#pulled += next.value.byteLength
      if (this.#pulled > this.#rules.limit) {
        throw new ChannelError('TOO_LARGE', { field: this.#rules.name, limit: this.#rules.limit })
      }
      this.#current = next.value
    }
    return true
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes
}
