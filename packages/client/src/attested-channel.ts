import type { AffirmingResult } from '@blindai/verifier'
import type { Appraisal } from './attest.ts'
import type { Timeouts } from './deadline.ts'
import type { ApiRequest, ApiResponse } from './http-exchange.ts'

/** The two ways in. */
export type TransportName = 'tls' | 'ohttp'

/** An attestation document that was affirmed. */
export interface Attested {
  readonly result: AffirmingResult
  /** The bytes that the result was reached from; third parties can verify them again. */
  readonly document: Uint8Array
}

/** A channel that ends in the enclave that one affirming result speaks of. */
export interface AttestedChannel extends Attested {
  readonly transport: TransportName
  /**
   * Sends a request and answers when the response's headers are there.
   *
   * @throws {BlindAiError} before anything of the request has left, `CHANNEL_KEY_CHANGED`, `CHANNEL_PROOF_FAILED`,
   * `OHTTP_KEY_UNKNOWN` and `KEYS_EXPIRED`; otherwise codes of the families `retry` and `stop`.
   */
  send(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse>
  /** Takes no more requests; those in flight end by themselves. */
  retire(): void
  /** Ends everything at once. */
  close(): void
}

/** What a channel needs to be opened, and later to be held to. */
export interface ChannelSettings extends Appraisal {
  readonly server: URL
  readonly timeouts: Timeouts
  readonly maxResponseBytes: number
  /** Kept at once by attested TLS. */
  readonly maxConnections: number
  /** Carries Oblivious HTTP. */
  readonly fetch: typeof fetch
}

/** Attests and opens; nothing but the question for evidence and the channel proof leaves before an affirming result. */
export type OpenChannel = (settings: ChannelSettings, signal: AbortSignal) => Promise<AttestedChannel>
