import { describe, expect, test } from 'vitest'
import { readTar } from '../../src/runtime/engine/bundle/tar.ts'
import { writeTar } from '../../src/runtime/host/wall/tar-writer.ts'

const content = new TextEncoder().encode('{}')
const archive = writeTar([
  { path: 'onnx', folder: true },
  { path: 'onnx/model.onnx', content: new Uint8Array(1000).fill(7) },
  { path: 'config.json', content },
])

/** The archive with some bytes of its first header replaced and the checksum put right again. */
function withHeader(...changes: readonly (readonly [number, string])[]): Uint8Array {
  const changed = writeTar([{ path: 'config.json', content }])
  for (const [at, text] of changes) changed.set(new TextEncoder().encode(text), at)
  changed.set(new TextEncoder().encode('        '), 148)
  const sum = changed.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  changed.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, '0')}\0 `), 148)
  return changed
}

function refusal(code: string, reason: string): unknown {
  return expect.objectContaining({ code, reason })
}

describe('an archive of plain files', () => {
  test('gives their bytes by their paths', () => {
    const files = readTar(archive)
    expect([...files.keys()]).toEqual(['onnx/model.onnx', 'config.json'])
    expect(files.get('config.json')).toEqual(content)
  })

  test('may start its paths with "./", split them, or be of GNU tar', () => {
    expect([...readTar(withHeader([0, './config.json\0'])).keys()]).toEqual(['config.json'])
    expect([...readTar(withHeader([345, 'folder'])).keys()]).toEqual(['folder/config.json'])
    expect([...readTar(withHeader([257, 'ustar  \0'])).keys()]).toEqual(['config.json'])
  })
})

describe('an archive is refused', () => {
  test.for<[string, [number, string][], string, string]>([
    ['with a symbolic link', [[156, '2']], 'MODEL_REFUSED', 'tar-entry-type'],
    ['with a hard link', [[156, '1']], 'MODEL_REFUSED', 'tar-entry-type'],
    ['with a device', [[156, '3']], 'MODEL_REFUSED', 'tar-entry-type'],
    ['with an extended header', [[156, 'x']], 'MODEL_REFUSED', 'tar-entry-type'],
    ['with a path from the root', [[0, '/etc/passwd\0']], 'MODEL_REFUSED', 'tar-path'],
    ['with a path that leads out', [[0, 'a/../../b\0']], 'MODEL_REFUSED', 'tar-path'],
    ['with a path that has a gap', [[0, 'a//b\0']], 'MODEL_REFUSED', 'tar-path'],
    ['with a backslash', [[0, 'a\\b\0']], 'MODEL_REFUSED', 'tar-path'],
    ['with a line break in a path', [[0, 'a\nb\0']], 'MODEL_REFUSED', 'tar-path'],
    ['with folders in folders in folders', [[0, 'a/b/c/d/e/f/g/h/i\0']], 'MODEL_REFUSED', 'tar-path'],
    ['with a size that is no number', [[124, 'zzzzzzzzzzz\0']], 'MODEL_INVALID', 'tar-number'],
    ['with a size beyond its end', [[124, '77777777777\0']], 'MODEL_INVALID', 'tar-truncated'],
    ['of another format', [[257, 'pax']], 'MODEL_INVALID', 'tar-magic'],
  ])('%s', ([, changes, code, reason]) => {
    expect(() => readTar(withHeader(...changes))).toThrow(refusal(code, reason))
  })

  test('with a path twice', () => {
    const entry = { path: 'config.json', content }
    expect(() => readTar(writeTar([entry, entry]))).toThrow(refusal('MODEL_REFUSED', 'tar-duplicate-name'))
  })

  test('with a thousand and one entries', () => {
    const entries = Array.from({ length: 1001 }, (_, index) => ({ path: `f${index}`, content: new Uint8Array(0) }))
    expect(() => readTar(writeTar(entries))).toThrow(refusal('MODEL_REFUSED', 'tar-too-many-entries'))
  })

  test('with a byte of a header changed', () => {
    const changed = archive.map((byte, at) => (at === 3 ? byte ^ 1 : byte))
    expect(() => readTar(changed)).toThrow(refusal('MODEL_INVALID', 'tar-checksum'))
  })

  test('at every truncation before its end, and with anything behind it', () => {
    const end = archive.byteLength - 1024
    for (let length = 0; length < end + 512; length += 61) {
      expect(() => readTar(archive.subarray(0, length))).toThrow(expect.objectContaining({ code: 'MODEL_INVALID' }))
    }
    const longer = new Uint8Array(archive.byteLength + 512)
    longer.set(archive)
    longer[longer.byteLength - 1] = 1
    expect(() => readTar(longer)).toThrow(refusal('MODEL_INVALID', 'tar-trailing-bytes'))
  })
})
