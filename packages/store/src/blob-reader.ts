import { open } from './aead.ts'
import {
  BLOB_HEADER_BYTES,
  type BlobBinding,
  type BlobSecret,
  checkBlobHeader,
  chunkNonce,
  chunksOf,
  SEALED_CHUNK_BYTES,
  sealedBytes,
} from './blob-format.ts'
import { blobPath } from './blob-writer.ts'
import { StoreError } from './store-error.ts'
import { named, type ReadableStoreFile, type StoreFiles, systemCode } from './store-files.ts'

/** Everything that is known of a blob before a byte of it is read. */
export interface ExpectedBlob {
  readonly binding: BlobBinding
  readonly secret: BlobSecret
  /** Plaintext bytes. */
  readonly bytes: number
}

/**
 * Checks length and header of a blob, not its chunks.
 *
 * @throws {StoreError} `BLOB_MISSING`, `BLOB_WRONG_LENGTH`, `BLOB_HEADER_REFUSED`, `BLOB_NOT_AUTHENTIC`, `STORE_IO_FAILED`.
 */
export async function checkBlob(files: StoreFiles, expected: ExpectedBlob): Promise<void> {
  const file = await openBlob(files, expected)
  try {
    await readHeader(file, expected)
  } finally {
    await named('close a blob', () => file.close())
  }
}

/**
 * The plaintext of a blob, chunk by chunk. No byte is given that was not checked.
 *
 * @throws {StoreError} as `checkBlob`.
 */
export async function* readBlob(files: StoreFiles, expected: ExpectedBlob): AsyncGenerator<Uint8Array> {
  const { binding, secret, bytes } = expected
  const file = await openBlob(files, expected)
  try {
    const aad = await readHeader(file, expected)
    const chunks = chunksOf(bytes)
    const sealed = new Uint8Array(Math.min(SEALED_CHUNK_BYTES, sealedBytes(bytes) - BLOB_HEADER_BYTES))
    for (let chunk = 0; chunk < chunks; chunk++) {
      const position = BLOB_HEADER_BYTES + chunk * SEALED_CHUNK_BYTES
      const length = await named('read a blob', () => file.read(sealed, position))
      const plaintext = open(secret.key, chunkNonce(chunk, chunk === chunks - 1), aad, sealed.subarray(0, length))
      if (plaintext === undefined) {
        throw new StoreError('BLOB_NOT_AUTHENTIC', { model: binding.sha256, part: 'chunk', chunk })
      }
      if (plaintext.byteLength > 0) yield plaintext
    }
  } finally {
    await named('close a blob', () => file.close())
  }
}

async function openBlob(files: StoreFiles, { binding, secret }: ExpectedBlob): Promise<ReadableStoreFile> {
  try {
    return await files.open(blobPath(secret.id))
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') throw new StoreError('BLOB_MISSING', { model: binding.sha256 }, { cause })
    return await named('open a blob', () => Promise.reject(cause))
  }
}

/** Checks length and header; gives the additional data of the chunks. */
async function readHeader(file: ReadableStoreFile, { binding, secret, bytes }: ExpectedBlob): Promise<Uint8Array> {
  const { size } = await named('read a blob', () => file.stat())
  const expected = sealedBytes(bytes)
  if (size !== expected) throw new StoreError('BLOB_WRONG_LENGTH', { model: binding.sha256, expected, actual: size })
  const header = new Uint8Array(BLOB_HEADER_BYTES)
  const length = await named('read a blob', () => file.read(header, 0))
  return checkBlobHeader(header.subarray(0, length), binding, secret)
}
