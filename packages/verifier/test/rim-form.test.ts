import { describe, expect, test } from 'vitest'
import { parseRim, type Rim } from '../src/formats/nvidia/rim.ts'
import { parseXml } from '../src/xml/xml-reader.ts'
import { nvidiaCapture } from './support/nvidia-captures.ts'

const { driverRim } = nvidiaCapture('a GPU of its reference versions').endorsements
const SWID = 'http://standards.iso.org/iso/19770/-2/2015/schema.xsd'
const XMLDSIG = 'http://www.w3.org/2000/09/xmldsig#'
const replaced = (from: string | RegExp, to: string): string => {
  const text = driverRim.replace(from, to)
  if (text === driverRim) throw new Error(`nothing to replace: ${from}`)
  return text
}
const parse = (from: string | RegExp, to: string): Rim => parseRim('R', replaced(from, to))
const refused = (expected: string): object =>
  expect.objectContaining({ code: 'RIM_FORM', details: { rim: 'R', expected } })

/** The first resource, and what stands in it. */
const first =
  (from: string, to: string): (() => Rim) =>
  () =>
    parse(new RegExp(`(<ns0:Resource [^>]*?)${from}`), `$1${to}`)
const ZEROS = '0'.repeat(96)

describe('a manifest', () => {
  test.each([
    ['another root', /SoftwareIdentity/g, 'HardwareIdentity', `SoftwareIdentity of ${SWID}, not HardwareIdentity`],
    ['another element', /<ns0:Entity /, '<ns0:Person ', `Entity of ${SWID}, not Person`],
    ['an element of another namespace', /<ns0:Entity /, '<ns2:Entity ', `Entity of ${SWID}, not Entity`],
    ['an element too few', /<ns0:Entity [^>]*>/, '', 'SoftwareIdentity of 4 elements'],
    ['an element too many', /<ns0:Entity /, '<ns0:Entity/><ns0:Entity ', 'SoftwareIdentity of 4 elements'],
    ['text between elements', /<ns0:Entity /, 'x<ns0:Entity ', 'SoftwareIdentity of 4 elements'],
    ['text between resources', /<ns0:Resource /, 'x<ns0:Resource ', 'Payload of only elements'],
    ['something else than a resource', /<ns0:Resource /, '<ns0:Entry ', `Resource of ${SWID}, not Entry`],
    ['no version', /colloquialVersion=/, 'otherVersion=', 'Meta with colloquialVersion'],
    ['no product', / product="GH100"/, '', 'Meta with product'],
    ['no keys', /<ds:X509Data>.*<\/ds:X509Data>/s, '', 'KeyInfo of 1 elements'],
    ['no certificate', /<ds:X509Data>.*<\/ds:X509Data>/s, '<ds:X509Data/>', 'from 1 to 8 certificates'],
    [
      'another thing than a certificate',
      /<ds:X509Data>/,
      '<ds:X509Data><ds:X509CRL/>',
      `X509Certificate of ${XMLDSIG}, not X509CRL`,
    ],
    ['nine certificates', /<ds:X509Data>/, `<ds:X509Data>${'<ds:X509CRL/>'.repeat(8)}`, 'from 1 to 8 certificates'],
    ['a short digest', /<ds:DigestValue>[^<]*/, '<ds:DigestValue>AAAA', 'a digest of 48 bytes'],
    ['a short signature', /<ds:SignatureValue>[^<]*/, '<ds:SignatureValue>AAAA', 'a signature of 96 bytes'],
    ['a signature of no text', /<ds:SignatureValue>[^<]*/, '<ds:SignatureValue>', 'SignatureValue as base64'],
    ['a signature of text and more', /<ds:SignatureValue>/, '<ds:SignatureValue><ds:a/>', 'SignatureValue as base64'],
    ['a signature cut', /<ds:SignatureValue>[^<]*/, '<ds:SignatureValue>AAA', 'SignatureValue as base64'],
    [
      'a signature in another alphabet',
      /<ds:SignatureValue>[^<]*/,
      '<ds:SignatureValue>AA-_',
      'SignatureValue as base64',
    ],
    ['padding inside', /<ds:SignatureValue>[^<]*/, '<ds:SignatureValue>A=AA', 'SignatureValue as base64'],
    ['padding alone', /<ds:SignatureValue>[^<]*/, '<ds:SignatureValue>A===', 'SignatureValue as base64'],
  ])('is refused with %s', (_, from, to, expected) => expect(() => parse(from, to)).toThrow(refused(expected)))
  test.each([
    ['another type', 'type="Measurement"', 'type="Measurements"', 'type as ^Measurement$'],
    ['another size', 'size="48"', 'size="480"', 'size as ^48$'],
    ['no name', 'name="Measurement_0" ', '', 'Resource with name'],
    ['no index', 'index="0" ', '', 'Resource with index'],
    ['an index of letters', 'index="0"', 'index="a"', 'index as ^\\d{1,2}$'],
    ['an index of three digits', 'index="0"', 'index="100"', 'index as ^\\d{1,2}$'],
    ['an index past the last', 'index="0"', 'index="64"', 'each index once, below 64'],
    ['an index twice', 'index="0"', 'index="1"', 'each index once, below 64'],
    ['an unknown state', 'active="False"', 'active="Falsely"', 'active as ^(?:True|False)$'],
    ['no alternatives', 'alternatives="1"', 'alternatives="0"', 'alternatives as ^[1-9]\\d?$'],
    ['a hundred alternatives', 'alternatives="1"', 'alternatives="100"', 'alternatives as ^[1-9]\\d?$'],
    ['a hash too few', 'alternatives="1"', 'alternatives="2"', 'index 0 with as many hashes as it announces'],
    ['17 alternatives', 'alternatives="1"', 'alternatives="17"', 'index 0 with as many hashes as it announces'],
    ['a hash too many', 'name=', `ns2:Hash1="${ZEROS}" name=`, 'index 0 with as many hashes as it announces'],
    ['another attribute', 'ns2:Hash0=', 'ns2:Hash1=', 'Resource with Hash0'],
    ['a hash in upper case', `ns2:Hash0="0`, 'ns2:Hash0="A', 'hash of index 0 as ^[0-9a-f]{96}$'],
    ['a hash a digit short', `ns2:Hash0="0`, 'ns2:Hash0="', 'hash of index 0 as ^[0-9a-f]{96}$'],
    ['a hash a digit long', `ns2:Hash0="0`, 'ns2:Hash0="00', 'hash of index 0 as ^[0-9a-f]{96}$'],
  ])('has no resource with %s', (_, from, to, expected) => expect(first(from, to)).toThrow(refused(expected)))
  test('counts only what is active, by the numbers of the report', () => {
    const { measurements } = parseRim('R', driverRim)
    expect(measurements.has(1)).toBe(false)
    const active = first('active="False"', 'active="True"')().measurements
    expect([...active.keys()]).toEqual([1, ...measurements.keys()])
    expect(active.get(1)).toEqual([ZEROS])
  })
  test('may name 16 alternatives', () => {
    const hashes = Array.from({ length: 16 }, (_, i) => i.toString(16).repeat(96))
    const written = hashes.map((hash, i) => `ns2:Hash${i}="${hash}"`).join(' ')
    const sixteen = first(
      `active="False" alternatives="1" ns2:Hash0="0+"`,
      `active="True" alternatives="16" ${written}`,
    )
    expect(sixteen().measurements.get(1)).toEqual(hashes)
    const seventeen = first('alternatives="1" ns2:Hash0="0+"', `alternatives="17" ${written} ns2:Hash16="${ZEROS}"`)
    expect(seventeen).toThrow(refused('index 0 with as many hashes as it announces'))
  })
  const CERTIFICATES = /(<ds:X509Data>)(.*)(?=<\/ds:X509Data>)/s
  test('may bring eight certificates, whose years may be written either way', () => {
    const eight = parse(CERTIFICATES, '$1$2$2')
    const { chain } = parseRim('R', driverRim)
    expect(chain.map(({ notAfter }) => new Date(1000 * notAfter).getUTCFullYear())).toEqual([2026, 2027, 2033, 2053])
    expect(eight.chain.map(({ der }) => der)).toEqual([...chain, ...chain].map(({ der }) => der))
    expect(() => parse(CERTIFICATES, '$1$2$2<ds:X509Certificate/>')).toThrow(refused('from 1 to 8 certificates'))
  })
  test('names the certificate that is none', () =>
    expect(() => parse(CERTIFICATES, '$1<ds:X509Certificate>AAAA</ds:X509Certificate>$2')).toThrow(
      expect.objectContaining({ code: 'NOT_DER', details: expect.objectContaining({ field: 'R[0]' }) }),
    ))
  test('is signed in one way', () => {
    const way = (algorithm: string): object =>
      expect.objectContaining({
        code: 'UNSUPPORTED_VALUE',
        details: expect.objectContaining({
          field: 'R SignedInfo',
          expected: expect.stringContaining('SignatureMethod[http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384]()'),
          actual: expect.stringContaining(`SignatureMethod[${algorithm}]()`),
        }),
      })
    expect(() => parse('xmldsig-more#ecdsa-sha384', 'xmldsig-more#rsa-sha384')).toThrow(
      way('http://www.w3.org/2001/04/xmldsig-more#rsa-sha384'),
    )
  })
  test('is signed by elements of one namespace', () =>
    expect(() => parse(/<ds:DigestMethod/, '<ns0:DigestMethod').chain).toThrow(
      refused(`DigestMethod of ${XMLDSIG}, not DigestMethod`),
    ))
  test('shows each attribute of the way in which it is signed otherwise', () =>
    expect(() => parse(/<ds:Reference URI=""/, '<ds:Reference URI="" Id="a"')).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED_VALUE',
        details: expect.objectContaining({ actual: expect.stringContaining('Reference[][a](Transforms(') }),
      }),
    ))
})

