import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { unixSeconds } from '@blindai/core'
import { CHUNK_BYTES, ephemeralKeySource, sealedBytes } from '@blindai/store'
import { describe, expect, test } from 'vitest'
import { add, bytesLike, bytesOf, openAt, PUBLICATION, refusal, sha256, testFolder } from './support/opened.ts'

const NOW = unixSeconds(1_800_000_000)
const TENANT = { role: 'owner', createdAt: NOW, keys: [], details: {} } as const
const MODEL = bytesLike(2 * CHUNK_BYTES + 5)

describe('a stored model', () => {
  test.each([
    ['no byte', 0],
    ['one byte', 1],
    ['one byte less than a chunk', CHUNK_BYTES - 1],
    ['a whole chunk', CHUNK_BYTES],
    ['one byte more than a chunk', CHUNK_BYTES + 1],
    ['many chunks', 7 * CHUNK_BYTES],
  ])('of %s comes back after a restart, and takes what is documented', async (_, length) => {
    const folder = await testFolder()
    const { store } = await openAt(folder)
    const bytes = bytesLike(length)
    const model = await add(store, 'alice', bytes)
    expect(model).toEqual({ owner: 'alice', sha256: sha256(bytes), bytes: length, ...PUBLICATION })
    await store.close()
    const { store: again } = await openAt(folder)
    expect(again.models).toEqual([model])
    expect(sha256(await bytesOf(again, model))).toBe(sha256(bytes))
    const [name = ''] = await readdir(join(folder, 'blobs'))
    expect((await stat(join(folder, 'blobs', name))).size).toBe(sealedBytes(length))
  })

  test('is not there before it is published, and leaves nothing when it is given up', async () => {
    const folder = await testFolder()
    const { store } = await openAt(folder)
    const blob = await store.stage({ owner: 'alice', sha256: sha256(MODEL) })
    await blob.append(MODEL)
    expect(store.models).toEqual([])
    await expect(store.publish(blob, PUBLICATION)).rejects.toThrowError(RangeError)
    await blob.finish()
    await store.discard(blob)
    await store.discard(blob)
    expect(await readdir(join(folder, 'blobs'))).toEqual([])
    await expect(store.publish(blob, PUBLICATION)).rejects.toThrowError(RangeError)
  })

  test('can be read while it is staged, as an engine does before it is accepted', async () => {
    const { store } = await openAt(await testFolder())
    const blob = await store.stage({ owner: 'alice', sha256: sha256(MODEL) })
    await blob.append(MODEL)
    await blob.finish()
    const chunks: Uint8Array[] = []
    for await (const chunk of store.readStaged(blob)) chunks.push(chunk)
    expect(sha256(Buffer.concat(chunks))).toBe(sha256(MODEL))
  })

  test('of two owners is two, down to the sealed bytes', async () => {
    const folder = await testFolder()
    const { store } = await openAt(folder)
    await add(store, 'alice', MODEL)
    await add(store, 'bob', MODEL)
    const [first = '', second = ''] = await readdir(join(folder, 'blobs'))
    const [a, b] = [await readFile(join(folder, 'blobs', first)), await readFile(join(folder, 'blobs', second))]
    expect(a.subarray(48, 1000).equals(b.subarray(48, 1000))).toBe(false)
    await store.remove({ owner: 'alice', sha256: sha256(MODEL) })
    expect(store.models.map(({ owner }) => owner)).toEqual(['bob'])
    expect(await bytesOf(store, { owner: 'bob', sha256: sha256(MODEL) })).toHaveLength(MODEL.byteLength)
  })

  test('that is stored again takes the place of the former, whose file goes', async () => {
    const folder = await testFolder()
    const { store } = await openAt(folder)
    await add(store, 'alice', MODEL, { name: 'a' })
    await add(store, 'alice', MODEL, { name: 'b' })
    expect(store.models.map(({ name }) => name)).toEqual(['b'])
    expect(await readdir(join(folder, 'blobs'))).toHaveLength(1)
  })

  test('gives its name to a later one of its owner, also after a restart and when the older one is renamed', async () => {
    const folder = await testFolder()
    const { store } = await openAt(folder)
    const first = await add(store, 'alice', bytesLike(10, 1), { name: 'm' })
    const second = await add(store, 'alice', bytesLike(10, 2), { name: 'm' })
    const namesOf = (models: typeof store.models): unknown[] => models.map(({ name }) => name)
    expect(namesOf(store.models)).toEqual([undefined, 'm'])
    expect(await store.change(first, { name: 'm' })).toMatchObject({ sha256: first.sha256, name: 'm' })
    await add(store, 'bob', bytesLike(10, 1), { name: 'm' })
    await store.close()
    const { store: again } = await openAt(folder)
    expect(namesOf(again.models)).toEqual(['m', undefined, 'm'])
    expect(again.models[1]?.sha256).toBe(second.sha256)
  })

  test('that is deleted is gone with its file, and a delete of what is not there says so', async () => {
    const folder = await testFolder()
    const { store } = await openAt(folder)
    const model = await add(store, 'alice', MODEL)
    expect(await store.remove(model)).toBe(true)
    expect(await store.remove(model)).toBe(false)
    expect(await store.change(model, { name: 'x' })).toBeUndefined()
    expect(await readdir(join(folder, 'blobs'))).toEqual([])
    await expect(bytesOf(store, model)).rejects.toThrowError(RangeError)
  })

  test('keeps its grants and details over a restart', async () => {
    const folder = await testFolder()
    const { store } = await openAt(folder)
    const details = { kind: 'bundle', description: { inputs: [{ name: 'x', shape: [-1, 3] }] } }
    const model = await add(store, 'alice', MODEL, { details })
    await store.change(model, { grants: ['*', 'bob'] })
    await store.close()
    const { store: again } = await openAt(folder)
    expect(again.models).toEqual([{ ...model, grants: ['*', 'bob'] }])
  })

  test('is one of many that are stored and deleted at the same time', async () => {
    const folder = await testFolder()
    const { store } = await openAt(folder)
    const gone = await add(store, 'alice', bytesLike(100))
    await Promise.all([
      ...Array.from({ length: 10 }, (_, i) => add(store, `owner-${i}`, bytesLike(1000, i), { name: 'm' })),
      store.remove(gone),
      store.setTenants([{ ...TENANT, name: 'alice', keys: [] }]),
    ])
    await store.close()
    const { store: again } = await openAt(folder)
    expect(again.models).toHaveLength(10)
    expect(again.generation).toBe(1 + 1 + 10 + 1 + 1)
    for (const model of again.models) expect(sha256(await bytesOf(again, model))).toBe(model.sha256)
  })
})

