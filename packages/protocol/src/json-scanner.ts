import { type JsonValue, MalformedError, parseJson } from '@blindai/core'
import { shownName } from './json-members.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39
const DOT = 0x2e
const OPEN = 0x5b
const CLOSE = 0x5d

/** What cannot open or close anything; the runtime passes it several times faster than a loop does. */
const PLAIN_RUN = /[^"[\]{}]*/y

/** Ten to the powers that doubles hold exactly. */
const POWERS_OF_TEN: readonly number[] = Array.from({ length: 23 }, (_, power) => Number(`1e${power}`))

/** The most decimal digits that every double holds exactly. */
const EXACT_DIGITS = 15

/**
 * A forward scanner over JSON text, for messages whose tensors must not become arrays of JavaScript values on the way:
 * numbers go straight from the text to where they are kept, and 64-bit integers keep every digit.
 *
 * Source: RFC 8259. As strict as `parseJson` of core.
 */
export class JsonScanner {
  readonly text: string
  readonly #field: string
  #at = 0
  #literalStart = 0

  /** @param field - names the document in errors. */
  constructor(field: string, text: string) {
    this.#field = field
    this.text = text
  }

  /** Where the scanner stands. */
  get at(): number {
    return this.#at
  }

  /** Moves the scanner. */
  seek(at: number): void {
    this.#at = at
  }

  /** The code of the next character after white space, left unread; NaN at the end. */
  peek(): number {
    for (;;) {
      const code = this.text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code
      this.#at++
    }
  }

  /** Reads one character after white space, if it is the given one. */
  accept(code: number): boolean {
    if (this.peek() !== code) return false
    this.#at++
    return true
  }

  /** Reads one character after white space. @throws {MalformedError} `NOT_JSON` for another one. */
  expect(code: number): void {
    if (!this.accept(code)) throw this.unexpected(`"${String.fromCharCode(code)}"`)
  }

  /** @throws {MalformedError} `NOT_JSON` when anything but white space is left. */
  end(): void {
    if (!Number.isNaN(this.peek())) throw this.unexpected('the end')
  }

  /**
   * Reads an object: yields each member's name with the scanner at its value, which the caller must read.
   *
   * @throws {MalformedError} `WRONG_TYPE`, `NOT_JSON`, `DUPLICATE_MEMBER`.
   */
  *members(field: string): Generator<string, void, undefined> {
    if (this.peek() !== 0x7b) throw this.#wrongType(field, 'an object')
    this.#at++
    if (this.accept(0x7d)) return
    const seen = new Set<string>()
    do {
      if (this.peek() !== QUOTE) throw this.unexpected('a member name')
      const name = this.string(field)
      if (seen.has(name)) throw new MalformedError('DUPLICATE_MEMBER', { field, member: shownName(name) })
      seen.add(name)
      this.expect(0x3a)
      yield name
    } while (this.accept(0x2c))
    this.expect(0x7d)
  }

  /**
   * Reads an array: yields each index with the scanner at the item, which the caller must read.
   *
   * @throws {MalformedError} `WRONG_TYPE`, `NOT_JSON`.
   */
  *items(field: string): Generator<number, void, undefined> {
    if (this.peek() !== OPEN) throw this.#wrongType(field, 'an array')
    this.#at++
    if (this.accept(CLOSE)) return
    let index = 0
    do yield index++
    while (this.accept(0x2c))
    this.expect(CLOSE)
  }

  /** Reads a string. @throws {MalformedError} `WRONG_TYPE`, `NOT_JSON`. */
  string(field: string): string {
    if (this.peek() !== QUOTE) throw this.#wrongType(field, 'a string')
    const end = this.#passString(this.#at)
    const literal = this.text.slice(this.#at, end)
    try {
      const value: unknown = JSON.parse(literal)
      if (typeof value === 'string') {
        this.#at = end
        return value
      }
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause
    }
    throw this.unexpected('a string')
  }

  /** Reads any value. @throws {MalformedError} as `parseJson` of core. */
  value(field: string): JsonValue {
    const start = this.skip()
    return parseJson(field, this.text.slice(start, this.#at))
  }

  /**
   * Passes one value and returns where it starts. Only its end is found: brackets are counted, not matched, and
   * whoever reads the value judges the rest.
   *
   * @throws {MalformedError} `NOT_JSON` when there is no value or no end.
   */
  skip(): number {
    this.peek()
    const { text } = this
    const start = this.#at
    let at = start
    let depth = 0
    do {
      if (depth > 0) {
        PLAIN_RUN.lastIndex = at
        PLAIN_RUN.test(text)
        at = PLAIN_RUN.lastIndex
      }
      const code = text.charCodeAt(at)
      if (code === OPEN || code === 0x7b) {
        depth++
        at++
      } else if (code === CLOSE || code === 0x7d) {
        depth--
        at++
      } else if (code === QUOTE) {
        at = this.#passString(at)
      } else {
        at = this.#passWord(at)
      }
    } while (depth > 0)
    if (depth < 0) throw this.unexpected('a value')
    this.#at = at
    return start
  }

  /**
   * Reads an integer, written without fraction and exponent.
   *
   * @returns its value, or NaN when it has more than 15 digits; `literal` then has them all. Undefined, with nothing
   * read, when there is no such integer.
   */
  integer(): number | undefined {
    let code = this.peek()
    const start = this.#at
    let at = start
    const negative = code === MINUS
    if (negative) code = this.text.charCodeAt(++at)
    const first = at
    let value = 0
    while (code >= ZERO && code <= NINE) {
      value = value * 10 + (code - ZERO)
      code = this.text.charCodeAt(++at)
    }
    const digits = at - first
    if (digits === 0 || (digits > 1 && this.text.charCodeAt(first) === ZERO)) return undefined
    if (code === DOT || code === 0x65 || code === 0x45) return undefined
    this.#literalStart = start
    this.#at = at
    if (digits > EXACT_DIGITS) return Number.NaN
    return negative ? -value : value
  }

  /** The text of the number that was read last. */
  get literal(): string {
    return this.text.slice(this.#literalStart, this.#at)
  }

  /**
   * Reads a number as the nearest double, which is an infinity when it is too large.
   *
   * @returns undefined, with nothing read, when there is no number.
   */
  number(): number | undefined {
    let code = this.peek()
    const start = this.#at
    let at = start
    const negative = code === MINUS
    if (negative) code = this.text.charCodeAt(++at)
    const first = at
    let mantissa = 0
    while (code >= ZERO && code <= NINE) {
      mantissa = mantissa * 10 + (code - ZERO)
      code = this.text.charCodeAt(++at)
    }
    let digits = at - first
    if (digits === 0 || (digits > 1 && this.text.charCodeAt(first) === ZERO)) return undefined
    let scale = 0
    if (code === DOT) {
      const point = at
      code = this.text.charCodeAt(++at)
      while (code >= ZERO && code <= NINE) {
        mantissa = mantissa * 10 + (code - ZERO)
        code = this.text.charCodeAt(++at)
      }
      scale = at - point - 1
      if (scale === 0) return undefined
      digits += scale
    }
    if (code === 0x65 || code === 0x45) {
      code = this.text.charCodeAt(++at)
      if (code === 0x2b || code === MINUS) code = this.text.charCodeAt(++at)
      const exponent = at
      while (code >= ZERO && code <= NINE) code = this.text.charCodeAt(++at)
      if (at === exponent) return undefined
      digits = Number.POSITIVE_INFINITY
    }
    this.#literalStart = start
    this.#at = at
    // A double holds both sides of this division exactly, so its one rounding is the right one.
    if (digits <= EXACT_DIGITS) {
      const value = mantissa / (POWERS_OF_TEN[scale] ?? 1)
      return negative ? -value : value
    }
    return Number(this.text.slice(start, at))
  }

  /** Reads one of the words `true`, `false` and `null`. */
  word(word: 'true' | 'false' | 'null'): boolean {
    this.peek()
    if (!this.text.startsWith(word, this.#at)) return false
    this.#at += word.length
    return true
  }

  unexpected(expected: string): MalformedError {
    return new MalformedError('NOT_JSON', { field: this.#field, offset: this.#at, expected })
  }

  /** Whether what follows could be a value at all. */
  startsValue(): boolean {
    this.peek()
    return /["[{\-0-9tfn]/.test(this.text.charAt(this.#at))
  }

  #wrongType(field: string, expected: string): MalformedError {
    return this.startsValue() ? new MalformedError('WRONG_TYPE', { field, expected }) : this.unexpected(expected)
  }

  /** Where the string that starts at a place ends, its closing quote included. */
  #passString(start: number): number {
    let at = start + 1
    for (;;) {
      const code = this.text.charCodeAt(at)
      if (code === QUOTE) return at + 1
      if (Number.isNaN(code)) throw this.unexpected('a string that ends')
      at += code === BACKSLASH ? 2 : 1
    }
  }

  /** Where the word or number that starts at a place ends. */
  #passWord(start: number): number {
    const pattern = /[^\s,:"[\]{}]+/y
    pattern.lastIndex = start
    if (!pattern.test(this.text)) throw this.unexpected('a value')
    return pattern.lastIndex
  }
}
