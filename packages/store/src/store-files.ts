import { StoreError } from './store-error.ts'

/**
 * Everything that the store asks of a file system. Nothing else in this package touches a disk, so a test that replaces
 * this sees and can fault every operation. Paths are relative to the folder of the store, with `/` between parts.
 *
 * What each promises is what POSIX does: a write may be lost or torn until `fsync` of its file resolves; a name that was
 * made, moved or removed may be there or not until `fsyncDir` of its folder resolves; a rename is atomic to readers.
 */
export interface StoreFiles {
  /** Makes a new file with mode 0600; fails with EEXIST where there is one. */
  create(path: string): Promise<WritableStoreFile>
  /** Opens a file to read. */
  open(path: string): Promise<ReadableStoreFile>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  /** Makes a folder with mode 0700; fails with EEXIST where there is one. */
  mkdir(path: string): Promise<void>
  /** The names in a folder, `.` being that of the store. */
  readdir(path: string): Promise<readonly string[]>
  fsyncDir(path: string): Promise<void>
}

export interface WritableStoreFile {
  /** Writes all of the bytes at a position. The bytes are not changed before it resolves. */
  write(bytes: Uint8Array, position: number): Promise<void>
  fsync(): Promise<void>
  close(): Promise<void>
}

export interface ReadableStoreFile {
  stat(): Promise<{ readonly size: number; readonly mode: number }>
  /** Fills the bytes from a position; gives how many there were. Fewer only at the end of the file. */
  read(bytes: Uint8Array, position: number): Promise<number>
  close(): Promise<void>
}

/** Opens a file to read; undefined where there is none. */
export async function openIfThere(files: StoreFiles, path: string): Promise<ReadableStoreFile | undefined> {
  try {
    return await files.open(path)
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return undefined
    throw cause
  }
}

/** Removes a file, where there is one. */
export async function unlinkIfThere(files: StoreFiles, path: string): Promise<void> {
  try {
    await files.unlink(path)
  } catch (cause) {
    if (systemCode(cause) !== 'ENOENT') throw cause
  }
}

/** Makes a new file of these bytes in the place of what a write that was cut off left; its bytes are durable, its name is not. */
export async function writeDraft(files: StoreFiles, path: string, bytes: Uint8Array): Promise<void> {
  await unlinkIfThere(files, path)
  const file = await files.create(path)
  try {
    await file.write(bytes, 0)
    await file.fsync()
  } finally {
    await file.close()
  }
}

/** Puts a file in the place of one in the folder of the store, or where there is none; durable when it resolves. */
export async function moveInPlace(files: StoreFiles, draft: string, name: string): Promise<void> {
  await files.rename(draft, name)
  await files.fsyncDir('.')
}

/** Writes a file whole, by way of a draft: readers see the former one or this one, and never a part. */
export async function replaceFile(files: StoreFiles, name: string, bytes: Uint8Array): Promise<void> {
  const draft = `${name}.tmp`
  await writeDraft(files, draft, bytes)
  await moveInPlace(files, draft, name)
}

/** The system's code of a failed file operation; undefined for an error that is none. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined
}

/**
 * Does file operations and gives their failures a name of this package.
 *
 * @param operation - what was done, in words that fit "could not …".
 * @throws {StoreError} `STORE_NO_SPACE` for ENOSPC and EDQUOT, `STORE_IO_FAILED` for any other system error.
 */
export async function named<T>(operation: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw namedError(operation, cause)
  }
}

/** The named form of a failed operation; an error that is no system's is given back as it is. */
export function namedError(operation: string, cause: unknown): unknown {
  const reason = systemCode(cause)
  if (reason === undefined) return cause
  if (reason === 'ENOSPC' || reason === 'EDQUOT') return new StoreError('STORE_NO_SPACE', { operation }, { cause })
  return new StoreError('STORE_IO_FAILED', { operation, reason }, { cause })
}
