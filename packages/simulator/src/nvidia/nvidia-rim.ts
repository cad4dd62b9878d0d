import { createHash } from 'node:crypto'
import { toBase64Url, toHex, utf8 } from '@blindai/core'
import { apply, type Change } from '../authority/changes.ts'
import { type KeyPair, signRaw } from '../authority/keys.ts'
import { mockMeasurement } from './nvidia-report.ts'

/**
 * A signed manifest of a driver or a VBIOS, with the elements that NVIDIA's have. It is written in canonical form, so that
 * what is signed is what is written: reading another form is for NVIDIA's own manifests to test.
 * Source: ISO/IEC 19770-2:2015; XML Signature 1.1; `vectors/attestation/nvidia`.
 */

const SWID = 'http://standards.iso.org/iso/19770/-2/2015/schema.xsd'
const XMLDSIG = 'http://www.w3.org/2000/09/xmldsig#'
const NAMESPACES = ` xmlns="${SWID}" xmlns:ns0="${SWID}" xmlns:ns2="http://www.w3.org/2001/04/xmlenc#sha384"`
const C14N = 'http://www.w3.org/2006/12/xml-c14n11'

/** Indices of a manifest, from 0; of the driver's those of NVIDIA's for 550.90.07, and the VBIOS has others. */
const DRIVER_INDICES = [7, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40]
const VBIOS_INDICES = [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 41]

/** An entry of a manifest. */
export interface RimEntry {
  readonly index: string
  readonly active: string
  readonly alternatives: string
  readonly hashes: readonly string[]
}

/** All that a manifest says, and who signs it. */
export interface RimFields {
  readonly product: string
  readonly version: string
  readonly entries: readonly RimEntry[]
  /** DER of each certificate, lowest first. */
  readonly chain: readonly Uint8Array[]
  readonly signingKey: KeyPair
}

/** The steps at which a test can make a manifest wrong, in their order. */
export interface RimChanges {
  readonly fields?: Change<RimFields>
  /** The manifest before it is signed, in canonical form. */
  readonly content?: Change<string>
  /** `SignedInfo` before it is signed, without the namespaces of its surroundings. */
  readonly signedInfo?: Change<string>
  readonly signature?: Change<Uint8Array>
  /** The whole, as it travels. */
  readonly text?: Change<string>
}

/** What an honest manifest of a part says. */
export function usualRim(
  part: 'driver' | 'vbios',
  version: string,
  chain: readonly Uint8Array[],
  signingKey: KeyPair,
): RimFields {
  const active = part === 'driver' ? DRIVER_INDICES : VBIOS_INDICES
  const entries = Array.from({ length: 64 }, (_, index): RimEntry => {
    const value = active.includes(index) ? toHex(mockMeasurement(index + 1)) : '00'.repeat(48)
    const hashes = index === 35 ? ['11'.repeat(48), value] : [value]
    return {
      index: String(index),
      active: active.includes(index) ? 'True' : 'False',
      alternatives: String(hashes.length),
      hashes,
    }
  })
  return { product: 'GH100', version, entries, chain, signingKey }
}

/** The text of a signed manifest. */
export function makeRim(usual: RimFields, changes: RimChanges): string {
  const fields = apply(changes.fields, usual)
  const content = apply(changes.content, writeContent(fields))
  const digest = createHash('sha384').update(content).digest('base64')
  const signedInfo = apply(changes.signedInfo, writeSignedInfo(digest))
  const surroundings = `${NAMESPACES.replace(' xmlns:ns0', ` xmlns:ds="${XMLDSIG}" xmlns:ns0`)}`
  const signed = signedInfo.replace('<ds:SignedInfo', `<ds:SignedInfo${surroundings}`)
  const signature = apply(changes.signature, signRaw(fields.signingKey, utf8(signed)))
  const certificates = fields.chain.map((der) => `<ds:X509Certificate>${base64(der)}</ds:X509Certificate>`)
  const block = [
    `<ds:Signature xmlns:ds="${XMLDSIG}">${signedInfo}<ds:SignatureValue>${base64(signature)}</ds:SignatureValue>`,
    `<ds:KeyInfo><ds:X509Data>${certificates.join('')}</ds:X509Data></ds:KeyInfo></ds:Signature>`,
  ].join('')
  const end = '</SoftwareIdentity>'
  return apply(changes.text, content.replace(end, `${block}${end}`))
}

function writeContent({ product, version, entries }: RimFields): string {
  const resources = entries.map(({ index, active, alternatives, hashes }) => {
    const values = hashes.map((hash, i) => ` ns2:Hash${i}="${hash}"`).join('')
    const head = `active="${active}" alternatives="${alternatives}" index="${index}" name="Measurement_${index}"`
    return `<ns0:Resource ${head} size="48" type="Measurement"${values}></ns0:Resource>`
  })
  return [
    `<SoftwareIdentity${NAMESPACES} name="${product}" tagId="simulated" tagVersion="0" version="1.0">`,
    '<ns0:Entity name="BlindAI simulation" role="softwareCreator tagCreator"></ns0:Entity>',
    `<ns0:Meta colloquialVersion="${version}" edition="GPU" product="${product}"></ns0:Meta>`,
    '<ns0:Payload>',
    ...resources,
    '</ns0:Payload>',
    '</SoftwareIdentity>',
  ].join('\n')
}

function writeSignedInfo(digest: string): string {
  return [
    `<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="${C14N}"></ds:CanonicalizationMethod>`,
    '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"></ds:SignatureMethod>',
    `<ds:Reference URI=""><ds:Transforms><ds:Transform Algorithm="${XMLDSIG}enveloped-signature"></ds:Transform>`,
    `<ds:Transform Algorithm="${C14N}"></ds:Transform></ds:Transforms>`,
    '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#sha384"></ds:DigestMethod>',
    `<ds:DigestValue>${digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>`,
  ].join('')
}

function base64(bytes: Uint8Array): string {
  const text = toBase64Url(bytes).replaceAll('-', '+').replaceAll('_', '/')
  return text.padEnd(4 * Math.ceil(bytes.byteLength / 3), '=')
}
