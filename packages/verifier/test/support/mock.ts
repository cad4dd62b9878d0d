import {
  type AttestationDocument,
  combineNonces,
  type DcapEndorsements,
  type EvidenceFormat,
  type JsonObject,
  reportData,
  type Statement,
  toBase64Url,
  toHex,
  type UnixSeconds,
  unixSeconds,
  utf8,
} from '@blindai/core'
import {
  type AuthorityChanges,
  createMockAuthority,
  MOCK_ENCLAVE,
  MOCK_MEASUREMENTS,
  type MockAuthority,
} from '@blindai/simulator'
import { type AttestationResult, parsePolicy, type VerifyOptions, verify } from '../../src/index.ts'

/** 2026-11-23T04:19:30Z. */
export const NOW: UnixSeconds = unixSeconds(1_795_407_570)
export const DAY = 86_400

/** One authority for all tests of a file; changed ones share its keys and its root, so that only the change differs. */
export const authority: MockAuthority = createMockAuthority({ now: NOW })

export const TLS_KEY: Uint8Array = new Uint8Array(32).fill(0x71)

export const STATEMENT: Statement = {
  version: 1,
  keyset: {
    tls: [toHex(TLS_KEY)],
    ohttp: toBase64Url(new Uint8Array(40).fill(0x0a)),
    channel: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(new Uint8Array(32).fill(0xc1)) },
    receipts: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(new Uint8Array(32).fill(0xc2)) },
    notBefore: NOW - 60,
    notAfter: NOW + DAY,
  },
  config: {
    isolation: 'full',
    keySource: 'ephemeral',
    unattestedClients: false,
    legacyListeners: false,
    crossTenantBatching: false,
    sharedEngines: false,
    peers: [],
    credentials: ['11'.repeat(32)],
    digest: '22'.repeat(32),
  },
  software: { name: 'blindai', version: '0.1.0', digest: '33'.repeat(32) },
}

export const REFERENCE = { name: 'test release', date: '2026-11-20', ...MOCK_MEASUREMENTS }

/** Accepts the authority's evidence of the reference measurements. */
export const POLICY: JsonObject = {
  version: 1,
  name: 'test',
  simulated: { rootSha256: [authority.rootSha256], measurements: [REFERENCE] },
}

export const SGX_REFERENCE = {
  name: 'test enclave',
  date: '2026-11-20',
  mrEnclave: MOCK_ENCLAVE.mrEnclave,
  mrSigner: MOCK_ENCLAVE.mrSigner,
  isvProdId: MOCK_ENCLAVE.isvProdId,
  minimumIsvSvn: MOCK_ENCLAVE.isvSvn,
}

/** Accepts the authority's SGX evidence of the reference measurements. */
export const SGX_POLICY: JsonObject = {
  version: 1,
  name: 'test',
  simulated: { rootSha256: [authority.rootSha256], sgxMeasurements: [SGX_REFERENCE] },
}

/** The structure of the evidence that is made. */
export type Tee = 'tdx' | 'sgx'

/** A document whose endorsements are Intel's, or in their form. */
export interface DcapDocument extends AttestationDocument {
  readonly endorsements?: DcapEndorsements
}

/** What differs from the document that is accepted. */
export interface Wrong {
  readonly changes?: AuthorityChanges
  readonly authority?: MockAuthority
  readonly statement?: (statement: Statement) => unknown
  /** The statement's exact text, for what no object can hold. */
  readonly statementText?: (text: string) => string
  readonly format?: EvidenceFormat
  readonly nonces?: readonly Uint8Array[]
  /** The last word before it is sent. */
  readonly document?: (document: DcapDocument) => unknown
  readonly policy?: (policy: JsonObject) => JsonObject
  readonly options?: Partial<VerifyOptions>
}

/** A document of the mock authority, right in everything but what is asked. */
export async function makeDocument(wrong: Wrong = {}, tee: Tee = 'tdx'): Promise<Uint8Array> {
  const maker =
    wrong.authority ??
    (wrong.changes === undefined
      ? authority
      : createMockAuthority({
          now: NOW,
          keys: authority.keys,
          ...(wrong.changes.rootCertificate === undefined && { rootCertificate: authority.certificates.root }),
          changes: wrong.changes,
        }))
  const { nonces } = wrong
  const nonce = nonces === undefined ? new Uint8Array() : nonces.length === 1 ? nonces[0] : await combineNonces(nonces)
  const text = JSON.stringify(wrong.statement?.(STATEMENT) ?? STATEMENT)
  const statement = utf8(wrong.statementText?.(text) ?? text)
  const source = tee === 'sgx' ? maker.sgxSource() : maker.source()
  const { bytes } = await source.collect(await reportData(nonce ?? new Uint8Array(), statement))
  const document: DcapDocument = {
    statement: toBase64Url(statement),
    nonce: toBase64Url(nonce ?? new Uint8Array()),
    ...(nonces !== undefined && nonces.length > 1 && { nonces: nonces.map(toBase64Url) }),
    evidence: { format: wrong.format ?? source.format, bytes: toBase64Url(bytes) },
    endorsements: tee === 'sgx' ? maker.endorseSgx(NOW) : maker.endorsements,
  }
  return utf8(JSON.stringify(wrong.document?.(document) ?? document))
}

/** What the verifier finds of it. */
export async function judge(wrong: Wrong = {}, tee: Tee = 'tdx'): Promise<AttestationResult> {
  const base = tee === 'sgx' ? SGX_POLICY : POLICY
  const policy = parsePolicy(wrong.policy?.(base) ?? base)
  return verify(await makeDocument(wrong, tee), policy, { now: NOW, ...wrong.options })
}
