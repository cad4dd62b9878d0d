import { afterEach, describe, expect, test } from 'vitest'
import type { PressureLevel } from '../../src/memory-ladder.ts'
import { TENSOR } from '../fixtures/fake-engines.ts'
import { callRaw, frame, inferFrame, StockClient } from '../fixtures/grpc.ts'
import { openHouse, sessionTo } from '../fixtures/listening.ts'

const open: { close(): Promise<void> | void }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

const INFER = inferFrame('m', [{ ...TENSOR, name: 'x' }])
const X = { name: 'x', datatype: 'FP32', shape: [1] }

describe.each<PressureLevel>([2, 3])('a server at level %i of memory', (low) => {
  async function house() {
    const state: { level: PressureLevel } = { level: 0 }
    const opened = await openHouse({
      unattestedClients: true,
      pressure: { level: () => state.level },
      isReady: () => state.level < 3,
    })
    open.push(opened)
    const client = new StockClient(opened.tls.port)
    open.push(client)
    await opened.upload('alice', new Uint8Array([1]), '?name=m')
    state.level = low
    return { ...opened, client }
  }

  test('answers gRPC what frees memory or tells how it is', async () => {
    const { client, tls } = await house()
    expect((await client.call('ServerLive', {})).response).toEqual({ live: true })
    expect((await client.call('ServerReady', {})).response).toEqual({ ready: low < 3 })
    for (const method of ['ServerMetadata', 'RepositoryIndex', 'ModelStatistics']) {
      expect([method, (await client.call(method, {})).error]).toEqual([method, undefined])
    }
    for (const method of ['ModelMetadata', 'ModelReady', 'ModelConfig']) {
      expect([method, (await client.call(method, { name: 'm' })).error]).toEqual([method, undefined])
    }
    expect((await client.call('RepositoryModelUnload', { model_name: 'm' })).error).toBeUndefined()
    const session = await sessionTo(tls)
    open.push({ close: () => session.destroy() })
    // list_services, twice in one stream. Source: reflection.proto, field 7.
    const question = frame(Uint8Array.of(0x3a, 0))
    for (const [method, body] of [
      ['/grpc.health.v1.Health/Check', frame(new Uint8Array())],
      ['/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', Buffer.concat([question, question])],
    ] as const) {
      const answered = await callRaw(session, method, body)
      expect([method, answered.trailers['grpc-status']]).toEqual([method, '0'])
      expect(answered.body.byteLength).toBeGreaterThan(5)
    }
  })

  test('starts no engine because its owner says so', async () => {
    const { client, engines } = await house()
    expect((await client.call('RepositoryModelUnload', { model_name: 'm' })).error).toBeUndefined()
    const started = engines.engines.length
    const { error, status } = await client.call('RepositoryModelLoad', { model_name: 'm' })
    expect(error).toMatchObject({ code: 14 })
    expect(status.metadata.get('x-blindai-error')).toEqual(['MEMORY_LOW'])
    expect(engines.engines).toHaveLength(started)
  })

  test('takes no inference over gRPC, whose length nobody announced', async () => {
    const { client, engines, tls } = await house()
    const request = { model_name: 'm', inputs: [X], raw_input_contents: [Buffer.from(TENSOR.data)] }
    const { error, status } = await client.call('ModelInfer', request)
    expect(error).toMatchObject({ code: 14 })
    expect(status.metadata.get('x-blindai-error')).toEqual(['MEMORY_LOW'])
    const session = await sessionTo(tls)
    open.push({ close: () => session.destroy() })
    expect((await callRaw(session, 'ModelStreamInfer', INFER)).trailers).toMatchObject({
      'grpc-status': '14',
      'x-blindai-error': 'MEMORY_LOW',
    })
    expect((await callRaw(session, 'LogSettings', frame(new Uint8Array()))).trailers).toMatchObject({
      'grpc-status': '12',
    })
    expect(engines.runs).toEqual([])
  })
})

describe('a server at level 2 of memory', () => {
  test('takes a small inference over gRPC whose length is announced, and none that may be compressed', async () => {
    const state: { level: PressureLevel } = { level: 0 }
    const opened = await openHouse({ unattestedClients: true, pressure: { level: () => state.level } })
    open.push(opened)
    await opened.upload('alice', new Uint8Array([1]), '?name=m')
    const session = await sessionTo(opened.tls)
    open.push({ close: () => session.destroy() })
    state.level = 2
    const length = { 'content-length': String(INFER.byteLength) }
    expect((await callRaw(session, 'ModelInfer', INFER, length)).trailers).toMatchObject({ 'grpc-status': '0' })
    const plain = { ...length, 'grpc-encoding': 'identity' }
    expect((await callRaw(session, 'ModelInfer', INFER, plain)).trailers).toMatchObject({ 'grpc-status': '0' })
    const packed = { ...length, 'grpc-encoding': 'gzip' }
    expect((await callRaw(session, 'ModelInfer', INFER, packed)).trailers).toMatchObject({
      'x-blindai-error': 'MEMORY_LOW',
    })
  })
})
