import { concatBytes, type UnixSeconds } from '@blindai/core'
import { type Key, NotSupportedError, type SenderContext } from 'hpke'
import { DEFAULT_HEAD_LIMITS, decodeResponse } from './binary-http-decode.ts'
import { encodeRequest, joinPadded, type MessagePieces } from './binary-http-encode.ts'
import { ByteSource } from './byte-source.ts'
import { ChannelError } from './channel-error.ts'
import { type ChunkCipher, openChunks, openWhole, sealChunks } from './chunks.ts'
import { encodeRequestHeader, MEDIA_TYPES, type Mode, ResponseCipher, requestInfo } from './encapsulation.ts'
import {
  findSuite,
  type HpkeBackend,
  isPostQuantum,
  type Suite,
  type SuiteIds,
  webCryptoBackend,
} from './hpke-suites.ts'
import { formatHttpDate } from './http-date.ts'
import type { BinaryRequest, BinaryResponse, HttpBody } from './http-message.ts'
import type { KeyConfig } from './key-config.ts'

/** The origin of every request: it resolves nowhere, so that a request that leaves the channel by mistake goes nowhere. */
export const OHTTP_AUTHORITY = 'blindai.invalid'

/** What holds for one request. */
export interface EncapsulateOptions {
  /** The time that the request's Date field carries. */
  readonly now: UnixSeconds
  /** Refuse rather than fall back to a classic suite. */
  readonly requirePostQuantum?: boolean
  /** The most bytes of an encapsulated response that are read; 64 MiB for a whole one, 1 GiB for a chunked one. */
  readonly maxResponseBytes?: number
  readonly backend?: HpkeBackend
}

/** A request ready to be posted, and the only means to open its response. */
export interface EncapsulatedRequest<Body extends HttpBody = HttpBody> {
  /** The Content-Type to post it with. */
  readonly contentType: string
  /** The Content-Type that a response must have to be opened. */
  readonly responseContentType: string
  /** What was chosen, so that a caller can show it. */
  readonly suite: SuiteIds
  readonly body: Body
  /**
   * Opens the response. The body of a chunked response is a stream that throws `STREAM_TRUNCATED` unless it was complete.
   *
   * @throws {ChannelError} `DECRYPT_FAILED`, `STREAM_TRUNCATED`, `BINARY_HTTP_MALFORMED`, `PADDING_INVALID`, `TOO_LARGE`.
   */
  openResponse(body: HttpBody): Promise<BinaryResponse>
}

const MAX_WHOLE_RESPONSE = 64 * 1024 * 1024
const MAX_CHUNKED_RESPONSE = 1024 * 1024 * 1024

/**
 * Encapsulates a whole request (`message/ohttp-req`), padded and dated, to the first key that this runtime can use.
 *
 * Without ML-KEM in the runtime the next key is taken, unless `requirePostQuantum`. No other failure leads to another
 * key. Source: RFC 9458 section 4.3.
 *
 * @param configs - from an attestation document that was verified, never from elsewhere.
 * @throws {ChannelError} `POST_QUANTUM_REQUIRED`, `NO_COMMON_SUITE`, `KEY_CONFIG_MALFORMED`, `BINARY_HTTP_MALFORMED`.
 */
export async function encapsulateRequest(
  configs: readonly KeyConfig[],
  request: BinaryRequest<Uint8Array>,
  options: EncapsulateOptions,
): Promise<EncapsulatedRequest<Uint8Array>> {
  // Joined before the first await: the caller may reuse the body's memory once the promise is there.
  const message = joinPadded(encodeRequest(dated(request, options.now)))
  const sender = await setUpSender('whole', configs, options)
  const sealed = await sender.context.Seal(message)
  return encapsulated('whole', sender, concatBytes(sender.head, sealed), options)
}

/**
 * Encapsulates a request in chunks (`message/ohttp-chunked-req`), which makes its response chunked too. As
 * `encapsulateRequest` otherwise. A body in memory is allowed; errors of a streamed body reach whoever reads the result.
 *
 * Source: draft-ietf-ohai-chunked-ohttp-08 section 6.1.
 */
export async function encapsulateStream(
  configs: readonly KeyConfig[],
  request: BinaryRequest,
  options: EncapsulateOptions,
): Promise<EncapsulatedRequest<AsyncIterable<Uint8Array>>> {
  const pieces = encodeRequest(dated(request, options.now))
  const sender = await setUpSender('chunked', configs, options)
  return encapsulated('chunked', sender, chunked(sender, pieces), options)
}

async function* chunked(sender: Sender, pieces: MessagePieces): AsyncGenerator<Uint8Array, void, undefined> {
  yield sender.head
  yield* sealChunks(pieces, (chunk, aad) => sender.context.Seal(chunk, aad))
}

