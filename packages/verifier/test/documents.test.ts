/// <reference types="vite/client" />

import { fromBase64Url, type JsonValue, unixSeconds, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { type ChannelBinding, parsePolicy, verify } from '../src/index.ts'

interface DocumentVector {
  readonly policy: JsonValue
  readonly now: number
  readonly nonce?: string
  readonly channel?: { readonly kind: 'ohttp' } | { readonly kind: 'tls'; readonly spkiSha256: string }
  readonly document: string
  readonly result: string
}

const VECTORS: Readonly<Record<string, DocumentVector>> = import.meta.glob(
  ['../../../vectors/attestation/simulated*/*.json', '!**/source.json'],
  { import: 'default', eager: true },
)

describe('a document gives the same bytes of a result in Node and in a browser', () => {
  for (const [path, { policy, now, nonce, channel, document, result }] of Object.entries(VECTORS)) {
    test(path.slice('../../../vectors/attestation/'.length, -'.json'.length), async () => {
      const binding: ChannelBinding | undefined =
        channel?.kind === 'tls' ? { ...channel, spkiSha256: fromBase64Url('spki', channel.spkiSha256) } : channel
      const found = await verify(utf8(document), parsePolicy(policy), {
        now: unixSeconds(now),
        ...(nonce !== undefined && { nonce: fromBase64Url('nonce', nonce) }),
        ...(binding && { channel: binding }),
      })
      expect(JSON.stringify(found)).toBe(result)
    })
  }
  test('and there are some', () => expect(Object.keys(VECTORS).length).toBeGreaterThan(10))
})
