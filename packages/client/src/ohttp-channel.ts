import {
  type BinaryResponse,
  type EncapsulatedRequest,
  encapsulateRequest,
  encapsulateStream,
  type HttpBody,
  isPostQuantum,
  type KeyConfig,
  OHTTP_AUTHORITY,
  parseHttpDate,
  parseKeyConfigList,
} from '@blindai/channel'
import { fromBase64Url, joinBytes, toBase64Url, type UnixSeconds, unixSeconds } from '@blindai/core'
import { ERROR_CODE_HEADER, parseErrorBody } from '@blindai/protocol'
import type { AffirmingResult } from '@blindai/verifier'
import { hpkeBackend } from '#transport'
import { appraise, attestationPath, freshNonce, MAX_DOCUMENT_BYTES, requireAffirming } from './attest.ts'
import type { Attested, AttestedChannel, ChannelSettings } from './attested-channel.ts'
import { opening, openingBody, parsing, sealing } from './channel-errors.ts'
import { BlindAiError } from './errors.ts'
import type { ApiRequest, ApiResponse } from './http-exchange.ts'
import { chunksOf, openFetch } from './open-fetch.ts'
import { checkDocumentStatus, readBody, refusalCode, retryAfterMs } from './response.ts'
import { OHTTP_PATH, resourceUrl } from './url.ts'

/**
 * Oblivious HTTP to keys that an affirming result names. What carries it, a terminator of TLS included, sees sizes and
 * times, and can refuse or drop; it cannot read, answer or alter.
 *
 * Source: RFC 9458; draft-ietf-ohai-chunked-ohttp-08.
 */

/** What a refusal outside the encapsulation may hold; it came from anyone. */
const MAX_REFUSAL_BYTES = 64 * 1024
/**
 * The largest body that is sealed in one piece. What an enclave must hold before it can know whose it is, it keeps small: no
 * server takes less than 2 MiB whole, padding included. A larger body goes in chunks.
 */
const MAX_WHOLE_BYTES = 1024 * 1024
/** Where doing it twice is not doing it once, each attempt carries an id that the server takes once. */
const OPERATION_METHODS = ['PUT', 'DELETE', 'PATCH']
const OPERATION_ID_HEADER = 'blindai-operation-id'
/** Codes that say that these keys are not the answering enclave's; it may have started anew. */
const KEY_CODES = ['KEY_ID_UNKNOWN', 'SUITE_UNSUPPORTED', 'DECRYPT_FAILED']

/** Attests over plain requests and opens a channel to the keys in the result. */
export async function openOhttp(settings: ChannelSettings, signal: AbortSignal): Promise<AttestedChannel> {
  const nonce = freshNonce()
  const document = await fetchDocument(settings, nonce, signal)
  const result = requireAffirming(await appraise(document, nonce, { kind: 'ohttp' }, settings))
  const configs = parsing('the keyset', () => parseKeyConfigList(fromBase64Url('ohttp', result.channel.ohttp)))
  if (settings.policy.requirePostQuantum && !configs.some(({ kem }) => isPostQuantum(kem))) {
    throw new BlindAiError('POST_QUANTUM_UNAVAILABLE', { reason: 'the keyset has no such key' }, { report: result })
  }
  return new OhttpChannel(settings, { result, document }, configs)
}

/** Reads the document that answers a nonce. @throws {BlindAiError} `DOCUMENT_UNAVAILABLE`, `NOT_A_BLINDAI_SERVER`, … */
export async function fetchDocument(
  settings: Pick<ChannelSettings, 'server' | 'fetch'>,
  nonce: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const url = resourceUrl(settings.server, attestationPath(nonce))
  const response = await openFetch(settings.fetch, url, { signal })
  checkDocumentStatus(response.status, response.headers)
  return readBody('the attestation document', chunksOf(response, signal), MAX_DOCUMENT_BYTES)
}

class OhttpChannel implements AttestedChannel {
  readonly transport = 'ohttp'
  readonly result: AffirmingResult
  readonly document: Uint8Array
  readonly #settings: ChannelSettings
  readonly #configs: readonly KeyConfig[]
  readonly #closed = new AbortController()
  /** The enclave's clock less ours, once it has refused ours. */
  #clockOffset = 0

  constructor(settings: ChannelSettings, { result, document }: Attested, configs: readonly KeyConfig[]) {
    this.result = result
    this.document = document
    this.#settings = settings
    this.#configs = configs
  }

