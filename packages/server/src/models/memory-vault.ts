import { ByteBlocks } from './byte-blocks.ts'
import { ModelError } from './model-error.ts'
import { type ModelManifest, type ModelRecord, modelKey } from './repository.ts'
import type { StagedBytes, Vault } from './vault.ts'

/**
 * Models in memory, for a server that was given no folder: nothing is written anywhere, and nothing survives the process.
 * It is the default because it needs neither a disk, which a measured image may lack, nor a key that must be kept.
 */
export class MemoryVault implements Vault {
  readonly keySource = 'ephemeral'
  readonly records: readonly ModelRecord[] = []
  readonly tenants: readonly [] = []
  readonly #stored: Map<string, ByteBlocks> = new Map()

  stage(owner: string, { sha256 }: ModelManifest): StagedBytes {
    const key = modelKey({ owner, sha256 })
    const blocks = new ByteBlocks()
    let isPublished = false
    return {
      append(chunk) {
        blocks.append(chunk)
        return undefined
      },
      finish: async () => undefined,
      async *read() {
        yield* blocks.chunks()
      },
      publish: async () => {
        isPublished = true
        this.#stored.set(key, blocks)
      },
      discard: async () => {
        if (!isPublished) blocks.clear()
      },
    }
  }

  async change(): Promise<void> {
    // Records are the repository's; nothing of them is kept here.
  }

  async remove(record: ModelRecord): Promise<void> {
    this.#stored.get(modelKey(record))?.clear()
    this.#stored.delete(modelKey(record))
  }

  async setTenants(): Promise<void> {
    // Tenants are the directory's; nothing of them is kept here.
  }

  async removeTenant(name: string): Promise<void> {
    for (const [key, blocks] of this.#stored) {
      if (!key.startsWith(modelKey({ owner: name, sha256: '' }))) continue
      blocks.clear()
      this.#stored.delete(key)
    }
  }

  async *read(record: ModelRecord): AsyncGenerator<Uint8Array> {
    const blocks = this.#stored.get(modelKey(record))
    if (blocks === undefined) throw new ModelError('MODEL_NOT_FOUND', {})
    yield* blocks.chunks()
  }

  isDamaged(): boolean {
    return false
  }

  async close(): Promise<void> {
    for (const blocks of this.#stored.values()) blocks.clear()
    this.#stored.clear()
  }
}
