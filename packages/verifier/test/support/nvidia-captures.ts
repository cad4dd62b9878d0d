/// <reference types="vite/client" />

import { type JsonObject, type NvidiaEndorsements, toBase64Url, type UnixSeconds, unixSeconds } from '@blindai/core'
import catalogue from '../../../../vectors/attestation/nvidia/cases.json' with { type: 'json' }
import { derOf } from './captures.ts'

const FOLDER = '../../../../vectors/attestation/nvidia/'
const BINARY: Readonly<Record<string, string>> = import.meta.glob('../../../../vectors/attestation/nvidia/*.bin', {
  query: '?url&inline',
  import: 'default',
  eager: true,
})
const TEXT: Readonly<Record<string, string>> = import.meta.glob(
  ['../../../../vectors/attestation/nvidia/*.{pem,xml,b64}', '../../../../vectors/attestation/nvidia/*.claims.json'],
  { query: '?raw', import: 'default', eager: true },
)

/** A report that a real GPU signed, how it is judged, and what has to come out. */
export interface NvidiaCapture {
  readonly name: string
  readonly report: Uint8Array
  readonly endorsements: NvidiaEndorsements
  readonly now: UnixSeconds
  readonly policy: JsonObject
  readonly expect: JsonObject
}

export const nvidiaCaptures: readonly NvidiaCapture[] = catalogue.cases.map((entry) => ({
  name: entry.name,
  report: nvidiaReport(entry.report),
  endorsements: {
    type: 'nvidia',
    deviceChain: nvidiaText(entry.deviceChain),
    driverRim: nvidiaText(entry.driverRim),
    vbiosRim: nvidiaText(entry.vbiosRim),
    ocsp: entry.ocsp.map((file) => toBase64Url(nvidiaOcsp(file))),
  },
  now: unixSeconds(entry.now),
  // A cast of data to data: the parser looks at every member.
  policy: entry.policy as JsonObject,
  expect: entry.expect,
}))

/** Files that a case names. */
export const filesOfCases: ReadonlySet<string> = new Set(
  catalogue.cases.flatMap(({ report, deviceChain, driverRim, vbiosRim, ocsp }) => [
    report,
    deviceChain,
    driverRim,
    vbiosRim,
    ...ocsp,
  ]),
)

/** The capture whose name starts so. */
export function nvidiaCapture(start: string): NvidiaCapture {
  const found = nvidiaCaptures.find(({ name }) => name.startsWith(start))
  if (found === undefined) throw new Error(`no such capture: ${start}`)
  return found
}

/** DER of an OCSP response. */
export function nvidiaOcsp(name: string): Uint8Array {
  return derOf(nvidiaText(name))
}

/** The text of a file. */
export function nvidiaText(name: string): string {
  const text = TEXT[`${FOLDER}${name}`]
  if (text === undefined) throw new Error(`no such vector: ${name}`)
  return text
}

function nvidiaReport(name: string): Uint8Array {
  const url = BINARY[`${FOLDER}${name}`]
  if (url === undefined) throw new Error(`no such vector: ${name}`)
  return Uint8Array.from(atob(url.slice(url.indexOf(',') + 1)), (character) => character.charCodeAt(0))
}
