import type { ModelReference } from '@blindai/verifier'
import { BlindAiError } from './errors.ts'

/** Of the call that a model is pinned for. */
interface PinOptions {
  readonly signal?: AbortSignal | undefined
  readonly receipt?: boolean | undefined
  readonly version?: string | undefined
}

/** What a call is made with. */
export interface PinnedModel {
  readonly model: string
  /** The caller's, where the server has still to look at it; gone where `model` is the digest of that version. */
  readonly version?: string
}

/** Asks the server which model has a name, and a version where one is given. */
type DigestOf = (model: string, version: string | undefined, signal: AbortSignal | undefined) => Promise<string>

const DIGEST = /^[0-9a-fA-F]{64}$/

/**
 * The models that a policy lets this client run, and the digest that each call is made with.
 *
 * A name of the policy means the policy's digest, whatever the server calls so. Any other name is asked of the server once per
 * call, and what it answers has to be on the list. The call itself then carries the digest, so that a name which moves on
 * between question and call changes nothing.
 */
export class ModelPins {
  readonly #models: readonly ModelReference[] | undefined
  readonly #digestOf: DigestOf

  /** @param models - of the policy; undefined lets every model run, under the name that the caller gives. */
  constructor(models: readonly ModelReference[] | undefined, digestOf: DigestOf) {
    this.#models = models
    this.#digestOf = digestOf
  }

  /**
   * What to call a model in a call: its digest where the policy has a list or a receipt is asked for, which has to be of one
   * model; the caller's word where neither is. A version that is asked of the server is in the digest then; beside a digest
   * that was known before it stays, so that the server refuses one that does not belong to it.
   *
   * @throws {BlindAiError} `MODEL_NOT_ALLOWED` when the list lacks it; `MODEL_NOT_FOUND`, `VERSION_NOT_FOUND`; the reason of
   * `signal`.
   */
  async pin(model: string, { signal, receipt, version }: PinOptions = {}): Promise<PinnedModel> {
    const sha256 = this.#known(model)
    const kept = version === undefined ? {} : { version }
    if (this.#models === undefined) {
      if (sha256 !== undefined || receipt !== true) return { model: sha256 ?? model, ...kept }
      return { model: await this.#digestOf(model, version, signal) }
    }
    const asked = sha256 ?? (await this.#digestOf(model, version, signal))
    if (!this.#models.some((one) => one.sha256 === asked)) {
      throw new BlindAiError('MODEL_NOT_ALLOWED', { model, sha256: asked })
    }
    return { model: asked, ...(sha256 === undefined ? {} : kept) }
  }

  /** The digest that needs no question: of a name of the policy, or the caller's own. */
  #known(model: string): string | undefined {
    const named = this.#models?.find(({ name }) => name === model)
    if (named !== undefined) return named.sha256
    return DIGEST.test(model) ? model.toLowerCase() : undefined
  }

  /** @throws {BlindAiError} `RESPONSE_MALFORMED` when the answer is of another model than the one that was pinned. */
  check(pinned: string, answered: string): void {
    if (answered === pinned || (this.#models === undefined && !DIGEST.test(pinned))) return
    throw new BlindAiError('RESPONSE_MALFORMED', { what: 'the answer', reason: 'it is of another model' })
  }
}
