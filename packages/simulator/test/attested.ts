import {
  type EvidenceSource,
  fromHex,
  type Keyset,
  toBase64Url,
  type UnixSeconds,
  unixSeconds,
  utf8,
} from '@blindai/core'
import { type Attester, createAttester } from '@blindai/server'
import type { SimulatedMeasurements } from '@blindai/simulator'
import { type AttestationResult, type Policy, parsePolicy } from '@blindai/verifier'

/** An attester over any source, and a policy that accepts one root and one set of registers. */

export const NOW = unixSeconds(1_800_000_000)
export const clock = () => NOW
export const TLS_KEY = '1d'.repeat(32)
export const channel = { kind: 'tls', spkiSha256: fromHex('key', TLS_KEY) } as const

const KEYSET: Keyset = {
  tls: [TLS_KEY],
  ohttp: toBase64Url(utf8('key configurations')),
  channel: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(new Uint8Array(32).fill(1)) },
  receipts: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(new Uint8Array(32).fill(2)) },
  notBefore: NOW - 60,
  notAfter: NOW + 90 * 86_400,
}

export function attest(
  source: EvidenceSource,
  more: { digest?: string; clock?: () => UnixSeconds } = {},
): Promise<Attester> {
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
    software: { name: 'blindai', version: '0.1.0', digest: more.digest ?? 'ab'.repeat(32) },
    clock: more.clock ?? clock,
  })
}

export function policyFor(rootSha256: string, measurements: SimulatedMeasurements): Policy {
  return parsePolicy({
    version: 1,
    name: 'test',
    trustClasses: ['simulated'],
    simulated: { rootSha256: [rootSha256], measurements: [{ name: 'this', date: '2026-11-23', ...measurements }] },
  })
}

export const nonce = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)
export const failure = (result: AttestationResult): string | undefined => result.failed?.error?.code
