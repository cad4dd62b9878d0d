import { toHex } from '@blindai/core'
import type { BlobBinding } from './blob-format.ts'
import { type ExpectedBlob, readBlob } from './blob-reader.ts'
import { BlobWriter } from './blob-writer.ts'
import { IndexFile } from './index-file.ts'
import {
  findEntry,
  type IndexEntry,
  type IndexState,
  type StoredModel,
  type StoredModelChange,
  type StoredTenant,
  withEntry,
  withoutEntry,
  withoutTenant,
} from './index-state.ts'
import type { KeySource, KeySourceKind } from './key-source.ts'
import { moveAside, recover, removeBlob } from './recovery.ts'
import type { RollbackCounter } from './rollback-counter.ts'
import { isStoreError, StoreError } from './store-error.ts'
import type { StoreEvent } from './store-event.ts'
import { named, namedError, type StoreFiles, systemCode } from './store-files.ts'

export interface StoreOptions {
  readonly files: StoreFiles
  readonly keySource: KeySource
  /** Without one an older copy of the disk opens as if nothing had happened. */
  readonly counter?: RollbackCounter
  readonly onEvent: (event: StoreEvent) => void
}

/** What of a model is not known before all its bytes are there. */
export type Publication = Omit<StoredModel, keyof BlobBinding | 'bytes'>

/**
 * Sealed models on a disk that nobody trusts, with an index of whose they are.
 *
 * What resolved is durable: bytes on the disk, name included, and in the index. What threw may or may not have happened
 * to the disk, and did not happen to what this object says. Models of two owners share nothing, equal bytes included.
 */
export class SealedStore {
  readonly keySource: KeySourceKind
  readonly #files: StoreFiles
  readonly #index: IndexFile
  readonly #onEvent: (event: StoreEvent) => void
  /** Why blobs are known to be bad, by their id in hex. */
  readonly #damaged: Map<string, string>
  /** Blobs to remove once the disk is known not to name them. */
  #leftovers: Uint8Array[] = []
  #closed = false

  private constructor({ files, keySource, onEvent }: StoreOptions, index: IndexFile, damaged: Map<string, string>) {
    this.keySource = keySource.kind
    this.#files = files
    this.#index = index
    this.#onEvent = onEvent
    this.#damaged = damaged
  }

  /**
   * Opens the store of a folder, after whatever ended the last process, or makes one in an empty folder.
   *
   * @throws {StoreError} those of `IndexFile.open`. A damaged blob is no reason: it is moved aside and reported.
   */
  static async open(options: StoreOptions): Promise<SealedStore> {
    const { files, keySource, counter, onEvent } = options
    const names = await named('read the folder of the store', () => files.readdir('.'))
    const index = await IndexFile.open({ files, keySource, counter }, names)
    const damaged = await recover(files, index.state, onEvent)
    onEvent({ event: 'store-opened', models: index.state.models.length, generation: index.generation })
    return new SealedStore(options, index, damaged)
  }

  get generation(): number {
    return this.#index.generation
  }

  /** All models, in the order of arrival, damaged ones included. */
  get models(): readonly StoredModel[] {
    return this.#index.state.models.map(withoutSecret)
  }

  get tenants(): readonly StoredTenant[] {
    return this.#index.state.tenants
  }

  /** Whether a model's sealed bytes were found to be bad; why, where they were. */
  damageOf(model: BlobBinding): string | undefined {
    const entry = findEntry(this.#index.state, model)
    return entry && this.#damaged.get(toHex(entry.blob))
  }

  /** Begins to seal the bytes of a model. @throws {StoreError} `STORE_NO_SPACE`, `STORE_IO_FAILED`. */
  async stage(binding: BlobBinding): Promise<BlobWriter> {
    this.#expectOpen()
    return await BlobWriter.create(this.#files, binding)
  }

  /** The plaintext of a staged blob that is finished. @throws as `read`. */
  readStaged({ binding, secret, bytes }: BlobWriter): AsyncGenerator<Uint8Array> {
    return readBlob(this.#files, { binding, secret, bytes })
  }

  /**
   * Makes a finished blob a model, in the place of one of the same owner and digest.
   *
   * @throws {StoreError} `STORE_NO_SPACE`, `STORE_IO_FAILED`, `INDEX_TOO_LARGE`; the blob is then still staged.
   */
  async publish(staged: BlobWriter, publication: Publication): Promise<StoredModel> {
    this.#expectOpen()
    if (staged.phase !== 'finished') throw new RangeError(`a blob that is ${staged.phase} cannot be published`)
    const { binding, bytes, secret } = staged
    const { owner, sha256 } = binding
    const entry: IndexEntry = { owner, sha256, bytes, ...publication, blob: secret.id, key: secret.key }
    let replaced: IndexEntry | undefined
    await this.#index.change((state) => {
      replaced = findEntry(state, entry)
      return withEntry(state, entry)
    })
    await staged.stop()
    await this.#tidy(replaced)
    return withoutSecret(entry)
  }

  /** Gives up a staged blob. Its file goes now, or at the next start; it is noise either way. */
  async discard(staged: BlobWriter): Promise<void> {
    if (staged.phase === 'gone') return
    try {
      await staged.stop()
    } catch (cause) {
      this.#leftBehind(cause)
    }
    this.#leftovers.push(staged.secret.id)
    if (this.#index.isSettled) await this.#removeLeftovers()
  }

  /** Changes what may change; undefined when there is no such model. @throws as `publish`. */
  async change(model: BlobBinding, change: StoredModelChange): Promise<StoredModel | undefined> {
    this.#expectOpen()
    let changed: IndexEntry | undefined
    await this.#index.change((state) => {
      const entry = findEntry(state, model)
      if (entry === undefined) return state
      changed = { ...entry, ...change }
      return withEntry(state, changed)
    })
    if (changed === undefined) return undefined
    await this.#tidy()
    return withoutSecret(changed)
  }

