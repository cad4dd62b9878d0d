import { concatBytes } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { parseCertificate } from '../src/x509/certificate.ts'
import { parseCrl } from '../src/x509/crl.ts'
import { file } from './support/captures.ts'
import { type DerNode, derTree, followed, NULL, refusalOf, variants, written } from './support/der-tree.ts'

const TIME = 'as UTCTime or GeneralizedTime, in UTC and to the second'
const NAME: readonly string[] = [
  ': relative name with the tag 0x31',
  ' relative name: attribute with the tag 0x30',
  ' relative name attribute: type with the tag 0x06',
  ' relative name attribute: value as UTF8String, PrintableString or IA5String',
]
const EXTENSIONS: readonly string[] = [
  ': extension with the tag 0x30',
  ' extension: identifier with the tag 0x06',
  ' extension: value with the tag 0x04',
]
const under = (field: string, texts: readonly string[]): readonly string[] => texts.map((text) => `${field}${text}`)

/** Where the reader stands and what should be there, for each member, in the order of the structure. */
const CERTIFICATE: readonly string[] = [
  'C Certificate: TBSCertificate with the tag 0x30',
  'C: version with the tag 0xa0',
  'C version: version with the tag 0x02',
  'C: serialNumber with the tag 0x02',
  'C: signature with the tag 0x30',
  'C signature: algorithm with the tag 0x06',
  'C: issuer with the tag 0x30',
  ...under('C issuer', NAME),
  'C: validity with the tag 0x30',
  `C validity: notBefore ${TIME}`,
  `C validity: notAfter ${TIME}`,
  'C: subject with the tag 0x30',
  ...under('C subject', NAME),
  'C: subjectPublicKeyInfo with the tag 0x30',
  'C subjectPublicKeyInfo: algorithm with the tag 0x30',
  'C subjectPublicKeyInfo algorithm: algorithm with the tag 0x06',
  'C subjectPublicKeyInfo algorithm: curve with the tag 0x06',
  'C subjectPublicKeyInfo: point with the tag 0x03',
  'C: extensions with the tag 0xa3',
  'C extensions: extensions with the tag 0x30',
  ...under('C extensions extensions', EXTENSIONS),
  'C Certificate: signatureAlgorithm with the tag 0x30',
  'C Certificate signatureAlgorithm: algorithm with the tag 0x06',
  'C Certificate: signatureValue with the tag 0x03',
]
const LIST: readonly string[] = [
  'L CertificateList: TBSCertList with the tag 0x30',
  'L: version with the tag 0x02',
  'L: signature with the tag 0x30',
  'L signature: algorithm with the tag 0x06',
  'L: issuer with the tag 0x30',
  ...under('L issuer', NAME),
  `L: thisUpdate ${TIME}`,
  `L: nextUpdate ${TIME}`,
  'L: crlExtensions with the tag 0xa0',
  'L revokedCertificates: entry with the tag 0x30',
  'L revokedCertificates entry: userCertificate with the tag 0x02',
  `L revokedCertificates entry: revocationDate ${TIME}`,
  'L revokedCertificates entry: crlEntryExtensions with the tag 0x30',
  ...under('L revokedCertificates entry crlEntryExtensions', EXTENSIONS),
  'L crlExtensions: crlExtensions with the tag 0x30',
  ...under('L crlExtensions crlExtensions', EXTENSIONS),
  'L CertificateList: signatureAlgorithm with the tag 0x30',
  'L CertificateList signatureAlgorithm: algorithm with the tag 0x06',
  'L CertificateList: signatureValue with the tag 0x03',
]

const STRUCTURES = [
  {
    kind: 'certificate',
    der: file('intel-sgx-root-ca.der'),
    parse: (der: Uint8Array) => parseCertificate('C', der),
    members: CERTIFICATE,
  },
  {
    kind: 'revocation list',
    der: file('platform-crl-automata.der'),
    parse: (der: Uint8Array) => parseCrl('L', der),
    members: LIST,
  },
]

for (const { kind, der, parse, members } of STRUCTURES) {
  const whole = derTree(der)
  const found = (change: (node: DerNode) => DerNode | undefined): readonly string[] =>
    [...variants(whole, change)].map((one) => refusalOf(() => parse(written(one))))
  describe(`a ${kind}`, () => {
    test('is written as it was read', () => expect(written(whole)).toEqual(der))
    test('has nothing behind it', () =>
      expect(refusalOf(() => parse(concatBytes(der, written(NULL))))).toBe(`${members[0]?.charAt(0)}: the end`))
    test('has nothing more in any of its parts', () => {
      const refusals = [...found(followed), refusalOf(() => parse(written(followed(whole) ?? NULL)))]
      expect(refusals.length).toBeGreaterThan(30)
      // In a list there is one item too many, which is none; anything else ends.
      for (const refusal of refusals)
        expect(refusal).toMatch(/: (the end|(relative name|attribute|entry|extension) with)/)
    })
    test('names each part that has another tag', () =>
      expect([...new Set(found(() => ({ ...NULL, tag: 0x1e })))]).toEqual(members))
  })
}

const error = (code: string, details: object): object => expect.objectContaining({ code, details })
const primitive = (tag: number, ...content: readonly number[]): DerNode => {
  return { tag, content: Uint8Array.from(content), parts: undefined }
}
const sequence = (...parts: readonly DerNode[]): DerNode => ({ tag: 0x30, content: new Uint8Array(), parts })
/** With another value where that one stands, counted from the outside in. */
function replaced(node: DerNode, [at, ...deeper]: readonly number[], other: DerNode): DerNode {
  if (at === undefined) return other
  return { ...node, parts: (node.parts ?? []).map((part, i) => (i === at ? replaced(part, deeper, other) : part)) }
}

describe('a certificate that is like no other', () => {
  const whole = derTree(file('intel-sgx-root-ca.der'))
  const parse = (at: readonly number[], other: DerNode) => parseCertificate('C', written(replaced(whole, at, other)))
  test('in its version is refused by that version', () =>
    expect(() => parse([0, 0, 0], primitive(2, 1))).toThrow(
      error('UNKNOWN_VERSION', { field: 'C version', actual: 1 }),
    ))
  test('in the length of its serial number is refused by that length', () => {
    const serial = (octets: number): DerNode => primitive(2, ...new Uint8Array(octets).fill(0x42))
    expect(parse([0, 1], serial(20)).serial).toBe('42'.repeat(20))
    expect(() => parse([0, 1], serial(21))).toThrow(
      error('UNSUPPORTED_VALUE', { field: 'C serialNumber', expected: 'at most 20 bytes', actual: '21 bytes' }),
    )
  })
})

describe('a revocation list with an entry that says more', () => {
  const whole = derTree(file('platform-crl-automata.der'))
  /** Its first entry, with one extension 1.2.3 and nothing else in it. */
  const saying = (...flag: readonly DerNode[]): Uint8Array => {
    const extension = sequence(primitive(6, 0x2a, 3), ...flag, primitive(4))
    return written(replaced(whole, [0, 5, 0, 2], sequence(extension)))
  }
  test('is read when that is not critical', () => expect(parseCrl('L', saying()).revoked.size).toBeGreaterThan(0))
  test('is refused when that is critical, and the entry named', () =>
    expect(() => parseCrl('L', saying(primitive(1, 0xff)))).toThrow(
      error('CRITICAL_EXTENSION_UNKNOWN', { field: 'L entry', oid: '1.2.3' }),
    ))
})
