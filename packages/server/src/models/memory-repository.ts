import type { UnixSeconds } from '@blindai/core'
import type { EngineDescription, EngineModel } from '../runtime/host/index.ts'
import { engineModel, MemoryUpload, type StoredBytes, type UploadHome } from './memory-upload.ts'
import { ModelError } from './model-error.ts'
import { ModelIndex } from './model-index.ts'
import {
  type ModelChange,
  type ModelManifest,
  type ModelRecord,
  type ModelRepository,
  modelKey,
  type UploadSession,
} from './repository.ts'
import { type StorageLimits, StorageQuota } from './storage-quota.ts'

export interface MemoryRepositoryOptions {
  readonly limits: StorageLimits
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
  readonly clock: () => UnixSeconds
}

/**
 * Models in memory: the repository of the key source `ephemeral`. Nothing survives the process, and nothing is written
 * anywhere.
 */
export class MemoryRepository implements ModelRepository, UploadHome {
  readonly keySource = 'ephemeral'
  readonly quota: StorageQuota
  readonly nowMs: () => number
  readonly #limits: StorageLimits
  readonly #clock: () => UnixSeconds
  readonly #index: ModelIndex = new ModelIndex()
  readonly #stored: Map<string, StoredBytes> = new Map()
  readonly #uploads: Map<string, MemoryUpload> = new Map()
  readonly #sweep: NodeJS.Timeout

  constructor({ limits, nowMs, clock }: MemoryRepositoryOptions) {
    this.#limits = limits
    this.nowMs = nowMs
    this.#clock = clock
    this.quota = new StorageQuota(limits)
    this.#sweep = setInterval(() => this.#forgetIdleUploads(), Math.ceil(limits.uploadIdleMs / 4))
    this.#sweep.unref()
  }

  async beginUpload(owner: string, manifest: ModelManifest, length: number | undefined): Promise<UploadSession> {
    const upload = new MemoryUpload(this, owner, manifest, length)
    // Nothing is awaited between the last look at what is there and the entry: two that begin at once must see each other.
    let former = this.#uploads.get(upload.key)
    while (former !== undefined) {
      if (former.busy) throw new ModelError('UPLOAD_BUSY', {})
      await former.abort()
      former = this.#uploads.get(upload.key)
    }
    const { maxUploadsPerTenant, maxModelsPerTenant, uploadIdleMs } = this.#limits
    const uploads = [...this.#uploads.values()].filter((other) => other.owner === owner).length
    if (uploads >= maxUploadsPerTenant) {
      const retryAfterSeconds = Math.ceil(uploadIdleMs / 1000)
      throw new ModelError('UPLOAD_LIMIT', { limit: maxUploadsPerTenant, retryAfterSeconds })
    }
    if (this.#index.owned(owner).length + uploads >= maxModelsPerTenant) {
      throw new ModelError('MODEL_LIMIT', { limit: maxModelsPerTenant })
    }
    this.quota.check(owner, 0, length ?? 0)
    this.#uploads.set(upload.key, upload)
    return upload
  }

  findUpload(owner: string, sha256: string): UploadSession | undefined {
    return this.#uploads.get(modelKey({ owner, sha256 }))
  }

  find(owner: string, sha256: string): ModelRecord | undefined {
    return this.#index.find(owner, sha256)
  }

  resolve(tenant: string, reference: string): ModelRecord {
    return this.#index.resolve(tenant, reference)
  }

  list(tenant: string): readonly ModelRecord[] {
    return this.#index.list(tenant)
  }

  keysOf(sha256: string): readonly string[] {
    return this.#index.keysOf(sha256)
  }

  open(record: ModelRecord): EngineModel {
    const stored = this.#stored.get(modelKey(record))
    if (stored === undefined) throw new ModelError('MODEL_NOT_FOUND', {})
    return engineModel(record, stored)
  }

  async change(owner: string, sha256: string, change: ModelChange): Promise<ModelRecord> {
    const record = this.#index.find(owner, sha256)
    if (record === undefined) throw new ModelError('MODEL_NOT_FOUND', {})
    const changed = { ...record, ...change }
    this.#index.put(changed)
    return changed
  }

  async delete(owner: string, sha256: string): Promise<void> {
    const record = this.#index.remove(owner, sha256)
    if (record === undefined) throw new ModelError('MODEL_NOT_FOUND', {})
    this.quota.give(owner, record.bytes)
    this.#stored.get(modelKey(record))?.blocks.clear()
    this.#stored.delete(modelKey(record))
  }

  async close(): Promise<void> {
    clearInterval(this.#sweep)
    for (const upload of [...this.#uploads.values()]) await upload.abort()
    for (const stored of this.#stored.values()) stored.blocks.clear()
    this.#stored.clear()
  }

  publish(upload: MemoryUpload, stored: StoredBytes, description: EngineDescription): ModelRecord {
    const { owner, manifest } = upload
    const record = { ...manifest, owner, bytes: stored.bytes, createdAt: this.#clock(), description, grants: [] }
    this.#stored.set(upload.key, stored)
    this.#index.put(record)
    return record
  }

  forget(upload: MemoryUpload): void {
    if (this.#uploads.get(upload.key) === upload) this.#uploads.delete(upload.key)
  }

  #forgetIdleUploads(): void {
    const idleSince = this.nowMs() - this.#limits.uploadIdleMs
    for (const upload of [...this.#uploads.values()]) {
      if (!upload.busy && upload.touchedMs <= idleSince) void upload.abort()
    }
  }
}
