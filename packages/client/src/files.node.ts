import { createHash } from 'node:crypto'
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type ByteSource, whole } from './byte-source.ts'
import { BlindAiError } from './errors.ts'
import type { OpenedPath } from './model-source.ts'
import type { FolderFile } from './tar.ts'

/** What a platform does with files, in Node. `files.browser.ts` has the same exports. */

const CHUNK_BYTES = 4 * 1024 * 1024
const MAX_DEPTH = 16
const MAX_ENTRIES = 4096

/**
 * Opens a file, or lists a folder. Entries whose name begins with a dot are left out: they are a tool's, not the model's.
 * Symbolic links to files are followed, since download caches consist of them; links to folders are refused.
 *
 * @throws {BlindAiError} `SOURCE_UNREADABLE` also for devices and the like inside a folder.
 */
export async function openPath(path: string): Promise<OpenedPath> {
  const info = await named('the path', () => stat(path))
  if (info.isFile()) return { type: 'file', source: fileSource(path, info.size) }
  if (!info.isDirectory()) throw unreadable('the path', 'it is neither a file nor a folder')
  return { type: 'folder', files: await listFolder(path, '', 0) }
}

/**
 * The SHA-256 of a source as lower-case hex, in constant memory.
 *
 * @param onRead - is told how many bytes are done.
 */
export async function sha256(
  source: ByteSource,
  onRead: (doneBytes: number) => void,
  signal: AbortSignal | undefined,
): Promise<string> {
  const hash = createHash('sha256')
  for (let offset = 0; offset < source.size; offset += CHUNK_BYTES) {
    signal?.throwIfAborted()
    const chunk = await source.read(offset, Math.min(CHUNK_BYTES, source.size - offset))
    hash.update(chunk)
    onRead(offset + chunk.byteLength)
  }
  return hash.digest('hex')
}

async function listFolder(root: string, folder: string, depth: number): Promise<FolderFile[]> {
  if (depth > MAX_DEPTH) throw unreadable('the folder', `it nests deeper than ${MAX_DEPTH} levels`)
  const entries = await named('the folder', () => readdir(join(root, folder), { withFileTypes: true }))
  const files: FolderFile[] = []
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) {
      files.push(...(await listFolder(root, path, depth + 1)))
    } else {
      const info = await named('a file of the folder', () => stat(join(root, path)))
      if (!info.isFile()) throw unreadable('the folder', 'it holds something that is neither a file nor a folder')
      files.push({ path, source: fileSource(join(root, path), info.size) })
    }
    if (files.length > MAX_ENTRIES) throw unreadable('the folder', `it holds more than ${MAX_ENTRIES} files`)
  }
  return files
}

/** Opens the file for each read, so that a folder of many files holds no descriptors. */
function fileSource(path: string, size: number): ByteSource {
  return {
    size,
    read: (offset, length) =>
      named('the file', async () => {
        const handle = await open(path, 'r')
        try {
          return whole(await readAt(handle, offset, length), offset, length)
        } finally {
          await handle.close()
        }
      }),
  }
}

async function readAt(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, offset + done)
    if (bytesRead === 0) return bytes.subarray(0, done)
    done += bytesRead
  }
  return bytes
}

/** Gives errors of the file system their code as the reason. */
async function named<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof Error) || !('syscall' in cause) || !('code' in cause)) throw cause
    throw new BlindAiError('SOURCE_UNREADABLE', { what, reason: String(cause.code) }, { cause })
  }
}

function unreadable(what: string, reason: string): BlindAiError {
  return new BlindAiError('SOURCE_UNREADABLE', { what, reason })
}
