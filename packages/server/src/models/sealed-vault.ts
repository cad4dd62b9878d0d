import {
  type BlobWriter,
  isStoreError,
  type OpenedStore,
  type SealedStore,
  type StoredModel,
  type StoredTenant,
} from '@blindai/store'
import { ModelError } from './model-error.ts'
import { detailsOf, recordOf } from './record-details.ts'
import type { ModelManifest, ModelRecord } from './repository.ts'
import type { StagedBytes, Vault } from './vault.ts'

/** Models sealed on a disk: what was acknowledged is there after a restart, as far as the key source gives its key again. */
export class SealedVault implements Vault {
  readonly keySource: Vault['keySource']
  readonly records: readonly ModelRecord[]
  readonly tenants: readonly StoredTenant[]
  readonly #opened: OpenedStore
  readonly #store: SealedStore

  /** @throws {MalformedError} for a record that this version does not know. */
  constructor(opened: OpenedStore) {
    this.#opened = opened
    this.#store = opened.store
    this.keySource = opened.store.keySource
    this.records = opened.store.models.map(recordOf)
    this.tenants = opened.store.tenants
  }

  stage(owner: string, { sha256 }: ModelManifest): StagedBytes {
    return new SealedBytes(this.#store, owner, sha256)
  }

  async change(record: ModelRecord): Promise<void> {
    const { owner, sha256, name, version, grants } = record
    const named = name === undefined || version === undefined ? {} : { name, version }
    const change = { grants, ...named, details: detailsOf(record) }
    await refusing(() => this.#store.change({ owner, sha256 }, change))
  }

  async remove({ owner, sha256 }: ModelRecord): Promise<void> {
    await refusing(() => this.#store.remove({ owner, sha256 }))
  }

  async setTenants(tenants: readonly StoredTenant[]): Promise<void> {
    await refusing(() => this.#store.setTenants(tenants))
  }

  async removeTenant(name: string): Promise<void> {
    await refusing(() => this.#store.removeTenant(name))
  }

  read({ owner, sha256 }: ModelRecord): AsyncIterable<Uint8Array> {
    return refusingChunks(() => this.#store.read({ owner, sha256 }))
  }

  isDamaged({ owner, sha256 }: ModelRecord): boolean {
    return this.#store.damageOf({ owner, sha256 }) !== undefined
  }

  async close(): Promise<void> {
    await this.#opened.close()
  }
}

/** The sealed bytes of one upload. Their file is made when the first of them come. */
class SealedBytes implements StagedBytes {
  readonly #store: SealedStore
  readonly #binding: { readonly owner: string; readonly sha256: string }
  #blob: BlobWriter | undefined

  constructor(store: SealedStore, owner: string, sha256: string) {
    this.#store = store
    this.#binding = { owner, sha256 }
  }

  append(chunk: Uint8Array): Promise<void> | undefined {
    const blob = this.#blob
    if (blob === undefined) return refusing(async () => await (await this.#begun()).append(chunk))
    const waiting = refusingAtOnce(() => blob.append(chunk))
    return waiting && refusing(() => waiting)
  }

  async finish(): Promise<void> {
    await refusing(async () => await (await this.#begun()).finish())
  }

  async *read(): AsyncGenerator<Uint8Array> {
    const blob = await this.#begun()
    yield* refusingChunks(() => this.#store.readStaged(blob))
  }

  async publish(record: ModelRecord): Promise<void> {
    await refusing(async () => await this.#store.publish(await this.#begun(), publicationOf(record)))
  }

  async discard(): Promise<void> {
    if (this.#blob !== undefined) await this.#store.discard(this.#blob)
  }

  async #begun(): Promise<BlobWriter> {
    this.#blob ??= await this.#store.stage(this.#binding)
    return this.#blob
  }
}

function publicationOf(record: ModelRecord): Omit<StoredModel, 'owner' | 'sha256' | 'bytes'> {
  const { name, version, createdAt, grants } = record
  const alias = name === undefined || version === undefined ? {} : { name, version }
  return { createdAt, grants, ...alias, details: detailsOf(record) }
}

async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw asModelError(cause)
  }
}

function refusingAtOnce<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw asModelError(cause)
  }
}

async function* refusingChunks(chunks: () => AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks()
  } catch (cause) {
    throw asModelError(cause)
  }
}

/** What a client is told of the store: no path and nothing of the disk but that it is full, fails or lies. */
function asModelError(cause: unknown): unknown {
  if (!isStoreError(cause)) return cause
  if (cause.code === 'STORE_NO_SPACE') return new ModelError('DISK_FULL', {}, { cause })
  if (cause.code.startsWith('BLOB_')) return new ModelError('MODEL_DAMAGED', {}, { cause })
  return new ModelError('STORE_FAILED', { retryAfterSeconds: RETRY_AFTER_SECONDS }, { cause })
}

const RETRY_AFTER_SECONDS = 10
