import { MalformedError } from './malformed.ts'

/** What JSON can hold. Objects have no prototype, so no member name is special. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [member: string]: JsonValue
}

/** What bounds the parser: nesting that is still read. Length is bounded by the caller, before the text exists. */
const MAX_DEPTH = 32

/** How much of a member's name an error shows: it comes from outside. */
const MAX_SHOWN_NAME = 64

/**
 * Parses JSON strictly: duplicate members, and nesting past 32 levels, are refused.
 *
 * For documents that are hashed, signed or reviewed (statement, policy, endorsements), where two readings of one text
 * would be a hole. Tensors have their own codec. Source: RFC 8259; I-JSON (RFC 7493) section 2.3.
 *
 * @param field - names the document in errors.
 * @throws {MalformedError} `NOT_JSON`, `DUPLICATE_MEMBER`, `JSON_TOO_DEEP`.
 */
export function parseJson(field: string, text: string): JsonValue {
  const parser = new Parser(field, text)
  const value = parser.value(0)
  parser.end()
  return value
}

class Parser {
  readonly #field: string
  readonly #text: string
  #at = 0

  constructor(field: string, text: string) {
    this.#field = field
    this.#text = text
  }

  value(depth: number): JsonValue {
    if (depth > MAX_DEPTH) throw new MalformedError('JSON_TOO_DEEP', { field: this.#field, limit: MAX_DEPTH })
    this.#space()
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth)
      case '[':
        return this.#array(depth)
      case '"':
        return this.#string()
      case 't':
        return this.#word('true', true)
      case 'f':
        return this.#word('false', false)
      case 'n':
        return this.#word('null', null)
      default:
        return this.#number()
    }
  }

  end(): void {
    this.#space()
    if (this.#at !== this.#text.length) throw this.#unexpected('the end')
  }

  #object(depth: number): JsonObject {
    const members: Record<string, JsonValue> = Object.create(null)
    this.#at++
    this.#space()
    if (this.#accept('}')) return members
    do {
      this.#space()
      if (this.#text[this.#at] !== '"') throw this.#unexpected('a member name')
      const name = this.#string()
      if (Object.hasOwn(members, name)) {
        throw new MalformedError('DUPLICATE_MEMBER', { field: this.#field, member: name.slice(0, MAX_SHOWN_NAME) })
      }
      this.#space()
      this.#expect(':')
      members[name] = this.value(depth + 1)
      this.#space()
    } while (this.#accept(','))
    this.#expect('}')
    return members
  }

  #array(depth: number): JsonValue[] {
    const items: JsonValue[] = []
    this.#at++
    this.#space()
    if (this.#accept(']')) return items
    do {
      items.push(this.value(depth + 1))
      this.#space()
    } while (this.#accept(','))
    this.#expect(']')
    return items
  }

  #string(): string {
    const start = this.#at
    let end = start + 1
    while (end < this.#text.length && this.#text[end] !== '"') end += this.#text[end] === '\\' ? 2 : 1
    const literal = this.#text.slice(start, end + 1)
    try {
      const value: unknown = JSON.parse(literal)
      if (typeof value === 'string') {
        this.#at = end + 1
        return value
      }
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause
    }
    throw this.#unexpected('a string')
  }

  #number(): number {
    const pattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
    pattern.lastIndex = this.#at
    const literal = pattern.exec(this.#text)?.[0]
    if (literal === undefined) throw this.#unexpected('a value')
    const value = Number(literal)
    if (!Number.isFinite(value)) throw this.#unexpected('a finite number')
    this.#at += literal.length
    return value
  }

  #word<T>(literal: string, value: T): T {
    if (!this.#text.startsWith(literal, this.#at)) throw this.#unexpected(literal)
    this.#at += literal.length
    return value
  }

  #space(): void {
    while (' \t\n\r'.includes(this.#text[this.#at] ?? 'x')) this.#at++
  }

  #accept(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  #expect(character: string): void {
    if (!this.#accept(character)) throw this.#unexpected(`"${character}"`)
  }

  #unexpected(expected: string): MalformedError {
    return new MalformedError('NOT_JSON', { field: this.#field, offset: this.#at, expected })
  }
}
