import { fromBase64Url, utf8 } from '@blindai/core'
import { VerifierError } from '../../errors/verifier-error.ts'
import { type Certificate, parseCertificate } from '../../x509/certificate.ts'
import { canonicalXml } from '../../xml/canonical-xml.ts'
import { parseXml, type XmlElement, type XmlName } from '../../xml/xml-reader.ts'
import { HASH_BYTES, MEASUREMENTS } from './report.ts'

const SWID = 'http://standards.iso.org/iso/19770/-2/2015/schema.xsd'
const XMLDSIG = 'http://www.w3.org/2000/09/xmldsig#'
const SHA384 = 'http://www.w3.org/2001/04/xmlenc#sha384'

/** Namespace and local name of an element. */
type Expected = readonly [namespace: string, local: string]

const MANIFEST = [
  [SWID, 'Entity'],
  [SWID, 'Meta'],
  [SWID, 'Payload'],
  [XMLDSIG, 'Signature'],
] as const
const SIGNATURE = [
  [XMLDSIG, 'SignedInfo'],
  [XMLDSIG, 'SignatureValue'],
  [XMLDSIG, 'KeyInfo'],
] as const
const KEY_INFO = [[XMLDSIG, 'X509Data']] as const

const MAX_CERTIFICATES = 8
const MAX_ALTERNATIVES = 16
const SIGNATURE_BYTES = 96

/** The one way in which a manifest is signed. Source: XML Signature Syntax and Processing 1.1, sections 4.4 and 6. */
const SIGNED_INFO = [
  'SignedInfo(CanonicalizationMethod[http://www.w3.org/2006/12/xml-c14n11]()',
  'SignatureMethod[http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384]()',
  'Reference[](Transforms(Transform[http://www.w3.org/2000/09/xmldsig#enveloped-signature]()',
  'Transform[http://www.w3.org/2006/12/xml-c14n11]())',
  'DigestMethod[http://www.w3.org/2001/04/xmldsig-more#sha384]()',
  'DigestValue()))',
].join('')

/** The measurements that NVIDIA released for one driver or one VBIOS. Parsed and not yet believed. */
export interface Rim {
  readonly field: string
  /** Of the driver or the VBIOS, as it is written. */
  readonly version: string
  /** The chip: `GH100`. */
  readonly product: string
  /** Lower-case hex of what may be measured, by the index of the report; only of entries that are active. */
  readonly measurements: ReadonlyMap<number, readonly string[]>
  /** Lowest first. */
  readonly chain: readonly Certificate[]
  /** What the digest covers: the manifest in canonical form without its signature. */
  readonly content: Uint8Array
  readonly contentDigest: Uint8Array
  /** What the signature covers. */
  readonly signedInfo: Uint8Array
  readonly signature: Uint8Array
}

/**
 * Parses a signed reference integrity manifest of NVIDIA: a SWID tag whose signature is inside it and covers all of it.
 *
 * Source: ISO/IEC 19770-2:2015; TCG Reference Integrity Manifest Information Model 1.01; XML Signature 1.1, section 4;
 * NVIDIA's manifests in `vectors/attestation/nvidia`.
 *
 * @param field - names the manifest in errors.
 * @throws {VerifierError} `NOT_XML`, `RIM_FORM`, `UNSUPPORTED_VALUE`, and the codes of `parseCertificate`; {MalformedError}
 * `TOO_LONG`, `NOT_BASE64URL`.
 */
export function parseRim(field: string, text: string): Rim {
  const root = parseXml(field, text)
  requireName(field, root, SWID, 'SoftwareIdentity')
  const [, meta, payload, signature] = elements(field, root, MANIFEST)
  const [signedInfo, signatureValue, keyInfo] = elements(field, signature, SIGNATURE)
  const value = base64(field, signatureValue)
  if (value.byteLength !== SIGNATURE_BYTES) throw rimForm(field, `a signature of ${SIGNATURE_BYTES} bytes`)
  return {
    field,
    version: attribute(field, meta, '', 'colloquialVersion'),
    product: attribute(field, meta, '', 'product'),
    measurements: readMeasurements(field, payload),
    chain: readChain(field, keyInfo),
    content: utf8(canonicalXml(root, signature)),
    contentDigest: readDigest(field, signedInfo),
    signedInfo: utf8(canonicalXml(signedInfo)),
    signature: value,
  }
}