  async send(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
    const keyed = { ...request, headers: withOperationId(request) }
    const first = await this.#exchange(keyed, signal)
    const refused = refusedDate(first)
    if (refused === undefined) return toApiResponse(first)
    // The enclave says so itself, under its key: its clock dates the second and last attempt.
    this.#clockOffset = refused - this.#settings.now()
    const second = await this.#exchange(keyed, signal)
    if (refusedDate(second) === undefined) return toApiResponse(second)
    throw new BlindAiError('CLOCK_REFUSED', { now: this.#settings.now(), serverDate: refused })
  }

  retire(): void {
    // Nothing is held between requests.
  }

  close(): void {
    this.#closed.abort(new BlindAiError('SESSION_CLOSED', {}))
  }

  async #exchange(request: ApiRequest, signal: AbortSignal): Promise<BinaryResponse> {
    const { server, fetch } = this.#settings
    const sealed = await sealing(() => this.#seal(request))
    const inFlight = AbortSignal.any([signal, this.#closed.signal])
    const response = await openFetch(fetch, resourceUrl(server, OHTTP_PATH), {
      method: 'POST',
      headers: { 'content-type': sealed.contentType },
      body: await inMemory(sealed.body),
      signal: inFlight,
    })
    if (response.status !== 200 || response.headers.get('content-type') !== sealed.responseContentType) {
      throw await outerRefusal(response, inFlight)
    }
    return opening(() => sealed.openResponse(chunksOf(response, inFlight)))
  }

  #seal(request: ApiRequest): Promise<EncapsulatedRequest> {
    const { now, policy, maxResponseBytes } = this.#settings
    const [first, ...rest] = request.body
    const message = {
      method: request.method,
      scheme: 'https',
      authority: OHTTP_AUTHORITY,
      path: request.path,
      headers: request.headers,
      body: first !== undefined && rest.length === 0 ? first : joinBytes(request.body),
    } as const
    const options = {
      backend: hpkeBackend,
      requirePostQuantum: policy.requirePostQuantum,
      now: dated(now(), this.#clockOffset),
      // Padding at most doubles a body; seals and the head add little.
      maxResponseBytes: 2 * maxResponseBytes + 1024 * 1024,
    }
    return request.streams || message.body.byteLength > MAX_WHOLE_BYTES
      ? encapsulateStream(this.#configs, message, options)
      : encapsulateRequest(this.#configs, message, options)
  }
}

function dated(now: UnixSeconds, offset: number): UnixSeconds {
  return unixSeconds(Math.max(0, now + offset))
}

function toApiResponse({ status, headers, body }: BinaryResponse): ApiResponse {
  return { status, headers: new Headers(headers.map(([name, value]) => [name, value])), body: openingBody(body) }
}

/** The enclave's own time, where it refused a request's. */
function refusedDate({ headers }: BinaryResponse): UnixSeconds | undefined {
  const value = (wanted: string): string | undefined => headers.find(([name]) => name === wanted)?.[1]
  const date = value('date')
  if (value(ERROR_CODE_HEADER) !== 'DATE_OUTSIDE_WINDOW' || date === undefined) return undefined
  return parseHttpDate(date)
}

/**
 * The id of each request, on whichever channel it goes out. A refusal outside the encapsulation can be forged by who let
 * the request through: what is sent again after a new attestation must be the same operation, not a second one.
 */
const operationIds = new WeakMap<ApiRequest, string>()

function withOperationId(request: ApiRequest): ApiRequest['headers'] {
  const { method, headers } = request
  const isGiven = headers.some(([name]) => name === OPERATION_ID_HEADER)
  if (isGiven || !OPERATION_METHODS.includes(method)) return headers
  const id = operationIds.get(request) ?? toBase64Url(crypto.getRandomValues(new Uint8Array(16)))
  operationIds.set(request, id)
  return [...headers, [OPERATION_ID_HEADER, id]]
}

/** A browser sends bodies that are there; it streams none over http/1.1. */
async function inMemory(body: HttpBody): Promise<Uint8Array<ArrayBuffer>> {
  if (body instanceof Uint8Array) return new Uint8Array(body)
  return readBody('the request', body, Number.MAX_SAFE_INTEGER)
}

/** What a refusal outside the encapsulation means. It can be forged, so it decides nothing but which error this is. */
async function outerRefusal(response: Response, signal: AbortSignal): Promise<BlindAiError> {
  const { status, headers } = response
  const body = await readBody('a refusal', chunksOf(response, signal), MAX_REFUSAL_BYTES)
  const serverCode = refusalCode(headers, parseErrorBody(body)) ?? 'without a code'
  if (KEY_CODES.includes(serverCode)) return new BlindAiError('OHTTP_KEY_UNKNOWN', { status })
  if (status === 429 || status >= 500) {
    return new BlindAiError('OHTTP_BUSY', { status, serverCode }, { retryAfterMs: retryAfterMs(headers) })
  }
  return new BlindAiError('OHTTP_REFUSED', { status, serverCode })
}
