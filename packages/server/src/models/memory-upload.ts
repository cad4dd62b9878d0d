import { createHash, type Hash } from 'node:crypto'
import type { EngineDescription, EngineModel } from '../runtime/host/index.ts'
import { ByteBlocks } from './byte-blocks.ts'
import { ModelError } from './model-error.ts'
import { type ModelManifest, type ModelRecord, modelKey, type UploadSession } from './repository.ts'
import type { StorageQuota } from './storage-quota.ts'

/** A model's bytes in memory. */
export interface StoredBytes {
  readonly blocks: ByteBlocks
  readonly bytes: number
}

/** What an upload needs of the repository that it belongs to. */
export interface UploadHome {
  readonly quota: StorageQuota
  readonly nowMs: () => number
  publish(upload: MemoryUpload, stored: StoredBytes, description: EngineDescription): ModelRecord
  forget(upload: MemoryUpload): void
}

/** An upload into memory. */
export class MemoryUpload implements UploadSession {
  readonly owner: string
  readonly manifest: ModelManifest
  readonly length: number | undefined
  /** When something last happened, in the repository's milliseconds. */
  touchedMs: number
  readonly #home: UploadHome
  readonly #blocks: ByteBlocks = new ByteBlocks()
  readonly #hash: Hash = createHash('sha256')
  #phase: 'receiving' | 'complete' | 'gone' = 'receiving'
  #offset = 0
  #busy = false

  constructor(home: UploadHome, owner: string, manifest: ModelManifest, length: number | undefined) {
    this.#home = home
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

  append(chunk: Uint8Array): undefined {
    if (this.#phase !== 'receiving') throw new RangeError(`an upload that is ${this.#phase} takes no bytes`)
    if (this.length !== undefined && this.#offset + chunk.byteLength > this.length) {
      throw new ModelError('UPLOAD_TOO_LONG', { limit: this.length })
    }
    this.#home.quota.check(this.owner, this.#offset, chunk.byteLength)
    this.#home.quota.take(this.owner, chunk.byteLength)
    this.#blocks.append(chunk)
    this.#hash.update(chunk)
    this.#offset += chunk.byteLength
    this.touchedMs = this.#home.nowMs()
  }

  async complete(): Promise<EngineModel> {
    if (this.#phase !== 'receiving') throw new RangeError(`an upload that is ${this.#phase} cannot be completed`)
    const expected = this.manifest.sha256
    const actual = this.#hash.digest('hex')
    if (actual !== expected) {
      await this.abort()
      throw new ModelError('DIGEST_MISMATCH', { expected, actual })
    }
    this.#phase = 'complete'
    return engineModel(this.manifest, { blocks: this.#blocks, bytes: this.#offset })
  }

  async publish(description: EngineDescription): Promise<ModelRecord> {
    if (this.#phase !== 'complete') throw new RangeError(`an upload that is ${this.#phase} cannot be published`)
    const record = this.#home.publish(this, { blocks: this.#blocks, bytes: this.#offset }, description)
    this.#phase = 'gone'
    this.#home.forget(this)
    return record
  }

  async abort(): Promise<void> {
    if (this.#phase === 'gone') return
    this.#phase = 'gone'
    this.#home.quota.give(this.owner, this.#offset)
    this.#blocks.clear()
    this.#home.forget(this)
  }
}

/** The model as an engine reads it. */
export function engineModel(manifest: ModelManifest, stored: StoredBytes): EngineModel {
  const { sha256, kind, task } = manifest
  return {
    kind,
    sha256,
    ...(task === undefined ? {} : { task }),
    sizeBytes: stored.bytes,
    async *read() {
      yield* stored.blocks.chunks()
    },
  }
}
