import { collectBody } from '@blindai/channel'
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
    collect: (limitBytes, onGrow) => collectBody(counted(pieces, limitBytes, onGrow), limitBytes),
    [Symbol.asyncIterator]: () => pieces[Symbol.asyncIterator](),
  }
}

async function* counted(
  pieces: AsyncIterable<Uint8Array>,
  limitBytes: number,
  onGrow: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let held = 0
  for await (const piece of pieces) {
    held += piece.byteLength
    if (held > limitBytes) throw new ApiError('BODY_TOO_LARGE', { limit: limitBytes })
    onGrow(piece.byteLength)
    yield piece
  }
}
