import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2'
import { describe, expect, test } from 'vitest'
import type { PressureLevel } from '../../src/memory-ladder.ts'
import { TENSOR } from '../fixtures/fake-engines.ts'
import { callRaw, GRPC_FIELDS, inferFrame } from '../fixtures/grpc.ts'
import { grpcHouses } from '../fixtures/grpc-house.ts'
import { digestOf } from '../fixtures/house.ts'
import { addKey, MODEL, make } from '../fixtures/tenants.ts'

const house = grpcHouses()

const INFER = inferFrame('m', [{ ...TENSOR, name: 'x' }])

/** A stream of a key that stays open: sends messages, and gives what comes. */
function streamOf(session: ClientHttp2Session, key: string) {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/inference.GRPCInferenceService/ModelStreamInfer',
    ...GRPC_FIELDS,
    authorization: `Bearer ${key}`,
  })
  const begun = new Promise((resolve) => stream.once('response', resolve))
  const ended = new Promise<IncomingHttpHeaders>((resolve) => stream.once('trailers', resolve))
  let [received, taken, onAnswer] = [Buffer.alloc(0), 0, (): void => undefined]
  stream.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    const end =
      received.byteLength < taken + 5 ? Number.POSITIVE_INFINITY : taken + 5 + received.readUInt32BE(taken + 1)
    if (received.byteLength < end) return
    taken = end
    onAnswer()
  })
  /** True when it is answered; the trailers when the stream is at its end instead. */
  const send = (message: Uint8Array = INFER): Promise<true | IncomingHttpHeaders> => {
    const { promise, resolve } = Promise.withResolvers<true>()
    onAnswer = () => resolve(true)
    stream.write(message)
    return Promise.race([promise, ended])
  }
  return { begun, ended, send, write: (bytes: Uint8Array) => stream.write(bytes) }
}

const UNAUTHENTICATED = { 'grpc-status': '16', 'x-blindai-error': 'UNAUTHENTICATED' }

describe('a stream that stays open', () => {
  test('counts each of its messages as a request', async () => {
    const opened = await house({ nowMs: () => 0 })
    const key = await make(opened, 'clinic', { quotas: { maxRequestsPerMinute: 3 } })
    await opened.ask('PUT', `/v1/models/${digestOf(MODEL)}?name=m`, { key, body: MODEL })
    const { send } = streamOf(opened.session, key)
    expect(await send()).toBe(true)
    expect(await send()).toBe(true)
    expect(await send()).toMatchObject({
      'grpc-status': '8',
      'x-blindai-error': 'TENANT_RATE_LIMITED',
      'retry-after': '20',
    })
    expect(opened.engines.runs).toHaveLength(2)
  })

  test('ends when its key is revoked', async () => {
    const opened = await house()
    await make(opened, 'clinic')
    const [key, id] = await addKey(opened, '/v1/tenants/clinic/keys', { as: 'root' })
    await opened.ask('PUT', `/v1/models/${digestOf(MODEL)}?name=m`, { key, body: MODEL })
    const { send } = streamOf(opened.session, key)
    expect(await send()).toBe(true)
    expect(await opened.ask('DELETE', `/v1/tenants/clinic/keys/${id}`, { as: 'root' })).toMatchObject({ status: 204 })
    expect(await send()).toMatchObject(UNAUTHENTICATED)
    expect(opened.engines.runs).toHaveLength(1)
  })

  test.each([
    ['after its first message', 1],
    ['before its first message', 0],
  ])('runs nothing for a tenant that got the name later, %s', async (_, messages) => {
    const opened = await house()
    const key = await make(opened, 'clinic')
    const upload = { body: MODEL, headers: { 'blindai-operation-id': 'a'.repeat(22) } }
    const path = `/v1/models/${digestOf(MODEL)}?name=m`
    expect(await opened.ask('PUT', path, { key, ...upload })).toMatchObject({ status: 201 })
    const { begun, send } = streamOf(opened.session, key)
    for (let sent = 0; sent < messages; sent++) expect(await send()).toBe(true)
    await begun
    expect(await opened.ask('DELETE', '/v1/tenants/clinic', { as: 'root' })).toMatchObject({ status: 204 })
    const other = await make(opened, 'clinic')
    expect(await opened.ask('PUT', path, { key: other, body: MODEL })).toMatchObject({ status: 201 })
    expect(await send()).toMatchObject(UNAUTHENTICATED)
    expect(opened.engines.runs).toHaveLength(messages)
  })

  test('runs nothing for a later tenant either when its message had begun before', async () => {
    const opened = await house()
    const key = await make(opened, 'clinic')
    const { begun, ended, write } = streamOf(opened.session, key)
    await begun
    write(INFER.subarray(0, 20))
    await opened.ask('DELETE', '/v1/tenants/clinic', { as: 'root' })
    const other = await make(opened, 'clinic')
    await opened.ask('PUT', `/v1/models/${digestOf(MODEL)}?name=m`, { key: other, body: MODEL })
    write(INFER.subarray(20))
    expect(await ended).toMatchObject(UNAUTHENTICATED)
    expect(opened.engines.runs).toHaveLength(0)
  })

  test('ends when memory leaves no room for more', async () => {
    const state: { level: PressureLevel } = { level: 0 }
    const opened = await house({ pressure: { level: () => state.level } })
    await opened.upload('alice', MODEL, '?name=m')
    const { send } = streamOf(opened.session, 'key-of-alice')
    expect(await send()).toBe(true)
    state.level = 2
    expect(await send()).toMatchObject({ 'grpc-status': '14', 'x-blindai-error': 'MEMORY_LOW', 'retry-after': '2' })
    expect(opened.engines.runs).toHaveLength(1)
    expect((await callRaw(opened.session, 'ModelInfer', INFER)).trailers).toMatchObject({
      'x-blindai-error': 'MEMORY_LOW',
    })
  })

  test('ends for memory, and not for a server that goes away, when there is no room for anything', async () => {
    const state: { level: PressureLevel } = { level: 0 }
    const isReady = () => state.level < 3
    const opened = await house({ pressure: { level: () => state.level }, isReady })
    await opened.upload('alice', MODEL, '?name=m')
    const { ended, send } = streamOf(opened.session, 'key-of-alice')
    expect(await send()).toBe(true)
    opened.engines.onRun = (run) => {
      state.level = 3
      run.answer()
    }
    expect(await send()).toBe(true)
    expect(await send()).toMatchObject({ 'grpc-status': '14', 'x-blindai-error': 'MEMORY_LOW', 'retry-after': '2' })
    expect(await ended).toMatchObject({ 'x-blindai-error': 'MEMORY_LOW' })
    expect(opened.engines.runs).toHaveLength(2)
  })

  test('goes on while a server that goes away gives notice, and ends when that is over', async () => {
    const server = { isReady: true, isEnding: false }
    const opened = await house({ isReady: () => server.isReady, isEnding: () => server.isEnding })
    await opened.upload('alice', MODEL, '?name=m')
    const { ended, send } = streamOf(opened.session, 'key-of-alice')
    expect(await send()).toBe(true)
    server.isReady = false
    expect(await send()).toBe(true)
    expect(await send()).toBe(true)
    server.isEnding = true
    expect(await ended).toMatchObject({ 'grpc-status': '14', 'x-blindai-error': 'SERVER_DRAINING', 'retry-after': '1' })
  })
})
