import { concatBytes, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { type ByteSource, bytesSource } from '../src/byte-source.ts'
import { isBlindAiError } from '../src/errors.ts'
import { type FolderFile, tarSource } from '../src/tar.ts'

const file = (path: string, text: string): FolderFile => ({ path, source: bytesSource(utf8(text)) })

async function pack(...files: FolderFile[]): Promise<Uint8Array> {
  const source = tarSource(files)
  return source.read(0, source.size)
}

/** Names and contents, read by the rules of the format and not by those of the writer. */
function unpack(archive: Uint8Array): Record<string, string> {
  const text = (from: number, length: number): string =>
    new TextDecoder().decode(archive.subarray(from, from + length)).replace(/\0.*$/s, '')
  const files: Record<string, string> = {}
  for (let at = 0; (archive[at] ?? 0) !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12), 8)
    const prefix = text(at + 345, 155)
    files[prefix === '' ? text(at, 100) : `${prefix}/${text(at, 100)}`] = text(at + 512, size)
    at += 512 + Math.ceil(size / 512) * 512
  }
  return files
}

function codeOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (isBlindAiError(error)) return error.code
    throw error
  }
  return 'nothing was thrown'
}

describe('an archive of a folder', () => {
  test('holds every file under its path', async () => {
    const long = `${'folder/'.repeat(20)}model.onnx`
    const archive = await pack(file('config.json', '{}'), file('onnx/model.onnx', 'weights'), file(long, 'deep'))
    expect(unpack(archive)).toEqual({ 'config.json': '{}', 'onnx/model.onnx': 'weights', [long]: 'deep' })
  })

  test('is the same bytes whatever order the files come in', async () => {
    const files = [file('b', '2'), file('a', '1'), file('B', '3'), file('é', '4')]
    expect(await pack(...files)).toEqual(await pack(...files.toReversed()))
  })

  test('is made of whole blocks, with checksums that add up, and ends in two empty blocks', async () => {
    const archive = await pack(file('a', 'x'.repeat(513)))
    expect(archive.byteLength).toBe(512 + 1024 + 1024)
    expect(archive.subarray(-1024).every((byte) => byte === 0)).toBe(true)
    const header = archive.slice(0, 512)
    const stated = Number.parseInt(new TextDecoder().decode(header.subarray(148, 154)), 8)
    header.fill(0x20, 148, 156)
    expect(header.reduce((sum, byte) => sum + byte, 0)).toBe(stated)
  })

  test('reads the same in pieces as in whole', async () => {
    const source = tarSource([file('a', 'x'.repeat(700)), file('b', ''), file('c', 'z')])
    const pieces: Uint8Array[] = []
    for (let at = 0; at < source.size; at += 333) pieces.push(await source.read(at, Math.min(333, source.size - at)))
    expect(concatBytes(...pieces)).toEqual(await source.read(0, source.size))
  })

  test.each([
    '',
    '/etc/passwd',
    '../a',
    'a/../b',
    'a//b',
    './a',
    'a\\b',
    'a\nb',
    'a\0b',
    'x'.repeat(101),
    `${'y'.repeat(300)}/a`,
  ])('refuses the file name %j', (path) => {
    expect(codeOf(() => tarSource([file(path, 'x')]))).toBe('SOURCE_UNREADABLE')
  })

  test('refuses two files of one name, and none at all', () => {
    expect(codeOf(() => tarSource([file('a', '1'), file('a', '2')]))).toBe('SOURCE_UNREADABLE')
    expect(codeOf(() => tarSource([]))).toBe('SOURCE_UNREADABLE')
  })

  test('refuses a file that its header cannot give the size of', () => {
    const huge: ByteSource = { size: 8 * 2 ** 30, read: () => Promise.reject(new Error('never read')) }
    expect(codeOf(() => tarSource([{ path: 'huge', source: huge }]))).toBe('SOURCE_TOO_LARGE')
  })
})
