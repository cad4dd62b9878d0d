import { concatBytes } from '@blindai/core'
import type { ApiBody } from './api.ts'
import { ApiError } from './api-error.ts'

/** A body that is in memory already. */
export function bodyOfBytes(bytes: Uint8Array): ApiBody {
  return {
    length: bytes.byteLength,
    async collect(limitBytes) {
      if (bytes.byteLength > limitBytes) throw new ApiError('BODY_TOO_LARGE', { limit: limitBytes })
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
      const parts: Uint8Array[] = []
      let held = 0
      for await (const piece of pieces) {
        held += piece.byteLength
        if (held > limitBytes) throw new ApiError('BODY_TOO_LARGE', { limit: limitBytes })
        onGrow(piece.byteLength)
        parts.push(piece)
      }
      return parts.length === 1 && parts[0] !== undefined ? parts[0] : concatBytes(...parts)
    },
    [Symbol.asyncIterator]: () => pieces[Symbol.asyncIterator](),
  }
}
