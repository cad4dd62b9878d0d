import type { UnixSeconds } from '@blindai/core'
import type { AttestedChannel } from './attested-channel.ts'
import { waitFor } from './deadline.ts'
import { BlindAiError, type BlindAiErrorCode, isBlindAiError } from './errors.ts'
import type { AnsweredBy, ApiRequest, ApiResponse } from './http-exchange.ts'

/**
 * Holds the one channel of a session and replaces it when the enclave's keys have changed, or when its evidence is older than
 * the policy allows.
 *
 * ```
 * open ⇄ renewing → stopped
 *   └──────┴───────────┴──→ closed
 * ```
 *
 * A call that meets other keys, before anything of it has left, waits for one new attestation, which all such calls share,
 * and is tried once more. Where that ends in an error of the family `stop`, so does every later call: what was verified
 * is no longer there, and nothing weaker takes its place.
 */
type Phase =
  | { readonly phase: 'open'; readonly channel: AttestedChannel }
  | { readonly phase: 'renewing'; readonly renewal: Promise<AttestedChannel> }
  | { readonly phase: 'stopped'; readonly error: BlindAiError }
  | { readonly phase: 'closed' }

/** What a keeper holds its channels to. */
export interface KeeperRules {
  readonly now: () => UnixSeconds
  /** How long ago the verdict behind a channel may have been reached; for ever when undefined. */
  readonly maximumEvidenceAgeSeconds?: number | undefined
}

/** Errors that come before anything has left, and that an enclave started anew would explain. */
const KEYS_CHANGED: readonly BlindAiErrorCode[] = ['CHANNEL_KEY_CHANGED', 'OHTTP_KEY_UNKNOWN', 'KEYS_EXPIRED']

export class ChannelKeeper {
  readonly #attest: () => Promise<AttestedChannel>
  readonly #rules: KeeperRules
  #phase: Phase
  #latest: AttestedChannel

  /** @param attest - opens a channel from nothing: fresh nonce, fresh verdict. */
  constructor(first: AttestedChannel, attest: () => Promise<AttestedChannel>, rules: KeeperRules) {
    this.#phase = { phase: 'open', channel: first }
    this.#latest = first
    this.#attest = attest
    this.#rules = rules
  }

  /** The channel that was attested last, whatever came after. */
  get latest(): AttestedChannel {
    return this.#latest
  }

  /**
   * Sends over the channel, attesting anew first where its evidence is too old, and at most once more for other keys.
   *
   * @throws {BlindAiError} of any family; `SESSION_CLOSED`.
   */
  async send(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse & AnsweredBy> {
    const held = await waitFor(this.#channel(), signal)
    const first = this.#isTooOld(held) ? await waitFor(this.#renew(held), signal) : held
    try {
      return await this.#sendOver(first, request, signal)
    } catch (error) {
      if (!isKeysChanged(error)) throw error
    }
    const second = await waitFor(this.#renew(first), signal)
    try {
      return await this.#sendOver(second, request, signal)
    } catch (error) {
      if (isKeysChanged(error)) this.#stop(second, error)
      throw error
    }
  }

  close(): void {
    if (this.#phase.phase !== 'closed') this.#latest.close()
    this.#phase = { phase: 'closed' }
  }

  async #channel(): Promise<AttestedChannel> {
    switch (this.#phase.phase) {
      case 'open':
        return this.#phase.channel
      case 'renewing':
        return this.#phase.renewal
      case 'stopped':
        throw this.#phase.error
      case 'closed':
        throw new BlindAiError('SESSION_CLOSED', {})
      default:
        return this.#phase satisfies never
    }
  }

  /** The nonce was fresh when the verdict was reached, so its age is the age of what it says. */
  #isTooOld({ result }: AttestedChannel): boolean {
    const { now, maximumEvidenceAgeSeconds = Number.POSITIVE_INFINITY } = this.#rules
    return now() - result.now > maximumEvidenceAgeSeconds
  }

  /** A newer channel than the stale one; whoever comes first attests, the others share it. */
  #renew(stale: AttestedChannel): Promise<AttestedChannel> {
    if (this.#phase.phase !== 'open' || this.#phase.channel !== stale) return this.#channel()
    const renewal = this.#attestAnew(stale)
    this.#phase = { phase: 'renewing', renewal }
    return renewal
  }

  async #attestAnew(stale: AttestedChannel): Promise<AttestedChannel> {
    try {
      const channel = await this.#attest()
      if (this.#phase.phase === 'closed') {
        channel.close()
        throw new BlindAiError('SESSION_CLOSED', {})
      }
      this.#phase = { phase: 'open', channel }
      this.#latest = channel
      stale.retire()
      return channel
    } catch (error) {
      // Anything but a verdict, a lost connection for one, leaves the next call to try again.
      if (this.#phase.phase === 'renewing') this.#phase = { phase: 'open', channel: stale }
      if (isBlindAiError(error) && error.family === 'stop') this.#stop(stale, error)
      throw error
    }
  }

  #stop(channel: AttestedChannel, error: BlindAiError): void {
    if (this.#phase.phase === 'open' && this.#phase.channel === channel) this.#phase = { phase: 'stopped', error }
  }

  async #sendOver(
    channel: AttestedChannel,
    request: ApiRequest,
    signal: AbortSignal,
  ): Promise<ApiResponse & AnsweredBy> {
    const { notAfter } = channel.result.channel
    const now = this.#rules.now()
    if (now > notAfter) throw new BlindAiError('KEYS_EXPIRED', { notAfter, now })
    return { ...(await channel.send(request, signal)), result: channel.result }
  }
}

function isKeysChanged(error: unknown): error is BlindAiError {
  if (!isBlindAiError(error)) return false
  // A proof by an enclave with another statement, not a wrong signature.
  if (error.code === 'CHANNEL_PROOF_FAILED') return error.details.reason === 'statement'
  return KEYS_CHANGED.includes(error.code)
}
