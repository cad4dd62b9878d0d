import { createHash, randomBytes } from 'node:crypto'
import type { StorageQuota } from './storage-quota.ts'
import type { Vault } from './vault.ts'

/** Bytes whose digest nobody announced. receiving → finished, and each → gone by `discard`. */
export interface ModelSpool {
  /**
   * Copies the bytes before it returns or resolves. Returns a promise only where it must wait.
   *
   * @throws {ModelError} `MODEL_TOO_LARGE`, `TENANT_STORAGE_FULL`, `STORAGE_FULL`, `DISK_FULL`, `STORE_FAILED`.
   */
  append(chunk: Uint8Array): Promise<void> | undefined
  /** Ends the bytes, and says what an upload has to say of them first. @throws {ModelError} `DISK_FULL`, `STORE_FAILED`. */
  finish(): Promise<{ readonly sha256: string; readonly bytes: number }>
  read(): AsyncIterable<Uint8Array>
  /** Gives the bytes up; harmless when they are gone. */
  discard(): Promise<void>
}

/**
 * Takes bytes into the vault, as sealed as a model, under a digest that is nothing's: what a model's real upload is then read
 * from. Until it is discarded its owner has these bytes twice, and they count twice.
 */
export function openSpool(vault: Vault, quota: StorageQuota, owner: string): ModelSpool {
  const staged = vault.stage(owner, { sha256: randomBytes(32).toString('hex'), kind: 'onnx' })
  const hash = createHash('sha256')
  let bytes = 0
  let isGone = false
  return {
    append(chunk) {
      quota.check(owner, bytes, chunk.byteLength)
      quota.take(owner, chunk.byteLength)
      bytes += chunk.byteLength
      hash.update(chunk)
      return staged.append(chunk)
    },
    async finish() {
      await staged.finish()
      return { sha256: hash.digest('hex'), bytes }
    },
    read: () => staged.read(),
    async discard() {
      if (isGone) return
      isGone = true
      quota.give(owner, bytes)
      await staged.discard()
    },
  }
}
