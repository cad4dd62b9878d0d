import { mkdir } from 'node:fs/promises'
import { lockFolder } from './folder-lock.ts'
import { nodeFiles } from './node-files.ts'
import { SealedStore, type StoreOptions } from './sealed-store.ts'

/** A store on a disk, with the lock that is held while it is open. */
export interface OpenedStore {
  readonly store: SealedStore
  close(): Promise<void>
}

/**
 * Opens the store in a folder of this machine; makes the folder, mode 0700, where there is none.
 *
 * @throws {StoreError} `STORE_IN_USE`, and as `SealedStore.open`.
 */
export async function openStoreFolder(folder: string, options: Omit<StoreOptions, 'files'>): Promise<OpenedStore> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const lock = await lockFolder(folder)
  try {
    const store = await SealedStore.open({ ...options, files: nodeFiles(folder) })
    return {
      store,
      async close() {
        await store.close()
        await lock.release()
      },
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}
