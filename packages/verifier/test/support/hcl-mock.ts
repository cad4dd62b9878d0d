import {
  type AttestationDocument,
  type EvidenceFormat,
  type JsonObject,
  type JsonValue,
  reportData,
  toBase64Url,
  utf8,
} from '@blindai/core'
import {
  type AuthorityChanges,
  createMockAuthority,
  createMockHclMachine,
  createMockSnpAuthority,
  createMockTpmAuthority,
  generateHclKey,
  type HclChanges,
  type HclHardwareMock,
  type HclReportFields,
  type KeyPair,
  MOCK_MEASUREMENTS,
  MOCK_SNP_MEASUREMENT,
  MOCK_TPM_PCRS,
  type MockTpmBanks,
  type SnpChanges,
  type TpmChanges,
  type TpmMember,
} from '@blindai/simulator'
import { type AttestationResult, parsePolicy, type VerifyOptions, verify } from '../../src/index.ts'
import { authority, NOW, STATEMENT } from './mock.ts'
import { snpAuthority } from './snp-mock.ts'
import { tpmAuthority } from './tpm-mock.ts'

/** The attestation key of every machine here, so that only the change differs. */
export const akKey: KeyPair = generateHclKey()

export type Hardware = 'snp' | 'tdx'

const HEAD = { name: 'test release', date: '2026-11-20' }

/** What the usual machine measures, on the one hardware and on the other. */
export const HCL_REFERENCES: { readonly [H in Hardware]: JsonObject } = {
  snp: { ...HEAD, measurement: MOCK_SNP_MEASUREMENT, pcrs: MOCK_TPM_PCRS },
  tdx: { ...HEAD, name: 'test release on TDX', mrTd: MOCK_MEASUREMENTS.mrTd, pcrs: MOCK_TPM_PCRS },
}

/** What differs from the document that is accepted. */
export interface HclWrong {
  /** `snp` without it. */
  readonly hardware?: Hardware
  readonly changes?: HclChanges
  readonly snp?: SnpChanges
  readonly dcap?: AuthorityChanges
  readonly tpm?: TpmChanges
  /** Signs the quote instead of the key that the claims name. */
  readonly signer?: KeyPair
  readonly pss?: boolean
  /** Registers to quote instead of the usual ones. */
  readonly banks?: MockTpmBanks
  /** Another root for the hardware than the policy names. */
  readonly otherRoot?: boolean
  readonly format?: EvidenceFormat
  readonly nonce?: Uint8Array
  readonly log?: Uint8Array
  /** Members of the endorsements, replaced; undefined ones left out. */
  readonly endorsed?: { readonly [member: string]: unknown }
  readonly document?: (document: AttestationDocument) => unknown
  readonly policy?: (policy: JsonObject) => JsonObject
  readonly options?: Partial<VerifyOptions>
}

function snpHardware({ snp, otherRoot }: HclWrong): HclHardwareMock {
  const maker = createMockSnpAuthority({
    now: NOW,
    keys: snpAuthority.keys,
    ...(otherRoot !== true && { arkCertificate: snpAuthority.certificates.ark }),
    ...(snp && { changes: snp }),
  })
  return { kind: 'snp', report: maker.report, endorsements: maker.endorsements }
}

function tdxHardware({ dcap, otherRoot }: HclWrong): HclHardwareMock {
  const maker = createMockAuthority({
    now: NOW,
    ...(otherRoot !== true && { keys: authority.keys, rootCertificate: authority.certificates.root }),
    ...(dcap && { changes: dcap }),
  })
  const quote = (data: Uint8Array): Uint8Array => maker.quote(data, MOCK_MEASUREMENTS)
  return { kind: 'tdx', quote, endorsements: maker.endorsements }
}

/** Accepts the usual machine on both kinds of hardware. */
function hclPolicy({ policy }: HclWrong): JsonObject {
  const usual: JsonObject = {
    version: 1,
    name: 'test',
    simulated: {
      rootSha256: [snpAuthority.rootSha256, authority.rootSha256],
      azureHclMeasurements: [HCL_REFERENCES.snp, HCL_REFERENCES.tdx],
    },
  }
  return policy?.(usual) ?? usual
}

