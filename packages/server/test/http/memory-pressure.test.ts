import { deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { PressureLevel } from '../../src/memory-ladder.ts'
import { type Answer, buildHouse, digestOf } from '../fixtures/house.ts'

const MODEL = new Uint8Array([1])
const BODY = '{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}'
const LARGE_BODY = `${BODY}${' '.repeat(70_000)}`

async function houseAt() {
  const state: { level: PressureLevel } = { level: 0 }
  const house = await buildHouse({ pressure: { level: () => state.level } })
  const model = await house.upload('alice', MODEL)
  const infer = (body: string): Promise<Answer> => house.ask('POST', `/v2/models/${model}/infer`, { as: 'alice', body })
  const upload = (byte: number, headers = {}): Promise<Answer> => {
    const body = new Uint8Array([byte, 0])
    return house.ask('PUT', `/v1/models/${digestOf(body)}`, { as: 'alice', body, headers })
  }
  return { ...house, state, model, infer, upload }
}

const REFUSED = {
  status: 503,
  headers: { 'retry-after': expect.stringMatching(/^[1-9]$/), 'x-blindai-error': 'MEMORY_LOW' },
}

describe('a server whose memory is low', () => {
  test('takes no new upload first, goes on with one in parts, and runs', async () => {
    const { ask, infer, state, upload } = await houseAt()
    const body = new Uint8Array(20)
    const path = `/v1/models/${digestOf(body)}`
    const part = (offset: number): Promise<Answer> =>
      ask('PUT', path, {
        as: 'alice',
        body: body.subarray(offset, offset + 10),
        headers: { 'upload-offset': String(offset), 'upload-length': '20' },
      })
    expect(await part(0)).toMatchObject({ status: 202 })
    state.level = 1
    expect(await upload(2)).toMatchObject(REFUSED)
    expect(await upload(2, { 'upload-offset': '0', 'upload-length': '2' })).toMatchObject(REFUSED)
    expect(await infer(LARGE_BODY)).toMatchObject({ status: 200 })
    expect(await part(10)).toMatchObject({ status: 201 })
  })

  test('takes no large body then, and none of unknown length', async () => {
    const { dispatch, infer, model, state } = await houseAt()
    state.level = 2
    expect(await infer(LARGE_BODY)).toMatchObject(REFUSED)
    expect(await infer(BODY)).toMatchObject({ status: 200 })
    let read = false
    const unknown = await dispatch({
      method: 'POST',
      path: `/v2/models/${model}/infer`,
      query: '',
      headers: { authorization: 'Bearer key-of-alice' },
      body: {
        length: undefined,
        collect: async () => {
          read = true
          return new Uint8Array()
        },
        [Symbol.asyncIterator]: () => {
          throw new RangeError('the body was read')
        },
      },
      signal: new AbortController().signal,
      channel: { kind: 'tls', connection: { proved: true, exportKey: (length) => new Uint8Array(length) } },
    })
    expect(unknown).toMatchObject(REFUSED)
    expect(read).toBe(false)
  })

  test.each([2, 3] as const)(
    'starts no engine because its owner says so at level %i, and stops those it has',
    async (low) => {
      const { ask, engines, model, state } = await houseAt()
      const order = (what: string): Promise<Answer> =>
        ask('POST', `/v2/repository/models/${model}/${what}`, { as: 'alice' })
      state.level = low
      expect(await order('unload')).toMatchObject({ status: 200 })
      const started = engines.engines.length
      expect(await order('load')).toMatchObject(REFUSED)
      expect(engines.engines).toHaveLength(started)
      state.level = 1
      expect(await order('load')).toMatchObject({ status: 200 })
      expect(engines.engines).toHaveLength(started + 1)
    },
  )

  test.each(['gzip', 'deflate', 'x-gzip'])(
    'takes no small body in %s then: nobody knows what it becomes',
    async (coding) => {
      const { ask, model, state } = await houseAt()
      const path = `/v2/models/${model}/infer`
      const body = (coding === 'deflate' ? deflateSync : gzipSync)(BODY)
      const packed = { as: 'alice', body, headers: { 'content-encoding': coding } } as const
      state.level = 1
      expect(await ask('POST', path, packed)).toMatchObject({ status: 200 })
      state.level = 2
      expect(await ask('POST', path, packed)).toMatchObject(REFUSED)
      const plain = { as: 'alice', body: BODY, headers: { 'content-encoding': 'identity' } } as const
      expect(await ask('POST', path, plain)).toMatchObject({ status: 200 })
    },
  )

  test('takes no work at last, and still answers what frees memory or tells how it is', async () => {
    const { ask, engines, infer, model, state, upload } = await houseAt()
    state.level = 3
    const runs = engines.runs.length
    expect(await infer(BODY)).toMatchObject(REFUSED)
    expect(await upload(2)).toMatchObject(REFUSED)
    expect(await ask('POST', '/.well-known/blindai/ohttp', { body: 'x' })).toMatchObject(REFUSED)
    expect(engines.runs).toHaveLength(runs)
    expect(await ask('GET', '/v2/health/live')).toMatchObject({ status: 200 })
    expect(await ask('GET', '/.well-known/blindai/attestation')).toMatchObject({ status: 200 })
    expect(await ask('GET', `/v1/models/${model}`, { as: 'alice' })).toMatchObject({ status: 200 })
    expect(await ask('DELETE', `/v1/models/${model}`, { as: 'alice' })).toMatchObject({ status: 204 })
    state.level = 0
    expect(await upload(3)).toMatchObject({ status: 201 })
  })

  test('tells strangers nothing of it', async () => {
    const { ask, state } = await houseAt()
    state.level = 3
    expect(await ask('POST', '/v2/models/m/infer', { body: BODY })).toMatchObject({ status: 401 })
  })
})
