import { randomBytes } from 'node:crypto'
import { toHex } from '@blindai/core'
import { KEY_BYTES, sealInto } from './aead.ts'
import {
  BLOB_HEADER_BYTES,
  BLOB_ID_BYTES,
  type BlobBinding,
  type BlobSecret,
  blobAad,
  CHUNK_BYTES,
  chunkNonce,
  encodeBlobHeader,
  headerFields,
  SEALED_CHUNK_BYTES,
} from './blob-format.ts'
import { named, namedError, type StoreFiles, type WritableStoreFile } from './store-files.ts'

/** The folder of all blobs, good ones and those on their way in. */
export const BLOB_FOLDER = 'blobs'

/** Sealed chunks that wait for the disk. With the chunk being filled they are all the memory that a blob takes. */
const WRITES_IN_FLIGHT = 3
/** Bytes after which what was written is sent on to the disk, so that the last `fsync` has little left to do. */
const FLUSH_EVERY_BYTES = 32 * CHUNK_BYTES

/** The path of a blob. */
export function blobPath(id: Uint8Array): string {
  return `${BLOB_FOLDER}/${toHex(id)}`
}

/**
 * Seals bytes of any number into a new file, in constant memory.
 *
 * writing → finished; either → discarded. The key is random and lives in memory only until an index holds it, so a file
 * that no index names is noise.
 */
export class BlobWriter {
  readonly secret: BlobSecret
  readonly binding: BlobBinding
  readonly #files: StoreFiles
  readonly #file: WritableStoreFile
  readonly #aad: Uint8Array
  readonly #chunk: Uint8Array = new Uint8Array(CHUNK_BYTES)
  readonly #free: Uint8Array[] = []
  readonly #writing: Set<Promise<void>> = new Set()
  #flushing: Promise<void> | undefined
  #unflushed = 0
  #filled = 0
  #chunks = 0
  #bytes = 0
  #failure: unknown
  #phase: 'writing' | 'finished' | 'gone' = 'writing'

  private constructor(files: StoreFiles, file: WritableStoreFile, binding: BlobBinding, secret: BlobSecret) {
    this.#files = files
    this.#file = file
    this.binding = binding
    this.secret = secret
    this.#aad = blobAad(binding, headerFields(secret.id))
    for (let i = 0; i < WRITES_IN_FLIGHT; i++) this.#free.push(new Uint8Array(SEALED_CHUNK_BYTES))
  }

  /** Makes the file. @throws {StoreError} `STORE_NO_SPACE`, `STORE_IO_FAILED`. */
  static async create(files: StoreFiles, binding: BlobBinding): Promise<BlobWriter> {
    const secret = { id: randomBytes(BLOB_ID_BYTES), key: randomBytes(KEY_BYTES) }
    const file = await named('make a blob', () => files.create(blobPath(secret.id)))
    const writer = new BlobWriter(files, file, binding, secret)
    writer.#write(encodeBlobHeader(binding, secret), 0, undefined)
    return writer
  }

  /** Plaintext bytes so far. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * Takes bytes; they are copied before it returns or resolves. Returns a promise only where the disk is behind.
   *
   * @throws {StoreError} `STORE_NO_SPACE`, `STORE_IO_FAILED`, of this or of an earlier write.
   */
  append(bytes: Uint8Array): Promise<void> | undefined {
    this.#expect('writing')
    const rest = this.#take(bytes)
    return rest.byteLength === 0 ? undefined : this.#appendWaiting(rest)
  }

  /** Seals what is left and makes all of it durable, name included. @throws as `append`. */
  async finish(): Promise<void> {
    this.#expect('writing')
    await this.#room()
    this.#sealChunk(true)
    await this.#idle()
    this.#throwFailure()
    await named('make a blob durable', async () => {
      await this.#file.fsync()
      await this.#file.close()
      await this.#files.fsyncDir(BLOB_FOLDER)
    })
    this.#wipe()
    this.#phase = 'finished'
  }

  /** Stops writing; the file is the caller's to remove. Harmless when it is gone. */
  async stop(): Promise<void> {
    const { phase } = this
    this.#phase = 'gone'
    if (phase !== 'writing') return
    await this.#idle()
    this.#wipe()
    await named('close a blob', () => this.#file.close())
  }

  get phase(): 'writing' | 'finished' | 'gone' {
    return this.#phase
  }

  async #appendWaiting(bytes: Uint8Array): Promise<void> {
    let rest = bytes
    while (rest.byteLength > 0) {
      await this.#room()
      this.#expect('writing')
      rest = this.#take(rest)
    }
  }

  /** Takes what fits without waiting; gives what is left. */
  #take(bytes: Uint8Array): Uint8Array {
    this.#throwFailure()
    let rest = bytes
    while (rest.byteLength > 0) {
      // A full chunk is sealed only when more comes: the last one must know that it is.
      if (this.#filled === CHUNK_BYTES) {
        if (this.#free.length === 0) return rest
        this.#sealChunk(false)
      }
      const part = rest.subarray(0, CHUNK_BYTES - this.#filled)
      this.#chunk.set(part, this.#filled)
      this.#filled += part.byteLength
      this.#bytes += part.byteLength
      rest = rest.subarray(part.byteLength)
    }
    return rest
  }

  #sealChunk(isLast: boolean): void {
    const buffer = this.#free.pop()
    if (buffer === undefined) throw new RangeError('no buffer is free')
    const { key } = this.secret
    const nonce = chunkNonce(this.#chunks, isLast)
    const sealed = sealInto(buffer, key, nonce, this.#aad, this.#chunk.subarray(0, this.#filled))
    this.#write(sealed, BLOB_HEADER_BYTES + this.#chunks * SEALED_CHUNK_BYTES, buffer)
    this.#chunks++
    this.#filled = 0
  }

  #write(bytes: Uint8Array, position: number, buffer: Uint8Array | undefined): void {
    const writing = this.#file
      .write(bytes, position)
      .then(() => this.#flushSometimes(bytes.byteLength))
      .catch((cause) => this.#fail('write a blob', cause))
      .finally(() => {
        this.#writing.delete(writing)
        if (buffer !== undefined) this.#free.push(buffer)
      })
    this.#writing.add(writing)
  }

  #flushSometimes(written: number): void {
    this.#unflushed += written
    if (this.#unflushed < FLUSH_EVERY_BYTES || this.#flushing !== undefined) return
    this.#unflushed = 0
    this.#flushing = this.#file
      .fsync()
      .catch((cause) => this.#fail('flush a blob', cause))
      .finally(() => {
        this.#flushing = undefined
      })
  }

  /** Resolves when a sealed chunk can be handed on. */
  async #room(): Promise<void> {
    while (this.#free.length === 0) await Promise.race(this.#writing)
    this.#throwFailure()
  }

  /** Resolves when the disk has nothing of this blob in hand. */
  async #idle(): Promise<void> {
    await Promise.all(this.#writing)
    await this.#flushing
  }

  #fail(operation: string, cause: unknown): void {
    this.#failure ??= namedError(operation, cause)
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  #expect(phase: 'writing'): void {
    if (this.#phase !== phase) throw new RangeError(`a blob that is ${this.#phase} takes no bytes`)
  }

  /** Overwrites plaintext, as far as JavaScript memory can be. */
  #wipe(): void {
    this.#chunk.fill(0)
    this.#filled = 0
    this.#free.length = 0
  }
}