describe('XML', () => {
  const LIMIT = 262_144
  test('may be as long as the limit, and no longer', () => {
    const filled = (length: number): string => `<a xmlns="urn:a">${' '.repeat(length - 21)}</a>`
    expect(filled(LIMIT)).toHaveLength(LIMIT)
    expect(parseXml('X', filled(LIMIT)).local).toBe('a')
    expect(() => parseXml('X', filled(LIMIT + 1))).toThrow(
      expect.objectContaining({ code: 'TOO_LONG', details: { field: 'X', length: LIMIT + 1, limit: LIMIT } }),
    )
  })
  const notXml = (offset: number, expected: string): object =>
    expect.objectContaining({ code: 'NOT_XML', details: { field: 'X', offset, expected } })
  test('nests twelve levels, and has 1,024 elements and 32 attributes', () => {
    const nested = (levels: number): string =>
      `<a xmlns="urn:a">${'<b>'.repeat(levels - 2)}<b/>${'</b>'.repeat(levels - 2)}</a>`
    expect(() => parseXml('X', nested(12))).not.toThrow()
    expect(() => parseXml('X', nested(13))).toThrow(notXml(17 + 3 * 11, 'less'))
    const many = (count: number): string => `<a xmlns="urn:a">${'<b/>'.repeat(count - 1)}</a>`
    expect(parseXml('X', many(1024)).children).toHaveLength(1023)
    expect(() => parseXml('X', many(1025))).toThrow(notXml(17 + 4 * 1023, 'less'))
    const attributes = (count: number): string =>
      `<a xmlns="urn:a"${Array.from({ length: count - 1 }, (_, i) => ` b${i}=""`).join('')}/>`
    expect(parseXml('X', attributes(32)).attributes).toHaveLength(31)
    expect(() => parseXml('X', attributes(33))).toThrow(
      expect.objectContaining({
        details: expect.objectContaining({ expected: 'each attribute once, and not so many' }),
      }),
    )
  })
  test.each([
    ['nothing', '', 0, '<'],
    ['no name', '<', 1, 'a name'],
    ['no end of a tag', '<a xmlns="urn:a"', 16, 'the end of a tag'],
    ['no element', '<a xmlns="urn:a">', 17, '<'],
    ['another end', '<a xmlns="urn:a"></b>', 17, '</a'],
    ['a longer end', '<a xmlns="urn:a"></ab>', 20, 'the end of a tag'],
    ['an end that is empty', '<a xmlns="urn:a"></a/>', 22, 'the end of a tag'],
    ['something after it', '<a xmlns="urn:a"/> ', 18, 'the end'],
    ['two line ends after it', '<a xmlns="urn:a"/>\n\n', 19, 'the end'],
    ['a reference', '<a xmlns="urn:a">&amp;</a>', 17, 'printable ASCII without references'],
    ['a tabulator', '<a\txmlns="urn:a"/>', 2, 'printable ASCII without references'],
    ['a letter beyond ASCII', '<a xmlns="urn:ä"/>', 14, 'printable ASCII without references'],
    ['no namespace', '<a/>', 4, 'a namespace that was declared'],
    ['a prefix without one', '<a xmlns="urn:a" b:c="1"/>', 24, 'a namespace that was declared'],
    ['a namespace of no name', '<a xmlns=""/>', 11, 'another namespace declaration'],
    ['a prefix of XML', '<a xmlns="urn:a" xmlns:xmlb="urn:b"/>', 35, 'another namespace declaration'],
    ['an attribute twice', '<a xmlns="urn:a" b="1" b="2"/>', 22, 'each attribute once, and not so many'],
    [
      'an attribute twice, under two prefixes',
      '<a xmlns="urn:a" xmlns:b="urn:b" xmlns:c="urn:b" b:d="" c:d=""/>',
      62,
      'each attribute once, and not so many',
    ],
  ])('is refused with %s', (_, text, offset, expected) =>
    expect(() => parseXml('X', text)).toThrow(notXml(offset, expected)),
  )
})
