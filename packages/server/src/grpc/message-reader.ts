import { CodedError } from '@blindai/core'
import type { Call, Duplex } from '../http/api.ts'
import { ApiError } from '../http/api-error.ts'
import { type ContentCoding, decodeBody } from '../http/content-coding.ts'
import { bodyOfBytes } from '../http/memory-body.ts'

/** What bounds the messages of a call. */
export interface MessageBounds {
  /** Before and after decompression alike. */
  readonly maxMessageBytes: number
  readonly maxDecompressionRatio: number
  /** How those are compressed that say so. */
  readonly encoding: ContentCoding | undefined
}

/** What the reader of a stream asks and tells. */
export interface MessageHooks {
  readonly onBegin: () => void
  readonly onGrow: (bytes: number) => void
  readonly checkIdle: () => void
}

/** A flag, zero for what is not compressed, and the length. Source: gRPC over HTTP/2, "Length-Prefixed-Message". */
const PREFIX_BYTES = 5

/** While a stream waits for its next message it looks this often whether it should. */
const IDLE_CHECK_MS = 250

/**
 * Reads the messages of a call one after another, each only when it is asked for, so that a client cannot send ahead of its
 * answers by more than the window of its stream. A length is checked before anything is kept for it.
 *
 * Source: gRPC over HTTP/2, "Length-Prefixed-Message".
 */
export class MessageReader {
  readonly #duplex: Duplex
  readonly #bounds: MessageBounds
  readonly #pieces: AsyncIterator<Uint8Array>
  /** What arrived, and is not used yet. */
  #rest: Uint8Array = NOTHING
  #received = 0

  constructor(duplex: Duplex, bounds: MessageBounds) {
    this.#duplex = duplex
    this.#bounds = bounds
    this.#pieces = duplex.pieces()
  }

  /**
   * The one message of a call that has one.
   *
   * @param onGrow - told how many bytes will be held, before they are; may refuse by throwing.
   * @throws {ApiError} `GRPC_MESSAGE_INVALID`, `GRPC_COMPRESSION_UNANNOUNCED`, `BODY_TOO_LARGE`, `BODY_TRUNCATED`,
   * `BODY_TOO_SLOW`, `BODY_EXPANDS_TOO_MUCH`, `BODY_ENCODING_INVALID`.
   */
  async only(onGrow: (bytes: number) => void): Promise<Uint8Array> {
    const message = await this.#message(onGrow)
    const hasMore = message !== undefined && (await this.#watched((read) => this.#fill(read)))
    if (message === undefined || hasMore)
      throw new ApiError('GRPC_MESSAGE_INVALID', { expected: 'exactly one message' })
    return this.#decoded(message, onGrow)
  }

  /**
   * The next message of a stream; undefined when the client has sent its last.
   *
   * @param checkIdle - asked from time to time while nothing comes; throws when it has been for too long.
   * @param onBegin - told of its first byte, before anything is kept; may refuse by throwing.
   * @throws {ApiError} as `only`; what the others throw.
   */
  async next({ onBegin, onGrow, checkIdle }: MessageHooks): Promise<Uint8Array | undefined> {
    const over = Promise.withResolvers<never>()
    over.promise.catch(ignore)
    const timer = setInterval(() => {
      try {
        checkIdle()
      } catch (cause) {
        over.reject(cause)
      }
    }, IDLE_CHECK_MS)
    try {
      if (!(await this.#fill(() => Promise.race([this.#pieces.next(), over.promise])))) return undefined
    } finally {
      clearInterval(timer)
    }
    onBegin()
    const message = await this.#message(onGrow)
    return message === undefined ? undefined : this.#decoded(message, onGrow)
  }

  async #decoded({ isCompressed, bytes }: SentMessage, onGrow: (bytes: number) => void): Promise<Uint8Array> {
    if (!isCompressed) return bytes
    const { encoding, maxMessageBytes: maxBytes, maxDecompressionRatio: maxRatio } = this.#bounds
    if (encoding === undefined) throw new ApiError('GRPC_COMPRESSION_UNANNOUNCED', {})
    return decodeBody(bodyOfBytes(bytes), encoding, { maxBytes, maxRatio }, onGrow)
  }

  #message(onGrow: (bytes: number) => void): Promise<SentMessage | undefined> {
    return this.#watched(async (read) => {
      if (!(await this.#fill(read))) return undefined
      const prefix = await this.#take(PREFIX_BYTES, read)
      const [flag] = prefix
      const isCompressed = flag === 1
      if (isCompressed && this.#bounds.encoding === undefined) throw new ApiError('GRPC_COMPRESSION_UNANNOUNCED', {})
      if (!isCompressed && flag !== 0)
        throw new ApiError('GRPC_MESSAGE_INVALID', { expected: 'a message with its prefix' })
      const length = new DataView(prefix.buffer, prefix.byteOffset).getUint32(1)
      const limit = this.#bounds.maxMessageBytes
      if (length > limit) throw new ApiError('BODY_TOO_LARGE', { limit })
      onGrow(length)
      return { isCompressed, bytes: await this.#take(length, read) }
    })
  }

  /** Bytes that must be there, in one piece. */
  async #take(length: number, read: Read): Promise<Uint8Array> {
    if (this.#rest.byteLength >= length) return this.#cutOff(length)
    // All of it is written before anybody sees it.
    const whole = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
    for (let at = 0; at < length; ) {
      if (!(await this.#fill(read))) throw new ApiError('BODY_TRUNCATED', { received: this.#received })
      const piece = this.#cutOff(Math.min(length - at, this.#rest.byteLength))
      whole.set(piece, at)
      at += piece.byteLength
    }
    return whole
  }

  #cutOff(length: number): Uint8Array {
    const piece = this.#rest.subarray(0, length)
    this.#rest = this.#rest.subarray(length)
    return piece
  }

  /** Makes sure that something is there; false at the end. */
  async #fill(read: Read): Promise<boolean> {
    while (this.#rest.byteLength === 0) {
      const next = await this.#readNext(read)
      if (next.done === true) return false
      this.#rest = next.value
      this.#received += next.value.byteLength
    }
    return true
  }

  async #readNext(read: Read): Promise<IteratorResult<Uint8Array>> {
    try {
      return await read()
    } catch (cause) {
      if (cause instanceof CodedError) throw cause
      throw new ApiError('BODY_TRUNCATED', { received: this.#received }, { cause })
    }
  }

  /** Reads under a watch: bytes have to keep coming. */
  async #watched<T>(work: (read: Read) => Promise<T>): Promise<T> {
    const slow = Promise.withResolvers<never>()
    // It may come when nobody waits for it.
    slow.promise.catch(ignore)
    const transfer = this.#duplex.watch(() => slow.reject(this.#tooSlow()))
    try {
      return await work(async () => {
        const next = await Promise.race([this.#pieces.next(), slow.promise])
        if (next.done !== true) transfer.moved(next.value.byteLength)
        return next
      })
    } finally {
      transfer.done()
    }
  }

  #tooSlow(): ApiError {
    return new ApiError('BODY_TOO_SLOW', { received: this.#received })
  }
}

interface SentMessage {
  readonly isCompressed: boolean
  readonly bytes: Uint8Array
}

/** Only what came over h2 comes here. */
export function duplexOf({ request: { duplex } }: Call): Duplex {
  if (duplex === undefined) throw new ApiError('GRPC_EXPECTED', {})
  return duplex
}

type Read = () => Promise<IteratorResult<Uint8Array>>

const NOTHING = new Uint8Array(0)

function ignore(): void {
  // Its reason was told to whoever waited.
}
