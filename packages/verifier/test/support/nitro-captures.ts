/// <reference types="vite/client" />

import { type EvidenceFormat, fromHex, type JsonObject, type UnixSeconds, unixSeconds } from '@blindai/core'
import catalogue from '../../../../vectors/attestation/nitro/cases.json' with { type: 'json' }
import { derOf } from './captures.ts'

const FOLDER = '../../../../vectors/attestation/nitro/'
const BINARY: Readonly<Record<string, string>> = import.meta.glob('../../../../vectors/attestation/nitro/*.cbor', {
  query: '?url&inline',
  import: 'default',
  eager: true,
})
const TEXT: Readonly<Record<string, string>> = import.meta.glob('../../../../vectors/attestation/nitro/*.pem', {
  query: '?raw',
  import: 'default',
  eager: true,
})

/** A document that a real security module signed, how it is judged, and what has to come out. */
export interface NitroCapture {
  readonly name: string
  readonly format: Extract<EvidenceFormat, 'nitro' | 'simulated-nitro'>
  readonly bytes: Uint8Array
  readonly now: UnixSeconds
  readonly policy: JsonObject
  readonly expect: JsonObject
}

export const nitroCaptures: readonly NitroCapture[] = catalogue.cases.map((entry) => ({
  name: entry.name,
  format: 'format' in entry ? 'simulated-nitro' : 'nitro',
  bytes: entry.document.endsWith('.pem') ? documentIn(entry.document) : nitroFile(entry.document),
  now: unixSeconds(entry.now),
  // A cast of data to data: the parser looks at every member.
  policy: entry.policy as JsonObject,
  expect: entry.expect,
}))

/** The capture whose name starts so. */
export function nitroCapture(start: string): NitroCapture {
  const found = nitroCaptures.find(({ name }) => name.startsWith(start))
  if (found === undefined) throw new Error(`no such capture: ${start}`)
  return found
}

/** DER of the first certificate of a file. */
export function nitroCertificate(name: string): Uint8Array {
  const [, certificate = ''] = /-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/.exec(nitroText(name)) ?? []
  return derOf(certificate)
}

function nitroFile(name: string): Uint8Array {
  const url = BINARY[`${FOLDER}${name}`]
  if (url === undefined) throw new Error(`no such vector: ${name}`)
  return Uint8Array.from(atob(url.slice(url.indexOf(',') + 1)), (character) => character.charCodeAt(0))
}

function nitroText(name: string): string {
  const text = TEXT[`${FOLDER}${name}`]
  if (text === undefined) throw new Error(`no such vector: ${name}`)
  return text
}

/** The document in a certificate: hexadecimal text in its subject alternative name. */
function documentIn(name: string): Uint8Array {
  const [text = ''] = /8444a1013822[0-9a-f]+/.exec(new TextDecoder('latin1').decode(nitroCertificate(name))) ?? []
  return fromHex(name, text)
}