describe('tenants in the index', () => {
  test('keep their hashes and times over a restart', async () => {
    const folder = await testFolder()
    const { store } = await openAt(folder)
    const tenants = [
      {
        ...TENANT,
        name: 'clinic',
        keys: [{ sha256: 'ab'.repeat(32), createdAt: NOW, notBefore: NOW, expiresAt: unixSeconds(1_900_000_000) }],
        details: { quotas: { maxModels: 3 } },
      },
      {
        ...TENANT,
        name: 'guest',
        role: 'caller',
        keys: [
          { sha256: 'cd'.repeat(32), createdAt: NOW },
          { sha256: 'ef'.repeat(32), createdAt: NOW },
        ],
      },
    ]
    await store.setTenants(tenants)
    await store.close()
    const { store: again } = await openAt(folder)
    expect(again.tenants).toEqual(tenants)
  })

  test('go with their models and what was granted to them, in one change, and leave the others alone', async () => {
    const folder = await testFolder()
    const { store } = await openAt(folder)
    await store.setTenants([
      { ...TENANT, name: 'alice' },
      { ...TENANT, name: 'bob' },
    ])
    await add(store, 'alice', MODEL)
    await add(store, 'alice', bytesLike(200))
    const kept = await add(store, 'bob', MODEL, { grants: ['alice', 'carol'] })
    const generation = store.generation
    expect(await store.removeTenant('alice')).toBe(true)
    expect(store.generation).toBe(generation + 1)
    expect(await readdir(join(folder, 'blobs'))).toHaveLength(1)
    await store.close()
    const { store: again } = await openAt(folder)
    expect(again.tenants.map(({ name }) => name)).toEqual(['bob'])
    expect(again.models).toEqual([{ ...kept, grants: ['carol'] }])
    expect(await again.removeTenant('alice')).toBe(false)
    expect(again.generation).toBe(generation + 1)
  })
})

describe('what lies on the disk', () => {
  test('holds neither bytes nor names nor keys of models in the clear', async () => {
    const folder = await testFolder()
    const { store } = await openAt(folder)
    const marker = 'a marker that is nowhere else'
    await add(store, marker, Buffer.from(marker.repeat(100)), { name: marker, details: { marker } })
    await store.setTenants([
      {
        ...TENANT,
        name: marker,
        keys: [{ sha256: sha256(Buffer.from(marker)), createdAt: NOW }],
        details: { marker },
      },
    ])
    const paths = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    expect(paths.map(({ name }) => name)).toEqual(expect.arrayContaining(['index', 'key']))
    for (const { parentPath, name } of paths) {
      const bytes = await readFile(join(parentPath, name))
      for (const form of [marker, Buffer.from(marker).toString('hex'), sha256(Buffer.from(marker))]) {
        expect(bytes.includes(form), name).toBe(false)
      }
    }
  })

  test('is readable by its owner alone', async () => {
    const folder = await testFolder()
    const { store } = await openAt(folder)
    await add(store, 'alice', MODEL)
    for (const { parentPath, name } of await readdir(folder, { recursive: true, withFileTypes: true })) {
      expect((await stat(join(parentPath, name))).mode & 0o077, name).toBe(0)
    }
  })
})

describe('an ephemeral store', () => {
  test('forgets everything when it is opened again, and removes the files', async () => {
    const folder = await testFolder()
    const { store } = await openAt(folder, { keySource: ephemeralKeySource() })
    const model = await add(store, 'alice', MODEL)
    expect(await bytesOf(store, model)).toHaveLength(MODEL.byteLength)
    await store.close()
    const { store: again, events } = await openAt(folder, { keySource: ephemeralKeySource() })
    expect(again.models).toEqual([])
    expect(events).toContainEqual({ event: 'store-leftovers-removed', files: 1 })
    expect(await readdir(join(folder, 'blobs'))).toEqual([])
  })

  test('never takes the place of one that another key source sealed', async () => {
    const folder = await testFolder()
    const { store } = await openAt(folder)
    const model = await add(store, 'alice', MODEL)
    await store.close()
    await expect(openAt(folder, { keySource: ephemeralKeySource() })).rejects.toMatchObject(
      refusal('KEY_SOURCE_MISMATCH', { sealedBy: 'file', configured: 'ephemeral' }),
    )
    const { store: again } = await openAt(folder)
    expect(again.models).toEqual([model])
  })
})

describe('a closed store', () => {
  test('takes and gives nothing', async () => {
    const { store } = await openAt(await testFolder())
    const model = await add(store, 'alice', MODEL)
    await store.close()
    await expect(store.stage(model)).rejects.toMatchObject(refusal('STORE_CLOSED'))
    await expect(store.remove(model)).rejects.toMatchObject(refusal('STORE_CLOSED'))
    await expect(bytesOf(store, model)).rejects.toMatchObject(refusal('STORE_CLOSED'))
  })
})
