import { utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { bodyOfPieces } from '../../src/http/memory-body.ts'
import { type Answer, answerOf, buildHouse, KEYS, provedConnection } from '../fixtures/house.ts'
import { INPUT, MODEL, make } from '../fixtures/tenants.ts'

type House = Awaited<ReturnType<typeof buildHouse>>

/** A request whose body has come half when it resolves; `rest` sends the other half and gives the answer. */
async function halfSent(house: House, path: string, key: string): Promise<{ rest: () => Promise<Answer> }> {
  const bytes = utf8(INPUT)
  const half = Promise.withResolvers<void>()
  const other = Promise.withResolvers<void>()
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield bytes.subarray(0, 8)
    half.resolve()
    await other.promise
    yield bytes.subarray(8)
  }
  const answer = house.dispatch({
    method: 'POST',
    path,
    query: '',
    headers: { authorization: `Bearer ${key}` },
    body: bodyOfPieces(pieces(), bytes.byteLength),
    signal: new AbortController().signal,
    channel: { kind: 'tls', connection: provedConnection() },
  })
  await half.promise
  return {
    async rest() {
      other.resolve()
      return await answerOf(await answer)
    },
  }
}

describe('a request whose body stops halfway', () => {
  test('is answered when the rest comes', async () => {
    const house = await buildHouse()
    await house.upload('alice', MODEL, '?name=m')
    const { rest } = await halfSent(house, '/v2/models/m/infer', KEYS.alice)
    expect(await rest()).toMatchObject({ status: 200 })
  })

  test('runs nothing of a model whose grant was revoked meanwhile', async () => {
    const house = await buildHouse()
    await house.upload('alice', MODEL, '?name=m')
    await house.ask('PUT', '/v1/models/m/grants/bob', { as: 'alice' })
    const { rest } = await halfSent(house, '/v2/models/alice~m/infer', KEYS.bob)
    expect(await house.ask('DELETE', '/v1/models/m/grants/bob', { as: 'alice' })).toMatchObject({ status: 204 })
    expect(await rest()).toMatchObject({ status: 404, json: { code: 'MODEL_NOT_FOUND' } })
    expect(house.engines.runs).toHaveLength(0)
  })

  test('runs nothing of a model whose tenant was deleted meanwhile', async () => {
    const house = await buildHouse()
    const key = await make(house, 'clinic')
    await house.upload('alice', MODEL, '?name=m')
    await house.ask('PUT', '/v1/models/m/grants/clinic', { as: 'alice' })
    const { rest } = await halfSent(house, '/v2/models/alice~m/infer', key)
    expect(await house.ask('DELETE', '/v1/tenants/clinic', { as: 'root' })).toMatchObject({ status: 204 })
    expect(await rest()).toMatchObject({ status: 404, json: { code: 'MODEL_NOT_FOUND' } })
    expect(house.engines.runs).toHaveLength(0)
  })

  test('shares no engine when its model shares none any more', async () => {
    const house = await buildHouse({ sharedEngines: true })
    await house.upload('alice', MODEL, '?name=m&shared=true')
    await house.ask('PUT', '/v1/models/m/grants/*', { as: 'alice' })
    const [bob, carol] = [
      await halfSent(house, '/v2/models/alice~m/infer', KEYS.bob),
      await halfSent(house, '/v2/models/alice~m/infer', KEYS.carol),
    ]
    expect(await house.ask('DELETE', '/v1/models/m/shared-engines', { as: 'alice' })).toMatchObject({ status: 204 })
    expect([await bob.rest(), await carol.rest()]).toMatchObject([{ status: 200 }, { status: 200 }])
    const [first, second] = house.engines.runs
    expect(first?.engine).toBeDefined()
    expect(second?.engine).not.toBe(first?.engine)
  })
})
