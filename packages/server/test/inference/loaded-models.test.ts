import { unixSeconds } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { LoadedModels } from '../../src/inference/loaded-models.ts'
import type { ModelRecord } from '../../src/models/index.ts'
import { DESCRIPTION, fakeModel } from '../fixtures/fake-engines.ts'

const SHA256 = 'ab'.repeat(32)
const RECORD: ModelRecord = {
  owner: 'alice',
  sha256: SHA256,
  kind: 'onnx',
  bytes: 1,
  createdAt: unixSeconds(0),
  description: DESCRIPTION,
  grants: [],
}
const UNLOADED = { code: 'MODEL_UNLOADED' }

function loadedModels(load: () => Promise<void> = async () => undefined) {
  const calls: string[] = []
  const loaded = new LoadedModels(
    { open: () => fakeModel(SHA256) },
    {
      load: async ({ key }) => {
        calls.push(`load ${key}`)
        await load()
      },
      release: async (key) => void calls.push(`release ${key}`),
      clearQuarantine: (key) => calls.push(`clear ${key}`) > 0,
    },
  )
  return { loaded, calls }
}

describe('a model', () => {
  test('is loaded from the start, and used under its key', async () => {
    const { loaded } = loadedModels()
    expect(loaded.isLoaded(RECORD)).toBe(true)
    expect(await loaded.use(RECORD, async ({ key }) => key)).toBe(`alice/${SHA256}`)
  })

  test('is unloaded for newcomers at once, and its engines go after the last of several runs', async () => {
    const { loaded, calls } = loadedModels()
    const [first, second] = [Promise.withResolvers<number>(), Promise.withResolvers<number>()]
    const runs = [loaded.use(RECORD, () => first.promise), loaded.use(RECORD, () => second.promise)]
    const unloading = loaded.unload(RECORD)
    expect(loaded.isLoaded(RECORD)).toBe(false)
    await expect(loaded.use(RECORD, async () => 0)).rejects.toMatchObject(UNLOADED)
    first.resolve(1)
    await runs[0]
    expect(calls).toEqual([])
    second.reject(new Error('made by a test'))
    await expect(runs[1]).rejects.toThrow('made by a test')
    await unloading
    expect(calls).toEqual([`release alice/${SHA256}`])
  })

  test('that is loaded again before its last run has ended keeps its engines', async () => {
    const { loaded, calls } = loadedModels()
    const run = Promise.withResolvers<number>()
    const running = loaded.use(RECORD, () => run.promise)
    const unloading = loaded.unload(RECORD)
    await loaded.load(RECORD, 'alice')
    run.resolve(1)
    await Promise.all([running, unloading])
    expect(calls).toEqual([`clear alice/${SHA256}`, `load alice/${SHA256}`])
    expect(loaded.isLoaded(RECORD)).toBe(true)
  })

  test('that does not load says why, and is loaded as far as requests go', async () => {
    const { loaded } = loadedModels(() => Promise.reject(new Error('made by a test')))
    await loaded.unload(RECORD)
    await expect(loaded.load(RECORD, 'alice')).rejects.toThrow('made by a test')
    expect(loaded.isLoaded(RECORD)).toBe(true)
  })
})
