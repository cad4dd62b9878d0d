import type { ChannelKeeper } from './channel-keeper.ts'
import { type Timeouts, withDeadline } from './deadline.ts'
import { withReport } from './errors.ts'
import type { AnsweredBy, ApiRequest, ApiResponse } from './http-exchange.ts'
import { type ReadResponse, readResponse } from './response.ts'

/** A call without what every call has. */
export interface ApiCall {
  /** Names the call in errors. */
  readonly what: string
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  readonly path: string
  readonly headers?: ApiRequest['headers']
  readonly body?: readonly Uint8Array[]
  readonly signal?: AbortSignal | undefined
}

/** The API behind the channel. */
export interface EnclaveApi {
  /**
   * Calls and reads the whole answer.
   *
   * @throws {BlindAiError} with the session's report; the reason of `signal`.
   */
  call(call: ApiCall): Promise<ReadResponse & AnsweredBy>
  /** Sends what the caller built, and answers when the headers are there. `signal` goes on to bound the body. */
  open(request: ApiRequest, signal: AbortSignal | undefined): Promise<ApiResponse>
}

/** The API with the session's key and limits. The key leaves only inside the channel. */
export class ChannelApi implements EnclaveApi {
  readonly #keeper: ChannelKeeper
  readonly #apiKey: string | undefined
  readonly #timeouts: Timeouts
  readonly #maxResponseBytes: number

  constructor(keeper: ChannelKeeper, apiKey: string | undefined, timeouts: Timeouts, maxResponseBytes: number) {
    this.#keeper = keeper
    this.#apiKey = apiKey
    this.#timeouts = timeouts
    this.#maxResponseBytes = maxResponseBytes
  }

  async call(call: ApiCall): Promise<ReadResponse & AnsweredBy> {
    const request = {
      method: call.method,
      path: call.path,
      headers: this.#withKey(call.headers ?? []),
      body: call.body ?? [],
      // Every call of this package says the same when it is said twice.
      repeatable: true,
      streams: false,
    }
    return this.#reporting(() =>
      withDeadline(call.what, this.#timeouts.requestMs, call.signal, async (signal) => {
        const { result, ...response } = await this.#keeper.send(request, signal)
        return { ...(await readResponse(call.what, response, this.#maxResponseBytes)), result }
      }),
    )
  }

  async open(request: ApiRequest, signal: AbortSignal | undefined): Promise<ApiResponse> {
    const controller = new AbortController()
    const whole = signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal])
    const keyed = { ...request, headers: this.#withKey(request.headers) }
    const response = await this.#reporting(() =>
      withDeadline('the request', this.#timeouts.requestMs, signal, (untilHeaders) => {
        untilHeaders.addEventListener('abort', () => controller.abort(untilHeaders.reason), { once: true })
        return this.#keeper.send(keyed, whole)
      }),
    )
    return { ...response, body: this.#reportingBody(response.body) }
  }

  #withKey(headers: ApiRequest['headers']): ApiRequest['headers'] {
    if (this.#apiKey === undefined || headers.some(([name]) => name === 'authorization')) return headers
    return [...headers, ['authorization', `Bearer ${this.#apiKey}`]]
  }

  #reportingBody(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    return {
      [Symbol.asyncIterator]: () => {
        const chunks = body[Symbol.asyncIterator]()
        return {
          next: () => this.#reporting(() => chunks.next()),
          return: async () => (await chunks.return?.()) ?? { done: true, value: undefined },
        }
      },
    }
  }

  async #reporting<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw withReport(error, this.#keeper.latest.result)
    }
  }
}
