import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MalformedError } from '@blindai/core'
import { type CacheEntry, encodeEntry, MAX_ENTRY_BYTES, parseEntry } from './entry.ts'

/**
 * A folder of copies, one file each, named by the digest of the address. A file is whole or not there: it is written beside,
 * made durable and renamed. One process may share the folder with others; the last to write a copy wins.
 */

/** Files that are kept; a platform needs four, and as many again for each TCB that it had. */
const MAX_FILES = 64
const ENTRY_NAME = /^[0-9a-f]{64}\.json$/

export class DiskCache {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /**
   * @returns undefined when there is no copy.
   * @throws {MalformedError} for a copy that is damaged; an error of the system when it cannot be read.
   */
  async load(address: string): Promise<CacheEntry | undefined> {
    const bytes = await readIfThere(this.#fileOf(address))
    return bytes && parseEntry(address, bytes)
  }

  /** @throws an error of the system; the copy of before is then still there. */
  async store(address: string, entry: CacheEntry): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const file = this.#fileOf(address)
    const beside = `${file}.${process.pid}-${randomBytes(6).toString('hex')}.new`
    try {
      const handle = await open(beside, 'wx', 0o600)
      try {
        await handle.writeFile(encodeEntry(address, entry))
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(beside, file)
    } catch (error) {
      await rm(beside, { force: true })
      throw error
    }
    await syncFolder(this.#folder)
    await this.#makeRoom()
  }

  /** Removes the oldest copies where there are too many, and what writers that were killed left. */
  async #makeRoom(): Promise<void> {
    const names = await readdir(this.#folder)
    const files: { readonly path: string; readonly mtimeMs: number; readonly isEntry: boolean }[] = []
    for (const name of names) {
      const isEntry = ENTRY_NAME.test(name)
      if (!isEntry && !name.endsWith('.new')) continue
      const path = join(this.#folder, name)
      const found = await ifThere(() => stat(path))
      if (found !== undefined) files.push({ path, mtimeMs: found.mtimeMs, isEntry })
    }
    const entries = files.filter(({ isEntry }) => isEntry).sort((a, b) => a.mtimeMs - b.mtimeMs)
    const tooMany = entries.slice(0, Math.max(0, entries.length - MAX_FILES))
    const newest = Math.max(...files.map(({ mtimeMs }) => mtimeMs))
    const leftOver = files.filter(({ isEntry, mtimeMs }) => !isEntry && newest - mtimeMs > LEFT_OVER_MS)
    for (const { path } of [...tooMany, ...leftOver]) await rm(path, { force: true })
  }

  #fileOf(address: string): string {
    return join(this.#folder, `${createHash('sha256').update(address).digest('hex')}.json`)
  }
}

/** A write that is that much older than the newest file is nobody's any more. */
const LEFT_OVER_MS = 3_600_000

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  const handle = await ifThere(() => open(path, 'r'))
  if (handle === undefined) return undefined
  try {
    const { size } = await handle.stat()
    if (size > MAX_ENTRY_BYTES) {
      throw new MalformedError('TOO_LONG', { field: 'cache entry', length: size, limit: MAX_ENTRY_BYTES })
    }
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

/** What the work gives, or undefined where there is no such file. */
async function ifThere<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
