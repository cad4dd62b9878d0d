import type { AffirmingResult } from '@blindai/verifier'

/** A result such as a verifier gives, for tests that look only at when its keys end. */
export function affirmingResult({ notAfter }: { readonly notAfter: number }): AffirmingResult {
  const key = { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) } as const
  return {
    version: 1,
    scope: 'document',
    status: 'affirming',
    policy: 'test',
    now: notAfter,
    freshness: 'nonce',
    trustClass: 'simulated',
    trustFlags: [],
    checks: [],
    channel: {
      statementSha256: '00'.repeat(32),
      tls: [],
      ohttp: '',
      channelKey: key,
      receiptsKey: key,
      notBefore: 0,
      notAfter,
    },
  }
}
