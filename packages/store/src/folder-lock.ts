import { stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { StoreError } from './store-error.ts'

/** Held while a store is open. */
export interface FolderLock {
  release(): Promise<void>
}

/**
 * Keeps a second process of this machine from opening the same folder. The lock is a name in Linux's abstract socket
 * namespace, which the kernel takes away with the process, however it ends: no file to be left behind.
 *
 * Not promised: two machines, or two network namespaces, that share one folder. Source: unix(7), "abstract".
 *
 * @throws {StoreError} `STORE_IN_USE`.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const { dev, ino } = await stat(folder)
  const server = createServer((socket) => socket.destroy())
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('listening', resolve)
  server.once('error', reject)
  server.listen(`\0blindai.store.${dev}.${ino}`)
  try {
    await promise
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE') {
      throw new StoreError('STORE_IN_USE', {}, { cause })
    }
    throw cause
  }
  server.unref()
  return {
    release: () =>
      new Promise((done, fail) => {
        server.close((error) => (error === undefined ? done() : fail(error)))
      }),
  }
}
