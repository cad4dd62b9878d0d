/// <reference types="vite/client" />

import {
  concatBytes,
  type DcapEndorsements,
  fromBase64Url,
  fromHex,
  type JsonObject,
  type SnpEndorsements,
  toBase64Url,
  toHex,
  type UnixSeconds,
  unixSeconds,
  utf8,
} from '@blindai/core'
import catalogue from '../../../../vectors/attestation/azure-hcl/cases.json' with { type: 'json' }
import { type DcapParts, dcapEndorsements } from './captures.ts'
import { type SnpEndorsementFiles, snpEndorsements } from './snp-captures.ts'

const FOLDER = '../../../../vectors/attestation/azure-hcl/'
const BINARY: Readonly<Record<string, string>> = import.meta.glob(
  '../../../../vectors/attestation/azure-hcl/*.{bin,msg,sig}',
  { query: '?url&inline', import: 'default', eager: true },
)
const TEXT: Readonly<Record<string, string>> = import.meta.glob(
  '../../../../vectors/attestation/azure-hcl/azure-*.json',
  {
    query: '?raw',
    import: 'default',
    eager: true,
  },
)

/** The bytes of a binary file. */
export function hclFile(name: string): Uint8Array {
  const url = BINARY[`${FOLDER}${name}`]
  if (url === undefined) throw new Error(`no such vector: ${name}`)
  return Uint8Array.from(atob(url.slice(url.indexOf(',') + 1)), (character) => character.charCodeAt(0))
}

/** The parts of a capture, in one form. */
export interface HclParts {
  readonly report: Uint8Array
  readonly tdQuote?: Uint8Array
  readonly quoted: Uint8Array
  /** The bare RSA number. */
  readonly rsa: Uint8Array
  /** PCR 0 to 23 of SHA-256. */
  readonly pcrs: readonly Uint8Array[]
}

/** How the source writes Genoa evidence: every byte a number. */
interface ListForm {
  readonly report: readonly number[]
  readonly quote: {
    readonly message: readonly number[]
    readonly signature: readonly number[]
    readonly pcrs: readonly (readonly number[])[]
  }
}

/** How it writes the other two. */
interface TextForm {
  readonly hcl_report: string
  readonly td_quote?: string
  readonly tpm_quote: { readonly message: string; readonly signature: string; readonly pcrs: readonly string[] }
}

/** What a captured file holds. */
export function hclParts(name: string): HclParts {
  const text = TEXT[`${FOLDER}${name}`]
  if (text === undefined) throw new Error(`no such vector: ${name}`)
  const captured: ListForm | TextForm = JSON.parse(text)
  if ('report' in captured) {
    const { message, signature, pcrs } = captured.quote
    return {
      report: Uint8Array.from(captured.report),
      quoted: Uint8Array.from(message),
      rsa: Uint8Array.from(signature),
      pcrs: pcrs.map((pcr) => Uint8Array.from(pcr)),
    }
  }
  const { message, signature, pcrs } = captured.tpm_quote
  return {
    report: fromBase64Url('report', captured.hcl_report.replaceAll('=', '')),
    ...(captured.td_quote !== undefined && { tdQuote: fromBase64Url('quote', captured.td_quote.replaceAll('=', '')) }),
    quoted: fromHex('message', message),
    rsa: fromHex('signature', signature),
    pcrs: pcrs.map((pcr) => fromHex('pcr', pcr)),
  }
}

/** TPMT_SIGNATURE of RSASSA with SHA-256. Source: TPM 2.0 Library, Part 2, section 11.3.4. */
export function tpmtSignature(rsa: Uint8Array): Uint8Array {
  return concatBytes(fromHex('head', '0014000b'), Uint8Array.of(rsa.byteLength >> 8, rsa.byteLength & 0xff), rsa)
}

/** Evidence as we carry it. */
export function hclEvidence({ report, tdQuote, quoted, rsa, pcrs }: HclParts): Uint8Array {
  const evidence = {
    version: 1,
    report: toBase64Url(report),
    ...(tdQuote && { tdQuote: toBase64Url(tdQuote) }),
    quoted: toBase64Url(quoted),
    signature: toBase64Url(tpmtSignature(rsa)),
    pcrs: { sha256: Object.fromEntries(pcrs.map((value, pcr) => [String(pcr), toHex(value)])) },
  }
  return utf8(JSON.stringify(evidence))
}

/** A capture with what it is judged by, and what has to come out. */
export interface HclCapture {
  readonly name: string
  readonly parts: HclParts
  readonly endorsements: SnpEndorsements | DcapEndorsements
  readonly now: UnixSeconds
  readonly policy: JsonObject
  readonly expect: JsonObject
}

export const hclCaptures: readonly HclCapture[] = catalogue.cases.map((entry) => {
  const parts = hclParts(entry.evidence)
  // Casts of data to data: the catalogue is ours, and the parsers look at every member.
  const endorsements =
    'chain' in entry.endorsements
      ? snpEndorsements(entry.endorsements as SnpEndorsementFiles)
      : dcapEndorsements(entry.endorsements as DcapParts, parts.tdQuote ?? new Uint8Array())
  const { name, expect } = entry
  return { name, parts, endorsements, now: unixSeconds(entry.now), policy: entry.policy as JsonObject, expect }
})

/** The first capture whose name starts so. */
export function hclCapture(start: string): HclCapture {
  const found = hclCaptures.find(({ name }) => name.startsWith(start))
  if (found === undefined) throw new Error(`no such capture: ${start}`)
  return found
}
