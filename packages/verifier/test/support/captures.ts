/// <reference types="vite/client" />

import {
  type DcapEndorsements,
  fromBase64Url,
  fromHex,
  type JsonObject,
  toBase64Url,
  type UnixSeconds,
  unixSeconds,
} from '@blindai/core'
import sgxCatalogue from '../../../../vectors/attestation/sgx/cases.json' with { type: 'json' }
import tdxCatalogue from '../../../../vectors/attestation/tdx/cases.json' with { type: 'json' }

type Folder = 'tdx' | 'sgx'

/** Real captures: every file of both folders. Works in Node and in a browser. */
const BINARY: Readonly<Record<string, string>> = import.meta.glob(
  '../../../../vectors/attestation/{tdx,sgx}/*.{bin,der}',
  { query: '?url&inline', import: 'default', eager: true },
)
const TEXT: Readonly<Record<string, string>> = import.meta.glob(
  '../../../../vectors/attestation/{tdx,sgx}/*.{json,pem}',
  { query: '?raw', import: 'default', eager: true },
)

/** The bytes of a binary file. */
export function file(name: string, folder: Folder = 'tdx'): Uint8Array {
  const url = BINARY[`../../../../vectors/attestation/${folder}/${name}`]
  if (url === undefined) throw new Error(`no such vector: ${name}`)
  return Uint8Array.from(atob(url.slice(url.indexOf(',') + 1)), (character) => character.charCodeAt(0))
}

/** A text file without the line end that some sources added to what was signed. */
export function textFile(name: string, folder: Folder = 'tdx'): string {
  const text = TEXT[`../../../../vectors/attestation/${folder}/${name}`]
  if (text === undefined) throw new Error(`no such vector: ${name}`)
  return text.trimEnd()
}

/** Files of `vectors/attestation/tdx` or `sgx` that make up endorsements. */
export type DcapParts = { tcbInfo: string; qeIdentity: string; rootCrl: string; pckCrl: string; tcbSigning: string }

/** A capture with what it is judged by, and what has to come out. */
export interface Capture {
  readonly name: string
  readonly quote: Uint8Array
  readonly endorsements: DcapEndorsements
  readonly now: UnixSeconds
  readonly policy: JsonObject
  readonly expect: JsonObject
}

/** A line of `cases.json`. */
interface Case {
  readonly name: string
  readonly quote: string
  readonly dropTrailingBytes?: number
  readonly endorsements: DcapParts | { readonly collateral: string }
  readonly now: number
  readonly policy: JsonObject
  readonly expect: JsonObject
}

function load(folder: Folder, cases: readonly Case[]): readonly Capture[] {
  return cases.map((entry) => {
    const whole = file(entry.quote, folder)
    const quote = whole.slice(0, whole.length - (entry.dropTrailingBytes ?? 0))
    const endorsements =
      'collateral' in entry.endorsements
        ? fromCollateral(entry.endorsements.collateral, folder)
        : dcapEndorsements(entry.endorsements, quote, folder)
    const { name, policy, expect } = entry
    return { name, quote, endorsements, now: unixSeconds(entry.now), policy, expect }
  })
}

export const captures: readonly Capture[] = load('tdx', tdxCatalogue.cases as readonly Case[])
export const sgxCaptures: readonly Capture[] = load('sgx', sgxCatalogue.cases as readonly Case[])

/** The capture whose name starts so. */
export function capture(start: string): Capture {
  const found = [...captures, ...sgxCaptures].find(({ name }) => name.startsWith(start))
  if (found === undefined) throw new Error(`no such capture: ${start}`)
  return found
}

function fromCollateral(name: string, folder: Folder): DcapEndorsements {
  const c: Record<string, string> = JSON.parse(textFile(name, folder))
  return {
    type: 'dcap',
    pckCrlIssuerChain: c.pck_crl_issuer_chain ?? '',
    rootCaCrl: toBase64Url(fromHex('root CRL', c.root_ca_crl ?? '')),
    pckCrl: toBase64Url(fromHex('PCK CRL', c.pck_crl ?? '')),
    tcbInfoIssuerChain: c.tcb_info_issuer_chain ?? '',
    tcbInfo: `{"tcbInfo":${c.tcb_info},"signature":"${c.tcb_info_signature}"}`,
    qeIdentityIssuerChain: c.qe_identity_issuer_chain ?? '',
    qeIdentity: `{"enclaveIdentity":${c.qe_identity},"signature":"${c.qe_identity_signature}"}`,
  }
}

/** Endorsements of those files; the chain of the PCK CRL is the one in the quote. */
export function dcapEndorsements(parts: DcapParts, quote: Uint8Array, folder: Folder = 'tdx'): DcapEndorsements {
  const signing = parts.tcbSigning.endsWith('.pem')
    ? textFile(parts.tcbSigning, folder)
    : pem(file(parts.tcbSigning, folder), file('intel-sgx-root-ca.der', folder))
  return {
    type: 'dcap',
    pckCrlIssuerChain: pckChain(quote).slice(1).join(''),
    rootCaCrl: toBase64Url(crl(parts.rootCrl, folder)),
    pckCrl: toBase64Url(crl(parts.pckCrl, folder)),
    tcbInfoIssuerChain: signing,
    tcbInfo: textFile(parts.tcbInfo, folder),
    qeIdentityIssuerChain: signing,
    qeIdentity: parts.qeIdentity.includes('#')
      ? fromCollateral(split(parts.qeIdentity)[0], folder).qeIdentity
      : textFile(parts.qeIdentity, folder),
  }
}

function split(reference: string): [file: string, member: string] {
  const [name = '', member = ''] = reference.split('#')
  return [name, member]
}

function crl(reference: string, folder: Folder): Uint8Array {
  if (!reference.includes('#')) return file(reference, folder)
  const [name, member] = split(reference)
  const collateral: Record<string, string> = JSON.parse(textFile(name, folder))
  return fromHex(member, collateral[member] ?? '')
}

/** PEM of each certificate in a quote, leaf first. */
export function pckChain(quote: Uint8Array): readonly string[] {
  return (
    new TextDecoder('latin1').decode(quote).match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? []
  )
}

export function pem(...certificates: readonly Uint8Array[]): string {
  return certificates
    .map((der) => {
      const base64 = toBase64Url(der).replaceAll('-', '+').replaceAll('_', '/')
      const padded = base64.padEnd(Math.ceil(base64.length / 4) * 4, '=')
      return `-----BEGIN CERTIFICATE-----\n${padded.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
    })
    .join('')
}

export function derOf(certificatePem: string): Uint8Array {
  const base64 = certificatePem
    .replaceAll(/-----[A-Z ]+-----|\s|=/g, '')
    .replaceAll('+', '-')
    .replaceAll('/', '_')
  return fromBase64Url('PEM', base64)
}
