import { createHash, type Hash } from 'node:crypto'
import type { EngineModel } from '../runtime/host/index.ts'
import { ModelError } from './model-error.ts'
import {
  type ModelDescription,
  type ModelManifest,
  type ModelRecord,
  modelKey,
  type UploadSession,
} from './repository.ts'
import type { StorageQuota } from './storage-quota.ts'
import type { StagedBytes } from './vault.ts'

/** What an upload needs of the repository that it belongs to. */
export interface UploadHome {
  readonly quota: StorageQuota
  readonly nowMs: () => number
  /** Throws when the tenant was deleted. */
  readonly expectTenant: (tenant: string) => void
  publish(
    upload: VaultUpload,
    staged: StagedBytes,
    description: ModelDescription,
    confirm: () => void,
  ): Promise<ModelRecord>
  forget(upload: VaultUpload): void
}

/** An upload into a vault. */
export class VaultUpload implements UploadSession {
  readonly owner: string
  readonly manifest: ModelManifest
  readonly length: number | undefined
  /** When something last happened, in the repository's milliseconds. */
  touchedMs: number
  readonly #home: UploadHome
  readonly #staged: StagedBytes
  readonly #hash: Hash = createHash('sha256')
  #phase: 'receiving' | 'complete' | 'gone' = 'receiving'
  #offset = 0
  #busy = false

  constructor(
    home: UploadHome,
    staged: StagedBytes,
    owner: string,
    manifest: ModelManifest,
    length: number | undefined,
  ) {
    this.#home = home
    this.#staged = staged
    this.owner = owner
    this.manifest = manifest
    this.length = length
    this.touchedMs = home.nowMs()
  }

  get key(): string {
    return modelKey({ owner: this.owner, sha256: this.manifest.sha256 })
  }

  get offset(): number {
    return this.#offset
  }

  get busy(): boolean {
    return this.#busy
  }

  acquire(): void {
    // One that is gone was replaced by another of the same digest before its writer came to it.
    if (this.#busy || this.#phase === 'gone') throw new ModelError('UPLOAD_BUSY', {})
    this.#busy = true
  }

  release(): void {
    this.#busy = false
    this.touchedMs = this.#home.nowMs()
  }

  append(chunk: Uint8Array): Promise<void> | undefined {
    this.#expect('receiving', 'takes no bytes')
    if (this.length !== undefined && this.#offset + chunk.byteLength > this.length) {
      throw new ModelError('UPLOAD_TOO_LONG', { limit: this.length })
    }
    this.#home.quota.check(this.owner, this.#offset, chunk.byteLength)
    this.#home.quota.take(this.owner, chunk.byteLength)
    this.#hash.update(chunk)
    this.#offset += chunk.byteLength
    this.touchedMs = this.#home.nowMs()
    return this.#staged.append(chunk)
  }

  async complete(): Promise<EngineModel> {
    this.#expect('receiving', 'cannot be completed')
    const expected = this.manifest.sha256
    const actual = this.#hash.digest('hex')
    if (actual !== expected) {
      await this.abort()
      throw new ModelError('DIGEST_MISMATCH', { expected, actual })
    }
    try {
      await this.#staged.finish()
    } catch (error) {
      await this.abort()
      throw error
    }
    // It may have been given up meanwhile, and what it held is given back then.
    this.#expect('receiving', 'cannot be completed')
    this.#phase = 'complete'
    return engineModel(this.manifest, this.#offset, () => this.#staged.read())
  }

  async publish(description: ModelDescription, confirm?: () => void): Promise<ModelRecord> {
    this.#expect('complete', 'cannot be published')
    const confirmAll = (): void => {
      // Its tenant may have been deleted while this waited for its turn.
      this.#expect('complete', 'cannot be published')
      confirm?.()
    }
    const record = await this.#home.publish(this, this.#staged, description, confirmAll)
    this.#phase = 'gone'
    this.#home.forget(this)
    return record
  }

  async abort(): Promise<void> {
    if (this.#phase === 'gone') return
    this.#phase = 'gone'
    this.#home.quota.give(this.owner, this.#offset)
    this.#home.forget(this)
    await this.#staged.discard()
  }

  /** An upload that has a writer is gone only when its tenant is. */
  #expect(phase: 'receiving' | 'complete', otherwise: string): void {
    if (this.#phase === phase) return
    this.#home.expectTenant(this.owner)
    throw new RangeError(`an upload that is ${this.#phase} ${otherwise}`)
  }
}

/** The model as an engine reads it. */
export function engineModel(
  { sha256, kind, task }: ModelManifest,
  sizeBytes: number,
  read: EngineModel['read'],
): EngineModel {
  return { kind, sha256, ...(task === undefined ? {} : { task }), sizeBytes, read }
}
