import {
  type AttestationDocument,
  type EvidenceFormat,
  type JsonObject,
  reportData,
  toBase64Url,
  unixSeconds,
  utf8,
} from '@blindai/core'
import {
  type CborEntry,
  type CborItem,
  type CertificateFields,
  createMockNitroAuthority,
  MOCK_NITRO_PCRS,
  type MockNitroAuthority,
  type NitroChanges,
} from '@blindai/simulator'
import { type AttestationResult, parsePolicy, type VerifyOptions, verify } from '../../src/index.ts'
import { NOW, STATEMENT } from './mock.ts'

/** One authority for all tests of a file; changed ones share its keys and its root, so that only the change differs. */
export const nitroAuthority: MockNitroAuthority = createMockNitroAuthority({ now: NOW })

const { pcr0, pcr1, pcr2 } = MOCK_NITRO_PCRS
export const NITRO_REFERENCE = { name: 'test release', date: '2026-11-20', pcr0, pcr1, pcr2 }

/** Accepts the authority's evidence of the reference measurements. */
export const NITRO_POLICY: JsonObject = {
  version: 1,
  name: 'test',
  simulated: { rootSha256: [nitroAuthority.rootSha256], nitroMeasurements: [NITRO_REFERENCE] },
}

/** What differs from the document that is accepted. */
export interface WrongNitro {
  readonly changes?: NitroChanges
  readonly authority?: MockNitroAuthority
  readonly format?: EvidenceFormat
  readonly nonce?: Uint8Array
  /** The last word before it is sent. */
  readonly document?: (document: AttestationDocument) => unknown
  readonly policy?: (policy: JsonObject) => JsonObject
  readonly options?: Partial<VerifyOptions>
}

/** A document of the mock authority, right in everything but what is asked. */
export async function makeNitroDocument(wrong: WrongNitro = {}): Promise<Uint8Array> {
  const { changes } = wrong
  const keepsRoot = changes?.root === undefined
  const changed = changes && {
    now: NOW,
    keys: nitroAuthority.keys,
    ...(keepsRoot && { rootCertificate: nitroAuthority.certificates.root }),
    changes,
  }
  const maker = wrong.authority ?? (changed ? createMockNitroAuthority(changed) : nitroAuthority)
  const nonce = wrong.nonce ?? new Uint8Array()
  const statement = utf8(JSON.stringify(STATEMENT))
  const document: AttestationDocument = {
    statement: toBase64Url(statement),
    nonce: toBase64Url(nonce),
    evidence: {
      format: wrong.format ?? 'simulated-nitro',
      bytes: toBase64Url(maker.attest(await reportData(nonce, statement))),
    },
  }
  return utf8(JSON.stringify(wrong.document?.(document) ?? document))
}

/** What the verifier finds of it. */
export async function judgeNitro(wrong: WrongNitro = {}): Promise<AttestationResult> {
  const policy = parsePolicy(wrong.policy?.(NITRO_POLICY) ?? NITRO_POLICY)
  return verify(await makeNitroDocument(wrong), policy, { now: NOW, ...wrong.options })
}

/** Replaces a member of the attestation document. */
export const member = (name: string, value: CborItem): NitroChanges => ({
  document: (entries) => entries.map(([key, old]): CborEntry => [key, key === name ? value : old]),
})
export const withoutMember = (name: string): NitroChanges => ({
  document: (entries) => entries.filter(([key]) => key !== name),
})
export const extraMember = (name: CborItem, value: CborItem): NitroChanges => ({
  document: (entries) => [...entries, [name, value]],
})
/** Changes the registers as a list of pairs. */
export const registers = (change: (pcrs: readonly CborEntry[]) => readonly CborEntry[]): NitroChanges => ({
  document: (entries) =>
    entries.map(([key, value]): CborEntry => [key, key === 'pcrs' ? { entries: change(pairsOf(value)) } : value]),
})
export const register = (number: number, value: CborItem): NitroChanges =>
  registers((pcrs) => pcrs.map(([key, old]): CborEntry => [key, key === number ? value : old]))
/** Changes the list of issuers. */
export const bundle = (change: (issuers: readonly CborItem[]) => readonly CborItem[]): NitroChanges => ({
  document: (entries) =>
    entries.map(([key, value]): CborEntry => [key, key === 'cabundle' ? change(value as readonly CborItem[]) : value]),
})
/** Replaces one of the four parts of the message. */
export const part = (position: number, change: (old: CborItem) => CborItem): NitroChanges => ({
  message: (parts) => parts.map((old, i) => (i === position ? change(old) : old)),
})
export const fields =
  (members: Partial<CertificateFields>) =>
  (old: CertificateFields): CertificateFields => ({ ...old, ...members })
export const signedAt = (seconds: number): NitroChanges => member('timestamp', seconds * 1000)
export const after = (seconds: number) => unixSeconds(NOW + seconds)

function pairsOf(value: CborItem): readonly CborEntry[] {
  if (typeof value === 'object' && value !== null && 'entries' in value && !Array.isArray(value)) {
    return (value as { readonly entries: readonly CborEntry[] }).entries
  }
  throw new Error('not a map')
}
