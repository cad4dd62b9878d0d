import { describe, expect, test } from 'vitest'
import { canonicalXml } from '../src/xml/canonical-xml.ts'
import { parseXml, type XmlElement } from '../src/xml/xml-reader.ts'

const canonical = (text: string): string => canonicalXml(parseXml('test', text))
const inner = ({ children }: XmlElement): XmlElement => {
  const found = children.find((child) => typeof child !== 'string')
  if (found === undefined) throw new Error('no element inside')
  return found
}

/** Source: Canonical XML 1.1, sections 2.2 to 2.4 and 3.3; all that can be in a text that is read here. */
describe('the canonical form of XML', () => {
  test('writes empty elements out, and keeps no space inside of tags', () => {
    expect(canonical('<a  xmlns="urn:a" ><b/><c  ></c ></a >')).toBe('<a xmlns="urn:a"><b></b><c></c></a>')
  })
  test('keeps every space between elements, and none after the last', () => {
    expect(canonical('<a xmlns="urn:a">\n  <b/> text\n</a>\n')).toBe('<a xmlns="urn:a">\n  <b></b> text\n</a>')
  })
  test('puts namespaces first, the default one before the others by prefix', () => {
    expect(canonical('<b:a z="1" xmlns:c="urn:c" xmlns="urn:a" xmlns:b="urn:b"/>')).toBe(
      '<b:a xmlns="urn:a" xmlns:b="urn:b" xmlns:c="urn:c" z="1"></b:a>',
    )
  })
  test('puts attributes in order of namespace and name, those without namespace first', () => {
    expect(canonical('<a xmlns="urn:a" xmlns:b="urn:z" xmlns:c="urn:y" b:a="1" c:b="2" b="3" a="4" c:a="5"/>')).toBe(
      '<a xmlns="urn:a" xmlns:b="urn:z" xmlns:c="urn:y" a="4" b="3" c:a="5" c:b="2" b:a="1"></a>',
    )
  })
  test('declares a namespace where it begins, and again only where it is another', () => {
    expect(
      canonical('<a xmlns="urn:a" xmlns:b="urn:b"><c xmlns:b="urn:b"/><d xmlns:b="urn:d" xmlns:e="urn:e"/></a>'),
    ).toBe('<a xmlns="urn:a" xmlns:b="urn:b"><c></c><d xmlns:b="urn:d" xmlns:e="urn:e"></d></a>')
  })
  test('gives a part all the namespaces of its surroundings, used or not', () => {
    expect(canonicalXml(inner(parseXml('test', '<a xmlns="urn:a" xmlns:b="urn:b"><c d="1"><e/></c></a>')))).toBe(
      '<c xmlns="urn:a" xmlns:b="urn:b" d="1"><e></e></c>',
    )
  })
  test('leaves one element out, and the spaces around it in', () => {
    const root = parseXml('test', '<a xmlns="urn:a"> <b>text</b>\n</a>')
    expect(canonicalXml(root, inner(root))).toBe('<a xmlns="urn:a"> \n</a>')
  })
})

describe('XML', () => {
  test('has the same meaning under any prefix', () => {
    expect(parseXml('test', '<x:a xmlns:x="urn:a" x:b="1" c="2"/>')).toMatchObject({
      namespace: 'urn:a',
      local: 'a',
      attributes: [
        { namespace: 'urn:a', local: 'b', value: '1' },
        { namespace: '', local: 'c', value: '2' },
      ],
    })
  })
  test.each([
    ['an element without namespace', '<a/>'],
    ['an attribute without a space before it', '<a xmlns="urn:a"b="1"/>'],
    ['an attribute without value', '<a xmlns="urn:a" b/>'],
    ['a smaller sign in an attribute', '<a xmlns="urn:a" b="<"/>'],
    ['a greater sign in text', '<a xmlns="urn:a">></a>'],
    ['an end without a beginning', '</a>'],
    ['an end of an empty kind', '<a xmlns="urn:a"></a/>'],
    ['elements that overlap', '<a xmlns="urn:a"><b></a></b>'],
    ['a name that begins with a digit', '<1 xmlns="urn:a"/>'],
    ['a name of two colons', '<a:b:c xmlns:a="urn:a"/>'],
    ['space before the element', ' <a xmlns="urn:a"/>'],
    ['a NUL', '<a xmlns="urn:a">\0</a>'],
    ['33 attributes', `<a ${Array.from({ length: 33 }, (_, i) => `xmlns:a${i}="urn:a"`).join(' ')}/>`],
  ])('is refused with %s', (_, text) => {
    expect(() => parseXml('test', text)).toThrow(expect.objectContaining({ name: 'VerifierError', code: 'NOT_XML' }))
  })
})
