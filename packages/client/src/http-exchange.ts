import type { AffirmingResult } from '@blindai/verifier'

/** What the parts of this package say to each other about HTTP. Knows neither a transport nor a route. */

/** One request to the enclave's API. */
export interface ApiRequest {
  readonly method: string
  /** Path and query; begins with one slash. */
  readonly path: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** The whole body in pieces; empty for none. Uploads are cut into parts before they come here. */
  readonly body: readonly Uint8Array[]
  /** True when doing it twice is the same as doing it once, so that a lost connection may be tried again. */
  readonly repeatable: boolean
  /** True when the answer is wanted as it comes, false when only whole. */
  readonly streams: boolean
}

/** What came back, from inside the enclave: a body that was not opened and verified never gets here. */
export interface ApiResponse {
  readonly status: number
  readonly headers: Headers
  /** Reading ends in an error when the body was cut short. Must be read to its end or given up by `return()`. */
  readonly body: AsyncIterable<Uint8Array>
}

/** Which enclave answered: the verification behind the channel that the answer came over. */
export interface AnsweredBy {
  readonly result: AffirmingResult
}
