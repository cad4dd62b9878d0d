import { concatBytes } from '@blindai/core'
import type { MessagePieces } from './binary-http-encode.ts'
import type { ByteSource } from './byte-source.ts'
import { ChannelError } from './channel-error.ts'
import { CHUNK_BYTES, chunkAad, TAG_BYTES } from './encapsulation.ts'
import { isPaddedLength, paddedLength } from './padding.ts'
import { encodeVarint } from './varint.ts'

/**
 * The chunks of draft-ietf-ohai-chunked-ohttp-08.
 *
 * A chunk goes out only when it is full, and zeros fill the last ones up to the padded length of the whole message. So
 * an observer of a complete stream learns what an observer of a whole message learns, and when each 64 KiB were ready.
 * The price: a slow trickle waits for company.
 */

/** To open a chunk costs the same for one byte as for thousands: a stream of crumbs is an attack. */
const SMALL_BYTES = 4096
const MAX_SMALL_CHUNKS = 1024

/** Seals or opens one chunk; called in order. */
export type ChunkCipher = (bytes: Uint8Array, aad: Uint8Array) => Promise<Uint8Array>

/** Seals a message in chunks, each with its length before it. */
export async function* sealChunks(
  pieces: MessagePieces,
  seal: ChunkCipher,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  for await (const { chunk, isFinal } of paddedChunks(pieces)) {
    const sealed = await seal(chunk, chunkAad(isFinal))
    yield concatBytes(encodeVarint(isFinal ? 0 : sealed.byteLength), sealed)
  }
}

/**
 * Opens chunks as they arrive. Only after the generator has returned was the message complete.
 *
 * @throws {ChannelError} `STREAM_TRUNCATED`, `DECRYPT_FAILED`, `TOO_LARGE`.
 */
export async function* openChunks(
  source: ByteSource,
  open: ChunkCipher,
  message: 'request' | 'response',
): AsyncGenerator<Uint8Array, void, undefined> {
  let received = 0
  let small = 0
  try {
    for (let chunk = 0; ; chunk++) {
      const length = await source.varint('chunk length', CHUNK_BYTES + TAG_BYTES)
      const isFinal = length === 0
      const sealed = isFinal ? await source.rest(CHUNK_BYTES + TAG_BYTES, 'chunk') : await source.take(length, 'chunk')
      received += sealed.byteLength - TAG_BYTES
      if (isFinal && sealed.byteLength < TAG_BYTES) {
        throw new ChannelError('STREAM_TRUNCATED', { message, received: source.consumed })
      }
      if (!isFinal && length < SMALL_BYTES && ++small > MAX_SMALL_CHUNKS) {
        throw new ChannelError('TOO_LARGE', { field: 'small chunks', limit: MAX_SMALL_CHUNKS })
      }
      const isCut = isFinal && (sealed.byteLength === TAG_BYTES || !isPaddedLength(received))
      const failure = { message, chunk, isCut, received: source.consumed }
      const opened = await openOr(() => open(sealed, chunkAad(isFinal)), failure)
      if (opened.byteLength > 0) yield opened
      if (isFinal) return
    }
  } finally {
    await source.cancel()
  }
}

/** What to say when bytes do not open. */
interface Failure {
  readonly message: 'request' | 'response'
  readonly chunk: number
  /** The length alone shows that something is missing. */
  readonly isCut: boolean
  readonly received: number
}

/**
 * Runs `open` and names its failure. An AEAD cannot tell a cut message from an altered one; the padding mostly can,
 * since every complete message of a peer of ours has a padded length. Both are refused.
 *
 * @throws {ChannelError} `STREAM_TRUNCATED`, `DECRYPT_FAILED`.
 */
async function openOr(open: () => Promise<Uint8Array>, failure: Failure): Promise<Uint8Array> {
  try {
    return await open()
  } catch (cause) {
    const { message, chunk, received } = failure
    if (failure.isCut) throw new ChannelError('STREAM_TRUNCATED', { message, received }, { cause })
    throw new ChannelError('DECRYPT_FAILED', { message, chunk }, { cause })
  }
}

/**
 * Opens a message that is one piece.
 *
 * @throws {ChannelError} `STREAM_TRUNCATED`, `DECRYPT_FAILED`, `TOO_LARGE`.
 */
export async function openWhole(
  source: ByteSource,
  open: ChunkCipher,
  message: 'request' | 'response',
): Promise<Uint8Array> {
  const sealed = await source.rest(Number.MAX_SAFE_INTEGER, message)
  const isCut = !isPaddedLength(sealed.byteLength - TAG_BYTES)
  return openOr(() => open(sealed, chunkAad(false)), { message, chunk: 0, isCut, received: source.consumed })
}

/** Cuts a message into full chunks and a final one, and adds the padding. */
async function* paddedChunks(
  pieces: MessagePieces,
): AsyncGenerator<{ readonly chunk: Uint8Array; readonly isFinal: boolean }, void, undefined> {
  let chunk = new Uint8Array(CHUNK_BYTES)
  let filled = 0
  let total = 0
  for await (const piece of pieces) {
    let left = piece
    while (left.byteLength > 0) {
      if (filled === CHUNK_BYTES) {
        yield { chunk, isFinal: false }
        chunk = new Uint8Array(CHUNK_BYTES)
        filled = 0
      }
      const part = left.subarray(0, CHUNK_BYTES - filled)
      chunk.set(part, filled)
      filled += part.byteLength
      total += part.byteLength
      left = left.subarray(part.byteLength)
    }
  }
  let missing = paddedLength(total) - (total - filled)
  while (missing > CHUNK_BYTES) {
    yield { chunk, isFinal: false }
    chunk = new Uint8Array(CHUNK_BYTES)
    missing -= CHUNK_BYTES
  }
  yield { chunk: chunk.subarray(0, missing), isFinal: true }
}
