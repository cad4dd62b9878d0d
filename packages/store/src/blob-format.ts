import { ByteReader, concatBytes, equalBytes, isMalformedError, u32be, utf8 } from '@blindai/core'
import { NONCE_BYTES, open, SUITE, seal, TAG_BYTES } from './aead.ts'
import { StoreError } from './store-error.ts'

/**
 * A sealed blob: a header, then chunks of 1 MiB of plaintext, the last one shorter or as long, each with its tag.
 *
 * | offset | bytes | what |
 * | --- | --- | --- |
 * | 0 | 8 | magic `BLINDBLB` |
 * | 8 | 2 | version, 1, big-endian as all numbers |
 * | 10 | 2 | suite, 1 |
 * | 12 | 4 | plaintext bytes of a chunk, 1,048,576 |
 * | 16 | 16 | the blob's id, also the name of its file |
 * | 32 | 16 | tag of the header |
 * | 48 | | chunks |
 *
 * Chunk i has the nonce `00×7 | u32be i | 01 for the last, else 00` under a key that seals this blob and nothing else, so
 * that a chunk moved, left out, added or taken from another blob opens nowhere. The header's tag has a nonce of its own.
 * Header and binding (owner and digest of the model) are additional data of every chunk. A blob has at least one chunk.
 *
 * Source of the construction: STREAM in Hoang, Reyhanitabar, Rogaway, Vizár, "Online Authenticated-Encryption and its
 * Nonce-Reuse Misuse-Resistance", CRYPTO 2015, section 7.
 */
export const CHUNK_BYTES: number = 1024 * 1024
export const BLOB_ID_BYTES = 16
export const SEALED_CHUNK_BYTES: number = CHUNK_BYTES + TAG_BYTES
export const BLOB_HEADER_BYTES: number = 32 + TAG_BYTES

const MAGIC = utf8('BLINDBLB')
const VERSION = 1
const CONTEXT = 'blindai.store.blob.v1'
/** The counter has 32 bits. */
const MAX_CHUNKS = 2 ** 32

/** Whose bytes a blob holds. */
export interface BlobBinding {
  readonly owner: string
  /** Lower-case hex SHA-256 of the plaintext. */
  readonly sha256: string
}

/** What seals one blob. */
export interface BlobSecret {
  readonly id: Uint8Array
  readonly key: Uint8Array
}

/** The first bytes of a blob. */
export function encodeBlobHeader(binding: BlobBinding, { id, key }: BlobSecret): Uint8Array {
  const fields = headerFields(id)
  return concatBytes(fields, seal(key, headerNonce(), blobAad(binding, fields), new Uint8Array(0)))
}

/**
 * Checks the first bytes of a blob; gives the additional data of its chunks.
 *
 * @throws {StoreError} `BLOB_HEADER_REFUSED`, `BLOB_NOT_AUTHENTIC`.
 */
export function checkBlobHeader(bytes: Uint8Array, binding: BlobBinding, { id, key }: BlobSecret): Uint8Array {
  const model = binding.sha256
  const refuse = (problem: string): never => {
    throw new StoreError('BLOB_HEADER_REFUSED', { model, problem })
  }
  try {
    const r = new ByteReader('blob header', bytes)
    // biome-ignore format: one row per row of the table above
    const header = {
      magic:      r.bytes(0, 8,              'magic'),
      version:    r.u16be(8,                 'version'),
      suite:      r.u16be(10,                'suite'),
      chunkBytes: r.u32be(12,                'chunk bytes'),
      id:         r.bytes(16, BLOB_ID_BYTES, 'id'),
      tag:        r.bytes(32, TAG_BYTES,     'tag'),
    }
    r.end()
    if (!equalBytes(header.magic, MAGIC)) refuse('its magic is another')
    if (header.version !== VERSION) refuse(`its version is ${header.version}`)
    if (header.suite !== SUITE) refuse(`its suite is ${header.suite}`)
    if (header.chunkBytes !== CHUNK_BYTES) refuse(`its chunks have ${header.chunkBytes} bytes`)
    if (!equalBytes(header.id, id)) refuse('it is another blob')
    const aad = blobAad(binding, headerFields(id))
    if (open(key, headerNonce(), aad, header.tag) === undefined) {
      throw new StoreError('BLOB_NOT_AUTHENTIC', { model, part: 'header', chunk: 0 })
    }
    return aad
  } catch (cause) {
    if (!isMalformedError(cause)) throw cause
    throw new StoreError('BLOB_HEADER_REFUSED', { model, problem: cause.message }, { cause })
  }
}

/** The additional data of every chunk of a blob. */
export function blobAad(binding: BlobBinding, fields: Uint8Array): Uint8Array {
  return concatBytes(utf8(`${CONTEXT}\0`), fields, counted(utf8(binding.owner)), counted(utf8(binding.sha256)))
}

/** The header without its tag. */
export function headerFields(id: Uint8Array): Uint8Array {
  const numbers = new Uint8Array(8)
  const view = new DataView(numbers.buffer)
  view.setUint16(0, VERSION)
  view.setUint16(2, SUITE)
  view.setUint32(4, CHUNK_BYTES)
  return concatBytes(MAGIC, numbers, id)
}

/** @throws {RangeError} for a chunk past the counter. */
export function chunkNonce(chunk: number, isLast: boolean): Uint8Array {
  if (!Number.isInteger(chunk) || chunk < 0 || chunk >= MAX_CHUNKS) throw new RangeError(`no chunk ${chunk}`)
  const nonce = new Uint8Array(NONCE_BYTES)
  nonce.set(u32be(chunk), 7)
  nonce[11] = isLast ? 1 : 0
  return nonce
}

/** What a blob of that much plaintext takes on the disk. */
export function sealedBytes(plaintextBytes: number): number {
  return BLOB_HEADER_BYTES + plaintextBytes + chunksOf(plaintextBytes) * TAG_BYTES
}

export function chunksOf(plaintextBytes: number): number {
  return Math.max(1, Math.ceil(plaintextBytes / CHUNK_BYTES))
}

/** Differs from every chunk's nonce in its first byte. */
function headerNonce(): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES)
  nonce[0] = 1
  return nonce
}

function counted(bytes: Uint8Array): Uint8Array {
  return concatBytes(u32be(bytes.byteLength), bytes)
}
