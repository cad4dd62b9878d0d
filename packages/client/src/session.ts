import type { Tensor } from '@blindai/protocol'
import type { AffirmingResult, ModelReference } from '@blindai/verifier'
import type { TransportName } from './attested-channel.ts'
import { attestedFetch } from './attested-fetch.ts'
import type { ChannelKeeper } from './channel-keeper.ts'
import type { EnclaveApi } from './enclave-api.ts'
import { digestOfVersion, type InferOptions, type InferResult, infer, type RunOptions, runTask } from './inference.ts'
import { ApiKeys } from './keys.ts'
import { ModelPins } from './model-pins.ts'
import { Models } from './models.ts'
import type { RunInput } from './task-input.ts'
import type { TaskName, TaskResult, UntypedTaskResult } from './tasks.ts'
import { Tenants } from './tenants.ts'

/**
 * A verified enclave, and a channel that ends in it. Made by `connect`; safe to use from many places at once.
 *
 * What it does not promise: that the machine is up, that answers take equal time, and more than the trust class that its
 * result names. A `simulated` one protects nothing.
 */
export interface Session {
  /** The verification behind the channel; a new one after the enclave's keys have changed. */
  readonly result: AffirmingResult
  /** The attestation document behind that verification, as it came: what receipts are later checked with. */
  readonly document: Uint8Array
  readonly transport: TransportName
  readonly models: Models
  /** The session's own API keys. */
  readonly keys: ApiKeys
  /** All tenants, for administrators. */
  readonly tenants: Tenants
  /**
   * Runs a model on tensors. Where the policy names `models`, no other runs, and the call is made by digest.
   *
   * @throws {BlindAiError} `MODEL_NOT_ALLOWED`, before any of the input has left.
   */
  infer(model: string, inputs: readonly Tensor[], options?: InferOptions): Promise<InferResult>
  /** Runs a model's task on one input or several; the answer has one output for each. Models as for `infer`. */
  run<Task extends TaskName>(
    model: string,
    input: RunInput | readonly RunInput[],
    options: RunOptions & { readonly task: Task },
  ): Promise<TaskResult<Task>>
  run(model: string, input: RunInput | readonly RunInput[], options?: RunOptions): Promise<UntypedTaskResult>
  /** `fetch` to a path of the server, over the channel. What the path means is the caller's: `models` are not looked at. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** Ends the channel; calls in flight fail. */
  close(): Promise<void>
}

/** Models whose task is remembered. */
const MAX_TASKS = 1000

export class OpenSession implements Session {
  readonly models: Models
  readonly keys: ApiKeys
  readonly tenants: Tenants
  readonly #keeper: ChannelKeeper
  readonly #api: EnclaveApi
  readonly #pins: ModelPins
  /** Tasks of models by digest or name, as the server said; a name that moves on shows as an error of the server. */
  readonly #tasks = new Map<string, string>()

  /** @param allowed - the models of the policy; any may run when it is undefined. */
  constructor(keeper: ChannelKeeper, api: EnclaveApi, allowed: readonly ModelReference[] | undefined) {
    this.#keeper = keeper
    this.#api = api
    this.models = new Models(api)
    this.keys = new ApiKeys(api, '/v1/keys')
    this.tenants = new Tenants(api)
    this.#pins = new ModelPins(allowed, async (model, version, signal) =>
      version === undefined
        ? (await this.models.show(model, { signal })).sha256
        : await digestOfVersion(api, model, version, signal),
    )
  }

  get result(): AffirmingResult {
    return this.#keeper.latest.result
  }

  get document(): Uint8Array {
    return this.#keeper.latest.document
  }

  get transport(): TransportName {
    return this.#keeper.latest.transport
  }

  async infer(model: string, inputs: readonly Tensor[], options: InferOptions = {}): Promise<InferResult> {
    return infer(this.#api, await this.#pins.pin(model, options), inputs, options)
  }

  run<Task extends TaskName>(
    model: string,
    input: RunInput | readonly RunInput[],
    options: RunOptions & { readonly task: Task },
  ): Promise<TaskResult<Task>>
  run(model: string, input: RunInput | readonly RunInput[], options?: RunOptions): Promise<UntypedTaskResult>
  async run(
    model: string,
    input: RunInput | readonly RunInput[],
    options: RunOptions = {},
  ): Promise<UntypedTaskResult> {
    const inputs = isList(input) ? input : [input]
    const { signal, receipt } = options
    const { model: pinned } = await this.#pins.pin(model, { signal, receipt })
    const answer = await runTask(this.#api, pinned, inputs, () => this.#taskOf(pinned, options), options)
    this.#pins.check(pinned, answer.model)
    return answer
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return attestedFetch(this.#api, path, init)
  }

  async close(): Promise<void> {
    this.#keeper.close()
  }

  async #taskOf(model: string, { signal }: RunOptions): Promise<string | undefined> {
    const known = this.#tasks.get(model)
    if (known !== undefined) return known
    const { task } = await this.models.show(model, { signal })
    if (task !== undefined && this.#tasks.size < MAX_TASKS) this.#tasks.set(model, task)
    return task
  }
}

function isList(input: RunInput | readonly RunInput[]): input is readonly RunInput[] {
  return Array.isArray(input)
}
