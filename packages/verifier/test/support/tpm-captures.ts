/// <reference types="vite/client" />

import { concatBytes, fromBase64Url, fromHex } from '@blindai/core'
import trustee from '../../../../vectors/attestation/tpm/tpm-evidence.json' with { type: 'json' }
import disk from '../../../../vectors/attestation/tpm/uefi-evidence-disk.json' with { type: 'json' }
import fwCfg from '../../../../vectors/attestation/tpm/uefi-evidence-fwcfg.json' with { type: 'json' }
import windows from '../../../../vectors/attestation/tpm/windows-gcp-shielded-vm.json' with { type: 'json' }
import type { SignatureHash } from '../../src/crypto/public-key.ts'
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