  /**
   * Deletes a model: first its key, durably, then its bytes. With a counter the store gets a new key besides, so that the
   * old one, wherever it is known, opens no index from now on. False when there is no such model.
   *
   * @throws as `publish`; the model is then still there, unless the process ends before the next change.
   */
  async remove(model: BlobBinding): Promise<boolean> {
    this.#expectOpen()
    let removed: IndexEntry | undefined
    await this.#index.change((state) => {
      removed = findEntry(state, model)
      return withoutEntry(state, model)
    }, this.#index.hasCounter)
    await this.#tidy(removed)
    return removed !== undefined
  }

  /**
   * Deletes a tenant with its keys, its models and what was granted to it, as one change: a crash leaves all of it or nothing.
   * As with `remove`, keys of models go first. False when nothing of it is there.
   *
   * @throws as `publish`; nothing is deleted then, unless the process ends before the next change.
   */
  async removeTenant(name: string): Promise<boolean> {
    this.#expectOpen()
    let before: IndexState | undefined
    let after: IndexState | undefined
    await this.#index.change((state) => {
      before = state
      after = withoutTenant(state, name)
      return after
    }, this.#index.hasCounter)
    await this.#tidy(...(before?.models ?? []).filter((entry) => entry.owner === name))
    return after !== before
  }

  /** Replaces the list of tenants. @throws as `publish`. */
  async setTenants(tenants: readonly StoredTenant[]): Promise<void> {
    this.#expectOpen()
    await this.#index.change((state) => ({ ...state, tenants }))
    await this.#tidy()
  }

  /**
   * The plaintext of a model, chunk by chunk, each checked. A model that turns out to be damaged is reported and served no
   * more.
   *
   * @throws {StoreError} the `BLOB_…` codes, `STORE_IO_FAILED`; {RangeError} when there is no such model.
   */
  async *read(model: BlobBinding): AsyncGenerator<Uint8Array> {
    this.#expectOpen()
    const entry = findEntry(this.#index.state, model)
    if (entry === undefined) throw new RangeError('there is no such model')
    try {
      yield* readBlob(this.#files, expectedBlob(entry))
    } catch (error) {
      await this.#noteDamage(entry, error)
      throw error
    }
  }

  /** Ends what is under way. Nothing needs to be written: what was acknowledged is durable. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#index.idle()
  }

  async #noteDamage(entry: IndexEntry, error: unknown): Promise<void> {
    if (!isStoreError(error) || error.code === 'STORE_IO_FAILED' || this.#damaged.has(toHex(entry.blob))) return
    // A model that was deleted meanwhile misses its bytes rightly.
    if (findEntry(this.#index.state, entry)?.blob !== entry.blob) return
    this.#damaged.set(toHex(entry.blob), error.code)
    const movedAside = await moveAside(this.#files, entry, error.code)
    this.#onEvent({ event: 'model-damaged', model: entry.sha256, code: error.code, movedAside })
  }

  /** After a change: the disk is known to have this index, so what it does not name can go. */
  async #tidy(...gone: readonly (IndexEntry | undefined)[]): Promise<void> {
    for (const entry of gone) {
      if (entry === undefined) continue
      this.#damaged.delete(toHex(entry.blob))
      this.#leftovers.push(entry.blob)
    }
    await this.#removeLeftovers()
  }

  async #removeLeftovers(): Promise<void> {
    const leftovers = this.#leftovers
    this.#leftovers = []
    for (const blob of leftovers) {
      try {
        await removeBlob(this.#files, blob)
      } catch (cause) {
        this.#leftBehind(cause)
      }
    }
  }

  /** The key is gone, so the file is noise: whoever asked need not wait for its end. */
  #leftBehind(cause: unknown): void {
    const error = systemCode(cause) === undefined ? cause : namedError('remove a blob', cause)
    if (!isStoreError(error)) throw error
    this.#onEvent({ event: 'blob-left-behind', code: error.code })
  }

  #expectOpen(): void {
    if (this.#closed) throw new StoreError('STORE_CLOSED', {})
  }
}

function expectedBlob(entry: IndexEntry): ExpectedBlob {
  return { binding: entry, secret: { id: entry.blob, key: entry.key }, bytes: entry.bytes }
}

function withoutSecret({ blob: _, key: __, ...model }: IndexEntry): StoredModel {
  return model
}