/** A document of the mock machine, right in everything but what is asked. */
async function makeHclDocument(wrong: HclWrong): Promise<Uint8Array> {
  const { nonce = new Uint8Array(), signer, endorsed, log } = wrong
  const statement = utf8(JSON.stringify(STATEMENT))
  const tpmOptions = { now: NOW, rootCertificate: tpmAuthority.certificates.root, ...(wrong.pss && { pss: true }) }
  const tpm = createMockTpmAuthority({
    ...tpmOptions,
    keys: { ...tpmAuthority.keys, ak: akKey },
    ...(wrong.banks && { banks: wrong.banks }),
    ...(wrong.tpm && { changes: wrong.tpm }),
  })
  const hardware = wrong.hardware === 'tdx' ? tdxHardware(wrong) : snpHardware(wrong)
  const machine = createMockHclMachine({ hardware, tpm, ...(wrong.changes && { changes: wrong.changes }) })
  const bytes = machine.attest(await reportData(nonce, statement))
  const quoted =
    signer === undefined
      ? bytes
      : signedBy(
          bytes,
          createMockTpmAuthority({ ...tpmOptions, keys: { ...tpmAuthority.keys, ak: signer } }).attest(
            await reportData(nonce, statement),
          ),
        )
  const document = {
    statement: toBase64Url(statement),
    nonce: toBase64Url(nonce),
    evidence: {
      format: wrong.format ?? 'simulated-azure-hcl',
      bytes: toBase64Url(quoted),
      ...(log && { log: toBase64Url(log) }),
    },
    endorsements: { ...machine.endorsements, ...endorsed },
  }
  return utf8(JSON.stringify(wrong.document?.(document as AttestationDocument) ?? document))
}

/** Evidence with the quote and signature of another TPM. */
function signedBy(evidence: Uint8Array, other: Uint8Array): Uint8Array {
  const parse = (bytes: Uint8Array): JsonObject => JSON.parse(new TextDecoder().decode(bytes))
  const { quoted, signature } = parse(other)
  return utf8(JSON.stringify({ ...parse(evidence), quoted, signature }))
}

/** A document and the policy that it is judged by. */
export async function makeHclCase(wrong: HclWrong): Promise<{ document: Uint8Array; policy: JsonObject }> {
  return { document: await makeHclDocument(wrong), policy: hclPolicy(wrong) }
}

/** What the verifier finds of it. */
export async function judgeHclDocument(wrong: HclWrong = {}): Promise<AttestationResult> {
  const { document, policy } = await makeHclCase(wrong)
  return verify(document, parsePolicy(policy), { now: NOW, ...wrong.options })
}

/** Fields of the paravisor's report, replaced. */
export const reportFields = (members: Partial<HclReportFields>): HclChanges => ({
  report: (fields) => ({ ...fields, ...members }),
})
/** Replaces a member of the evidence; undefined takes it away. */
export const hclMember = (name: string, value: JsonValue | undefined): HclChanges => ({
  members: (members) => [
    ...members.filter(([key]) => key !== name),
    ...(value === undefined ? [] : [[name, value] satisfies TpmMember]),
  ],
})
/** Members of the claims, replaced. */
export const claims = (members: JsonObject): HclChanges => ({ claims: (old) => ({ ...old, ...members }) })
/** The attestation key of the claims, changed. */
export const claimedKey = (members: JsonObject): HclChanges => ({
  claims: ({ keys, ...rest }) => ({ keys: [{ ...Object((keys as readonly JsonObject[])[0]), ...members }], ...rest }),
})
/** The policy's reference values for the simulated machine. */
export const references =
  (...values: readonly JsonObject[]) =>
  ({ simulated, ...policy }: JsonObject): JsonObject => ({
    ...policy,
    simulated: { ...Object(simulated), azureHclMeasurements: values },
  })
