import { BlindAiError } from './errors.ts'

/** Bytes that can be read twice, from anywhere: once to digest, once to send, and again where an upload resumes. */
export interface ByteSource {
  readonly size: number
  /** Exactly `length` bytes from `offset`. @throws {BlindAiError} `SOURCE_CHANGED`, `SOURCE_UNREADABLE`. */
  read(offset: number, length: number): Promise<Uint8Array>
}

/** A source over bytes. The bytes are not copied: leave them as they are until the source is no longer used. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.byteLength,
    async read(offset, length) {
      return whole(bytes.subarray(offset, offset + length), offset, length)
    },
  }
}

/** A source over a Blob or File. */
export function blobSource(blob: Blob): ByteSource {
  return {
    size: blob.size,
    async read(offset, length) {
      return whole(await readBlob(blob.slice(offset, offset + length)), offset, length)
    },
  }
}

/** The bytes read, once it is certain that they are all there. @throws {BlindAiError} `SOURCE_CHANGED`. */
export function whole(bytes: Uint8Array, offset: number, length: number): Uint8Array {
  if (bytes.byteLength === length) return bytes
  throw new BlindAiError('SOURCE_CHANGED', { offset, expected: length, actual: bytes.byteLength })
}

async function readBlob(blob: Blob): Promise<Uint8Array> {
  try {
    return new Uint8Array(await blob.arrayBuffer())
  } catch (cause) {
    // A File whose file changed or vanished: NotReadableError or NotFoundError, both DOMExceptions.
    if (!(cause instanceof DOMException)) throw cause
    throw new BlindAiError('SOURCE_UNREADABLE', { what: 'the file', reason: cause.name }, { cause })
  }
}
