import type { ModelReference } from '@blindai/verifier'
import { BlindAiError } from './errors.ts'

/** Of the call that a model is pinned for. */
interface PinOptions {
  readonly signal?: AbortSignal | undefined
  readonly receipt?: boolean | undefined
}

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
  readonly #digestOf: (model: string, signal: AbortSignal | undefined) => Promise<string>

  /**
   * @param models - of the policy; undefined lets every model run, under the name that the caller gives.
   * @param digestOf - asks the server which model has a name.
   */
  constructor(
    models: readonly ModelReference[] | undefined,
    digestOf: (model: string, signal: AbortSignal | undefined) => Promise<string>,
  ) {
    this.#models = models
    this.#digestOf = digestOf
  }

  /**
   * What to call a model in a call: its digest where the policy has a list or a receipt is asked for, which has to be of one
   * model; the caller's word where neither is.
   *
   * @throws {BlindAiError} `MODEL_NOT_ALLOWED` when the list lacks it; `MODEL_NOT_FOUND`; the reason of `signal`.
   */
  async pin(model: string, { signal, receipt }: PinOptions = {}): Promise<string> {
    if (this.#models === undefined) {
      if (DIGEST.test(model)) return model.toLowerCase()
      return receipt === true ? await this.#digestOf(model, signal) : model
    }
    const named = this.#models.find(({ name }) => name === model)
    if (named !== undefined) return named.sha256
    const sha256 = DIGEST.test(model) ? model.toLowerCase() : await this.#digestOf(model, signal)
    if (this.#models.some((one) => one.sha256 === sha256)) return sha256
    throw new BlindAiError('MODEL_NOT_ALLOWED', { model, sha256 })
  }

  /** @throws {BlindAiError} `RESPONSE_MALFORMED` when the answer is of another model than the one that was pinned. */
  check(pinned: string, answered: string): void {
    if (answered === pinned || (this.#models === undefined && !DIGEST.test(pinned))) return
    throw new BlindAiError('RESPONSE_MALFORMED', { what: 'the answer', reason: 'it is of another model' })
  }
}
