import { MalformedError } from '@blindai/core'
import { VerifierError } from '../errors/verifier-error.ts'

/**
 * Reads the little XML that signed manifests are written in: elements, attributes in double quotes, text of printable ASCII.
 * No declaration, document type, reference, comment, CDATA section or processing instruction is known here: each is refused,
 * so nothing can be expanded, fetched or hidden.
 *
 * Source: Extensible Markup Language 1.0, fifth edition; Namespaces in XML 1.0, third edition.
 */

/** What is read at most. Real manifests have 21 KB, 75 elements, 7 levels and 11 attributes. */
const MAX_TEXT = 262_144
const MAX_ELEMENTS = 1024
const MAX_DEPTH = 12
const MAX_ATTRIBUTES = 32

const NAME = /(?:([A-Za-z_][\w.-]*):)?([A-Za-z_][\w.-]*)/y
/** An attribute value has no line end: it would be read as a space, and signed as one. */
const ATTRIBUTE = /\s+((?:[A-Za-z_][\w.-]*:)?[A-Za-z_][\w.-]*)="([^"<\n]*)"/y
const TAG_END = /\s*(\/?)>/y
const TEXT = /[^<>]+/y

/** A name with its namespace; of an attribute without prefix, the namespace is empty. */
export interface XmlName {
  /** As it is written, with its prefix. */
  readonly qualified: string
  readonly namespace: string
  readonly local: string
}

export interface XmlAttribute extends XmlName {
  readonly value: string
}

export interface XmlElement extends XmlName {
  /** Namespaces by prefix, as they are known inside; the prefix of the default one is empty. */
  readonly scope: ReadonlyMap<string, string>
  readonly attributes: readonly XmlAttribute[]
  readonly children: readonly (XmlElement | string)[]
}

/**
 * The one element of a text; a single line end may follow it.
 *
 * @param field - names the text in errors.
 * @throws {MalformedError} `TOO_LONG`; {VerifierError} `NOT_XML`.
 */
export function parseXml(field: string, text: string): XmlElement {
  if (text.length > MAX_TEXT) throw new MalformedError('TOO_LONG', { field, length: text.length, limit: MAX_TEXT })
  return new XmlParser(field, text).document()
}

class XmlParser {
  readonly #field: string
  readonly #text: string
  #at = 0
  #elements = 0

  constructor(field: string, text: string) {
    this.#field = field
    this.#text = text
  }

  document(): XmlElement {
    const strange = /[^\n -~]|&/.exec(this.#text)
    if (strange !== null) throw this.#error('printable ASCII without references', strange.index)
    const element = this.#element(new Map(), 0)
    if (this.#text[this.#at] === '\n') this.#at++
    if (this.#at < this.#text.length) throw this.#error('the end')
    return element
  }

  #element(outer: ReadonlyMap<string, string>, depth: number): XmlElement {
    this.#elements++
    if (depth >= MAX_DEPTH || this.#elements > MAX_ELEMENTS) throw this.#error('less')
    this.#literal('<')
    const [qualified, prefix, local = ''] = this.#match(NAME, 'a name')
    const written = this.#attributes()
    const scope = this.#scope(outer, written)
    const attributes = this.#named(scope, written)
    const [, empty] = this.#match(TAG_END, 'the end of a tag')
    const children = empty === '/' ? [] : this.#children(scope, depth)
    if (empty !== '/') {
      this.#literal(`</${qualified}`)
      const [, slash] = this.#match(TAG_END, 'the end of a tag')
      if (slash === '/') throw this.#error('the end of a tag')
    }
    return { qualified, namespace: this.#namespace(scope, prefix ?? ''), local, scope, attributes, children }
  }

  #children(scope: ReadonlyMap<string, string>, depth: number): readonly (XmlElement | string)[] {
    const children: (XmlElement | string)[] = []
    while (!this.#text.startsWith('</', this.#at)) {
      TEXT.lastIndex = this.#at
      const text = TEXT.exec(this.#text)?.[0]
      if (text === undefined) children.push(this.#element(scope, depth + 1))
      else {
        children.push(text)
        this.#at += text.length
      }
    }
    return children
  }

  /** Names and values, as they are written. */
  #attributes(): readonly (readonly [string, string])[] {
    const written = new Map<string, string>()
    for (;;) {
      ATTRIBUTE.lastIndex = this.#at
      const match = ATTRIBUTE.exec(this.#text)
      if (match === null) return [...written]
      const [all, name = '', value = ''] = match
      if (written.has(name) || written.size === MAX_ATTRIBUTES)
        throw this.#error('each attribute once, and not so many')
      written.set(name, value)
      this.#at += all.length
    }
  }

  #scope(
    outer: ReadonlyMap<string, string>,
    written: readonly (readonly [string, string])[],
  ): ReadonlyMap<string, string> {
    const scope = new Map(outer)
    for (const [name, value] of written) {
      const prefix = declaredPrefix(name)
      if (prefix === undefined) continue
      // An empty name would undo a declaration, and these two prefixes have meanings of their own.
      if (value === '' || prefix.startsWith('xml')) throw this.#error('another namespace declaration')
      scope.set(prefix, value)
    }
    return scope
  }

  #named(scope: ReadonlyMap<string, string>, written: readonly (readonly [string, string])[]): readonly XmlAttribute[] {
    const attributes: XmlAttribute[] = []
    for (const [qualified, value] of written) {
      if (declaredPrefix(qualified) !== undefined) continue
      const [first = '', second] = qualified.split(':')
      const namespace = second === undefined ? '' : this.#namespace(scope, first)
      const local = second ?? first
      if (attributes.some((other) => other.namespace === namespace && other.local === local)) {
        throw this.#error('each attribute once, and not so many')
      }
      attributes.push({ qualified, namespace, local, value })
    }
    return attributes
  }

  #namespace(scope: ReadonlyMap<string, string>, prefix: string): string {
    const namespace = scope.get(prefix)
    if (namespace === undefined) throw this.#error('a namespace that was declared')
    return namespace
  }

  #literal(expected: string): void {
    if (!this.#text.startsWith(expected, this.#at)) throw this.#error(expected)
    this.#at += expected.length
  }

  #match(pattern: RegExp, expected: string): RegExpExecArray {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match === null) throw this.#error(expected)
    this.#at += match[0].length
    return match
  }

  #error(expected: string, offset = this.#at): VerifierError<'NOT_XML'> {
    return new VerifierError('NOT_XML', { field: this.#field, offset, expected })
  }
}

/** The prefix that an attribute declares; undefined when it declares none. */
function declaredPrefix(name: string): string | undefined {
  if (name === 'xmlns') return ''
  return name.startsWith('xmlns:') ? name.slice('xmlns:'.length) : undefined
}
