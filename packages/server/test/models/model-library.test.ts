import { createHash } from 'node:crypto'
import { unixSeconds } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { defaultLimits } from '../../src/config-limits.ts'
import { MemoryVault, ModelLibrary, type ModelRecord, modelKey, VaultRepository } from '../../src/models/index.ts'
import type { ModelLoader } from '../../src/models/model-library.ts'
import { DESCRIPTION } from '../fixtures/fake-engines.ts'

const MODEL = new Uint8Array(3000).map((_, i) => i)
const SHA256 = createHash('sha256').update(MODEL).digest('hex')
const GONE = new Error('the key was revoked')

/** A library over a repository in memory whose changes can be held up; what its loader was told. */
function build() {
  const models = new VaultRepository({
    vault: new MemoryVault(),
    limits: { ...defaultLimits(), maxModelBytesPerTenant: MODEL.byteLength },
    nowMs: () => performance.now(),
    clock: () => unixSeconds(1_800_000_000),
  })
  const told: string[] = []
  const hold = { release: Promise.resolve() }
  const loader: ModelLoader = {
    load: async ({ key }) => {
      told.push(`load ${key}`)
      return DESCRIPTION
    },
    release: async (key) => {
      told.push(`release ${key}`)
      await hold.release
    },
    releaseTenant: async () => undefined,
    clearQuarantine: () => false,
    rowsOf: () => undefined,
  }
  const library = new ModelLibrary(
    models,
    loader,
    async () => [],
    () => undefined,
  )
  const upload = async (bytes: () => AsyncGenerator<Uint8Array>, confirm?: () => void) =>
    library.upload({
      owner: 'alice',
      manifest: { sha256: SHA256, kind: 'onnx' },
      length: MODEL.byteLength,
      offset: undefined,
      bytes: bytes(),
      ...(confirm && { confirm }),
    })
  const add = async (): Promise<ModelRecord> => {
    const outcome = await upload(whole)
    if (outcome.state !== 'created') throw new Error('the model is not new')
    told.length = 0
    return outcome.record
  }
  return { models, library, told, hold, upload, add }
}

async function* whole(): AsyncGenerator<Uint8Array> {
  yield MODEL
}

/** Allows so many looks, and refuses all later ones. */
function allows(looks: number): () => void {
  let left = looks
  return () => {
    if (left-- <= 0) throw GONE
  }
}

describe('a change whose asker may not make it any more when its turn comes', () => {
  test.each<[string, (library: ModelLibrary, record: ModelRecord, confirm: () => void) => Promise<void>]>([
    ['grants nothing', (library, record, confirm) => library.grant(record, 'thief', confirm)],
    ['takes back no grant', (library, record, confirm) => library.revoke(record, 'bob', confirm)],
    ['shares no engines', (library, record, confirm) => library.shareEngines(record, true, confirm)],
    ['ends no sharing', (library, record, confirm) => library.shareEngines(record, false, confirm)],
    ['deletes nothing', (library, record, confirm) => library.delete(record, confirm)],
  ])('%s', async (_, ask) => {
    const { library, models, told, add } = build()
    const record = await add()
    await library.grant(record, 'bob')
    const before = models.find('alice', SHA256)
    await expect(ask(library, record, allows(0))).rejects.toBe(GONE)
    expect(models.find('alice', SHA256)).toEqual(before)
    expect(told).toEqual([])
  })
})

describe('an upload', () => {
  test('starts no engine for who may not upload any more once its bytes are durable', async () => {
    const { models, told, upload } = build()
    await expect(upload(whole, allows(1))).rejects.toBe(GONE)
    expect(told.filter((one) => one.startsWith('load'))).toEqual([])
    expect(models.find('alice', SHA256)).toBeUndefined()
  })

  test('that is given up while its bytes are made durable gives its room back once', async () => {
    const { models } = build()
    const session = await models.beginUpload('alice', { sha256: SHA256, kind: 'onnx' }, MODEL.byteLength)
    await session.append(MODEL)
    const completed = session.complete()
    await session.abort()
    await expect(completed).rejects.toThrow()
    await session.abort()
    // There is room for one model, and not for a byte more.
    const again = await models.beginUpload('alice', { sha256: SHA256, kind: 'onnx' }, MODEL.byteLength)
    await again.append(MODEL)
    await again.complete()
    await again.publish(DESCRIPTION)
    await expect(models.beginUpload('alice', { sha256: '0'.repeat(64), kind: 'onnx' }, 1)).rejects.toThrow()
  })

  test('that is sent again says that the model is not there when it was deleted meanwhile', async () => {
    const { library, upload, add } = build()
    const record = await add()
    const sent = upload(async function* () {
      yield MODEL.subarray(0, 1000)
      await library.delete(record)
      yield MODEL.subarray(1000)
    })
    await expect(sent).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' })
  })
})

describe('engines that were shared', () => {
  test('are ended by who ends it while the beginning waits for its turn', async () => {
    const { library, models, told, add } = build()
    const record = await add()
    await Promise.all([library.shareEngines(record, true), library.shareEngines(record, false)])
    expect(models.find('alice', SHA256)).not.toMatchObject({ sharedEngines: true })
    expect(told).toEqual([`release ${modelKey(record)}`])
  })

  test('are dead when it is ended, for who ends it a second time, too', async () => {
    const { library, told, hold, add } = build()
    const record = await add()
    await library.shareEngines(record, true)
    const dying = Promise.withResolvers<void>()
    hold.release = dying.promise
    const first = library.shareEngines(record, false)
    let isAnswered = false
    const second = library.shareEngines(record, false).then(() => {
      isAnswered = true
    })
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(isAnswered).toBe(false)
    dying.resolve()
    await Promise.all([first, second])
    expect(told).toEqual([`release ${modelKey(record)}`])
  })

  test('are not, where they never were shared', async () => {
    const { library, told, add } = build()
    await library.shareEngines(await add(), false)
    expect(told).toEqual([])
  })
})
