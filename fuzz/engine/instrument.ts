import { registerHooks, stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'
import { parseAst } from 'vite'

/** Gives a script its counters: one for each place that a choice can lead to. */
export type CounterFactory = (url: string, offsets: readonly number[]) => Uint32Array

/** The name under which a script finds the factory. */
const FACTORY = '__blindaiFuzzCounters'

/**
 * Puts counters into the product's own modules as this thread loads them: where a function, a block, an arm of a choice, a
 * case or the right side of `&&`, `||` and `??` begins, and where an `if` without `else` goes past its body. Lines stay where they are.
 *
 * V8's own coverage would need no such copy, and looks at every function of the process for each answer: more than a
 * millisecond an input, against a tenth.
 */
export function instrumentModules(counters: CounterFactory): void {
  Reflect.set(globalThis, FACTORY, counters)
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context)
      if (!isProduct(url) || loaded.format !== 'module-typescript') return loaded
      const source = stripTypeScriptTypes(String(loaded.source))
      return { ...loaded, format: 'module', source: instrument(url, source) }
    },
  })
}

/** Which modules are counted: the packages, and the faults that tests plant. */
function isProduct(url: string): boolean {
  if (!url.startsWith('file:')) return false
  const path = fileURLToPath(url)
  return /\/(packages\/[a-z]+\/src|fuzz\/test\/planted)\//.test(path) && !path.includes('/node_modules/')
}

/** The source with its counters. */
export function instrument(url: string, source: string): string {
  const edits = new Edits()
  visit(parseAst(source), edits)
  const declaration = `const __c = globalThis.${FACTORY}(${JSON.stringify(url)}, ${JSON.stringify(edits.offsets)});`
  return declaration + edits.apply(source)
}

/** Texts to put in, by offset; where several meet, they stand in the order that keeps pairs nested. */
class Edits {
  readonly offsets: number[] = []
  readonly #edits: { readonly at: number; readonly text: string; readonly order: number }[] = []

  /** A statement that counts. */
  statement(at: number): void {
    this.#put(at, `${this.#count(at)};`, 0)
  }

  /** Braces around a lone statement. */
  braces(start: number, end: number): void {
    this.#put(start, `{${this.#count(start)};`, 0)
    this.#put(end, '}', this.closing())
  }

  /** Parentheses around an expression. */
  parentheses(start: number, end: number): void {
    this.#put(start, `(${this.#count(start)},`, 0)
    this.#put(end, ')', this.closing())
  }

  /** The way past an `if`. @param order - of the statement's beginning: its body closes before, what is around it later. */
  otherwise(end: number, order: number): void {
    this.#put(end, ` else {${this.#count(end)}}`, order - 0.5)
  }

  /** What closes at an offset comes before what opens there, and what opened last closes first. */
  closing(): number {
    return -1e9 - this.offsets.length
  }

  apply(source: string): string {
    const sorted = this.#edits
      .map((edit, i) => ({ ...edit, i }))
      .sort((a, b) => a.at - b.at || a.order - b.order || a.i - b.i)
    let text = ''
    let at = 0
    for (const edit of sorted) {
      text += source.slice(at, edit.at) + edit.text
      at = edit.at
    }
    return text + source.slice(at)
  }

  #count(offset: number): string {
    this.offsets.push(offset)
    return `__c[${this.offsets.length - 1}]++`
  }

  #put(at: number, text: string, order: number): void {
    this.#edits.push({ at, text, order })
  }
}

/** Structure of the syntax tree as far as it is looked at. Source: the ESTree specification. */
interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
}

function visit(value: unknown, edits: Edits): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, edits)
    return
  }
  if (!isNode(value)) return
  mark(value, edits)
  for (const child of Object.values(value)) if (typeof child === 'object') visit(child, edits)
}

function mark(node: Node, edits: Edits): void {
  switch (node.type) {
    case 'BlockStatement':
    case 'StaticBlock':
      edits.statement(node.start + (node.type === 'BlockStatement' ? 1 : 'static {'.length))
      return
    case 'SwitchCase': {
      const [first] = nodes(node, 'consequent')
      if (first !== undefined) edits.statement(first.start)
      return
    }
    case 'IfStatement': {
      const order = edits.closing()
      lone(child(node, 'consequent'), edits)
      const alternate = child(node, 'alternate')
      if (alternate === undefined) edits.otherwise(node.end, order)
      else lone(alternate, edits)
      return
    }
    case 'ForStatement':
    case 'ForOfStatement':
    case 'ForInStatement':
    case 'WhileStatement':
    case 'DoWhileStatement':
      lone(child(node, 'body'), edits)
      return
    case 'ConditionalExpression':
      arm(child(node, 'consequent'), edits)
      arm(child(node, 'alternate'), edits)
      return
    case 'LogicalExpression':
      arm(child(node, 'right'), edits)
      return
    case 'ArrowFunctionExpression': {
      const body = child(node, 'body')
      if (body?.type !== 'BlockStatement') arm(body, edits)
      return
    }
    default:
  }
}

function lone(statement: Node | undefined, edits: Edits): void {
  if (statement !== undefined && statement.type !== 'BlockStatement') edits.braces(statement.start, statement.end)
}

function arm(expression: Node | undefined, edits: Edits): void {
  if (expression !== undefined) edits.parentheses(expression.start, expression.end)
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value && 'end' in value
}

function child(node: Node, name: string): Node | undefined {
  const value: unknown = Reflect.get(node, name)
  return isNode(value) ? value : undefined
}

function nodes(node: Node, name: string): readonly Node[] {
  const value: unknown = Reflect.get(node, name)
  return Array.isArray(value) ? value.filter(isNode) : []
}
