import {
  type AttestationDocument,
  type EvidenceFormat,
  type JsonObject,
  type NvidiaEndorsements,
  reportData,
  toBase64Url,
  unixSeconds,
  utf8,
} from '@blindai/core'
import {
  type CertificateFields,
  createMockNvidiaAuthority,
  MOCK_NVIDIA_VERSIONS,
  type MockNvidiaAuthority,
  type NvidiaChanges,
  type NvidiaReportFields,
  nonceOf,
  type OcspFields,
  type OpaqueField,
  type RevocableRole,
  type RimEntry,
} from '@blindai/simulator'
import {
  type AttestationResult,
  type EvidenceResult,
  parsePolicy,
  type VerifyOptions,
  verify,
  verifyEvidence,
} from '../../src/index.ts'
import { NOW, STATEMENT } from './mock.ts'

/** One authority for all tests of a file; changed ones share its keys and its roots, so that only the change differs. */
export const nvidiaAuthority: MockNvidiaAuthority = createMockNvidiaAuthority({ now: NOW })

export const NVIDIA_REFERENCE = { name: 'test driver', date: '2026-11-20', ...MOCK_NVIDIA_VERSIONS, chipSku: '882' }

/** Accepts the authority's evidence of the reference versions. */
export const NVIDIA_POLICY: JsonObject = {
  version: 1,
  name: 'test',
  simulated: {
    rootSha256: [nvidiaAuthority.rootSha256, nvidiaAuthority.rimRootSha256],
    nvidiaMeasurements: [NVIDIA_REFERENCE],
  },
}

/** What differs from the evidence that is accepted. */
export interface WrongNvidia {
  readonly changes?: NvidiaChanges
  readonly authority?: MockNvidiaAuthority
  readonly format?: EvidenceFormat
  readonly nonce?: Uint8Array
  readonly endorsements?: (endorsements: NvidiaEndorsements) => unknown
  readonly policy?: (policy: JsonObject) => JsonObject
  readonly options?: Partial<VerifyOptions>
}

function makerOf({ authority, changes }: WrongNvidia): MockNvidiaAuthority {
  if (authority !== undefined) return authority
  if (changes === undefined) return nvidiaAuthority
  const { deviceRoot, rimRoot } = nvidiaAuthority.certificates
  const certificates = {
    ...(changes.deviceRoot === undefined && { deviceRoot }),
    ...(changes.rimRoot === undefined && { rimRoot }),
  }
  return createMockNvidiaAuthority({ now: NOW, keys: nvidiaAuthority.keys, certificates, changes })
}

const policyOf = ({ policy }: WrongNvidia): JsonObject => policy?.(NVIDIA_POLICY) ?? NVIDIA_POLICY

/** What the verifier finds of a report of the mock authority as bare evidence, right in everything but what is asked. */
export async function judgeNvidia(wrong: WrongNvidia = {}): Promise<EvidenceResult> {
  const maker = makerOf(wrong)
  const endorsements = wrong.endorsements?.(maker.endorsements) ?? maker.endorsements
  const bytes = maker.attest(wrong.nonce ?? new Uint8Array(32).fill(0x4e))
  const format = wrong.format ?? 'simulated-nvidia'
  return verifyEvidence({ format, bytes, endorsements }, parsePolicy(policyOf(wrong)), { now: NOW, ...wrong.options })
}

/** A document whose only evidence is such a report. */
export async function makeNvidiaDocument(wrong: WrongNvidia = {}): Promise<Uint8Array> {
  const maker = makerOf(wrong)
  const nonce = wrong.nonce ?? new Uint8Array()
  const statement = utf8(JSON.stringify(STATEMENT))
  const document = {
    statement: toBase64Url(statement),
    nonce: toBase64Url(nonce),
    evidence: {
      format: wrong.format ?? 'simulated-nvidia',
      bytes: toBase64Url(maker.attest(nonceOf(await reportData(nonce, statement)))),
    },
    endorsements: wrong.endorsements?.(maker.endorsements) ?? maker.endorsements,
  } satisfies Omit<AttestationDocument, 'endorsements'> & { readonly endorsements: unknown }
  return utf8(JSON.stringify(document))
}

/** What the verifier finds of the document. */
export async function judgeNvidiaDocument(wrong: WrongNvidia = {}): Promise<AttestationResult> {
  return verify(await makeNvidiaDocument(wrong), parsePolicy(policyOf(wrong)), { now: NOW, ...wrong.options })
}

/** Changes one byte of a part of the report. */
export const byteOf = (part: 'request' | 'head', at: number, value: number): NvidiaChanges => ({
  report: (fields) => ({ ...fields, [part]: fields[part].map((old, i) => (i === at ? value : old)) }),
})
export const block = (number: number, change: (old: Uint8Array) => Uint8Array): NvidiaChanges => ({
  report: (fields) => ({ ...fields, blocks: fields.blocks.map((old, i) => (i === number - 1 ? change(old) : old)) }),
})
export const opaque = (change: (fields: readonly OpaqueField[]) => readonly OpaqueField[]): NvidiaChanges => ({
  report: (fields: NvidiaReportFields) => ({ ...fields, opaque: change(fields.opaque) }),
})
/** Replaces a field of the opaque data, or leaves it out. */
export const field = (type: number, value: Uint8Array | undefined): NvidiaChanges =>
  opaque((fields) =>
    fields.flatMap(([old, was]): readonly OpaqueField[] => {
      if (old !== type) return [[old, was]]
      return value === undefined ? [] : [[type, value]]
    }),
  )
export const entry = (index: number, change: (old: RimEntry) => RimEntry): NvidiaChanges => ({
  driverRim: {
    fields: (rim) => ({ ...rim, entries: rim.entries.map((old) => (old.index === String(index) ? change(old) : old)) }),
  },
})
export const rimText = (from: string, to: string): NvidiaChanges => ({
  driverRim: { text: (text) => text.replace(from, to) },
})
export const rimContent = (from: string, to: string): NvidiaChanges => ({
  driverRim: { content: (text) => text.replace(from, to) },
})
export const ocsp = (role: RevocableRole, change: (old: OcspFields) => OcspFields): NvidiaChanges => ({
  ocsp: { [role]: change },
})
export const members =
  (changed: Partial<CertificateFields>) =>
  (old: CertificateFields): CertificateFields => ({ ...old, ...changed })
export const nvidiaPolicy =
  (changed: JsonObject) =>
  (policy: JsonObject): JsonObject => ({ ...policy, nvidia: changed })
export const after = (seconds: number) => unixSeconds(NOW + seconds)
