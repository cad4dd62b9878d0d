import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileKeySource, nodeFiles, SealedStore, type StoreFiles } from '@blindai/store'
import { describe, expect, onTestFinished, test } from 'vitest'
import { SealedVault } from '../../src/models/index.ts'
import { buildHouse, digestOf } from '../fixtures/house.ts'

const MODEL = new Uint8Array(1_300_000).map((_, i) => i * 7)
const OTHER = MODEL.subarray(1)
const INPUT = '{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}'

async function testFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'blindai-sealed-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

/** A server on the models that a folder holds; `fails` names the code of a disk that fails from now on. */
async function houseOn(folder: string) {
  const disk: { fails: string | undefined } = { fails: undefined }
  const files = failing(nodeFiles(folder), () => disk.fails)
  const store = await SealedStore.open({ files, keySource: fileKeySource(files, 'key'), onEvent: () => undefined })
  const house = await buildHouse({ vault: new SealedVault({ store, close: () => store.close() }) })
  onTestFinished(() => house.models.close())
  return { ...house, disk }
}

function failing(files: StoreFiles, code: () => string | undefined): StoreFiles {
  const unlessFailing = <T>(run: () => Promise<T>): Promise<T> => {
    const reason = code()
    if (reason === undefined) return run()
    return Promise.reject(Object.assign(new Error(reason), { code: reason, syscall: 'write' }))
  }
  return {
    ...files,
    create: (path) =>
      unlessFailing(async () => {
        const file = await files.create(path)
        return { ...file, write: (bytes, position) => unlessFailing(() => file.write(bytes, position)) }
      }),
  }
}

describe('a server on a sealed store', () => {
  test('has after a restart what it acknowledged: models, names, grants, tensors', async () => {
    const folder = await testFolder()
    const before = await houseOn(folder)
    const sha256 = await before.upload('alice', MODEL, '?name=digits')
    await before.ask('PUT', '/v1/models/digits/grants/carol', { as: 'alice' })
    const shown = await before.ask('GET', '/v1/models/digits', { as: 'alice' })
    await before.models.close()
    const after = await houseOn(folder)
    const { json } = await after.ask('GET', '/v1/models/digits', { as: 'alice' })
    expect(json).toEqual(shown.json)
    expect(json).toMatchObject({ sha256, name: 'digits', grants: ['carol'] })
    expect(await after.ask('POST', '/v2/models/digits/infer', { as: 'alice', body: INPUT })).toMatchObject({
      status: 200,
    })
    expect(await after.ask('POST', '/v2/models/alice~digits/infer', { as: 'carol', body: INPUT })).toMatchObject({
      status: 200,
    })
    expect(await after.ask('GET', '/v1/models/digits', { as: 'bob' })).toMatchObject({ status: 404 })
    expect(after.models.quota.of('alice')).toBe(MODEL.byteLength)
  })

  test('has the versions of a name after a restart, and counts on from them', async () => {
    const folder = await testFolder()
    const before = await houseOn(folder)
    const first = await before.upload('alice', MODEL, '?name=digits')
    const second = await before.upload('alice', OTHER, '?name=digits')
    await before.models.close()
    const after = await houseOn(folder)
    const versions = () => after.models.versions('alice', 'digits').map(({ sha256, version }) => [version, sha256])
    const known = [
      [1, first],
      [2, second],
    ]
    expect(versions()).toEqual(known)
    const third = await after.upload('alice', MODEL.subarray(2), '?name=digits')
    expect(versions()).toEqual([...known, [3, third]])
  })

  test('gives engines the bytes that were uploaded', async () => {
    const house = await houseOn(await testFolder())
    const sha256 = await house.upload('alice', MODEL)
    const chunks: Uint8Array[] = []
    for await (const chunk of house.models.open(house.models.resolve('alice', sha256)).read()) chunks.push(chunk)
    expect(digestOf(Buffer.concat(chunks))).toBe(sha256)
  })

  test('takes a model in parts, and forgets after a restart what was not complete', async () => {
    const folder = await testFolder()
    const house = await houseOn(folder)
    const path = `/v1/models/${digestOf(MODEL)}`
    const part = (from: number, to: number) => ({
      as: 'alice' as const,
      headers: { 'upload-offset': String(from), 'upload-length': String(MODEL.byteLength) },
      body: MODEL.subarray(from, to),
    })
    expect(await house.ask('PUT', path, part(0, 700_000))).toMatchObject({ status: 202, json: { offset: 700_000 } })
    expect(await house.ask('PUT', path, part(700_000, 900_000))).toMatchObject({ status: 202 })
    const { ask } = await houseOn(await copyOf(folder))
    expect(await ask('HEAD', path, { as: 'alice' })).toMatchObject({ status: 404 })
    expect(await house.ask('PUT', path, part(900_000, MODEL.byteLength))).toMatchObject({ status: 201 })
  })

  test('keeps a deleted model deleted over a restart, and its blob is gone', async () => {
    const folder = await testFolder()
    const before = await houseOn(folder)
    const sha256 = await before.upload('alice', MODEL)
    expect(await before.ask('DELETE', `/v1/models/${sha256}`, { as: 'alice' })).toMatchObject({ status: 204 })
    expect(before.engines.engines.every(({ isDead }) => isDead)).toBe(true)
    expect(await readdir(join(folder, 'blobs'))).toEqual([])
    await before.models.close()
    const after = await houseOn(folder)
    expect(await after.ask('GET', `/v1/models/${sha256}`, { as: 'alice' })).toMatchObject({ status: 404 })
  })

  test('leaves no file of an upload that was refused', async () => {
    const folder = await testFolder()
    const { ask } = await houseOn(folder)
    const answer = await ask('PUT', `/v1/models/${'ab'.repeat(32)}`, { as: 'alice', body: MODEL })
    expect(answer).toMatchObject({ status: 422, headers: { 'x-blindai-error': 'DIGEST_MISMATCH' } })
    expect(await readdir(join(folder, 'blobs'))).toEqual([])
  })

  test('keeps every one of many grants that are made at the same time', async () => {
    const folder = await testFolder()
    const { ask, models, upload } = await houseOn(folder)
    const sha256 = await upload('alice', MODEL)
    const names = Array.from({ length: 8 }, (_, i) => `tenant-${i}`)
    await Promise.all(names.map((name) => ask('PUT', `/v1/models/${sha256}/grants/${name}`, { as: 'alice' })))
    expect(models.resolve('alice', sha256).grants).toEqual(names)
  })
})

