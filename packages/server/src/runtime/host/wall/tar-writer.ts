import { concatBytes, utf8 } from '@blindai/core'

/** A file or folder for an archive. Paths are relative and at most 100 bytes long. */
export type TarEntry =
  | { readonly path: string; readonly folder: true }
  | { readonly path: string; readonly content: Uint8Array }

const BLOCK_BYTES = 512
const MAX_PATH_BYTES = 100

/** An archive in the ustar format: everything belongs to user 0, nothing may be written to. Source: POSIX.1-1988 ustar. */
export function writeTar(entries: readonly TarEntry[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = []
  for (const entry of entries) {
    const content = 'folder' in entry ? new Uint8Array(0) : entry.content
    parts.push(header(entry, content.byteLength), content, new Uint8Array(-content.byteLength & (BLOCK_BYTES - 1)))
  }
  return concatBytes(...parts, new Uint8Array(2 * BLOCK_BYTES))
}

function header(entry: TarEntry, size: number): Uint8Array {
  const isFolder = 'folder' in entry
  const path = utf8(entry.path)
  if (path.byteLength > MAX_PATH_BYTES) throw new RangeError(`a path of ${path.byteLength} bytes does not fit a header`)
  const block = new Uint8Array(BLOCK_BYTES)
  block.set(path, 0)
  block.set(utf8(isFolder ? '0000755\0' : '0000444\0'), 100)
  block.set(utf8('0000000\x000000000\0'), 108)
  block.set(utf8(`${octal(size)}\0${octal(MODIFIED)}\0`), 124)
  block.set(utf8('        '), 148)
  block.set(utf8(isFolder ? '5' : '0'), 156)
  block.set(utf8('ustar\x0000'), 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.set(utf8(`${sum.toString(8).padStart(6, '0')}\0 `), 148)
  return block
}

/** 2020-01-01: any time that no tar finds odd. */
const MODIFIED = 1_577_836_800

function octal(value: number): string {
  return value.toString(8).padStart(11, '0')
}
