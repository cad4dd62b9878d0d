import { randomBytes } from 'node:crypto'
import { KEY_BYTES } from './aead.ts'
import { BLOB_FOLDER } from './blob-writer.ts'
import {
  type IndexHeader,
  MAX_INDEX_BYTES,
  openIndex,
  parseSealedIndex,
  type SealedIndex,
  STORE_ID_BYTES,
  sealIndex,
} from './index-format.ts'
import { EMPTY_STATE, type IndexState } from './index-state.ts'
import type { KeySource } from './key-source.ts'
import type { RollbackCounter } from './rollback-counter.ts'
import { StoreError } from './store-error.ts'
import { moveInPlace, named, type StoreFiles, unlinkIfThere, writeDraft } from './store-files.ts'

const NAME = 'index'
const DRAFT = 'index.tmp'

/** What an index file needs of its surroundings. */
export interface IndexSurroundings {
  readonly files: StoreFiles
  readonly keySource: KeySource
  readonly counter: RollbackCounter | undefined
}

/**
 * The index on the disk and in memory. A change is in memory only once it is durable.
 *
 * Each write is a whole new file: draft, `fsync`, rename, `fsync` of the folder, counter. Where one of the last three
 * fails, nobody knows which index the disk has; the index is then *unsettled* until the next write succeeds.
 */
export class IndexFile {
  readonly #around: IndexSurroundings
  #header: IndexHeader
  #storeKey: Uint8Array
  #state: IndexState
  #lastGeneration: number
  #settled = true
  #queue: Promise<unknown> = Promise.resolve()

  private constructor(around: IndexSurroundings, header: IndexHeader, storeKey: Uint8Array, state: IndexState) {
    this.#around = around
    this.#header = header
    this.#storeKey = storeKey
    this.#state = state
    this.#lastGeneration = header.generation
  }

  /**
   * Opens the index of a folder, or makes one in a folder that never had one. An index of an earlier process whose key
   * source was `ephemeral` is replaced by an empty one when it is opened as such: nothing can open it.
   *
   * @param names - what is in the folder.
   * @throws {StoreError} `INDEX_MISSING`, `INDEX_MALFORMED`, `INDEX_NOT_AUTHENTIC`, `STORE_ROLLED_BACK`,
   * `KEY_SOURCE_MISMATCH`, those of the key source, `STORE_NO_SPACE`, `STORE_IO_FAILED`.
   */
  static async open(around: IndexSurroundings, names: readonly string[]): Promise<IndexFile> {
    const { files, keySource, counter } = around
    const reached = (await counter?.read()) ?? 0
    if (!names.includes(NAME)) {
      if (reached > 0) throw new StoreError('STORE_ROLLED_BACK', { generation: 0, counter: reached })
      if (names.includes(BLOB_FOLDER)) throw new StoreError('INDEX_MISSING', {})
      return await IndexFile.#create(around)
    }
    const sealed = parseSealedIndex(await readWhole(files))
    const { header } = sealed
    if (header.keySource !== keySource.kind) {
      throw new StoreError('KEY_SOURCE_MISMATCH', { sealedBy: header.keySource, configured: keySource.kind })
    }
    if (keySource.kind === 'ephemeral') return await IndexFile.#create(around)
    const index = await IndexFile.#unseal(around, sealed)
    if (header.generation < reached) {
      throw new StoreError('STORE_ROLLED_BACK', { generation: header.generation, counter: reached })
    }
    // The last write may have been cut off between the disk and the counter.
    await counter?.advance(header.generation)
    return index
  }

  static async #create(around: IndexSurroundings): Promise<IndexFile> {
    const storeKey = randomBytes(KEY_BYTES)
    const sealedKey = await around.keySource.seal(storeKey)
    const header = { storeId: randomBytes(STORE_ID_BYTES), generation: 0, keySource: around.keySource.kind, sealedKey }
    const index = new IndexFile(around, header, storeKey, EMPTY_STATE)
    await index.change((state) => state)
    return index
  }

  static async #unseal(around: IndexSurroundings, sealed: SealedIndex): Promise<IndexFile> {
    const storeKey = await around.keySource.unseal(sealed.header.sealedKey)
    return new IndexFile(around, sealed.header, storeKey, openIndex(sealed, storeKey))
  }

  get state(): IndexState {
    return this.#state
  }

  get generation(): number {
    return this.#header.generation
  }

  /** False while nobody knows which of two indexes the disk has. */
  get isSettled(): boolean {
    return this.#settled
  }

  get hasCounter(): boolean {
    return this.#around.counter !== undefined
  }

  /**
   * Changes the index; durable when it resolves, and as before in memory when it throws. Changes are made one after the
   * other. `rotate` seals the new one under a new store key, so that what has the old one opens nothing in it.
   *
   * @throws {StoreError} `INDEX_TOO_LARGE`, `STORE_NO_SPACE`, `STORE_IO_FAILED`; what `step`, key source and counter throw.
   */
  change(step: (state: IndexState) => IndexState, rotate = false): Promise<void> {
    const changing = this.#queue.then(() => this.#change(step, rotate))
    this.#queue = changing.catch(() => undefined)
    return changing
  }

  /** Resolves when no change is under way. */
  async idle(): Promise<void> {
    await this.#queue
  }

  async #change(step: (state: IndexState) => IndexState, rotate: boolean): Promise<void> {
    const state = step(this.#state)
    if (state === this.#state && this.#header.generation > 0) return
    const storeKey = rotate ? randomBytes(KEY_BYTES) : this.#storeKey
    const sealedKey = rotate ? await this.#around.keySource.seal(storeKey) : this.#header.sealedKey
    // A number is never used twice, also not by a write that failed: the disk may have it.
    const generation = this.#lastGeneration + 1
    this.#lastGeneration = generation
    const header = { ...this.#header, generation, sealedKey }
    await this.#write(sealIndex(header, storeKey, state), generation)
    this.#header = header
    this.#storeKey = storeKey
    this.#state = state
    this.#settled = true
  }

  async #write(bytes: Uint8Array, generation: number): Promise<void> {
    const { files, counter } = this.#around
    await named('write the index', () => writeDraft(files, DRAFT, bytes))
    this.#settled = false
    await named('put the index in its place', () => moveInPlace(files, DRAFT, NAME))
    await counter?.advance(generation)
  }
}

/** Removes what a write that was cut off left. */
export async function removeDraft(files: StoreFiles): Promise<void> {
  await unlinkIfThere(files, DRAFT)
}

async function readWhole(files: StoreFiles): Promise<Uint8Array> {
  return await named('read the index', async () => {
    const file = await files.open(NAME)
    try {
      const { size } = await file.stat()
      if (size > MAX_INDEX_BYTES) throw new StoreError('INDEX_TOO_LARGE', { bytes: size, limit: MAX_INDEX_BYTES })
      const bytes = new Uint8Array(size)
      return bytes.subarray(0, await file.read(bytes, 0))
    } finally {
      await file.close()
    }
  })
}
