import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fromBase64Url, type JsonObject, unixSeconds, utf8 } from '@blindai/core'
import type { ChannelBinding } from '../src/index.ts'
import { vectorText } from './vector-text.ts'

/**
 * Judges the documents that are kept under `vectors/attestation/simulated*` again, and writes their results anew; documents,
 * policies and times stay as they are. For a change that is meant to show in results of every format:
 * `node --conditions=source packages/verifier/scripts/refresh-results.ts`
 */

/** A file as `vectorText` writes it. */
interface Kept {
  readonly policy: JsonObject
  readonly now: number
  readonly nonce?: string
  readonly channel?: { readonly kind: 'ohttp' } | { readonly kind: 'tls'; readonly spkiSha256: string }
  readonly document: string
  readonly result: string
}

const ROOT = new URL('../../../vectors/attestation/', import.meta.url)

for (const folder of readdirSync(ROOT).filter((name) => name.startsWith('simulated'))) {
  for (const name of readdirSync(new URL(`${folder}/`, ROOT)).filter(isDocument)) {
    const file = new URL(`${folder}/${name}`, ROOT)
    const kept: Kept = JSON.parse(readFileSync(file, 'utf8'))
    writeFileSync(file, await refreshed(kept))
  }
}

function isDocument(name: string): boolean {
  return name.endsWith('.json') && name !== 'source.json'
}

function refreshed({ policy, now, nonce, channel, document }: Kept): Promise<string> {
  const binding: ChannelBinding | undefined =
    channel?.kind === 'tls' ? { kind: 'tls', spkiSha256: fromBase64Url('spki', channel.spkiSha256) } : channel
  const options = {
    ...(nonce !== undefined && { nonce: fromBase64Url('nonce', nonce) }),
    ...(binding && { channel: binding }),
  }
  return vectorText({ document: utf8(document), policy, now: unixSeconds(now), options })
}
