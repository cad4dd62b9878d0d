import { VerifierError } from '../errors/verifier-error.ts'

/** The tag octets in use. Source: X.690 section 8.1.2; X.680 section 8.6. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  /** `[n]` with a primitive value, as an implicit tag gives it. */
  contextPrimitive: (n: number): number => 0x80 | n,
  /** `[n]` around other values. */
  contextConstructed: (n: number): number => 0xa0 | n,
}

/** One value: all its octets, and those of its content. Both are views of the input. */
export interface DerElement {
  readonly tag: number
  readonly raw: Uint8Array
  readonly content: Uint8Array
  /** Where the content starts in the outermost structure; errors name it. */
  readonly contentOffset: number
}

/**
 * Reads DER values front to back: definite, shortest lengths only, one-octet tags only.
 *
 * Source: X.690 sections 8.1 and 10. It holds views of the input, which the caller copies at the door and nobody edits.
 * What a value means is for `der-values.ts`.
 */
export class DerReader {
  readonly field: string
  readonly #bytes: Uint8Array
  readonly #base: number
  #at = 0

  /**
   * @param field - names the structure in errors.
   * @param base - where `bytes` starts in the outermost structure.
   */
  constructor(field: string, bytes: Uint8Array, base = 0) {
    this.field = field
    this.#bytes = bytes
    this.#base = base
  }

  /** True when nothing is left. */
  get done(): boolean {
    return this.#at === this.#bytes.byteLength
  }

  /** The tag of the next value; undefined when nothing is left. */
  get nextTag(): number | undefined {
    return this.#bytes[this.#at]
  }

  /** The next value, whatever it is. @throws {VerifierError} `NOT_DER`. */
  any(what: string): DerElement {
    const start = this.#at
    const tag = this.#octet(what)
    if ((tag & 0x1f) === 0x1f) throw this.#error(start, `${what} with a one-octet tag`)
    const length = this.#length(what)
    if (length > this.#bytes.byteLength - this.#at) throw this.#error(start, `${what} of ${length} bytes`)
    const contentStart = this.#at
    this.#at += length
    return {
      tag,
      raw: this.#bytes.subarray(start, this.#at),
      content: this.#bytes.subarray(contentStart, this.#at),
      contentOffset: this.#base + contentStart,
    }
  }

  /** The next value, which must have this tag. */
  element(tag: number, what: string): DerElement {
    const start = this.#at
    const element = this.any(what)
    if (element.tag !== tag) throw this.#error(start, `${what} with the tag 0x${tag.toString(16).padStart(2, '0')}`)
    return element
  }

  /** The next value if it has this tag. */
  optional(tag: number, what: string): DerElement | undefined {
    return this.nextTag === tag ? this.element(tag, what) : undefined
  }

  /** A reader of what is inside the next value. */
  enter(tag: number, what: string): DerReader {
    return this.inside(this.element(tag, what), what)
  }

  /** A reader of what is inside a value. */
  inside(element: DerElement, what: string): DerReader {
    return new DerReader(`${this.field} ${what}`, element.content, element.contentOffset)
  }

  /** @throws {VerifierError} `NOT_DER` when something is left. */
  end(): void {
    if (!this.done) throw this.#error(this.#at, 'the end')
  }

  /** X.690 sections 8.1.3 and 10.1. */
  #length(what: string): number {
    const start = this.#at
    const first = this.#octet(what)
    if (first < 0x80) return first
    const octets = first & 0x7f
    if (octets < 1 || octets > 4) throw this.#error(start, `${what} of a definite length below 4 GiB`)
    let length = 0
    for (let i = 0; i < octets; i++) length = length * 256 + this.#octet(what)
    if (length < 0x80 || length < 256 ** (octets - 1)) throw this.#error(start, `${what} with its shortest length`)
    return length
  }

  #octet(what: string): number {
    const octet = this.#bytes[this.#at]
    if (octet === undefined) throw this.#error(this.#at, what)
    this.#at++
    return octet
  }

  #error(at: number, expected: string): VerifierError<'NOT_DER'> {
    return new VerifierError('NOT_DER', { field: this.field, offset: this.#base + at, expected })
  }
}
