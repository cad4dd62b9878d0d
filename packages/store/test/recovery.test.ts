import { readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHUNK_BYTES, ephemeralKeySource, openStoreFolder } from '@blindai/store'
import { describe, expect, test } from 'vitest'
import { add, bytesLike, bytesOf, openAt, PUBLICATION, refusal, sha256, testFolder } from './support/opened.ts'

const ALICES = bytesLike(CHUNK_BYTES + 9, 1)
const BOBS = bytesLike(5000, 2)

/** A store with a model of alice and one of bob, closed; and where their sealed bytes lie. */
async function twoModels(): Promise<{ readonly folder: string; readonly alices: string; readonly bobs: string }> {
  const folder = await testFolder()
  const { store } = await openAt(folder)
  await add(store, 'alice', ALICES)
  const [first = ''] = await readdir(join(folder, 'blobs'))
  await add(store, 'bob', BOBS)
  const second = (await readdir(join(folder, 'blobs'))).find((name) => name !== first) ?? ''
  await store.close()
  return { folder, alices: join(folder, 'blobs', first), bobs: join(folder, 'blobs', second) }
}

const ALICE = { owner: 'alice', sha256: sha256(ALICES) }
const BOB = { owner: 'bob', sha256: sha256(BOBS) }

describe('a start after a crash', () => {
  test('removes what an upload and a change that were cut off left', async () => {
    const { folder } = await twoModels()
    await writeFile(join(folder, 'index.tmp'), 'half an index')
    await writeFile(join(folder, 'blobs', 'ab'.repeat(16)), 'half a blob')
    const { store, events } = await openAt(folder)
    expect(events).toEqual([
      { event: 'store-leftovers-removed', files: 1 },
      { event: 'store-opened', models: 2, generation: 3 },
    ])
    expect((await readdir(folder)).sort()).toEqual(['blobs', 'index', 'key', 'quarantine'])
    expect(await bytesOf(store, ALICE)).toEqual(ALICES)
  })

  test('makes the folders that a first start did not come to', async () => {
    const folder = await testFolder()
    const { store } = await openAt(folder)
    await store.close()
    await rm(join(folder, 'blobs'), { recursive: true })
    await rm(join(folder, 'quarantine'), { recursive: true })
    const { store: again } = await openAt(folder)
    expect(await bytesOf(again, await add(again, 'alice', ALICES))).toEqual(ALICES)
  })
})

