import { concatBytes, type UnixSeconds, unixSeconds } from '@blindai/core'
import type { RecipientContext } from 'hpke'
import { DEFAULT_HEAD_LIMITS, decodeRequest } from './binary-http-decode.ts'
import { encodeResponse, joinPadded, lengthOf, type MessagePieces } from './binary-http-encode.ts'
import { ByteSource } from './byte-source.ts'
import { type AnyChannelError, ChannelError, type ChannelErrorDetails, isChannelError } from './channel-error.ts'
import { type ChunkCipher, openChunks, openWhole, sealChunks } from './chunks.ts'
import {
  chunkAad,
  MEDIA_TYPES,
  type Mode,
  REQUEST_HEADER_BYTES,
  ResponseCipher,
  requestInfo,
  TAG_BYTES,
} from './encapsulation.ts'
import { isPostQuantum, type Suite, type SuiteIds, suiteOf } from './hpke-suites.ts'
import { dateOf } from './http-date.ts'
import { type BinaryRequest, type BinaryResponse, collectBody, type HttpBody } from './http-message.ts'
import { OHTTP_AUTHORITY } from './ohttp-client.ts'
import type { OhttpKey, OhttpKeys } from './ohttp-keys.ts'
import { paddedLength } from './padding.ts'
import { ReplaySet } from './replay-set.ts'
import { SteadyClock } from './steady-clock.ts'

/** What a gateway is built from. */
export interface GatewayOptions {
  readonly keys: OhttpKeys
  readonly clock: () => UnixSeconds
  /** Requests remembered at once. */
  readonly replayCapacity: number
  /** How far a request's Date may lie from now, before and after. */
  readonly dateWindowSeconds: number
  /** Bytes of a whole encapsulated request, padding included; it is held in memory. */
  readonly maxRequestBytes: number
  /** Bytes of a chunked encapsulated request, which is not held; 1 GiB unless stated, what AES-GCM allows with margin. */
  readonly maxStreamBytes?: number
  /** Refuse requests under a classic suite. */
  readonly requirePostQuantum?: boolean
  /** The earliest time that the clock may show; the build date unless stated. */
  readonly notBefore?: UnixSeconds
}

/** A sealed response, ready to be written. */
export interface SealedResponse {
  readonly contentType: string
  /** Bytes that `body` will yield; undefined where a stream is still to tell. */
  readonly contentLength: number | undefined
  /** Throws what the response's body throws; then the connection must be cut, not ended. */
  readonly body: AsyncIterable<Uint8Array>
}

/** Seals the one response of an exchange. */
export type SealResponse = (response: BinaryResponse) => SealedResponse

/** What a request says before its body. */
export type RequestHead = Omit<BinaryRequest, 'body'>

/**
 * A request that was opened and is dated now. It may be a replay: until `admit` only its head is there, to find out whose
 * it is. Nothing may be done for it before, but to refuse it or to say what everybody may know.
 */
export interface OpenedRequest {
  readonly head: RequestHead
  readonly suite: SuiteIds
  /**
   * Remembers the request and hands it out, at most once however often it comes, and in one step: of two at once one gets
   * it. The body of a chunked request is a stream; it throws `STREAM_TRUNCATED` unless it was complete.
   *
   * @throws {RequestRefused} `REPLAYED`, `REPLAY_SET_FULL`, `DATE_OUTSIDE_WINDOW`.
   */
  admit(): BinaryRequest
  readonly sealResponse: SealResponse
}

/**
 * A request that opened under a key of the gateway and is refused for what it says. Its answer must be sealed, like any
 * other answer. Source: RFC 9458 section 5.2.
 */
export class RequestRefused<
  Code extends keyof ChannelErrorDetails = keyof ChannelErrorDetails,
> extends ChannelError<Code> {
  readonly #seal: SealResponse

  constructor(code: Code, details: ChannelErrorDetails[Code], seal: SealResponse, cause: unknown) {
    super(code, details, { cause })
    this.#seal = seal
  }

  /** Seals the error response. */
  sealResponse(response: BinaryResponse): SealedResponse {
    return this.#seal(response)
  }
}

const MAX_STREAM_BYTES = 1024 * 1024 * 1024
/** A stream that answers a whole request is gathered first; what clients read of a whole response bounds it. */
const MAX_GATHERED_RESPONSE = 64 * 1024 * 1024

/**
 * The server's end of Oblivious HTTP: opens requests, refuses replays, seals responses.
 *
 * It promises that a request is handed out at most once while the object lives, not that the requester is anybody: who
 * that is must be known before `admit`, or strangers fill the memory of what was admitted.
 *
 * Source: RFC 9458 section 4; section 6.5 for replays.
 */
