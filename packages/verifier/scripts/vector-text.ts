import { type JsonObject, toBase64Url, type UnixSeconds } from '@blindai/core'
import { type AttestationResult, parsePolicy, type VerifyOptions, verify } from '../src/index.ts'

/** What a document is judged by. */
export interface VectorInput {
  readonly document: Uint8Array
  readonly policy: JsonObject
  /** Used where `options` name no time. */
  readonly now: UnixSeconds
  readonly options?: Partial<VerifyOptions> | undefined
}

/** The file of a document: what was judged, and the whole result, byte for byte. */
export async function vectorText({ document, policy, now, options = {} }: VectorInput): Promise<string> {
  const { nonce, channel } = options
  const result: AttestationResult = await verify(document, parsePolicy(policy), { now, ...options })
  const vector = {
    policy,
    now: options.now ?? now,
    ...(nonce && { nonce: toBase64Url(nonce) }),
    ...(channel && {
      channel: channel.kind === 'tls' ? { kind: 'tls', spkiSha256: toBase64Url(channel.spkiSha256) } : channel,
    }),
    document: new TextDecoder().decode(document),
    result: JSON.stringify(result),
  }
  return `${JSON.stringify(vector, null, 1)}\n`
}
