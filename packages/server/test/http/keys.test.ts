import { unixSeconds } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { createApiKey, hashApiKey } from '../../src/tenants/index.ts'
import { buildHouse, NOW } from '../fixtures/house.ts'
import { AFTER, addKey, make, settable } from '../fixtures/tenants.ts'

describe('a key', () => {
  test('is replaced by its tenant: a second one beside the first, then the first revoked', async () => {
    const house = await buildHouse()
    const first = await make(house, 'clinic')
    const [second] = await addKey(house, '/v1/keys', { key: first }, { expiresAt: AFTER })
    for (const key of [first, second]) expect(await house.ask('GET', '/v2', { key })).toMatchObject({ status: 200 })
    const { json } = await house.ask('GET', '/v1/keys', { key: second })
    const [{ id }] = Object(json).keys
    expect(await house.ask('DELETE', `/v1/keys/${id}`, { key: second })).toMatchObject({ status: 204 })
    expect(await house.ask('GET', '/v2', { key: first })).toMatchObject({ status: 401 })
    expect(await house.ask('GET', '/v2', { key: second })).toMatchObject({ status: 200 })
  })

  test('that is too early, expired or revoked is answered as one that nobody has, byte for byte', async () => {
    const time = settable()
    const house = await buildHouse({ clock: time.clock })
    const expires = await make(house, 'clinic', {}, { expiresAt: AFTER })
    const [begins] = await addKey(house, '/v1/tenants/clinic/keys', { as: 'root' }, { notBefore: AFTER })
    const [revoked, id] = await addKey(house, '/v1/tenants/clinic/keys', { as: 'root' })
    await house.ask('DELETE', `/v1/tenants/clinic/keys/${id}`, { as: 'root' })
    const nobodys = await house.ask('GET', '/v2', { key: createApiKey().key })
    expect(nobodys).toMatchObject({ status: 401, json: { code: 'UNAUTHENTICATED' } })
    const isLikeNobodys = async (key: string): Promise<void> => {
      const { bytes, headers } = await house.ask('GET', '/v2', { key })
      expect(bytes).toEqual(nobodys.bytes)
      expect({ ...headers, 'x-request-id': '' }).toEqual({ ...nobodys.headers, 'x-request-id': '' })
    }
    await isLikeNobodys(begins)
    await isLikeNobodys(revoked)
    time.now = unixSeconds(AFTER - 1)
    expect(await house.ask('GET', '/v2', { key: expires })).toMatchObject({ status: 200 })
    time.now = AFTER
    await isLikeNobodys(expires)
    expect(await house.ask('GET', '/v2', { key: begins })).toMatchObject({ status: 200 })
  })

  test('that a tenant adds by itself expires, and not far away', async () => {
    const house = await buildHouse({ limits: { maxOwnKeySeconds: 3600 } })
    const key = await make(house, 'clinic')
    for (const expiresAt of [undefined, NOW + 3601]) {
      const body = JSON.stringify({ sha256: 'ab'.repeat(32), expiresAt })
      expect(await house.ask('POST', '/v1/keys', { key, body })).toMatchObject({
        status: 400,
        json: { code: 'PARAMETER_INVALID' },
      })
    }
    await addKey(house, '/v1/keys', { key }, { expiresAt: NOW + 3600 })
  })

  test('that is the last valid one is not revoked by its tenant, but by an administrator', async () => {
    const time = settable()
    const house = await buildHouse({ clock: time.clock })
    const key = await make(house, 'clinic')
    const id = hashApiKey(key).slice(0, 16)
    await addKey(house, '/v1/keys', { key }, { expiresAt: AFTER })
    time.now = AFTER
    expect(await house.ask('DELETE', `/v1/keys/${id}`, { key })).toMatchObject({
      status: 409,
      json: { code: 'KEY_IS_LAST' },
    })
    expect(await house.ask('DELETE', `/v1/tenants/clinic/keys/${id}`, { as: 'root' })).toMatchObject({ status: 204 })
    expect(await house.ask('GET', '/v2', { key })).toMatchObject({ status: 401 })
  })

  test('is not another tenant’s to revoke, and not known to it', async () => {
    const house = await buildHouse()
    const clinic = await make(house, 'clinic')
    const guest = await make(house, 'guest')
    for (const id of [hashApiKey(clinic).slice(0, 16), 'ef'.repeat(8)]) {
      expect(await house.ask('DELETE', `/v1/keys/${id}`, { key: guest })).toMatchObject({
        status: 404,
        json: { code: 'KEY_NOT_FOUND' },
      })
    }
    const body = JSON.stringify({ sha256: hashApiKey(clinic), expiresAt: AFTER })
    expect(await house.ask('POST', '/v1/keys', { key: guest, body })).toMatchObject({ json: { code: 'KEY_EXISTS' } })
    expect(await house.ask('GET', '/v2', { key: clinic })).toMatchObject({ status: 200 })
  })

  test('is one of so many of its tenant; those that have expired count no more', async () => {
    const time = settable()
    const house = await buildHouse({ clock: time.clock, limits: { maxKeysPerTenant: 2 } })
    await make(house, 'clinic')
    await addKey(house, '/v1/tenants/clinic/keys', { as: 'root' }, { expiresAt: AFTER })
    const body = JSON.stringify({ sha256: 'ab'.repeat(32) })
    const more = () => house.ask('POST', '/v1/tenants/clinic/keys', { as: 'root', body })
    expect(await more()).toMatchObject({ status: 403, json: { code: 'KEY_LIMIT' } })
    time.now = AFTER
    expect(await more()).toMatchObject({ status: 201 })
    expect(await more()).toMatchObject({ status: 200 })
    const { json } = await house.ask('GET', '/v1/tenants/clinic', { as: 'root' })
    expect(Object(json).keys).toHaveLength(2)
  })
})