export class OhttpGateway {
  readonly #options: GatewayOptions
  readonly #clock: SteadyClock
  readonly #replays: ReplaySet

  constructor(options: GatewayOptions) {
    const window = options.dateWindowSeconds
    if (!Number.isSafeInteger(window) || window < 1) throw new RangeError(`not a number of seconds: ${window}`)
    this.#options = options
    this.#clock = new SteadyClock(options.clock, options.notBefore)
    this.#replays = new ReplaySet(options.replayCapacity)
  }

  /**
   * Opens a request. A whole request is read to its end, a chunked one as far as its header section.
   *
   * @param contentType - of the request that carried the body.
   * @throws {RequestRefused} after opening: `BINARY_HTTP_MALFORMED`, `PADDING_INVALID`, `TARGET_REFUSED`, `DATE_INVALID`,
   *   `DATE_OUTSIDE_WINDOW`.
   * @throws {ChannelError} before: `MEDIA_TYPE_UNSUPPORTED`, `KEY_ID_UNKNOWN`, `SUITE_UNSUPPORTED`,
   *   `POST_QUANTUM_REQUIRED`, `DECRYPT_FAILED`, `STREAM_TRUNCATED`, `TOO_LARGE`, `REPLAY_SET_FULL`.
   */
  async open(contentType: string, body: HttpBody): Promise<OpenedRequest> {
    const mode = modeOf(contentType)
    const limit = mode === 'whole' ? this.#options.maxRequestBytes : (this.#options.maxStreamBytes ?? MAX_STREAM_BYTES)
    const source = new ByteSource(body, {
      name: 'encapsulated request',
      limit,
      truncated: (_field, received) => new ChannelError('STREAM_TRUNCATED', { message: 'request', received }),
    })
    try {
      return await this.#open(mode, source, limit)
    } catch (error) {
      await source.cancel()
      throw error
    }
  }

  async #open(mode: Mode, source: ByteSource, limit: number): Promise<OpenedRequest> {
    // Cheaper than to open a request only to refuse it; nothing was forgotten for it either way.
    if (this.#replays.isFull(this.#clock.now())) throw this.#full()
    const header = await source.take(REQUEST_HEADER_BYTES, 'header')
    const { key, suite } = this.#select(header)
    const enc = await source.take(suite.hpke.KEM.Nenc, 'encapsulated key')
    const context = await setUpRecipient(mode, key, suite, header, enc)
    const open: ChunkCipher = (bytes, aad) => context.Open(bytes, aad)
    const message = mode === 'chunked' ? openChunks(source, open, 'request') : await openWhole(source, open, 'request')
    const sealResponse: SealResponse = (response) => seal(mode, suite, context, enc, response)
    try {
      const { body, ...head } = await decodeRequest(message, { ...DEFAULT_HEAD_LIMITS, maxMessageBytes: limit })
      checkTarget(head)
      const date = dateOf(head.headers)
      this.#checkDate(date)
      const id = await replayId(suite, enc)
      const admit = (): BinaryRequest => {
        sealingRefusals(sealResponse, () => this.#admit(id, date))
        return { ...head, body }
      }
      return { head, suite: suite.ids, admit, sealResponse }
    } catch (error) {
      throw refusal(error, sealResponse)
    }
  }

  #select(header: Uint8Array): { readonly key: OhttpKey; readonly suite: Suite } {
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength)
    const keyId = view.getUint8(0)
    const ids = { kem: view.getUint16(1), kdf: view.getUint16(3), aead: view.getUint16(5) }
    const key = this.#options.keys.find(keyId)
    if (key === undefined) throw new ChannelError('KEY_ID_UNKNOWN', { keyId })
    const isOffered = key.config.symmetric.some(({ kdf, aead }) => kdf === ids.kdf && aead === ids.aead)
    if (key.config.kem !== ids.kem || !isOffered) throw new ChannelError('SUITE_UNSUPPORTED', ids)
    if (this.#options.requirePostQuantum === true && !isPostQuantum(ids.kem)) {
      throw new ChannelError('POST_QUANTUM_REQUIRED', { missing: 'request' })
    }
    return { key, suite: suiteOf(ids, this.#options.keys.backend) }
  }

  #checkDate(date: UnixSeconds): UnixSeconds {
    const now = this.#clock.now()
    const windowSeconds = this.#options.dateWindowSeconds
    if (Math.abs(date - now) <= windowSeconds) return now
    throw new ChannelError('DATE_OUTSIDE_WINDOW', { date, now, windowSeconds })
  }

