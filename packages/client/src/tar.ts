import { utf8 } from '@blindai/core'
import type { ByteSource } from './byte-source.ts'
import { BlindAiError } from './errors.ts'

/**
 * Packs files into a ustar archive that depends on names and contents only: sorted by name, no times, no owners, no
 * folders, one mode. Two packs of the same files give the same bytes, so a folder has one digest on every machine.
 *
 * Source: POSIX.1-2017, pax, "ustar Interchange Format". Files past 8 GiB and names past 255 bytes are refused, since
 * what would carry them differs between writers.
 */

/** A file of a folder: its path below the folder, with slashes. */
export interface FolderFile {
  readonly path: string
  readonly source: ByteSource
}

const BLOCK = 512
const MAX_FILE_BYTES = 0o77777777777
const MAX_FILES = 4096

/** A stretch of the archive: bytes that are here, or a file. */
interface Segment {
  readonly start: number
  readonly source: ByteSource
}

/**
 * An archive as a source; nothing is read until the source is.
 *
 * @throws {BlindAiError} `SOURCE_UNREADABLE`, `SOURCE_TOO_LARGE`.
 */
export function tarSource(files: readonly FolderFile[]): ByteSource {
  if (files.length === 0) throw unreadable('it holds no file')
  if (files.length > MAX_FILES) throw unreadable(`it holds more than ${MAX_FILES} files`)
  const segments: Segment[] = []
  let end = 0
  const add = (source: ByteSource): void => {
    if (source.size > 0) segments.push({ start: end, source })
    end += source.size
  }
  let previous: string | undefined
  for (const file of [...files].sort(byPath)) {
    if (file.path === previous) throw unreadable('two files have one name')
    previous = file.path
    add(constant(header(file)))
    add(file.source)
    add(constant(new Uint8Array((BLOCK - (file.source.size % BLOCK)) % BLOCK)))
  }
  add(constant(new Uint8Array(2 * BLOCK)))
  return { size: end, read: (offset, length) => readSegments(segments, offset, length) }
}

async function readSegments(segments: readonly Segment[], offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  for (const { start, source } of segments) {
    const from = Math.max(offset, start)
    const to = Math.min(offset + length, start + source.size)
    if (from < to) bytes.set(await source.read(from - start, to - from), from - offset)
  }
  return bytes
}

function constant(bytes: Uint8Array): ByteSource {
  return { size: bytes.byteLength, read: async (offset, length) => bytes.subarray(offset, offset + length) }
}

/** By UTF-16 code units, which no locale changes. */
function byPath(a: FolderFile, b: FolderFile): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0
}

/**
 * The 512 bytes before a file.
 *
 * | offset | length | field |
 * | --- | --- | --- |
 * | 0 | 100 | name |
 * | 100, 108, 116 | 8 each | mode, uid, gid, octal |
 * | 124, 136 | 12 each | size, mtime, octal |
 * | 148 | 8 | chksum: six octal digits, NUL, space |
 * | 156 | 1 | typeflag: 0, a file |
 * | 257 | 8 | magic "ustar" NUL, version "00" |
 * | 345 | 155 | prefix: the path before name |
 */
function header(file: FolderFile): Uint8Array {
  if (file.source.size > MAX_FILE_BYTES) {
    throw new BlindAiError('SOURCE_TOO_LARGE', { what: 'a file', size: file.source.size, limit: MAX_FILE_BYTES })
  }
  const { prefix, name } = splitPath(file.path)
  const block = new Uint8Array(BLOCK)
  block.set(name, 0)
  block.set(utf8('0000644\0'), 100)
  block.set(utf8('0000000\0'), 108)
  block.set(utf8('0000000\0'), 116)
  block.set(utf8(`${file.source.size.toString(8).padStart(11, '0')}\0`), 124)
  block.set(utf8(`${'0'.repeat(11)}\0`), 136)
  block.set(utf8(' '.repeat(8)), 148)
  block.set(utf8('0'), 156)
  block.set(utf8('ustar\x0000'), 257)
  block.set(prefix, 345)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.set(utf8(`${sum.toString(8).padStart(6, '0')}\0 `), 148)
  return block
}

/** A path as prefix and name, cut at a slash where it is too long for the name alone. */
function splitPath(path: string): { readonly prefix: Uint8Array; readonly name: Uint8Array } {
  const segments = path.split('/')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  const unsafe = /[\x00-\x1f\x7f\\]/.test(path)
  if (unsafe || segments.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    throw unreadable('a file has a name that an archive cannot carry safely')
  }
  for (let cut = 0; cut < segments.length; cut++) {
    const prefix = utf8(segments.slice(0, cut).join('/'))
    const name = utf8(segments.slice(cut).join('/'))
    if (name.byteLength <= 100 && prefix.byteLength <= 155) return { prefix, name }
  }
  throw unreadable('a file has a name that is too long')
}

function unreadable(reason: string): BlindAiError {
  return new BlindAiError('SOURCE_UNREADABLE', { what: 'the folder', reason })
}
