import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileKeySource, nodeFiles, type RollbackCounter } from '@blindai/store'
import { describe, expect, test } from 'vitest'
import { add, bytesLike, bytesOf, openAt, refusal, testFolder } from './support/opened.ts'

const MODEL = bytesLike(1000)

describe('a key file', () => {
  test('is made for a new store, readable by its owner alone', async () => {
    const folder = await testFolder()
    await openAt(folder)
    expect((await stat(join(folder, 'key'))).mode & 0o777).toBe(0o600)
    expect(await readFile(join(folder, 'key'), 'utf8')).toMatch(/^blindai\.store\.root\.v1 [\w-]{43}\n$/)
  })

  test.each([0o640, 0o604, 0o620, 0o666])('of mode %o is refused', async (mode) => {
    const folder = await testFolder()
    const { store } = await openAt(folder)
    await store.close()
    await chmod(join(folder, 'key'), mode)
    await expect(openAt(folder)).rejects.toMatchObject(
      refusal('KEY_FILE_EXPOSED', { file: 'key', mode: `0${mode.toString(8)}` }),
    )
  })

  test('that is missing beside a store is not made anew', async () => {
    const folder = await testFolder()
    const { store } = await openAt(folder)
    await store.close()
    await rm(join(folder, 'key'))
    await expect(openAt(folder)).rejects.toMatchObject(refusal('KEY_FILE_MISSING', { file: 'key' }))
    expect(await readdir(folder)).not.toContain('key')
  })

  test('of another store releases nothing', async () => {
    const [folder, other] = [await testFolder(), await testFolder()]
    const { store } = await openAt(folder)
    await store.close()
    await openAt(other)
    await writeFile(join(folder, 'key'), await readFile(join(other, 'key')))
    await expect(openAt(folder)).rejects.toMatchObject(refusal('KEY_NOT_RELEASED', { source: 'file' }))
  })

  test.each([
    ['empty', ''],
    ['too short', 'blindai.store.root.v1 AAAA\n'],
    ['too long', `blindai.store.root.v1 ${'A'.repeat(43)}\n\n`],
    ['of another form', `blindai.store.root.v2 ${'A'.repeat(43)}\n`],
    ['no base64url', `blindai.store.root.v1 ${'+'.repeat(43)}\n`],
    ['without its end of line', `blindai.store.root.v1 ${'A'.repeat(44)}`],
  ])('that is %s is refused', async (_, text) => {
    const folder = await testFolder()
    await writeFile(join(folder, 'key'), text, { mode: 0o600 })
    await expect(fileKeySource(nodeFiles(folder), 'key').seal(new Uint8Array(32))).rejects.toMatchObject(
      refusal('KEY_FILE_MALFORMED'),
    )
  })

  test('that a first start left half made is made again', async () => {
    const folder = await testFolder()
    await writeFile(join(folder, 'key.tmp'), 'blindai.sto')
    await openAt(folder)
    expect(await readdir(folder)).not.toContain('key.tmp')
  })
})

/** A counter outside of the disk. */
function counting(): RollbackCounter & { value: number } {
  const counter = {
    value: 0,
    read: async () => counter.value,
    advance: async (generation: number) => {
      counter.value = Math.max(counter.value, generation)
    },
  }
  return counter
}

describe('a store with a counter outside', () => {
  test('advances it with every change before it acknowledges', async () => {
    const counter = counting()
    const { store } = await openAt(await testFolder(), { counter })
    await add(store, 'alice', MODEL)
    expect(counter.value).toBe(store.generation)
  })

  test('refuses an index older than the counter, and no index at all', async () => {
    const counter = counting()
    const folder = await testFolder()
    const { store } = await openAt(folder, { counter })
    const older = await readFile(join(folder, 'index'))
    await add(store, 'alice', MODEL)
    await store.close()
    await writeFile(join(folder, 'index'), older)
    await expect(openAt(folder, { counter })).rejects.toMatchObject(
      refusal('STORE_ROLLED_BACK', { generation: 1, counter: 2 }),
    )
    await rm(folder, { recursive: true })
    await expect(openAt(await testFolder(), { counter })).rejects.toMatchObject(
      refusal('STORE_ROLLED_BACK', { generation: 0, counter: 2 }),
    )
  })

  test('opens an index that is ahead of the counter, as a crash between the two leaves it, and advances it', async () => {
    const counter = counting()
    const folder = await testFolder()
    const { store } = await openAt(folder, { counter })
    const model = await add(store, 'alice', MODEL)
    await store.close()
    counter.value--
    const { store: again } = await openAt(folder, { counter })
    expect(again.models).toEqual([model])
    expect(counter.value).toBe(again.generation)
  })

  test('acknowledges nothing when the counter fails', async () => {
    const counter = counting()
    const { store } = await openAt(await testFolder(), { counter })
    const model = await add(store, 'alice', MODEL)
    counter.advance = () => Promise.reject(new Error('the counter is gone'))
    await expect(store.remove(model)).rejects.toThrowError('the counter is gone')
    expect(store.models).toEqual([model])
  })

  test('has another key after a delete, sealed by the same source, and serves what is left', async () => {
    const folder = await testFolder()
    const sealed: Uint8Array[] = []
    const files = nodeFiles(folder)
    const source = fileKeySource(files, 'key')
    const keySource = {
      ...source,
      seal: async (key: Uint8Array) => {
        sealed.push(key.slice())
        return await source.seal(key)
      },
    }
    const { store } = await openAt(folder, { counter: counting(), keySource })
    const gone = await add(store, 'alice', MODEL)
    const kept = await add(store, 'bob', MODEL)
    expect(sealed).toHaveLength(1)
    await store.remove(gone)
    expect(sealed).toHaveLength(2)
    expect(sealed[0]).not.toEqual(sealed[1])
    await store.close()
    const { store: again } = await openAt(folder)
    expect(await bytesOf(again, kept)).toEqual(MODEL)
  })

  test('keeps its key over a delete when there is none', async () => {
    const folder = await testFolder()
    let seals = 0
    const source = fileKeySource(nodeFiles(folder), 'key')
    const keySource = {
      ...source,
      seal: (key: Uint8Array) => {
        seals++
        return source.seal(key)
      },
    }
    const { store } = await openAt(folder, { keySource })
    await store.remove(await add(store, 'alice', MODEL))
    expect(seals).toBe(1)
  })
})