function encapsulated<Body extends HttpBody>(
  mode: Mode,
  sender: Sender,
  body: Body,
  options: EncapsulateOptions,
): EncapsulatedRequest<Body> {
  const limit = options.maxResponseBytes ?? (mode === 'whole' ? MAX_WHOLE_RESPONSE : MAX_CHUNKED_RESPONSE)
  return {
    contentType: MEDIA_TYPES[mode].request,
    responseContentType: MEDIA_TYPES[mode].response,
    suite: sender.suite.ids,
    body,
    openResponse: (response) => openResponse(mode, sender, response, limit),
  }
}

async function openResponse(mode: Mode, sender: Sender, body: HttpBody, limit: number): Promise<BinaryResponse> {
  const source = new ByteSource(body, {
    name: 'encapsulated response',
    limit,
    truncated: (_field, received) => new ChannelError('STREAM_TRUNCATED', { message: 'response', received }),
  })
  try {
    const nonce = await source.take(sender.suite.entropyBytes, 'Response Nonce')
    const cipher = await ResponseCipher.derive(mode, sender.suite, sender.context, sender.enc, nonce)
    const open: ChunkCipher = (bytes, aad) => cipher.open(bytes, aad)
    const message =
      mode === 'chunked' ? openChunks(source, open, 'response') : await openWhole(source, open, 'response')
    return await decodeResponse(message, { ...DEFAULT_HEAD_LIMITS, maxMessageBytes: limit })
  } catch (error) {
    await source.cancel()
    throw error
  }
}

function dated<Body extends HttpBody>(request: BinaryRequest<Body>, now: UnixSeconds): BinaryRequest<Body> {
  if (request.headers.some(([name]) => name === 'date')) throw new TypeError('the Date field is set by the channel')
  return { ...request, headers: [...request.headers, ['date', formatHttpDate(now)]] }
}

/** The sending end of one exchange. */
interface Sender {
  readonly suite: Suite
  readonly context: SenderContext
  readonly enc: Uint8Array
  /** What precedes the first sealed byte. */
  readonly head: Uint8Array
}

async function setUpSender(mode: Mode, configs: readonly KeyConfig[], options: EncapsulateOptions): Promise<Sender> {
  const backend = options.backend ?? webCryptoBackend
  const wanted = options.requirePostQuantum === true ? configs.filter(({ kem }) => isPostQuantum(kem)) : configs
  if (wanted.length === 0 && configs.length > 0) {
    throw new ChannelError('POST_QUANTUM_REQUIRED', { missing: 'key configuration' })
  }
  for (const config of wanted) {
    const suite = await firstSupported(config, backend)
    const sender = suite === undefined ? undefined : await trySetUp(mode, config, suite)
    if (sender !== undefined) return sender
  }
  if (options.requirePostQuantum === true) throw new ChannelError('POST_QUANTUM_REQUIRED', { missing: 'runtime' })
  throw new ChannelError('NO_COMMON_SUITE', { configs: configs.length })
}

/** undefined when the runtime lacks the KEM. */
async function trySetUp(mode: Mode, config: KeyConfig, suite: Suite): Promise<Sender | undefined> {
  const header = encodeRequestHeader(config.keyId, suite.ids)
  try {
    const publicKey = await deserialized(config, suite)
    const { encapsulatedSecret: enc, ctx } = await suite.hpke.SetupSender(publicKey, {
      info: requestInfo(mode, header),
    })
    return { suite, context: ctx, enc, head: concatBytes(header, enc) }
  } catch (cause) {
    if (isNotSupported(cause)) return undefined
    const expected = 'a public key of its KEM'
    throw new ChannelError('KEY_CONFIG_MALFORMED', { field: 'HPKE Public Key', expected }, { cause })
  }
}

const publicKeys = new WeakMap<KeyConfig, { readonly suite: Suite; readonly key: Promise<Key> }>()

/** The public key as the backend holds it, made once for each configuration. */
function deserialized(config: KeyConfig, suite: Suite): Promise<Key> {
  const known = publicKeys.get(config)
  if (known?.suite === suite) return known.key
  const key = suite.hpke.DeserializePublicKey(config.publicKey)
  publicKeys.set(config, { suite, key })
  return key
}

const usableAeads = new WeakMap<Suite, Promise<boolean>>()

async function firstSupported(config: KeyConfig, backend: HpkeBackend): Promise<Suite | undefined> {
  for (const { kdf, aead } of config.symmetric) {
    const suite = findSuite({ kem: config.kem, kdf, aead }, backend)
    if (suite === undefined) continue
    const usable = usableAeads.get(suite) ?? isUsable(suite)
    usableAeads.set(suite, usable)
    if (await usable) return suite
  }
  return undefined
}

/** Seals nothing under a zero key: not every WebCrypto has every AEAD, and none can be asked in a portable way. */
async function isUsable({ aead }: Suite): Promise<boolean> {
  try {
    await aead.Seal(new Uint8Array(aead.Nk), new Uint8Array(aead.Nn), new Uint8Array(), new Uint8Array())
    return true
  } catch (error) {
    if (isNotSupported(error)) return false
    throw error
  }
}

/** The library wraps what WebCrypto lacks; a cause may hold it when the failure came from inside a KEM. */
function isNotSupported(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof NotSupportedError) return true
  return false
}
