import { createReadStream } from 'node:fs'
import { lstat, mkdir, open, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { utf8 } from '@blindai/core'
import { CliError } from './cli-error.ts'

/** The largest file that is read whole: an input, a document, a policy. Models are streamed. */
export const MAX_FILE_BYTES: number = 64 * 1024 * 1024

/**
 * Reads a whole file, or all of a pipe or device until there is too much of it.
 *
 * @throws {CliError} `FILE_UNREADABLE`, `FILE_TOO_LARGE`.
 */
export async function readBounded(file: string, limit: number = MAX_FILE_BYTES): Promise<Uint8Array> {
  try {
    const { size } = await stat(file)
    if (size > limit) throw new CliError('FILE_TOO_LARGE', { file, bytes: size, limit })
    return await readStream(file, createReadStream(file), limit)
  } catch (cause) {
    if (!isSystemError(cause)) throw cause
    throw new CliError('FILE_UNREADABLE', { file, reason: reasonOf(cause) }, { cause })
  }
}

/** Where an argument that names a file is looked up. */
export interface FileSource {
  readonly folder: string
  readonly stdin: Readable
}

/** Reads the file that an argument names; `-` is stdin. @throws {CliError} as `readBounded`. */
export async function readArgument(argument: string, { folder, stdin }: FileSource): Promise<Uint8Array> {
  return argument === '-' ? await readStream('stdin', stdin) : await readBounded(resolve(folder, argument))
}

/**
 * Reads a stream to its end, or until there is too much of it.
 *
 * @param name - of the stream, for errors.
 * @throws {CliError} `FILE_TOO_LARGE`, with the bytes that had come.
 */
export async function readStream(name: string, stream: Readable, limit: number = MAX_FILE_BYTES): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? utf8(chunk) : new Uint8Array(chunk)
    size += bytes.byteLength
    if (size > limit) throw new CliError('FILE_TOO_LARGE', { file: name, bytes: size, limit })
    chunks.push(bytes)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

/** What a path names, or undefined where there is nothing. */
export async function kindOfPath(path: string): Promise<'file' | 'folder' | undefined> {
  try {
    const found = await stat(path)
    return found.isDirectory() ? 'folder' : 'file'
  } catch (cause) {
    if (isSystemError(cause)) return undefined
    throw cause
  }
}

/**
 * Refuses a name where no new file can be written later.
 *
 * @throws {CliError} `FILE_EXISTS`; `FILE_UNWRITABLE` where nobody can look.
 */
export async function refuseExisting(file: string): Promise<void> {
  try {
    // A link to nothing cannot be made anew either.
    await lstat(file)
  } catch (cause) {
    if (!isSystemError(cause)) throw cause
    if (cause.code === 'ENOENT') return
    throw new CliError('FILE_UNWRITABLE', { file, reason: reasonOf(cause) }, { cause })
  }
  throw new CliError('FILE_EXISTS', { file })
}

/**
 * Writes a file that must not exist yet, readable by its owner alone where `secret`.
 *
 * @throws {CliError} `FILE_EXISTS`, `FILE_UNWRITABLE`.
 */
export async function writeNew(file: string, text: string, secret: boolean): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: secret ? 0o700 : 0o755 })
    const handle = await open(file, 'wx', secret ? 0o600 : 0o644)
    await handle.writeFile(text)
    await handle.close()
  } catch (cause) {
    if (!isSystemError(cause)) throw cause
    if (cause.code === 'EEXIST') throw new CliError('FILE_EXISTS', { file }, { cause })
    throw new CliError('FILE_UNWRITABLE', { file, reason: reasonOf(cause) }, { cause })
  }
}

/** True for an error of the operating system, such as ENOENT. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException & { readonly code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string'
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
  ENOSPC: 'the disk is full',
  EROFS: 'the disk is read-only',
}

function reasonOf(error: { readonly code: string }): string {
  return REASONS[error.code] ?? error.code
}
