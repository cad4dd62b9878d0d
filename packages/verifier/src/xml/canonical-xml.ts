import type { XmlElement } from './xml-reader.ts'

/**
 * The canonical form of an element of what `parseXml` reads: with all namespaces of its surroundings, without comments.
 * There is nothing in such a text to escape or to normalise; what remains is the order of attributes, the form of an empty
 * element, and where a namespace is declared.
 *
 * Source: Canonical XML 1.1, sections 1.1 and 2.3.
 *
 * @param omitted - an element that is left out with all that is in it.
 */
export function canonicalXml(element: XmlElement, omitted?: XmlElement): string {
  return render(element, omitted, new Map())
}

function render(element: XmlElement, omitted: XmlElement | undefined, known: ReadonlyMap<string, string>): string {
  const { qualified, scope, attributes, children } = element
  const namespaces = [...scope]
    .filter(([prefix, namespace]) => known.get(prefix) !== namespace)
    .sort(([a], [b]) => compare(a, b))
    .map(([prefix, namespace]) => ` xmlns${prefix && ':'}${prefix}="${namespace}"`)
  const named = [...attributes]
    .sort((a, b) => compare(a.namespace, b.namespace) || compare(a.local, b.local))
    .map((attribute) => ` ${attribute.qualified}="${attribute.value}"`)
  const content = children.map((child) => {
    if (typeof child === 'string') return child
    return child === omitted ? '' : render(child, omitted, scope)
  })
  return `<${qualified}${namespaces.join('')}${named.join('')}>${content.join('')}</${qualified}>`
}

/** By code point, which is by code unit in ASCII. */
function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
