import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openPath, sha256 } from '../src/files.node.ts'
import { openModel } from '../src/model-source.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blindai-client-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function model(root: string): Promise<string> {
  await mkdir(join(root, 'onnx'), { recursive: true })
  await writeFile(join(root, 'config.json'), '{"model_type":"x"}')
  await writeFile(join(root, 'onnx', 'model.onnx'), new Uint8Array(1000).fill(7))
  await mkdir(join(root, '.git'))
  await writeFile(join(root, '.git', 'HEAD'), 'not the model')
  return root
}

async function pack(path: string): Promise<Uint8Array> {
  const { source } = await openModel(path)
  return source.read(0, source.size)
}

describe('a folder', () => {
  test('is packed to the same bytes on every machine and day', async () => {
    const one = await model(join(folder, 'one'))
    const two = await model(join(folder, 'two'))
    await utimes(join(two, 'config.json'), 1, 1)
    expect(await pack(one)).toEqual(await pack(two))
  })

  test('becomes an archive that tar lists, without what tools keep in it', async () => {
    const archive = join(folder, 'model.tar')
    await writeFile(archive, await pack(await model(join(folder, 'one'))))
    expect(execFileSync('tar', ['-tf', archive], { encoding: 'utf8' })).toBe('config.json\nonnx/model.onnx\n')
  })

  test('may hold links to files, as download caches do, and no links to folders', async () => {
    const root = await model(join(folder, 'one'))
    await symlink(join(root, 'config.json'), join(root, 'linked.json'))
    expect((await openPath(root)).type).toBe('folder')
    await symlink(join(root, 'onnx'), join(root, 'again'))
    await expect(openPath(root)).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' })
  })
})

describe('a file', () => {
  test('is digested in pieces, with progress', async () => {
    const bytes = new Uint8Array(9 * 1024 * 1024).fill(3)
    const path = join(folder, 'big.onnx')
    await writeFile(path, bytes)
    const { source, kind } = await openModel({ file: path })
    const steps: number[] = []
    expect(await sha256(source, (done) => steps.push(done), undefined)).toBe(
      createHash('sha256').update(bytes).digest('hex'),
    )
    expect(kind).toBe('onnx')
    expect(steps).toEqual([4, 8, 9].map((mebibytes) => mebibytes * 1024 * 1024))
  })

  test('that is a tar archive is taken for a bundle', async () => {
    const path = join(folder, 'model.tar')
    await writeFile(path, await pack(await model(join(folder, 'one'))))
    expect((await openModel(path)).kind).toBe('bundle')
  })

  test('that shrinks while it is read is an error with the place', async () => {
    const path = join(folder, 'shrinking.onnx')
    await writeFile(path, new Uint8Array(1000))
    const { source } = await openModel(path)
    await truncate(path, 400)
    await expect(source.read(0, 1000)).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
      details: { offset: 0, expected: 1000, actual: 400 },
    })
  })

  test('that is not there is named by the code of the file system', async () => {
    await expect(openModel(join(folder, 'none'))).rejects.toMatchObject({
      family: 'fix',
      code: 'SOURCE_UNREADABLE',
      details: { reason: 'ENOENT' },
    })
  })
})
