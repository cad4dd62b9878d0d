import { type FileHandle, mkdir, open, readdir, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReadableStoreFile, StoreFiles, WritableStoreFile } from './store-files.ts'

const PRIVATE_FILE = 0o600
const PRIVATE_FOLDER = 0o700

/** The files of a folder on a disk. The folder itself must be there. */
export function nodeFiles(folder: string): StoreFiles {
  const at = (path: string): string => join(folder, path)
  return {
    create: async (path) => writable(await open(at(path), 'wx', PRIVATE_FILE)),
    open: async (path) => readable(await open(at(path), 'r')),
    rename: (from, to) => rename(at(from), at(to)),
    unlink: (path) => unlink(at(path)),
    mkdir: (path) => mkdir(at(path), PRIVATE_FOLDER),
    readdir: (path) => readdir(at(path)),
    async fsyncDir(path) {
      const handle = await open(at(path), 'r')
      try {
        await handle.sync()
      } finally {
        await handle.close()
      }
    },
  }
}

function writable(handle: FileHandle): WritableStoreFile {
  return {
    async write(bytes, position) {
      let done = 0
      while (done < bytes.byteLength) {
        const { bytesWritten } = await handle.write(bytes, done, bytes.byteLength - done, position + done)
        done += bytesWritten
      }
    },
    fsync: () => handle.sync(),
    close: () => handle.close(),
  }
}

function readable(handle: FileHandle): ReadableStoreFile {
  return {
    async stat() {
      const { size, mode } = await handle.stat()
      return { size, mode }
    },
    async read(bytes, position) {
      let done = 0
      while (done < bytes.byteLength) {
        const { bytesRead } = await handle.read(bytes, done, bytes.byteLength - done, position + done)
        if (bytesRead === 0) break
        done += bytesRead
      }
      return done
    },
    close: () => handle.close(),
  }
}