describe('a server on a disk that fails', () => {
  test.each([
    ['ENOSPC', 507, 'DISK_FULL'],
    ['EDQUOT', 507, 'DISK_FULL'],
    ['EIO', 503, 'STORE_FAILED'],
  ])('with %s answers %i %s, acknowledges nothing, and serves what it has', async (code, status, error) => {
    const { ask, disk, models, upload } = await houseOn(await testFolder())
    const kept = await upload('alice', OTHER, '?name=kept')
    disk.fails = code
    const refused = { status, headers: { 'x-blindai-error': error } }
    const path = `/v1/models/${digestOf(MODEL)}`
    expect(await ask('PUT', path, { as: 'alice', body: MODEL })).toMatchObject(refused)
    expect(await ask('DELETE', '/v1/models/kept', { as: 'alice' })).toMatchObject(refused)
    expect(await ask('PUT', '/v1/models/kept/grants/bob', { as: 'alice' })).toMatchObject(refused)
    expect(models.list('alice').map(({ sha256 }) => sha256)).toEqual([kept])
    expect(models.quota.of('alice')).toBe(OTHER.byteLength)
    expect(await ask('POST', '/v2/models/kept/infer', { as: 'alice', body: INPUT })).toMatchObject({ status: 200 })
    disk.fails = undefined
    expect(await ask('PUT', path, { as: 'alice', body: MODEL })).toMatchObject({ status: 201 })
  })
})

describe('a model whose sealed bytes were changed', () => {
  test('is refused by name when it is opened, its neighbour runs, and its owner can send it again', async () => {
    const folder = await testFolder()
    const before = await houseOn(folder)
    const sha256 = await before.upload('alice', MODEL, '?name=changed')
    const [blob = ''] = await readdir(join(folder, 'blobs'))
    await before.upload('alice', OTHER, '?name=neighbour')
    await before.models.close()
    const bytes = await readFile(join(folder, 'blobs', blob))
    bytes[10] = 255
    await writeFile(join(folder, 'blobs', blob), bytes)
    const { ask, models } = await houseOn(folder)
    const reading = async (): Promise<void> => {
      for await (const chunk of models.open(models.resolve('alice', sha256)).read()) expect(chunk).toBeUndefined()
    }
    await expect(reading()).rejects.toMatchObject({ name: 'ModelError', code: 'MODEL_DAMAGED' })
    expect(await ask('GET', '/v1/models/changed', { as: 'alice' })).toMatchObject({ status: 200 })
    expect(await ask('POST', '/v2/models/neighbour/infer', { as: 'alice', body: INPUT })).toMatchObject({ status: 200 })
    const again = await ask('PUT', `/v1/models/${sha256}?name=changed`, { as: 'alice', body: MODEL })
    expect(again).toMatchObject({ status: 201 })
    expect(models.quota.of('alice')).toBe(MODEL.byteLength + OTHER.byteLength)
    const chunks: Uint8Array[] = []
    for await (const chunk of models.open(models.resolve('alice', sha256)).read()) chunks.push(chunk)
    expect(digestOf(Buffer.concat(chunks))).toBe(sha256)
  })
})

/** The folder as another process would find it after this one was killed. */
async function copyOf(folder: string): Promise<string> {
  const copy = await testFolder()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const inside = join(entry.parentPath, entry.name).slice(folder.length + 1)
    if (entry.isDirectory()) await nodeFiles(copy).mkdir(inside)
    else await writeFile(join(copy, inside), await readFile(join(folder, inside)), { mode: 0o600 })
  }
  return copy
}
