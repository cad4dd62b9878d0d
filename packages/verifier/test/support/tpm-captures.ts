/// <reference types="vite/client" />

import {
  concatBytes,
  type EvidenceFormat,
  fromBase64Url,
  fromHex,
  type JsonObject,
  toBase64Url,
  toHex,
  type UnixSeconds,
  unixSeconds,
  utf8,
} from '@blindai/core'
import catalogue from '../../../../vectors/attestation/tpm/cases.json' with { type: 'json' }
import trustee from '../../../../vectors/attestation/tpm/tpm-evidence.json' with { type: 'json' }
import disk from '../../../../vectors/attestation/tpm/uefi-evidence-disk.json' with { type: 'json' }
import fwCfg from '../../../../vectors/attestation/tpm/uefi-evidence-fwcfg.json' with { type: 'json' }
import windows from '../../../../vectors/attestation/tpm/windows-gcp-shielded-vm.json' with { type: 'json' }
import type { SignatureHash } from '../../src/crypto/public-key.ts'
import { parseTpmQuote } from '../../src/formats/tpm/quote.ts'
import { isVerifierError } from '../../src/index.ts'
import { pem } from './captures.ts'
import { type ProtobufField, protobufBytes, protobufFields, protobufNumber } from './protobuf.ts'

const FOLDER = '../../../../vectors/attestation/tpm/'
const FILES: Readonly<Record<string, string>> = import.meta.glob(
  '../../../../vectors/attestation/tpm/*.{pb,crt,pem,msg,sig}',
  {
    query: '?url&inline',
    import: 'default',
    eager: true,
  },
)

/** The bytes of a file. */
export function tpmFile(name: string): Uint8Array {
  const url = FILES[`${FOLDER}${name}`]
  if (url === undefined) throw new Error(`no such vector: ${name}`)
  return Uint8Array.from(atob(url.slice(url.indexOf(',') + 1)), (character) => character.charCodeAt(0))
}

/** The parts of one quote that a TPM gave. */
export interface TpmCapture {
  readonly quoted: Uint8Array
  /** TPMT_SIGNATURE. */
  readonly signature: Uint8Array
  /** TPMT_PUBLIC of the attestation key, where the capture has it. */
  readonly akPublic: Uint8Array
  readonly bank: SignatureHash
  /** Of every register that was read, also of those that were not quoted. */
  readonly values: ReadonlyMap<number, Uint8Array>
  readonly log?: Uint8Array
}

const base64 = (text: string): Uint8Array =>
  fromBase64Url('capture', text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''))

/** Two boots of the measured-VM image under OVMF, with a software TPM. */
export const uefiDisk: TpmCapture = fromBoot(disk)
export const uefiFwCfg: TpmCapture = fromBoot(fwCfg)

function fromBoot(boot: typeof disk | typeof fwCfg): TpmCapture {
  const half = (hex: string): Uint8Array => concatBytes(new Uint8Array([0, 32]), fromHex('half', hex))
  // TPMT_SIGNATURE of ECDSA (0x0018) with SHA-256 (0x000b); the capture has its two numbers only.
  const signature = concatBytes(new Uint8Array([0, 0x18, 0, 0x0b]), half(boot.r), half(boot.s))
  const values = Object.entries(boot.pcrValues).map(([pcr, hex]): [number, Uint8Array] => [
    Number(pcr),
    fromHex(pcr, hex),
  ])
  return {
    quoted: fromHex('quoted', boot.quoted),
    signature,
    akPublic: fromHex('akPub', boot.akPub),
    bank: 'SHA-256',
    values: new Map(values),
    log: base64(boot.eventLog),
  }
}

/** Message `attest.Attestation` of go-tpm-tools: 1 ak_pub, 2 quotes, 3 event_log, 6 ak_cert. */
const gce: readonly ProtobufField[] = protobufFields(tpmFile('gce-cos85-nonce9009.attestation.pb'))

/** The quotes of a machine at Google, one for each bank; the first is of SHA-1. */
export const gceQuotes: readonly TpmCapture[] = protobufBytes(gce, 2).map((bytes) => {
  // Message `tpm.Quote` of go-tpm: 1 quote, 2 raw_sig, 3 pcrs; `tpm.PCRs`: 1 hash, 2 a map from number to value.
  const quote = protobufFields(bytes)
  const pcrs = protobufFields(first(quote, 3))
  const values = protobufBytes(pcrs, 2).map((entry): [number, Uint8Array] => {
    const fields = protobufFields(entry)
    return [protobufNumber(fields, 1), first(fields, 2)]
  })
  return {
    quoted: first(quote, 1),
    signature: first(quote, 2),
    akPublic: first(gce, 1),
    bank: protobufNumber(pcrs, 1) === 12 ? 'SHA-384' : 'SHA-256',
    values: new Map(values),
    log: first(gce, 3),
  }
})

