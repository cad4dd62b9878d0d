import { createHash } from 'node:crypto'
import { unixSeconds } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { defaultLimits } from '../../src/config-limits.ts'
import { MemoryVault, type ModelRecord, VaultRepository } from '../../src/models/index.ts'
import { DESCRIPTION } from '../fixtures/fake-engines.ts'

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function repository(limits = {}): VaultRepository {
  return new VaultRepository({
    vault: new MemoryVault(),
    limits: { ...defaultLimits(), ...limits },
    nowMs: () => performance.now(),
    clock: () => unixSeconds(1_800_000_000),
  })
}

const MODEL = new Uint8Array(3 * 1024 * 1024).map((_, i) => i * 7)

async function add(models: VaultRepository, owner: string, bytes: Uint8Array, name?: string): Promise<ModelRecord> {
  const named = name === undefined ? {} : { name }
  const upload = await models.beginUpload(owner, { sha256: sha256(bytes), kind: 'onnx', ...named }, bytes.byteLength)
  for (let at = 0; at < bytes.byteLength; at += 100_000) await upload.append(bytes.subarray(at, at + 100_000))
  await upload.complete()
  return upload.publish(DESCRIPTION)
}

async function bytesOf(models: VaultRepository, record: ModelRecord): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of models.open(record).read()) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('a model in memory', () => {
  test('comes back as it went in', async () => {
    const models = repository()
    const record = await add(models, 'alice', MODEL, 'm')
    expect(record).toEqual({
      owner: 'alice',
      sha256: sha256(MODEL),
      kind: 'onnx',
      name: 'm',
      version: 1,
      bytes: MODEL.byteLength,
      createdAt: 1_800_000_000,
      description: DESCRIPTION,
      grants: [],
    })
    expect(sha256(await bytesOf(models, record))).toBe(sha256(MODEL))
  })

  test('is not there before it is published', async () => {
    const models = repository()
    const upload = await models.beginUpload('alice', { sha256: sha256(MODEL), kind: 'onnx' }, undefined)
    await upload.append(MODEL)
    await upload.complete()
    expect(() => models.resolve('alice', sha256(MODEL))).toThrowError(
      expect.objectContaining({ code: 'MODEL_NOT_FOUND' }),
    )
  })

  test('is refused under the digest of other bytes, and leaves nothing', async () => {
    const models = repository()
    const expected = 'ab'.repeat(32)
    const upload = await models.beginUpload('alice', { sha256: expected, kind: 'onnx' }, undefined)
    await upload.append(MODEL)
    await expect(upload.complete()).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
      details: { expected, actual: sha256(MODEL) },
    })
    expect(models.findUpload('alice', expected)).toBeUndefined()
    expect(models.quota.of('alice')).toBe(0)
  })

  test('of one tenant is nothing to another, bytes and uploads alike', async () => {
    const models = repository()
    await add(models, 'alice', MODEL, 'm')
    for (const reference of [sha256(MODEL), 'm', 'nothing']) {
      expect(() => models.resolve('bob', reference)).toThrowError(
        expect.objectContaining({ code: 'MODEL_NOT_FOUND', details: {} }),
      )
    }
    const upload = await models.beginUpload('alice', { sha256: 'cd'.repeat(32), kind: 'onnx' }, 10)
    await upload.append(new Uint8Array(5))
    expect(models.findUpload('bob', 'cd'.repeat(32))).toBeUndefined()
  })

  test('of two tenants is two models', async () => {
    const models = repository()
    await add(models, 'alice', MODEL)
    await add(models, 'bob', MODEL)
    await models.delete('alice', sha256(MODEL))
    expect(models.resolve('bob', sha256(MODEL)).owner).toBe('bob')
    expect(models.keysOf(sha256(MODEL))).toEqual([`bob/${sha256(MODEL)}`])
  })

  test('is gone with its bytes when it is deleted', async () => {
    const models = repository()
    const record = await add(models, 'alice', MODEL)
    await models.delete('alice', record.sha256)
    expect(models.list('alice')).toEqual([])
    expect(models.quota.of('alice')).toBe(0)
    expect(() => models.open(record)).toThrowError(expect.objectContaining({ code: 'MODEL_NOT_FOUND' }))
    await expect(models.delete('alice', record.sha256)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' })
  })
})

const NOT_FOUND = expect.objectContaining({ code: 'MODEL_NOT_FOUND' })

