import { fromHex, fromUtf8, MalformedError, parseJson, toHex } from '@blindai/core'
import type { SignatureHash } from '../../crypto/public-key.ts'
import { ObjectReader } from '../../json/object-reader.ts'
import { HASH_BYTES } from './algorithms.ts'
import { PCRS } from './pcr-selection.ts'
import type { PcrBanks } from './pcr-values.ts'
import { parseSizedTpmPublic, type TpmPublic } from './public-area.ts'
import { parseTpmQuote, type TpmQuote } from './quote.ts'
import { parseTpmSignature, type TpmSignature } from './signature.ts'

/** The most bytes of the whole; with both banks in full it has about 6,000. */
export const MAX_TPM_EVIDENCE_BYTES = 16_384

const MOST_QUOTED_BYTES = 512
const MOST_SIGNATURE_BYTES = 1024
const MOST_PUBLIC_BYTES = 1024

/** Banks by the names that TPM tools give them. */
export const BANKS: { readonly [B in TpmBank]: SignatureHash } = { sha256: 'SHA-256', sha384: 'SHA-384' }

/** A bank of registers. */
export type TpmBank = 'sha256' | 'sha384'

/** A quote with what is needed to check it, parsed and not yet believed. */
export interface ParsedTpmEvidence {
  /** TPMS_ATTEST, to the byte. */
  readonly quoted: Uint8Array
  readonly quote: TpmQuote
  readonly signature: TpmSignature
  readonly ak: TpmPublic
  readonly banks: PcrBanks
}

/**
 * Parses the bytes of TPM evidence: strict UTF-8 JSON `{ version: 1, quoted, signature, akPublic, pcrs }`. The first three are
 * base64url of TPMS_ATTEST, TPMT_SIGNATURE and TPM2B_PUBLIC as the TPM gives them; `pcrs` has values in hexadecimal by bank and
 * number. Why so: `docs/decisions/2026-11-27-tpm-evidence.md`.
 *
 * @throws {MalformedError} and {VerifierError} with the codes of `parseJson`, `ObjectReader` and the parts.
 */
export function parseTpmEvidence(bytes: Uint8Array): ParsedTpmEvidence {
  const field = 'TPM evidence'
  if (bytes.byteLength > MAX_TPM_EVIDENCE_BYTES) {
    throw new MalformedError('TOO_LONG', { field, length: bytes.byteLength, limit: MAX_TPM_EVIDENCE_BYTES })
  }
  const r = new ObjectReader(field, parseJson(field, fromUtf8(field, bytes)))
  r.integer('version', 1, 1)
  const quoted = r.bytes('quoted', { most: MOST_QUOTED_BYTES })
  const evidence = {
    quoted,
    quote: parseTpmQuote(quoted),
    signature: parseTpmSignature(r.bytes('signature', { most: MOST_SIGNATURE_BYTES })),
    ak: parseSizedTpmPublic(r.bytes('akPublic', { most: MOST_PUBLIC_BYTES })),
    banks: readBanks(r.object('pcrs')),
  }
  r.end()
  return evidence
}

/** Reads values by bank and number, and nothing beside them. */
export function readBanks(r: ObjectReader): PcrBanks {
  const banks = new Map<SignatureHash, ReadonlyMap<number, Uint8Array>>()
  for (const bank of BANK_NAMES) if (r.has(bank)) banks.set(BANKS[bank], readValues(r.object(bank), BANKS[bank]))
  r.end()
  return banks
}

/** Values of registers in hexadecimal, by bank and number. */
export function pcrClaims(banks: PcrBanks): { readonly [Bank in TpmBank]?: { readonly [pcr: string]: string } } {
  const named = BANK_NAMES.filter((bank) => banks.has(BANKS[bank]))
  return Object.fromEntries(named.map((bank) => [bank, hexValues(banks.get(BANKS[bank]))]))
}

function hexValues(values: ReadonlyMap<number, Uint8Array> = new Map()): { readonly [pcr: string]: string } {
  return Object.fromEntries([...values].map(([pcr, value]) => [String(pcr), toHex(value)]))
}

/** The names of the banks, in the order of the result. */
export const BANK_NAMES: readonly TpmBank[] = ['sha256', 'sha384']

function readValues(r: ObjectReader, bank: SignatureHash): ReadonlyMap<number, Uint8Array> {
  const values = new Map<number, Uint8Array>()
  for (let pcr = 0; pcr < PCRS; pcr++) {
    const member = String(pcr)
    if (r.has(member)) values.set(pcr, fromHex(`${r.field}.${member}`, r.hex(member, HASH_BYTES[bank])))
  }
  r.end()
  return values
}