  #admit(id: Uint8Array, date: UnixSeconds): void {
    const now = this.#checkDate(date)
    const windowSeconds = this.#options.dateWindowSeconds
    const admission = this.#replays.admit(id, unixSeconds(date + windowSeconds), now)
    if (admission === 'seen') throw new ChannelError('REPLAYED', { now })
    if (admission === 'full') throw this.#full()
  }

  #full(): ChannelError {
    return new ChannelError('REPLAY_SET_FULL', { capacity: this.#replays.capacity })
  }
}

/** A digest of the encapsulated key, by the hash that the suite has at hand: HMAC-SHA-256 under a key of zeros. */
function replayId(suite: Suite, enc: Uint8Array): Promise<Uint8Array> {
  return suite.kdf.Extract(new Uint8Array(), enc)
}

function modeOf(contentType: string): Mode {
  if (contentType === MEDIA_TYPES.whole.request) return 'whole'
  if (contentType === MEDIA_TYPES.chunked.request) return 'chunked'
  const expected = `${MEDIA_TYPES.whole.request} or ${MEDIA_TYPES.chunked.request}`
  throw new ChannelError('MEDIA_TYPE_UNSUPPORTED', { expected })
}

async function setUpRecipient(
  mode: Mode,
  key: OhttpKey,
  suite: Suite,
  header: Uint8Array,
  enc: Uint8Array,
): Promise<RecipientContext> {
  try {
    return await suite.hpke.SetupRecipient(key.pair, enc, { info: requestInfo(mode, header) })
  } catch (cause) {
    throw new ChannelError('DECRYPT_FAILED', { message: 'request', chunk: 0 }, { cause })
  }
}

function sealingRefusals(sealResponse: SealResponse, work: () => void): void {
  try {
    work()
  } catch (error) {
    throw refusal(error, sealResponse)
  }
}

/** What went wrong with a request that was opened, with the means to say so sealed where that is due. */
function refusal(error: unknown, sealResponse: SealResponse): unknown {
  if (!isChannelError(error) || !isAboutContent(error)) return error
  return new RequestRefused(error.code, error.details, sealResponse, error)
}

/** What the message says was wrong; its encryption was sound. */
function isAboutContent(error: AnyChannelError): boolean {
  return error.code !== 'DECRYPT_FAILED' && error.code !== 'STREAM_TRUNCATED'
}

/** Source: RFC 9458 section 5.1 for Expect. Host could name another authority than the request. */
function checkTarget(request: RequestHead): void {
  if (request.authority !== OHTTP_AUTHORITY) {
    throw new ChannelError('TARGET_REFUSED', { field: 'Authority', expected: OHTTP_AUTHORITY })
  }
  for (const name of ['host', 'expect']) {
    if (request.headers.some(([header]) => header === name)) {
      throw new ChannelError('TARGET_REFUSED', { field: name, expected: 'absent' })
    }
  }
}

function seal(
  mode: Mode,
  suite: Suite,
  context: RecipientContext,
  enc: Uint8Array,
  response: BinaryResponse,
): SealedResponse {
  const pieces = encodeResponse(response)
  const contentType = MEDIA_TYPES[mode].response
  const cipher = (nonce: Uint8Array): Promise<ResponseCipher> => ResponseCipher.derive(mode, suite, context, enc, nonce)
  const nonce = crypto.getRandomValues(new Uint8Array(suite.entropyBytes))
  if (mode === 'chunked') return { contentType, contentLength: undefined, body: sealedChunks(nonce, cipher, pieces) }
  const isAtHand = !(Symbol.asyncIterator in pieces)
  const contentLength = isAtHand ? nonce.byteLength + paddedLength(lengthOf(pieces)) + TAG_BYTES : undefined
  return { contentType, contentLength, body: sealedWhole(nonce, cipher, response) }
}

async function* sealedChunks(
  nonce: Uint8Array,
  derive: (nonce: Uint8Array) => Promise<ResponseCipher>,
  pieces: MessagePieces,
): AsyncGenerator<Uint8Array, void, undefined> {
  const cipher = await derive(nonce)
  yield nonce
  yield* sealChunks(pieces, (chunk, aad) => cipher.seal(chunk, aad))
}

async function* sealedWhole(
  nonce: Uint8Array,
  derive: (nonce: Uint8Array) => Promise<ResponseCipher>,
  response: BinaryResponse,
): AsyncGenerator<Uint8Array, void, undefined> {
  const body = await collectBody(response.body, MAX_GATHERED_RESPONSE)
  const pieces = encodeResponse({ ...response, body })
  const cipher = await derive(nonce)
  yield concatBytes(nonce, await cipher.seal(joinPadded(pieces), chunkAad(false)))
}
