import { digest, toHex } from '@blindai/core'
import type { ByteSource } from './byte-source.ts'
import { BlindAiError } from './errors.ts'
import type { OpenedPath } from './model-source.ts'

/** What a platform does with files, where there are no paths. `files.node.ts` has the same exports. */

/** WebCrypto digests only what is in memory. */
const MAX_DIGEST_BYTES = 1024 * 1024 * 1024
const CHUNK_BYTES = 4 * 1024 * 1024

/** @throws {BlindAiError} `SOURCE_UNREADABLE`, always. */
export function openPath(_path: string): Promise<OpenedPath> {
  return Promise.reject(
    new BlindAiError('SOURCE_UNREADABLE', { what: 'the path', reason: 'this platform opens no paths; give a Blob' }),
  )
}

/**
 * The SHA-256 of a source as lower-case hex.
 *
 * @param onRead - is told how many bytes are done.
 * @throws {BlindAiError} `SOURCE_TOO_LARGE` past 1 GiB.
 */
export async function sha256(
  source: ByteSource,
  onRead: (doneBytes: number) => void,
  signal: AbortSignal | undefined,
): Promise<string> {
  if (source.size > MAX_DIGEST_BYTES) {
    throw new BlindAiError('SOURCE_TOO_LARGE', { what: 'the model', size: source.size, limit: MAX_DIGEST_BYTES })
  }
  const bytes = new Uint8Array(source.size)
  for (let offset = 0; offset < source.size; offset += CHUNK_BYTES) {
    signal?.throwIfAborted()
    const chunk = await source.read(offset, Math.min(CHUNK_BYTES, source.size - offset))
    bytes.set(chunk, offset)
    onRead(offset + chunk.byteLength)
  }
  return toHex(await digest('SHA-256', bytes))
}