/** The certificate of that machine's attestation key. */
const gceAkCertificate: Uint8Array = first(gce, 6)

function first(fields: readonly ProtobufField[], number: number): Uint8Array {
  return protobufBytes(fields, number)[0] ?? new Uint8Array()
}

/** A Windows machine at Google: its key signs with SHA-1, over registers of SHA-1. */
export const windowsQuote = {
  akPublic: base64(windows.AK.Public),
  quoted: base64(windows.Quote.Quote),
  signature: base64(windows.Quote.Signature),
}

/** A quote whose key came as a SubjectPublicKeyInfo, so that nothing is known of its attributes. */
export const trusteeQuote = {
  spki: base64(trustee.ak_public),
  quoted: base64(trustee.tpm_quote.message),
  signature: base64(trustee.tpm_quote.signature),
  values: new Map(trustee.tpm_quote.pcrs.map((hex, pcr): [number, Uint8Array] => [pcr, fromHex(`PCR ${pcr}`, hex)])),
}

/** A quote as evidence, how it is judged, and what has to come out. */
export interface TpmCase {
  readonly name: string
  readonly format: Extract<EvidenceFormat, 'tpm'>
  readonly bytes: Uint8Array
  readonly log?: Uint8Array
  readonly endorsements?: JsonObject
  readonly now: UnixSeconds
  readonly policy: JsonObject
  readonly expect: JsonObject
}

/** A line of `cases.json`. */
interface Line {
  readonly name: string
  readonly file: string
  /** Which of the quotes in the file; the first without it. */
  readonly quote?: number
  /** Whether the event log comes along. */
  readonly log?: boolean
  /** Files of the authorities above the certificate of a key that is in the capture, lowest first. */
  readonly akChain?: readonly string[]
  readonly ekChain?: readonly string[]
  readonly now: number
  readonly policy: JsonObject
  readonly expect: JsonObject
}

const CAPTURES: Readonly<Record<string, readonly TpmCapture[]>> = {
  'uefi-evidence-disk.json': [uefiDisk],
  'uefi-evidence-fwcfg.json': [uefiFwCfg],
  'gce-cos85-nonce9009.attestation.pb': gceQuotes,
  'windows-gcp-shielded-vm.json': [{ ...windowsQuote, bank: 'SHA-256', values: new Map() }],
}

export const tpmCases: readonly TpmCase[] = (catalogue.cases as readonly Line[]).map((line) => {
  const { name, file, quote = 0, log = false, akChain, ekChain, policy, expect } = line
  const capture = CAPTURES[file]?.[quote]
  if (capture === undefined) throw new Error(`no such capture: ${file}`)
  const endorsements = {
    type: 'tpm',
    ...(akChain && { akCertificate: toBase64Url(gceAkCertificate), akChain: pemOf(akChain) }),
    ...(ekChain && { ekCertificate: toBase64Url(base64(disk.ekCert)), ekChain: pemOf(ekChain) }),
  }
  return {
    name,
    format: 'tpm',
    bytes: evidenceOf(capture),
    ...(log && capture.log && { log: capture.log }),
    ...((akChain ?? ekChain) && { endorsements }),
    now: unixSeconds(line.now),
    policy,
    expect,
  }
})

/** The case whose name starts so. */
export function tpmCase(start: string): TpmCase {
  const found = tpmCases.find(({ name }) => name.startsWith(start))
  if (found === undefined) throw new Error(`no such case: ${start}`)
  return found
}

/** A capture in the form in which documents carry it: values of quoted registers only, the key behind its length. */
export function evidenceOf({ quoted, signature, akPublic, bank, values }: TpmCapture): Uint8Array {
  const pcrs = [...values].filter(([pcr]) => isQuoted(quoted, pcr)).map(([pcr, value]) => [String(pcr), toHex(value)])
  const sized = concatBytes(new Uint8Array([akPublic.byteLength >> 8, akPublic.byteLength & 255]), akPublic)
  const evidence = {
    version: 1,
    quoted: toBase64Url(quoted),
    signature: toBase64Url(signature),
    akPublic: toBase64Url(sized),
    pcrs: { [bank === 'SHA-384' ? 'sha384' : 'sha256']: Object.fromEntries(pcrs) },
  }
  return utf8(JSON.stringify(evidence))
}

/** Quotes of banks that do not count cannot be read; nothing of them is selected. */
function isQuoted(quoted: Uint8Array, pcr: number): boolean {
  try {
    return parseTpmQuote(quoted).selections.some(({ pcrs }) => pcrs.includes(pcr))
  } catch (error) {
    if (isVerifierError(error)) return false
    throw error
  }
}

function pemOf(files: readonly string[]): string {
  return files
    .map((name) => (name.endsWith('.pem') ? new TextDecoder().decode(tpmFile(name)) : pem(tpmFile(name))))
    .join('')
}
