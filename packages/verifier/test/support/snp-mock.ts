import {
  type AttestationDocument,
  type EvidenceFormat,
  fromHex,
  type JsonObject,
  reportData,
  type SnpEndorsements,
  toBase64Url,
  utf8,
} from '@blindai/core'
import {
  createMockSnpAuthority,
  MOCK_SNP_MEASUREMENT,
  type MockSnpAuthority,
  type MockSnpOptions,
  type SnpChanges,
  type SnpReportFields,
} from '@blindai/simulator'
import { type AttestationResult, parsePolicy, type VerifyOptions, verify } from '../../src/index.ts'
import { NOW, STATEMENT } from './mock.ts'

/** One authority for all tests of a file; changed ones share its keys and its root, so that only the change differs. */
export const snpAuthority: MockSnpAuthority = createMockSnpAuthority({ now: NOW })

export const SNP_REFERENCE = { name: 'test release', date: '2026-11-20', measurement: MOCK_SNP_MEASUREMENT }

/** What differs from the document that is accepted. */
export interface SnpWrong extends Pick<MockSnpOptions, 'product' | 'signingKey' | 'version'> {
  readonly changes?: SnpChanges
  readonly authority?: MockSnpAuthority
  readonly format?: EvidenceFormat
  readonly nonce?: Uint8Array
  /** The statement that the document carries; the evidence is over the usual one. */
  readonly statement?: (statement: typeof STATEMENT) => unknown
  /** Members of `sevSnp`. */
  readonly wanted?: JsonObject
  readonly policy?: (policy: JsonObject) => JsonObject
  readonly options?: Partial<VerifyOptions>
}

function authorityFor({ authority, changes, product, signingKey, version }: SnpWrong): MockSnpAuthority {
  if (authority !== undefined) return authority
  const isOtherRoot = (product ?? 'Milan') !== 'Milan' || changes?.arkCertificate !== undefined
  return createMockSnpAuthority({
    now: NOW,
    keys: snpAuthority.keys,
    ...(product && { product }),
    ...(signingKey && { signingKey }),
    ...(version && { version }),
    ...(!isOtherRoot && { arkCertificate: snpAuthority.certificates.ark }),
    ...(changes && { changes }),
  })
}

/** Accepts the authority's evidence of the reference measurement. */
function snpPolicy(rootSha256: string, { wanted, policy }: SnpWrong = {}): JsonObject {
  const usual: JsonObject = {
    version: 1,
    name: 'test',
    simulated: { rootSha256: [rootSha256], sevSnpMeasurements: [SNP_REFERENCE] },
    sevSnp: { products: ['Milan', 'Genoa', 'Turin'], ...wanted },
  }
  return policy?.(usual) ?? usual
}

/** A document of the mock authority, right in everything but what is asked. */
async function makeSnpDocument(wrong: SnpWrong, maker: MockSnpAuthority): Promise<Uint8Array> {
  const { nonce = new Uint8Array() } = wrong
  const statement = utf8(JSON.stringify(STATEMENT))
  const document: AttestationDocument = {
    statement: wrong.statement ? toBase64Url(utf8(JSON.stringify(wrong.statement(STATEMENT)))) : toBase64Url(statement),
    nonce: toBase64Url(nonce),
    evidence: {
      format: wrong.format ?? 'simulated-sev-snp',
      bytes: toBase64Url(maker.report(await reportData(nonce, statement))),
    },
    endorsements: maker.endorsements,
  }
  return utf8(JSON.stringify(document))
}

/** A document and its policy, which names the root that made it, unless it is an authority of its own. */
export async function makeSnpCase(wrong: SnpWrong): Promise<{ document: Uint8Array; policy: JsonObject }> {
  const maker = authorityFor(wrong)
  const root = wrong.authority === undefined ? maker.rootSha256 : snpAuthority.rootSha256
  return { document: await makeSnpDocument(wrong, maker), policy: snpPolicy(root, wrong) }
}

/** What the verifier finds of it. */
export async function judgeSnpDocument(wrong: SnpWrong = {}): Promise<AttestationResult> {
  const { document, policy } = await makeSnpCase(wrong)
  return verify(document, parsePolicy(policy), { now: NOW, ...wrong.options })
}

export const hex = (text: string): Uint8Array => fromHex('test', text)

/** Bytes with some of them replaced at an offset of the specification. */
export const at =
  (offset: number, replacement: string) =>
  (bytes: Uint8Array): Uint8Array => {
    const changed = new Uint8Array(bytes)
    changed.set(hex(replacement), offset)
    return changed
  }

/** Members of the report, replaced before it is signed. */
export const field =
  (members: Partial<SnpReportFields>) =>
  (report: SnpReportFields): SnpReportFields => ({ ...report, ...members })

/** Members of the endorsements, replaced; undefined ones left out. */
export const endorsed =
  (members: { readonly [member: string]: unknown }) =>
  (endorsements: SnpEndorsements): SnpEndorsements =>
    Object.fromEntries(
      Object.entries({ ...endorsements, ...members }).filter(([, value]) => value !== undefined),
    ) as unknown as SnpEndorsements
