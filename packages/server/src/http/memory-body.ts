import { concatBytes } from '@blindai/core'
import { ByteBlocks } from '../models/byte-blocks.ts'
import type { ApiBody } from './api.ts'
import { ApiError } from './api-error.ts'

/** A body that is in memory already. */
export function bodyOfBytes(bytes: Uint8Array): ApiBody {
  return {
    length: bytes.byteLength,
    async collect(limitBytes, onGrow) {
      if (bytes.byteLength > limitBytes) throw new ApiError('BODY_TOO_LARGE', { limit: limitBytes })
      onGrow(bytes.byteLength)
      return bytes
    },
    async *[Symbol.asyncIterator]() {
      if (bytes.byteLength > 0) yield bytes
    },
  }
}

/** A body that comes in pieces. */
export function bodyOfPieces(pieces: AsyncIterable<Uint8Array>, length: number | undefined): ApiBody {
  return {
    length,
    async collect(limitBytes, onGrow) {
      if (length === undefined) return gathered(pieces, limitBytes, onGrow)
      if (length > limitBytes) throw new ApiError('BODY_TOO_LARGE', { limit: limitBytes })
      return filled(pieces, length, onGrow)
    },
    [Symbol.asyncIterator]: () => pieces[Symbol.asyncIterator](),
  }
}

/** Pieces of a length that was announced, in memory that is counted before any of them comes. */
async function filled(
  pieces: AsyncIterable<Uint8Array>,
  length: number,
  onGrow: (bytes: number) => void,
): Promise<Uint8Array> {
  onGrow(length)
  let whole: Uint8Array | undefined
  let received = 0
  for await (const piece of pieces) {
    if (received + piece.byteLength > length) throw new ApiError('BODY_TOO_LARGE', { limit: length })
    if (piece.byteLength === length) {
      whole = piece
    } else {
      whole ??= new Uint8Array(length)
      whole.set(piece, received)
    }
    received += piece.byteLength
  }
  if (received < length) throw new ApiError('BODY_TRUNCATED', { received })
  return whole ?? NOTHING
}

/** Pieces of any length. A single one is used as it is; more are joined as they come, so that crumbs cost no more. */
async function gathered(
  pieces: AsyncIterable<Uint8Array>,
  limitBytes: number,
  onGrow: (bytes: number) => void,
): Promise<Uint8Array> {
  const blocks = new ByteBlocks()
  let only: Uint8Array | undefined = NOTHING
  let received = 0
  for await (const piece of pieces) {
    if (piece.byteLength === 0) continue
    if (received + piece.byteLength > limitBytes) throw new ApiError('BODY_TOO_LARGE', { limit: limitBytes })
    onGrow(piece.byteLength)
    if (received === 0) {
      only = piece
    } else {
      if (only !== undefined) blocks.append(only)
      only = undefined
      blocks.append(piece)
    }
    received += piece.byteLength
  }
  if (only !== undefined) return only
  // The pieces and the one that they become.
  onGrow(received)
  return concatBytes(...blocks.chunks())
}

const NOTHING = new Uint8Array()
