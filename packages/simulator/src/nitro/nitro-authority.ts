import { createHash } from 'node:crypto'
import { type EvidenceFormat, type EvidenceSource, fromHex, type UnixSeconds } from '@blindai/core'
import { apply, type Change } from '../authority/changes.ts'
import { signRaw } from '../authority/keys.ts'
import { type CborEntry, type CborItem, writeCbor } from './cbor-writer.ts'
import {
  completeNitroKeys,
  issueNitroCertificates,
  MOCK_MODULE_ID,
  type NitroCertificateChanges,
  type NitroCertificates,
  type NitroKeys,
} from './nitro-chain.ts'

/**
 * A throwaway authority for tests that signs what an AWS Nitro security module would. It has no relation to AWS, and protects
 * nothing. Source: AWS Nitro Enclaves NSM API, `docs/attestation_process.md`.
 */

/** Registers of an enclave as lower-case hex of 48 bytes each: image, kernel, application, role, instance, signer. */
export type MockNitroPcrs = { readonly [Register in 'pcr0' | 'pcr1' | 'pcr2' | 'pcr3' | 'pcr4' | 'pcr8']: string }

/** Recognisable registers for tests, each of one repeated byte; those that are not named are zero. */
export const MOCK_NITRO_PCRS: MockNitroPcrs = {
  pcr0: 'b0'.repeat(48),
  pcr1: 'b1'.repeat(48),
  pcr2: 'b2'.repeat(48),
  pcr3: 'b3'.repeat(48),
  pcr4: 'b4'.repeat(48),
  pcr8: 'b8'.repeat(48),
}

/** Registers that a document lists. */
const REGISTERS = 16

/** Labels of a COSE header, and ES384. */
const ALG = 1
const ES384 = -35

/**
 * The steps at which a test can make the authority do wrong, in their order. What comes after a step follows from what it
 * returned; to break the signature, change `signature` or the enclave's key.
 */
export interface NitroChanges extends NitroCertificateChanges {
  /** The members of the attestation document, as a list, so that one can be there twice. */
  readonly document?: Change<readonly CborEntry[]>
  /** The document's bytes. */
  readonly payload?: Change<Uint8Array>
  readonly protectedHeader?: Change<readonly CborEntry[]>
  readonly unprotectedHeader?: Change<readonly CborEntry[]>
  /** What is signed, as it is written. */
  readonly signature?: Change<Uint8Array>
  /** The four parts of the message. */
  readonly message?: Change<readonly CborItem[]>
  /** The whole, as it travels. */
  readonly evidence?: Change<Uint8Array>
}

/** The keys, the time of issue and what to do wrong. */
export interface NitroAuthorityOptions {
  readonly now: UnixSeconds
  /** Keys to use; new ones are made for the rest. */
  readonly keys?: Partial<NitroKeys>
  /** DER of an existing certificate of `keys.root`; a new one is issued without it. */
  readonly rootCertificate?: Uint8Array
  readonly changes?: NitroChanges
}

/** A root, everything below it, and an enclave that attests. */
export interface MockNitroAuthority {
  /** Lower-case hex SHA-256 of the root certificate's DER. */
  readonly rootSha256: string
  readonly keys: NitroKeys
  readonly certificates: NitroCertificates
  /** A signed attestation document with this `user_data`, signed at a time; at the authority's own without one. */
  attest(userData: Uint8Array, at?: UnixSeconds): Uint8Array
  /** An evidence source whose evidence is labelled as asked, rightly or wrongly; `simulated-nitro` without a format. */
  source(format?: EvidenceFormat): EvidenceSource
}

/** Makes an authority under a root of its own. */
export function createMockNitroAuthority(options: NitroAuthorityOptions): MockNitroAuthority {
  const { now, changes = {} } = options
  const keys = completeNitroKeys(options.keys ?? {})
  const certificates = issueNitroCertificates(keys, options.rootCertificate, now, changes)
  const attest = (userData: Uint8Array, at = now): Uint8Array =>
    signDocument(keys, documentOf(certificates, userData, at), changes)
  return {
    rootSha256: createHash('sha256').update(certificates.root).digest('hex'),
    keys,
    certificates,
    attest,
    source: (format = 'simulated-nitro') => ({
      format,
      collect: async (reportData) => ({ bytes: attest(reportData) }),
      endorsements: async () => undefined,
    }),
  }
}

/** The members in the order in which AWS writes them. */
function documentOf(certificates: NitroCertificates, userData: Uint8Array, at: UnixSeconds): readonly CborEntry[] {
  const { root, region, zone, instance, enclave } = certificates
  const named = new Map(Object.entries(MOCK_NITRO_PCRS))
  const pcrs = Array.from({ length: REGISTERS }, (_, number): CborEntry => {
    return [number, fromHex('PCR', named.get(`pcr${number}`) ?? '00'.repeat(48))]
  })
  return [
    ['module_id', MOCK_MODULE_ID],
    ['digest', 'SHA384'],
    ['timestamp', at * 1000 + 577],
    ['pcrs', { entries: pcrs }],
    ['certificate', enclave],
    ['cabundle', [root, region, zone, instance]],
    ['public_key', null],
    ['user_data', userData],
    ['nonce', null],
  ]
}

/** COSE_Sign1 with ES384. Source: RFC 9052 section 4. */
function signDocument(keys: NitroKeys, document: readonly CborEntry[], changes: NitroChanges): Uint8Array {
  const entries = apply(changes.document, document)
  const payload = apply(changes.payload, writeCbor({ entries, indefinite: true }))
  const header = writeCbor({ entries: apply(changes.protectedHeader, [[ALG, ES384]]) })
  const unprotectedHeader = { entries: apply(changes.unprotectedHeader, []) }
  const signed = writeCbor(['Signature1', header, new Uint8Array(), payload])
  const signature = apply(changes.signature, signRaw(keys.enclave, signed))
  return apply(changes.evidence, writeCbor(apply(changes.message, [header, unprotectedHeader, payload, signature])))
}
