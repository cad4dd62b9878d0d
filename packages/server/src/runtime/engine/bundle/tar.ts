import { fromUtf8 } from '@blindai/core'
import { Failure } from '../failure.ts'

/**
 * Reads a tar archive of plain files and folders; anything else in it is refused.
 *
 * | offset | bytes | field     |
 * | ------ | ----- | --------- |
 * | 0      | 100   | name      |
 * | 124    | 12    | size      |
 * | 148    | 8     | chksum    |
 * | 156    | 1     | typeflag  |
 * | 257    | 8     | magic and version: `ustar\0` `00`, or GNU's `ustar  \0` |
 * | 345    | 155   | prefix, not in GNU's form |
 *
 * Source: POSIX.1-1988 ustar (IEEE Std 1003.1, pax, "ustar Interchange Format"). The contents are views of the archive.
 *
 * @throws {Failure} `MODEL_INVALID` `tar-…` for what is no such archive; `MODEL_REFUSED` `tar-…` for what is not wanted
 * in one: links, devices, extended headers, names that lead outside, names given twice, too many entries.
 */
export function readTar(archive: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const files: Map<string, Uint8Array> = new Map()
  let entries = 0
  let at = 0
  for (;;) {
    const header = archive.subarray(at, at + BLOCK_BYTES)
    if (header.byteLength < BLOCK_BYTES) throw invalid('tar-truncated')
    if (isZeros(header)) break
    if (++entries > MAX_ENTRIES) throw refused('tar-too-many-entries', MAX_ENTRIES)
    at += BLOCK_BYTES
    const entry = parseHeader(header)
    if (entry.size > archive.byteLength - at) throw invalid('tar-truncated')
    if (entry.kind === 'file') {
      if (files.has(entry.path)) throw refused('tar-duplicate-name')
      files.set(entry.path, archive.subarray(at, at + entry.size))
    }
    at += Math.ceil(entry.size / BLOCK_BYTES) * BLOCK_BYTES
  }
  if (!isZeros(archive.subarray(at))) throw invalid('tar-trailing-bytes')
  return files
}

const BLOCK_BYTES = 512
const MAX_ENTRIES = 1000
const MAX_SEGMENTS = 8
const CHECKSUM = [148, 156] as const

interface Entry {
  readonly kind: 'file' | 'folder'
  readonly path: string
  readonly size: number
}

function parseHeader(header: Uint8Array): Entry {
  const magic = String.fromCharCode(...header.subarray(257, 265))
  const isGnu = magic === 'ustar  \0'
  if (!isGnu && magic !== 'ustar\u000000') throw invalid('tar-magic')
  if (octal(header, CHECKSUM[0], CHECKSUM[1]) !== checksum(header)) throw invalid('tar-checksum')
  const kind = KINDS.get(header[156] ?? 0xff)
  if (kind === undefined) throw refused('tar-entry-type')
  const size = octal(header, 124, 136)
  if (kind === 'folder' && size !== 0) throw invalid('tar-folder-size')
  const prefix = isGnu ? '' : text(header, 345, 500)
  const name = text(header, 0, 100)
  const path = parsePath(prefix === '' ? name : `${prefix}/${name}`, kind)
  return { kind, path, size }
}

/** Typeflags: `0` and NUL are files, `5` is a folder. */
const KINDS: ReadonlyMap<number, Entry['kind']> = new Map([
  [0x30, 'file'],
  [0, 'file'],
  [0x35, 'folder'],
])

function parsePath(name: string, kind: Entry['kind']): string {
  const inner = kind === 'folder' && name.endsWith('/') ? name.slice(0, -1) : name
  const segments = inner.split('/')
  if (segments[0] === '.') segments.shift()
  if (segments.length === 0 && kind === 'folder') return ''
  const isPlain = segments.every((segment) => /^[^\\\p{Cc}]+$/u.test(segment) && segment !== '.' && segment !== '..')
  if (segments.length === 0 || segments.length > MAX_SEGMENTS || !isPlain) throw refused('tar-path')
  return segments.join('/')
}

function octal(header: Uint8Array, start: number, end: number): number {
  const digits = String.fromCharCode(...header.subarray(start, end))
    .replace(/[ \0]+$/, '')
    .replace(/^ +/, '')
  if (!/^[0-7]{1,12}$/.test(digits)) throw invalid('tar-number')
  return Number.parseInt(digits, 8)
}

/** The sum of all bytes, those of the checksum itself taken as spaces. */
function checksum(header: Uint8Array): number {
  return header.reduce((sum, byte, at) => sum + (at >= CHECKSUM[0] && at < CHECKSUM[1] ? 0x20 : byte), 0)
}

function text(header: Uint8Array, start: number, end: number): string {
  const field = header.subarray(start, end)
  const length = field.indexOf(0)
  try {
    return fromUtf8('tar name', length < 0 ? field : field.subarray(0, length))
  } catch (cause) {
    throw new Failure('MODEL_REFUSED', 'tar-path', null, { cause })
  }
}

function isZeros(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}

function invalid(reason: string): Failure {
  return new Failure('MODEL_INVALID', reason)
}

function refused(reason: string, subject: string | number | null = null): Failure {
  return new Failure('MODEL_REFUSED', reason, subject)
}