describe('a blob that is not what was stored', () => {
  test.each([
    ['is missing', (path: string) => rm(path), 'BLOB_MISSING', false],
    ['is cut short', (path: string) => truncate(path, 100), 'BLOB_WRONG_LENGTH', true],
    [
      'has another header',
      async (path: string) => {
        const bytes = await readFile(path)
        bytes[20] = (bytes[20] ?? 0) ^ 1
        await writeFile(path, bytes)
      },
      'BLOB_HEADER_REFUSED',
      true,
    ],
  ])('because it %s is reported and moved aside, and its neighbour is served', async (_, damage, code, movedAside) => {
    const { folder, alices } = await twoModels()
    await damage(alices)
    const { store, events } = await openAt(folder)
    expect(events).toContainEqual({ event: 'model-damaged', model: ALICE.sha256, code, movedAside })
    expect(store.damageOf(ALICE)).toBe(code)
    expect(store.damageOf(BOB)).toBeUndefined()
    expect(await bytesOf(store, BOB)).toEqual(BOBS)
    await expect(bytesOf(store, ALICE)).rejects.toMatchObject(refusal('BLOB_MISSING', { model: ALICE.sha256 }))
    expect(await readdir(join(folder, 'quarantine'))).toHaveLength(movedAside ? 1 : 0)
  })

  test('is served again when its file is restored, since its key was kept', async () => {
    const { folder, alices } = await twoModels()
    await rename(alices, `${folder}.kept`)
    const { store } = await openAt(folder)
    await store.close()
    await rename(`${folder}.kept`, alices)
    const { store: again } = await openAt(folder)
    expect(again.damageOf(ALICE)).toBeUndefined()
    expect(await bytesOf(again, ALICE)).toEqual(ALICES)
  })

  test('is replaced when its owner uploads it again, and what was moved aside goes', async () => {
    const { folder, alices } = await twoModels()
    await truncate(alices, 100)
    const { store } = await openAt(folder)
    await store.change(ALICE, { name: 'renamed meanwhile' })
    expect(store.damageOf(ALICE)).toBe('BLOB_WRONG_LENGTH')
    await add(store, 'alice', ALICES)
    expect(store.damageOf(ALICE)).toBeUndefined()
    expect(await bytesOf(store, ALICE)).toEqual(ALICES)
    expect(await readdir(join(folder, 'quarantine'))).toEqual([])
  })

  test('stays known as damaged when its owner gives its name to another model', async () => {
    const { folder, alices } = await twoModels()
    await truncate(alices, 100)
    const { store } = await openAt(folder)
    await store.change(ALICE, { name: 'm' })
    await add(store, 'alice', BOBS, { name: 'm' })
    expect(store.models.find(({ sha256 }) => sha256 === ALICE.sha256)?.name).toBeUndefined()
    expect(store.damageOf(ALICE)).toBe('BLOB_WRONG_LENGTH')
  })

  test('can be deleted', async () => {
    const { folder, alices } = await twoModels()
    await truncate(alices, 100)
    const { store } = await openAt(folder)
    expect(await store.remove(ALICE)).toBe(true)
    expect(await readdir(join(folder, 'quarantine'))).toEqual([])
  })

  test('is found in a chunk when it is read, before a byte of that chunk is given', async () => {
    const { folder, alices } = await twoModels()
    const bytes = await readFile(alices)
    bytes[bytes.byteLength - 20] = (bytes.at(-20) ?? 0) ^ 1
    await writeFile(alices, bytes)
    const { store, events } = await openAt(folder)
    const given: number[] = []
    const reading = async (): Promise<void> => {
      for await (const chunk of store.read(ALICE)) given.push(chunk.byteLength)
    }
    await expect(reading()).rejects.toMatchObject(refusal('BLOB_NOT_AUTHENTIC', { part: 'chunk', chunk: 1 }))
    expect(given).toEqual([CHUNK_BYTES])
    expect(events.at(-1)).toEqual({
      event: 'model-damaged',
      model: ALICE.sha256,
      code: 'BLOB_NOT_AUTHENTIC',
      movedAside: true,
    })
  })
})

describe('an index that cannot be used', () => {
  test('and is missing beside blobs is a refusal, never an empty store', async () => {
    const { folder } = await twoModels()
    await rm(join(folder, 'index'))
    await expect(openAt(folder)).rejects.toMatchObject(refusal('INDEX_MISSING'))
  })

  test('is missed in a store without models too', async () => {
    const folder = await testFolder()
    const { store } = await openAt(folder)
    await store.close()
    await rm(join(folder, 'index'))
    await expect(openAt(folder)).rejects.toMatchObject(refusal('INDEX_MISSING'))
  })

  test('because it is larger than any may be is refused before it is read', async () => {
    const { folder } = await twoModels()
    await truncate(join(folder, 'index'), 33 * 1024 * 1024)
    await expect(openAt(folder)).rejects.toMatchObject(refusal('INDEX_TOO_LARGE', { limit: 32 * 1024 * 1024 }))
  })

  test('because it would grow too large is not written, and the store goes on', async () => {
    const { store } = await openAt(await testFolder())
    const details = { much: 'x'.repeat(33 * 1024 * 1024) }
    await expect(add(store, 'alice', BOBS, { details })).rejects.toMatchObject(refusal('INDEX_TOO_LARGE'))
    expect(store.models).toEqual([])
    expect(await bytesOf(store, await add(store, 'alice', BOBS))).toEqual(BOBS)
  })
})

describe('a folder', () => {
  test('belongs to one open store at a time', async () => {
    const folder = await testFolder()
    const options = { keySource: ephemeralKeySource(), onEvent: () => undefined }
    const opened = await openStoreFolder(join(folder, 'store'), options)
    await expect(openStoreFolder(join(folder, 'store'), options)).rejects.toMatchObject(refusal('STORE_IN_USE'))
    await opened.close()
    const again = await openStoreFolder(join(folder, 'store'), options)
    const blob = await again.store.stage(ALICE)
    await blob.append(ALICES)
    await blob.finish()
    await again.store.publish(blob, PUBLICATION)
    await again.close()
  })
})
