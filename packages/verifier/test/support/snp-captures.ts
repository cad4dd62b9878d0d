import {
  fromBase64Url,
  type JsonObject,
  type SnpEndorsements,
  toBase64Url,
  type UnixSeconds,
  unixSeconds,
} from '@blindai/core'
import catalogue from '../../../../vectors/attestation/snp/cases.json' with { type: 'json' }

/** Real captures: every file of the folder. Works in Node and in a browser. */
const FOLDER = '../../../../vectors/attestation/snp/'
const BINARY: Readonly<Record<string, string>> = import.meta.glob('../../../../vectors/attestation/snp/*.{bin,der}', {
  query: '?url&inline',
  import: 'default',
  eager: true,
})
const TEXT: Readonly<Record<string, string>> = import.meta.glob('../../../../vectors/attestation/snp/*.pem', {
  query: '?raw',
  import: 'default',
  eager: true,
})

/** The bytes of a binary file. */
export function snpFile(name: string): Uint8Array {
  const url = BINARY[`${FOLDER}${name}`]
  if (url === undefined) throw new Error(`no such vector: ${name}`)
  return Uint8Array.from(atob(url.slice(url.indexOf(',') + 1)), (character) => character.charCodeAt(0))
}

/** The PEM of each certificate or list of a file. */
export function pemParts(name: string): readonly string[] {
  const text = TEXT[`${FOLDER}${name}`]
  if (text === undefined) throw new Error(`no such vector: ${name}`)
  return text.match(/-----BEGIN [A-Z0-9 ]+-----[^-]+-----END [A-Z0-9 ]+-----\n?/g) ?? []
}

/** What is inside a PEM. */
export function pemBytes(pem: string): Uint8Array {
  const base64 = pem.replaceAll(/-----[A-Z0-9 ]+-----|\s|=/g, '')
  return fromBase64Url('PEM', base64.replaceAll('+', '-').replaceAll('/', '_'))
}

/** A capture with what it is judged by, and what has to come out. */
export interface SnpCapture {
  readonly name: string
  readonly report: Uint8Array
  readonly endorsements: SnpEndorsements
  readonly now: UnixSeconds
  readonly policy: JsonObject
  readonly expect: JsonObject
}

/** Files of `vectors/attestation/snp` that make up endorsements. */
export interface SnpEndorsementFiles {
  readonly vcek?: string
  readonly vlek?: string
  readonly chain: string
  readonly crl?: string
}

export const snpCaptures: readonly SnpCapture[] = catalogue.cases.map((entry) => ({
  name: entry.name,
  report: snpFile(entry.report),
  endorsements: snpEndorsements(entry.endorsements as SnpEndorsementFiles),
  now: unixSeconds(entry.now),
  policy: entry.policy as unknown as JsonObject,
  expect: entry.expect,
}))

/** The first capture whose name starts so. */
export function snpCapture(start: string): SnpCapture {
  const found = snpCaptures.find(({ name }) => name.startsWith(start))
  if (found === undefined) throw new Error(`no such capture: ${start}`)
  return found
}

/** Endorsements of those files. */
export function snpEndorsements({ vcek, vlek, chain, crl }: SnpEndorsementFiles): SnpEndorsements {
  const [chainFile = '', from = '0'] = chain.split('#')
  return {
    type: 'snp',
    ...(vcek !== undefined && { vcek: toBase64Url(leaf(vcek)) }),
    ...(vlek !== undefined && { vlek: toBase64Url(leaf(vlek)) }),
    chain: pemParts(chainFile).slice(Number(from)).join(''),
    ...(crl !== undefined && { crl: toBase64Url(pemBytes(pemParts(crl)[0] ?? '')) }),
  }
}

function leaf(reference: string): Uint8Array {
  const [name = '', index] = reference.split('#')
  return index === undefined ? snpFile(name) : pemBytes(pemParts(name)[Number(index)] ?? '')
}