/** An entry that is not active says nothing. Index n of a manifest is measurement n + 1 of a report. */
function readMeasurements(field: string, payload: XmlElement): ReadonlyMap<number, readonly string[]> {
  const measurements = new Map<number, readonly string[]>()
  const seen = new Set<number>()
  for (const resource of elements(field, payload)) {
    requireName(field, resource, SWID, 'Resource')
    const read = (local: string): string => attribute(field, resource, '', local)
    const index = Number(oneOf(field, 'index', read('index'), /^\d{1,2}$/))
    if (index >= MEASUREMENTS || seen.has(index)) throw rimForm(field, 'each index once, below 64')
    seen.add(index)
    oneOf(field, 'type', read('type'), /^Measurement$/)
    oneOf(field, 'size', read('size'), /^48$/)
    read('name')
    const alternatives = Number(oneOf(field, 'alternatives', read('alternatives'), /^[1-9]\d?$/))
    if (alternatives > MAX_ALTERNATIVES || resource.attributes.length !== 6 + alternatives) {
      throw rimForm(field, `index ${index} with as many hashes as it announces`)
    }
    const hashes = Array.from({ length: alternatives }, (_, i) =>
      oneOf(field, `hash of index ${index}`, attribute(field, resource, SHA384, `Hash${i}`), /^[0-9a-f]{96}$/),
    )
    if (oneOf(field, 'active', read('active'), /^(?:True|False)$/) === 'True') measurements.set(index + 1, hashes)
  }
  return measurements
}

function readChain(field: string, keyInfo: XmlElement): readonly Certificate[] {
  const [data] = elements(field, keyInfo, KEY_INFO)
  const certificates = elements(field, data)
  if (certificates.length === 0 || certificates.length > MAX_CERTIFICATES) {
    throw rimForm(field, `from 1 to ${MAX_CERTIFICATES} certificates`)
  }
  return certificates.map((element, i) => {
    requireName(field, element, XMLDSIG, 'X509Certificate')
    return parseCertificate(`${field}[${i}]`, base64(field, element), { times: 'any year' })
  })
}

/** The digest, if all else is the one way of signing. */
function readDigest(field: string, signedInfo: XmlElement): Uint8Array {
  let digest: Uint8Array | undefined
  const outline = (element: XmlElement): string => {
    requireName(field, element, XMLDSIG, element.local)
    const values = element.attributes.map(({ value }) => `[${value}]`).join('')
    if (element.local === 'DigestValue') digest = base64(field, element)
    const inner = element.local === 'DigestValue' ? [] : elements(field, element).map(outline)
    return `${element.local}${values}(${inner.join('')})`
  }
  const actual = outline(signedInfo)
  if (actual !== SIGNED_INFO || digest === undefined) {
    throw new VerifierError('UNSUPPORTED_VALUE', { field: `${field} SignedInfo`, expected: SIGNED_INFO, actual })
  }
  if (digest.byteLength !== HASH_BYTES) throw rimForm(field, `a digest of ${HASH_BYTES} bytes`)
  return digest
}

/** The elements inside, with nothing but white space between them; of these names where they are given. */
function elements(field: string, parent: XmlElement, names: readonly [Expected]): readonly [XmlElement]
function elements(
  field: string,
  parent: XmlElement,
  names: readonly [Expected, Expected, Expected],
): readonly [XmlElement, XmlElement, XmlElement]
function elements(
  field: string,
  parent: XmlElement,
  names: readonly [Expected, Expected, Expected, Expected],
): readonly [XmlElement, XmlElement, XmlElement, XmlElement]
function elements(field: string, parent: XmlElement): readonly XmlElement[]
function elements(field: string, parent: XmlElement, names?: readonly Expected[]): readonly XmlElement[] {
  const children = parent.children.filter((child) => typeof child !== 'string' || child.trim() !== '')
  const found = children.filter((child) => typeof child !== 'string')
  if (found.length !== children.length || (names !== undefined && found.length !== names.length)) {
    throw rimForm(field, `${parent.local} of ${names?.length ?? 'only'} elements`)
  }
  for (const [i, [namespace, local]] of (names ?? []).entries()) {
    const element = found[i]
    if (element !== undefined) requireName(field, element, namespace, local)
  }
  return found
}

function requireName(field: string, { namespace, local }: XmlName, wanted: string, expected: string): void {
  if (namespace !== wanted || local !== expected) throw rimForm(field, `${expected} of ${wanted}, not ${local}`)
}

function attribute(field: string, element: XmlElement, namespace: string, local: string): string {
  const found = element.attributes.find((one) => one.namespace === namespace && one.local === local)
  if (found === undefined) throw rimForm(field, `${element.local} with ${local}`)
  return found.value
}

function oneOf(field: string, what: string, value: string, pattern: RegExp): string {
  if (!pattern.test(value)) throw rimForm(field, `${what} as ${pattern.source}`)
  return value
}

/** Base64 with padding, in lines. An element in it is written as what no base64 has: brackets, and a comma beside it. */
function base64(field: string, element: XmlElement): Uint8Array {
  const text = element.children.join().replaceAll('\n', '')
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) {
    throw rimForm(field, `${element.local} as base64`)
  }
  return fromBase64Url(field, text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''))
}

function rimForm(field: string, expected: string): VerifierError<'RIM_FORM'> {
  return new VerifierError('RIM_FORM', { rim: field, expected })
}
