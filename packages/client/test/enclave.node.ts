import { createHash, X509Certificate } from 'node:crypto'
import {
  type BinaryRequest,
  type BinaryResponse,
  type ChannelSigner,
  channelProofMessage,
  collectBody,
  createChannelSigner,
  generateOhttpKeys,
  isChannelError,
  OhttpGateway,
  RequestRefused,
  type SealedResponse,
} from '@blindai/channel'
import {
  type AttestationDocument,
  fromBase64Url,
  type Keyset,
  reportData,
  toBase64Url,
  toHex,
  type UnixSeconds,
  unixSeconds,
  utf8,
} from '@blindai/core'
import { createMockAuthority, MOCK_MEASUREMENTS, type MockAuthority } from '@blindai/simulator'
import { type Policy, parsePolicy } from '@blindai/verifier'
import { type Certificate, createCertificateAuthority } from './certificates.node.ts'

/**
 * What an enclave can do, without a network: evidence over nonces, channel proofs, opening sealed requests, and an API
 * that says back what it got. Tests put it behind honest listeners and hostile ones.
 */

export const now = (): UnixSeconds => unixSeconds(Math.floor(Date.now() / 1000))

/** A request to the API inside, and its answer. */
export interface InnerRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface InnerResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | AsyncIterable<Uint8Array>
}

export type InnerApi = (request: InnerRequest) => InnerResponse | Promise<InnerResponse>

export interface Enclave {
  readonly certificate: Certificate
  readonly keyset: Keyset
  readonly statement: Uint8Array
  readonly signer: ChannelSigner
  readonly api: InnerApi
  /** The attestation document over a nonce, or another statement's. */
  document(nonce: string, statement?: Uint8Array): Promise<AttestationDocument>
  /** The channel proof for an exporter. */
  prove(nonce: string, exporter: Uint8Array): Promise<{ statementSha256: string; signature: string }>
  /** Opens a sealed request and answers it; a refusal before opening is the error that it is. */
  exchange(contentType: string, body: Uint8Array): Promise<SealedResponse>
}

export interface EnclaveOptions {
  readonly authority: MockAuthority
  readonly certificate?: Certificate
  readonly api?: InnerApi
  readonly dateWindowSeconds?: number
  /** Only keys of DHKEM(X25519). */
  readonly isClassic?: boolean
  /** When the keys end. */
  readonly notAfter?: number
}

/** Says back what came. */
export const echo: InnerApi = ({ method, path, headers, body }) => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: utf8(JSON.stringify({ method, path, authorization: headers.authorization, bytes: body.byteLength })),
})

const issuer = createCertificateAuthority('the certificate of an enclave proves nothing')

export function mockAuthority(): MockAuthority {
  return createMockAuthority({ now: now() })
}

/** Accepts the simulated evidence of an authority. */
export function policyFor(authority: MockAuthority, more: Readonly<Record<string, boolean | number>> = {}): Policy {
  return parsePolicy({
    version: 1,
    name: 'a simulated root',
    trustClasses: ['simulated'],
    simulated: {
      rootSha256: [authority.rootSha256],
      measurements: [{ name: 'mock', date: '2026-11-23', ...MOCK_MEASUREMENTS }],
    },
    ...more,
  })
}

/** The digest that a keyset names a certificate by. */
export function spkiSha256(certificate: Certificate): string {
  const spki = new X509Certificate(certificate.cert).publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(spki).digest('hex')
}

export async function createEnclave(options: EnclaveOptions): Promise<Enclave> {
  const { authority, api = echo, certificate = issuer.issue('localhost', '127.0.0.1') } = options
  const [ohttp, signer] = await Promise.all([generateOhttpKeys(), createChannelSigner()])
  const keyset: Keyset = {
    tls: [spkiSha256(certificate)],
    ohttp: toBase64Url(options.isClassic === true ? withoutFirst(ohttp.keyConfigList) : ohttp.keyConfigList),
    channel: signer.publicJwk,
    receipts: signer.publicJwk,
    notBefore: now() - 60,
    notAfter: options.notAfter ?? now() + 86_400,
  }
  const statement = encodeStatement(keyset)
  const statementSha256 = createHash('sha256').update(statement).digest()
  const source = authority.source()
  const gateway = new OhttpGateway({
    keys: ohttp,
    clock: now,
    replayCapacity: 1000,
    dateWindowSeconds: options.dateWindowSeconds ?? 300,
    // The least that a server may be set to.
    maxRequestBytes: 2 * 1024 * 1024,
  })
  return {
    certificate,
    keyset,
    statement,
    signer,
    api,
    async document(nonce, other = statement) {
      const { bytes } = await source.collect(await reportData(fromBase64Url('nonce', nonce), other))
      const endorsements = await source.endorsements()
      return {
        statement: toBase64Url(other),
        nonce,
        evidence: { format: source.format, bytes: toBase64Url(bytes) },
        ...(endorsements === undefined ? {} : { endorsements }),
      }
    },
    async prove(nonce, exporter) {
      const message = channelProofMessage(statementSha256, fromBase64Url('nonce', nonce), exporter)
      return { statementSha256: toHex(statementSha256), signature: toBase64Url(await signer.sign(message)) }
    },
    async exchange(contentType, body) {
      try {
        const opened = await gateway.open(contentType, body)
        return opened.sealResponse(await answer(api, opened.admit()))
      } catch (error) {
        if (!(error instanceof RequestRefused) || !isChannelError(error)) throw error
        return error.sealResponse({
          status: 400,
          headers: [
            ['x-blindai-error', error.code],
            ['date', new Date().toUTCString()],
          ],
          body: utf8(JSON.stringify({ error: 'refused', code: error.code })),
        })
      }
    },
  }
}

export function encodeStatement(keyset: Keyset): Uint8Array {
  const config = {
    isolation: 'full',
    keySource: 'ephemeral',
    unattestedClients: false,
    legacyListeners: false,
    crossTenantBatching: false,
    sharedEngines: false,
    peers: [],
    credentials: [],
    digest: '00'.repeat(32),
  }
  const software = { name: 'test enclave', version: '0.0.0', digest: '00'.repeat(32) }
  return utf8(JSON.stringify({ version: 1, keyset, config, software }))
}

/** A list of key configurations without its first, the post-quantum one. Source: RFC 9458 section 3.2. */
function withoutFirst(list: Uint8Array): Uint8Array {
  const length = new DataView(list.buffer, list.byteOffset).getUint16(0)
  return list.subarray(2 + length)
}

async function answer(api: InnerApi, request: BinaryRequest): Promise<BinaryResponse> {
  const { status, headers, body } = await api({
    method: request.method,
    path: request.path,
    headers: Object.fromEntries(request.headers),
    body: await collectBody(request.body, 64 * 1024 * 1024),
  })
  return { status, headers: Object.entries(headers), body }
}
