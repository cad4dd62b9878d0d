import {
  type AttestationDocument,
  type EvidenceFormat,
  type JsonObject,
  type JsonValue,
  reportData,
  type TpmEndorsements,
  toBase64Url,
  unixSeconds,
  utf8,
} from '@blindai/core'
import {
  type CertificateFields,
  createMockTpmAuthority,
  MOCK_TPM_PCRS,
  type MockTpmAuthority,
  type TpmAuthorityOptions,
  type TpmChanges,
} from '@blindai/simulator'
import { type AttestationResult, parsePolicy, type VerifyOptions, verify } from '../../src/index.ts'
import { NOW, STATEMENT } from './mock.ts'

/** One authority for all tests of a file; changed ones share its keys and its root, so that only the change differs. */
export const tpmAuthority: MockTpmAuthority = createMockTpmAuthority({ now: NOW })

export const TPM_REFERENCE = { name: 'test release', date: '2026-11-20', bank: 'sha256', pcrs: MOCK_TPM_PCRS }

/** Accepts the authority's evidence of the reference registers, as a real TPM's whose authority the policy names. */
export const TPM_POLICY: JsonObject = {
  version: 1,
  name: 'test',
  trustClasses: ['measured-boot'],
  tpm: { measurements: [TPM_REFERENCE], akRoots: [tpmAuthority.rootSha256] },
}

/** Accepts the same as simulated. */
export const SIMULATED_TPM_POLICY: JsonObject = {
  version: 1,
  name: 'test',
  simulated: { rootSha256: [tpmAuthority.rootSha256], tpmMeasurements: [TPM_REFERENCE] },
}

/** What differs from the document that is accepted. */
export interface WrongTpm {
  readonly changes?: TpmChanges
  readonly authority?: MockTpmAuthority
  /** Options of another authority with the same root. */
  readonly maker?: Partial<TpmAuthorityOptions>
  readonly format?: EvidenceFormat
  readonly nonce?: Uint8Array
  readonly log?: Uint8Array
  readonly endorsements?: (endorsements: TpmEndorsements) => unknown
  /** The last word before it is sent. */
  readonly document?: (document: AttestationDocument) => unknown
  readonly policy?: (policy: JsonObject) => JsonObject
  readonly options?: Partial<VerifyOptions>
}

/** A document of the mock authority, right in everything but what is asked. */
export async function makeTpmDocument(wrong: WrongTpm = {}, usual: EvidenceFormat = 'tpm'): Promise<Uint8Array> {
  const nonce = wrong.nonce ?? new Uint8Array()
  const statement = utf8(JSON.stringify(STATEMENT))
  const maker = makerOf(wrong)
  const endorsements = wrong.endorsements === undefined ? maker.endorsements : wrong.endorsements(maker.endorsements)
  const document = {
    statement: toBase64Url(statement),
    nonce: toBase64Url(nonce),
    evidence: {
      format: wrong.format ?? usual,
      bytes: toBase64Url(maker.attest(await reportData(nonce, statement))),
      ...(wrong.log && { log: toBase64Url(wrong.log) }),
    },
    ...(endorsements !== undefined && { endorsements }),
  }
  return utf8(JSON.stringify(wrong.document?.(document as AttestationDocument) ?? document))
}

function makerOf({ changes, authority, maker }: WrongTpm): MockTpmAuthority {
  if (authority !== undefined) return authority
  if (changes === undefined && maker === undefined) return tpmAuthority
  const keepsRoot = changes?.root === undefined
  return createMockTpmAuthority({
    now: NOW,
    ...(keepsRoot && { rootCertificate: tpmAuthority.certificates.root }),
    ...maker,
    keys: { ...tpmAuthority.keys, ...maker?.keys },
    ...(changes && { changes }),
  })
}

/** What the verifier finds of it. */
export async function judgeTpm(
  wrong: WrongTpm = {},
  usual: 'tpm' | 'simulated-tpm' = 'tpm',
): Promise<AttestationResult> {
  const base = usual === 'tpm' ? TPM_POLICY : SIMULATED_TPM_POLICY
  const policy = parsePolicy(wrong.policy?.(base) ?? base)
  return verify(await makeTpmDocument(wrong, usual), policy, { now: NOW, ...wrong.options })
}

/** Replaces a member of the evidence. */
export const member = (name: string, value: JsonValue): TpmChanges => ({
  members: (members) => members.map(([key, old]) => [key, key === name ? value : old]),
})
export const withoutMember = (name: string): TpmChanges => ({
  members: (members) => members.filter(([key]) => key !== name),
})
export const extraMember = (name: string, value: JsonValue): TpmChanges => ({
  members: (members) => [...members, [name, value]],
})
/** Replaces a listed register of the bank SHA-256; `undefined` takes it away. */
export const listed = (pcr: string, value: string | undefined): TpmChanges => ({
  banks: ({ sha256 = {}, ...banks }) => {
    const { [pcr]: _, ...rest } = sha256
    return { ...banks, sha256: value === undefined ? rest : { ...rest, [pcr]: value } }
  },
})
export const fields =
  <T extends object>(members: Partial<T>) =>
  (old: T): T => ({ ...old, ...members })
export const certificate = (members: Partial<CertificateFields>) => fields<CertificateFields>(members)
/** Replaces the policy's word on TPMs. */
export const tpm =
  (members: JsonObject) =>
  (policy: JsonObject): JsonObject => ({ ...policy, tpm: { ...Object(policy.tpm), ...members } })
export const after = (seconds: number) => unixSeconds(NOW + seconds)
