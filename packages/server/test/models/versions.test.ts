import { describe, expect, test } from 'vitest'
import { buildHouse, digestOf, type KEYS } from '../fixtures/house.ts'

const FIRST = new Uint8Array([1])
const SECOND = new Uint8Array([2])
const THIRD = new Uint8Array([3])

const versionNotFound = { status: 404, json: { code: 'VERSION_NOT_FOUND' } }

async function houseWithVersions() {
  const house = await buildHouse()
  for (const bytes of [FIRST, SECOND]) await house.upload('alice', bytes, '?name=m')
  const shown = async (path: string, as: keyof typeof KEYS = 'alice') => house.ask('GET', `/v1/models/${path}`, { as })
  const digestAt = (version?: string) => house.models.resolve('alice', 'm', version).sha256
  return { ...house, shown, digestAt }
}

describe('a name that is given to another model', () => {
  test('means the newer one, and the older one is still its version 1', async () => {
    const { digestAt, models } = await houseWithVersions()
    expect(digestAt()).toBe(digestOf(SECOND))
    expect(digestAt('2')).toBe(digestOf(SECOND))
    expect(digestAt('1')).toBe(digestOf(FIRST))
    expect(digestAt(digestOf(FIRST))).toBe(digestOf(FIRST))
    expect(models.versions('alice', 'm').map(({ version }) => version)).toEqual([1, 2])
  })

  test('has no other version', async () => {
    const { ask } = await houseWithVersions()
    for (const version of ['3', '0', '01', '1.0', 'latest', digestOf(THIRD), '-1']) {
      expect(await ask('GET', `/v2/models/m/versions/${version}`, { as: 'alice' })).toMatchObject(versionNotFound)
    }
  })

  test('keeps its number when an upload is repeated, and is the newest again when an older model gets it', async () => {
    const { ask, digestAt } = await houseWithVersions()
    const again = (bytes: Uint8Array) =>
      ask('PUT', `/v1/models/${digestOf(bytes)}?name=m`, { as: 'alice', body: bytes })
    expect(await again(SECOND)).toMatchObject({ status: 200, json: { name: 'm', version: 2 } })
    expect(await again(FIRST)).toMatchObject({ status: 200, json: { name: 'm', version: 3 } })
    expect(digestAt()).toBe(digestOf(FIRST))
    expect(() => digestAt('1')).toThrowError(expect.objectContaining({ code: 'VERSION_NOT_FOUND' }))
  })

  test('is not deleted by its name, since that does not say which version is meant', async () => {
    const { ask, digestAt } = await houseWithVersions()
    expect(await ask('DELETE', '/v1/models/m', { as: 'alice' })).toMatchObject({
      status: 409,
      json: { code: 'MODEL_HAS_VERSIONS' },
    })
    expect(await ask('DELETE', `/v1/models/${digestOf(SECOND)}`, { as: 'alice' })).toMatchObject({ status: 204 })
    expect(digestAt()).toBe(digestOf(FIRST))
    expect(await ask('DELETE', '/v1/models/m', { as: 'alice' })).toMatchObject({ status: 204 })
  })

  test('goes on counting while a later version is there', async () => {
    const { ask, models, upload } = await houseWithVersions()
    await ask('DELETE', `/v1/models/${digestOf(FIRST)}`, { as: 'alice' })
    await upload('alice', THIRD, '?name=m')
    expect(models.versions('alice', 'm').map(({ version }) => version)).toEqual([2, 3])
  })

  test('is counted by owner: a namesake of somebody else is version 1', async () => {
    const { models, upload } = await houseWithVersions()
    await upload('bob', THIRD, '?name=m')
    expect(models.resolve('bob', 'm').version).toBe(1)
  })
})

describe('the versions of a name, for whom some are granted to', () => {
  test('are those, and the newest of them is meant by the name', async () => {
    const { ask, models } = await houseWithVersions()
    await ask('PUT', `/v1/models/${digestOf(FIRST)}/grants/carol`, { as: 'alice' })
    expect(models.resolve('carol', 'alice~m').sha256).toBe(digestOf(FIRST))
    expect(await ask('GET', '/v2/models/alice~m', { as: 'carol' })).toMatchObject({
      json: { name: 'alice~m', versions: ['1', digestOf(FIRST)] },
    })
    const missing = await ask('GET', '/v2/models/alice~m/versions/9', { as: 'carol' })
    const ungranted = await ask('GET', '/v2/models/alice~m/versions/2', { as: 'carol' })
    expect(ungranted).toMatchObject(versionNotFound)
    expect(ungranted.json).toEqual(missing.json)
  })

  test('are all taken back by the name, the older ones too', async () => {
    const { ask, models } = await houseWithVersions()
    for (const bytes of [FIRST, SECOND]) {
      await ask('PUT', `/v1/models/${digestOf(bytes)}/grants/carol`, { as: 'alice' })
    }
    expect(models.versions('carol', 'alice~m')).toHaveLength(2)
    expect(await ask('DELETE', '/v1/models/m/grants/carol', { as: 'alice' })).toMatchObject({ status: 204 })
    expect(models.list('carol')).toEqual([])
  })
})
