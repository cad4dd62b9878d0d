import {
  type AttestationDocument,
  type EvidenceSource,
  fromHex,
  fromUtf8,
  type JsonObject,
  type Keyset,
  parseJson,
  toBase64Url,
  type UnixSeconds,
  utf8,
} from '@blindai/core'
import { type Attester, createAttester } from '@blindai/server'
import { type AttestationResult, parsePolicy, verify } from '@blindai/verifier'
import { DAY, NOW } from './setting.ts'

/** A server's attester over any source, and the verdict on what it gives. */

const TLS_KEY = '1d'.repeat(32)
export const NONCE = new Uint8Array(32).fill(7)

const KEYSET: Keyset = {
  tls: [TLS_KEY],
  ohttp: toBase64Url(utf8('key configurations')),
  channel: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(new Uint8Array(32).fill(1)) },
  receipts: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(new Uint8Array(32).fill(2)) },
  notBefore: NOW - 60,
  notAfter: NOW + 90 * DAY,
}

export function attest(source: EvidenceSource, clock: () => UnixSeconds): Promise<Attester> {
  return createAttester({
    source,
    keyset: KEYSET,
    config: {
      isolation: 'full',
      keySource: 'ephemeral',
      unattestedClients: false,
      legacyListeners: false,
      crossTenantBatching: false,
      sharedEngines: false,
      peers: [],
      credentials: [],
    },
    software: { name: 'blindai', version: '0.1.0', digest: 'ab'.repeat(32) },
    clock,
  })
}

export function judge(
  document: Uint8Array,
  rootSha256: string,
  references: JsonObject,
  now: UnixSeconds = NOW,
  more: JsonObject = {},
): Promise<AttestationResult> {
  const reference = { name: 'test', date: '2026-11-27' }
  const policy = parsePolicy({
    version: 1,
    name: 'test',
    sevSnp: { products: ['Milan', 'Genoa', 'Turin'], ...(more.sevSnp as JsonObject | undefined) },
    ...Object.fromEntries(Object.entries(more).filter(([member]) => member !== 'sevSnp')),
    simulated: {
      rootSha256: [rootSha256],
      ...Object.fromEntries(
        Object.entries(references).map(([list, values]) => [list, [{ ...reference, ...(values as object) }]]),
      ),
    },
  })
  const channel = { kind: 'tls', spkiSha256: fromHex('key', TLS_KEY) } as const
  return verify(document, policy, { now, nonce: NONCE, channel })
}

/** A device that has evidence and no endorsements, as hardware. */
export function bare(source: EvidenceSource): EvidenceSource {
  return { ...source, endorsements: async () => undefined }
}

export function endorsementsOf(document: Uint8Array): AttestationDocument['endorsements'] {
  const parsed = parseJson('document', fromUtf8('document', document)) as unknown as AttestationDocument
  return parsed.endorsements && { ...parsed.endorsements }
}
