import { describe, expect, test } from 'vitest'
import { type HalfSent, halfSent } from '../fixtures/half-sent.ts'
import { buildHouse, KEYS } from '../fixtures/house.ts'
import { type House, INPUT, MODEL, make } from '../fixtures/tenants.ts'

/** An infer request whose body has come half. */
function half(house: House, path: string, key: string): Promise<HalfSent> {
  return halfSent(house, 'POST', path, { key, body: INPUT })
}

describe('a request whose body stops halfway', () => {
  test('is answered when the rest comes', async () => {
    const house = await buildHouse()
    await house.upload('alice', MODEL, '?name=m')
    const { rest } = await half(house, '/v2/models/m/infer', KEYS.alice)
    expect(await rest()).toMatchObject({ status: 200 })
  })

  test('runs nothing of a model whose grant was revoked meanwhile', async () => {
    const house = await buildHouse()
    await house.upload('alice', MODEL, '?name=m')
    await house.ask('PUT', '/v1/models/m/grants/bob', { as: 'alice' })
    const { rest } = await half(house, '/v2/models/alice~m/infer', KEYS.bob)
    expect(await house.ask('DELETE', '/v1/models/m/grants/bob', { as: 'alice' })).toMatchObject({ status: 204 })
    expect(await rest()).toMatchObject({ status: 404, json: { code: 'MODEL_NOT_FOUND' } })
    expect(house.engines.runs).toHaveLength(0)
  })

  test('runs nothing of a model whose tenant was deleted meanwhile', async () => {
    const house = await buildHouse()
    const key = await make(house, 'clinic')
    await house.upload('alice', MODEL, '?name=m')
    await house.ask('PUT', '/v1/models/m/grants/clinic', { as: 'alice' })
    const { rest } = await half(house, '/v2/models/alice~m/infer', key)
    expect(await house.ask('DELETE', '/v1/tenants/clinic', { as: 'root' })).toMatchObject({ status: 204 })
    expect(await rest()).toMatchObject({ status: 401, json: { code: 'UNAUTHENTICATED' } })
    expect(house.engines.runs).toHaveLength(0)
  })

  test('shares no engine when its model shares none any more', async () => {
    const house = await buildHouse({ sharedEngines: true })
    await house.upload('alice', MODEL, '?name=m&shared=true')
    await house.ask('PUT', '/v1/models/m/grants/*', { as: 'alice' })
    const [bob, carol] = [
      await half(house, '/v2/models/alice~m/infer', KEYS.bob),
      await half(house, '/v2/models/alice~m/infer', KEYS.carol),
    ]
    expect(await house.ask('DELETE', '/v1/models/m/shared-engines', { as: 'alice' })).toMatchObject({ status: 204 })
    expect([await bob.rest(), await carol.rest()]).toMatchObject([{ status: 200 }, { status: 200 }])
    const [first, second] = house.engines.runs
    expect(first?.engine).toBeDefined()
    expect(second?.engine).not.toBe(first?.engine)
  })
})