describe('a granted model', () => {
  test('is seen by whom it is granted to, by full name and digest', async () => {
    const models = repository()
    const record = await add(models, 'alice', MODEL, 'm')
    await models.change('alice', record.sha256, () => ({ grants: ['bob'] }))
    expect(models.resolve('bob', 'alice~m').owner).toBe('alice')
    expect(models.resolve('bob', record.sha256).owner).toBe('alice')
    expect(models.list('bob')).toHaveLength(1)
    expect(() => models.resolve('carol', 'alice~m')).toThrowError(NOT_FOUND)
    await models.change('alice', record.sha256, () => ({ grants: ['*'] }))
    expect(models.resolve('carol', 'alice~m').owner).toBe('alice')
    expect(models.resolve('alice', 'alice~m').owner).toBe('alice')
  })

  test('never answers to its bare name, so a grant to all takes over no name', async () => {
    const models = repository()
    const mine = await add(models, 'alice', MODEL, 'spam')
    const evil = await add(models, 'bob', MODEL.subarray(1), 'spam')
    await models.change('bob', evil.sha256, () => ({ grants: ['*'] }))
    expect(models.resolve('alice', 'spam').owner).toBe('alice')
    await models.delete('alice', mine.sha256)
    for (const tenant of ['alice', 'carol']) {
      expect(() => models.resolve(tenant, 'spam')).toThrowError(NOT_FOUND)
    }
  })

  test('is not hidden by a namesake of another grantor', async () => {
    const models = repository()
    for (const [owner, bytes] of [
      ['alice', MODEL],
      ['bob', MODEL.subarray(1)],
    ] as const) {
      const record = await add(models, owner, bytes, 'm')
      await models.change(owner, record.sha256, () => ({ grants: ['carol'] }))
    }
    expect(models.resolve('carol', 'alice~m').owner).toBe('alice')
    expect(models.resolve('carol', 'bob~m').owner).toBe('bob')
    for (const reference of ['m', 'carol~m', '~m', 'alice~', 'alice~bob~m', '~']) {
      expect(() => models.resolve('carol', reference)).toThrowError(NOT_FOUND)
    }
  })
})

describe('room for models', () => {
  const begin = (models: VaultRepository, owner: string, digit: string, length?: number) =>
    models.beginUpload(owner, { sha256: digit.repeat(64), kind: 'onnx' }, length)

  test.each([
    ['MODEL_TOO_LARGE', { maxModelBytes: 1000 }],
    ['TENANT_STORAGE_FULL', { maxModelBytesPerTenant: 1000 }],
    ['STORAGE_FULL', { maxStoredBytes: 1000 }],
  ])('is refused with %s before a byte is taken, and while bytes come', async (code, limits) => {
    const models = repository(limits)
    await expect(begin(models, 'alice', 'a', 1001)).rejects.toMatchObject({ code, details: { limit: 1000 } })
    const upload = await begin(models, 'alice', 'a')
    await upload.append(new Uint8Array(1000))
    expect(() => upload.append(new Uint8Array(1))).toThrowError(expect.objectContaining({ code }))
    await upload.abort()
    expect(models.quota.of('alice')).toBe(0)
  })

  test('of one tenant is not taken by another', async () => {
    const models = repository({ maxModelBytesPerTenant: 1000 })
    await (await begin(models, 'alice', 'a')).append(new Uint8Array(1000))
    await expect((await begin(models, 'bob', 'a')).append(new Uint8Array(1000))).toBeUndefined()
  })

  test('is bounded in uploads and in models', async () => {
    const models = repository({ maxUploadsPerTenant: 1, maxModelsPerTenant: 2 })
    await begin(models, 'alice', 'a')
    await expect(begin(models, 'alice', 'b')).rejects.toMatchObject({ code: 'UPLOAD_LIMIT', details: { limit: 1 } })
    await models.findUpload('alice', 'a'.repeat(64))?.abort()
    await add(models, 'alice', MODEL)
    await add(models, 'alice', MODEL.subarray(1))
    await expect(begin(models, 'alice', 'c')).rejects.toMatchObject({ code: 'MODEL_LIMIT', details: { limit: 2 } })
  })

  test('is given back when an upload was idle for long', async () => {
    const models = repository({ uploadIdleMs: 20 })
    const upload = await begin(models, 'alice', 'a')
    await upload.append(new Uint8Array(1000))
    await expect.poll(() => models.quota.of('alice')).toBe(0)
    expect(models.findUpload('alice', 'a'.repeat(64))).toBeUndefined()
  })

  test('is not taken from an upload that is being written', async () => {
    const models = repository()
    const upload = await begin(models, 'alice', 'a')
    upload.acquire()
    expect(() => upload.acquire()).toThrowError(expect.objectContaining({ code: 'UPLOAD_BUSY' }))
    await expect(begin(models, 'alice', 'a')).rejects.toMatchObject({ code: 'UPLOAD_BUSY' })
  })

  test('is counted once for uploads of one digest that begin at the same time', async () => {
    const models = repository()
    const begun = await Promise.all(['a', 'a', 'a'].map((digit) => begin(models, 'alice', digit)))
    const entered = models.findUpload('alice', 'a'.repeat(64))
    for (const replaced of begun.filter((upload) => upload !== entered)) {
      expect(() => replaced.acquire()).toThrowError(expect.objectContaining({ code: 'UPLOAD_BUSY' }))
    }
    entered?.acquire()
    await entered?.append(new Uint8Array(1000))
    await entered?.abort()
    expect(models.quota.of('alice')).toBe(0)
  })
})
