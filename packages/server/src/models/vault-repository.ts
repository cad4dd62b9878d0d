import type { UnixSeconds } from '@blindai/core'
import type { EngineModel } from '../runtime/host/index.ts'
import { ModelError } from './model-error.ts'
import { ModelIndex } from './model-index.ts'
import { type ModelSpool, openSpool } from './model-spool.ts'
import {
  type ModelChange,
  type ModelDescription,
  type ModelManifest,
  type ModelRecord,
  type ModelRepository,
  modelKey,
  type UploadSession,
} from './repository.ts'
import { type StorageLimits, StorageQuota, type TenantStorage } from './storage-quota.ts'
import type { StagedBytes, Vault } from './vault.ts'
import { engineModel, type UploadHome, VaultUpload } from './vault-upload.ts'

export interface VaultRepositoryOptions {
  readonly vault: Vault
  readonly limits: StorageLimits
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
  readonly clock: () => UnixSeconds
  /** What one tenant may take; the limits for all unless given. */
  readonly storageOf?: (tenant: string) => TenantStorage
  /** Refuses, by throwing, a model of a tenant that was deleted while it was uploaded. */
  readonly expectTenant?: (tenant: string) => void
}

/**
 * The models of a vault: who may see which, how many and how large, uploads in progress. Changes are made one after the
 * other, and are seen only once the vault has them.
 */
export class VaultRepository implements ModelRepository, UploadHome {
  readonly keySource: ModelRepository['keySource']
  readonly quota: StorageQuota
  readonly nowMs: () => number
  readonly expectTenant: (tenant: string) => void
  readonly #vault: Vault
  readonly #limits: StorageLimits
  readonly #clock: () => UnixSeconds
  readonly #storageOf: (tenant: string) => TenantStorage
  readonly #index: ModelIndex = new ModelIndex()
  readonly #uploads: Map<string, VaultUpload> = new Map()
  readonly #sweep: NodeJS.Timeout
  #changes: Promise<unknown> = Promise.resolve()

  constructor({ vault, limits, nowMs, clock, storageOf, expectTenant }: VaultRepositoryOptions) {
    this.keySource = vault.keySource
    this.#vault = vault
    this.#limits = limits
    this.nowMs = nowMs
    this.#clock = clock
    this.#storageOf = storageOf ?? (() => limits)
    this.expectTenant = expectTenant ?? (() => undefined)
    this.quota = new StorageQuota(limits, this.#storageOf)
    for (const record of vault.records) {
      this.quota.take(record.owner, record.bytes)
      this.#index.put(record)
    }
    this.#sweep = setInterval(() => this.#forgetIdleUploads(), Math.ceil(limits.uploadIdleMs / 4))
    this.#sweep.unref()
  }

  async beginUpload(owner: string, manifest: ModelManifest, length: number | undefined): Promise<UploadSession> {
    const upload = new VaultUpload(this, this.#vault.stage(owner, manifest), owner, manifest, length)
    // Nothing is awaited between the last look at what is there and the entry: two that begin at once must see each other.
    let former = this.#uploads.get(upload.key)
    while (former !== undefined) {
      if (former.busy) throw new ModelError('UPLOAD_BUSY', {})
      await former.abort()
      former = this.#uploads.get(upload.key)
    }
    const { maxUploadsPerTenant, uploadIdleMs } = this.#limits
    const { maxModelsPerTenant } = this.#storageOf(owner)
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

  spool(owner: string): ModelSpool {
    return openSpool(this.#vault, this.quota, owner)
  }

  findUpload(owner: string, sha256: string): UploadSession | undefined {
    return this.#uploads.get(modelKey({ owner, sha256 }))
  }

  find(owner: string, sha256: string): ModelRecord | undefined {
    const record = this.#index.find(owner, sha256)
    return record === undefined || this.#vault.isDamaged(record) ? undefined : record
  }

  resolve(tenant: string, reference: string, version?: string): ModelRecord {
    return this.#index.resolve(tenant, reference, version)
  }

  versions(tenant: string, reference: string): readonly ModelRecord[] {
    return this.#index.versions(tenant, reference)
  }

  list(tenant: string): readonly ModelRecord[] {
    return this.#index.list(tenant)
  }

  keysOf(sha256: string): readonly string[] {
    return this.#index.keysOf(sha256)
  }

  open(record: ModelRecord): EngineModel {
    if (this.#index.find(record.owner, record.sha256) === undefined) throw new ModelError('MODEL_NOT_FOUND', {})
    return engineModel(record, record.bytes, () => this.#vault.read(record))
  }

  change(owner: string, sha256: string, change: (record: ModelRecord) => ModelChange): Promise<ModelRecord> {
    return this.#inTurn(async () => {
      const record = this.#known(owner, sha256)
      const changes = change(record)
      const changed = { ...record, ...changes, ...this.#versioned(owner, sha256, changes.name) }
      await this.#vault.change(changed)
      this.#index.put(changed)
      return changed
    })
  }

  delete(owner: string, sha256: string, confirm?: () => void): Promise<void> {
    return this.#inTurn(async () => {
      confirm?.()
      const record = this.#known(owner, sha256)
      await this.#vault.remove(record)
      this.#index.remove(owner, sha256)
      this.quota.give(owner, record.bytes)
    })
  }

  removeTenant(name: string): Promise<readonly ModelRecord[]> {
    return this.#inTurn(async () => {
      for (const upload of [...this.#uploads.values()]) if (upload.owner === name) await upload.abort()
      await this.#vault.removeTenant(name)
      const removed = this.#index.removeTenant(name)
      for (const record of removed) this.quota.give(name, record.bytes)
      return removed
    })
  }

  async close(): Promise<void> {
    clearInterval(this.#sweep)
    for (const upload of [...this.#uploads.values()]) await upload.abort()
    await this.#changes
    await this.#vault.close()
  }

  publish(
    upload: VaultUpload,
    staged: StagedBytes,
    description: ModelDescription,
    confirm: () => void,
  ): Promise<ModelRecord> {
    const { owner, manifest, offset } = upload
    return this.#inTurn(async () => {
      confirm()
      this.expectTenant(owner)
      const version = this.#versioned(owner, manifest.sha256, manifest.name)
      const record = {
        ...manifest,
        ...version,
        owner,
        bytes: offset,
        createdAt: this.#clock(),
        description,
        grants: [],
      }
      await staged.publish(record)
      // One that was damaged, and is replaced.
      const former = this.#index.find(owner, manifest.sha256)
      if (former !== undefined) this.quota.give(owner, former.bytes)
      this.#index.put(record)
      return record
    })
  }

  forget(upload: VaultUpload): void {
    if (this.#uploads.get(upload.key) === upload) this.#uploads.delete(upload.key)
  }

  #forgetIdleUploads(): void {
    const idleSince = this.nowMs() - this.#limits.uploadIdleMs
    for (const upload of [...this.#uploads.values()]) {
      if (!upload.busy && upload.touchedMs <= idleSince) void upload.abort()
    }
  }

  #versioned(owner: string, sha256: string, name: string | undefined): Pick<ModelRecord, 'version'> {
    return name === undefined ? {} : { version: this.#index.versionFor(owner, name, sha256) }
  }

  #known(owner: string, sha256: string): ModelRecord {
    const record = this.#index.find(owner, sha256)
    if (record === undefined) throw new ModelError('MODEL_NOT_FOUND', {})
    return record
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#changes.then(work)
    this.#changes = done.catch(() => undefined)
    return done
  }
}
