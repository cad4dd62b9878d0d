import { parseGrpcInferResponse } from '@blindai/protocol'
import { status } from '@grpc/grpc-js'
import { afterEach, describe, expect, test } from 'vitest'
import { TENSOR } from '../fixtures/fake-engines.ts'
import { callRaw, inferFrame, StockClient } from '../fixtures/grpc.ts'
import { base64UrlOf } from '../fixtures/house.ts'
import { ask1, ask2, openHouse, sessionTo, socketTo } from '../fixtures/listening.ts'

const open: { close(): Promise<void> | void }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

async function house(options: Parameters<typeof openHouse>[0] = {}) {
  const opened = await openHouse(options)
  open.push(opened)
  const client = new StockClient(opened.tls.port)
  open.push(client)
  const sha256 = await opened.upload('alice', new Uint8Array(10).fill(1), '?name=m')
  return { ...opened, client, sha256 }
}

const X = { name: 'x', datatype: 'FP32', shape: [1] }
const REQUEST = { model_name: 'm', inputs: [X], raw_input_contents: [Buffer.from(TENSOR.data)] }

/** Methods of a model or of the repository, as a stock client calls them. */
const METHODS = [
  'ModelReady',
  'ServerMetadata',
  'ModelMetadata',
  'ModelInfer',
  'ModelConfig',
  'ModelStatistics',
  'RepositoryIndex',
  'RepositoryModelLoad',
  'RepositoryModelUnload',
]

describe('a gRPC connection that was not proved', () => {
  test('is refused every call but live, ready and health, before the key is looked at', async () => {
    const { allRoutes, client, engines, tls } = await house()
    for (const method of METHODS) {
      const { error, status: end } = await client.call(method, REQUEST)
      expect([method, error?.code]).toEqual([method, status.PERMISSION_DENIED])
      expect(end.metadata.get('x-blindai-error')).toEqual(['CHANNEL_NOT_PROVED'])
    }
    const stream = client.stream()
    stream.on('error', () => undefined)
    const end = await new Promise((resolve) => stream.once('status', resolve))
    expect(end).toMatchObject({ code: status.PERMISSION_DENIED })
    expect((await client.call('ServerLive', {})).response).toEqual({ live: true })
    expect((await client.call('ServerReady', {})).response).toEqual({ ready: true })
    // What is left says of a method that it is none.
    const methods = allRoutes.filter(({ path }) => /^\/(?:inference|grpc)\.[^{]*$/.test(path))
    expect(methods.filter(({ access }) => access === 'public').map(({ path }) => path)).toEqual([
      '/inference.GRPCInferenceService/ServerLive',
      '/inference.GRPCInferenceService/ServerReady',
      '/grpc.health.v1.Health/Check',
    ])
    const session = await sessionTo(tls)
    open.push({ close: () => session.destroy() })
    for (const { path, access } of methods) {
      if (access === 'public') continue
      expect([path, (await callRaw(session, path, new Uint8Array())).trailers]).toMatchObject([
        path,
        { 'grpc-status': '7', 'x-blindai-error': 'CHANNEL_NOT_PROVED' },
      ])
    }
    expect(engines.runs).toEqual([])
  })

  test('is served once it is, and no other connection with it', async () => {
    const { client, tls } = await house()
    const session = await sessionTo(tls)
    const frame = inferFrame('m', [{ ...TENSOR, name: 'x' }])
    expect((await callRaw(session, 'ModelInfer', frame)).trailers).toMatchObject({ 'grpc-status': '7' })
    const proof = await ask2(session, 'POST', '/.well-known/blindai/channel', {}, `{"nonce":"${base64UrlOf(7)}"}`)
    expect(proof).toMatchObject({ status: 200 })
    const { body, trailers } = await callRaw(session, 'ModelInfer', frame)
    expect(trailers).toMatchObject({ 'grpc-status': '0' })
    expect(parseGrpcInferResponse(body.subarray(5)).outputs).toEqual([TENSOR])
    session.destroy()
    expect((await client.call('ModelInfer', REQUEST)).error).toMatchObject({ code: status.PERMISSION_DENIED })
  })
})

describe('a gRPC caller', () => {
  test('without a key that is known is refused', async () => {
    const { tls, client } = await house({ unattestedClients: true })
    const session = await sessionTo(tls)
    for (const authorization of [undefined, 'Bearer nobody', 'Basic abc']) {
      const { headers, trailers } = await callRaw(session, 'ServerMetadata', new Uint8Array(5), { authorization })
      expect(headers).toMatchObject({ ':status': 200, 'content-type': 'application/grpc' })
      expect(trailers).toMatchObject({ 'grpc-status': '16', 'x-blindai-error': 'UNAUTHENTICATED' })
    }
    session.destroy()
    expect((await client.call('ServerMetadata', {})).error).toBeUndefined()
  })

  test('learns nothing of a model that is not its own: missing and foreign look the same', async () => {
    const { client, sha256 } = await house({ unattestedClients: true })
    const missing = await client.call('ModelInfer', { ...REQUEST, model_name: '0'.repeat(64) }, { as: 'bob' })
    expect(missing.error).toMatchObject({ code: status.NOT_FOUND })
    for (const reference of [sha256, 'm', 'alice~m']) {
      const foreign = await client.call('ModelInfer', { ...REQUEST, model_name: reference }, { as: 'bob' })
      expect(foreign.error?.details).toEqual(missing.error?.details)
      expect(foreign.status.metadata.get('x-blindai-error')).toEqual(['MODEL_NOT_FOUND'])
    }
    for (const method of ['ModelMetadata', 'ModelReady', 'ModelConfig', 'ModelStatistics']) {
      expect((await client.call(method, { name: sha256 }, { as: 'bob' })).error).toMatchObject({
        code: status.NOT_FOUND,
      })
    }
    expect((await client.call('RepositoryIndex', {}, { as: 'bob' })).response).toEqual({ models: [] })
    expect((await client.call('ModelStatistics', {}, { as: 'bob' })).response).toEqual({ model_stats: [] })
  })

  test('who was granted a model runs it by its full name, and may not unload it', async () => {
    const { ask, client } = await house({ unattestedClients: true })
    await ask('PUT', '/v1/models/m/grants/bob', { as: 'alice' })
    const request = { ...REQUEST, model_name: 'alice~m' }
    expect((await client.call('ModelInfer', request, { as: 'bob' })).response).toMatchObject({ model_name: 'alice~m' })
    const unload = await client.call('RepositoryModelUnload', { model_name: 'alice~m' }, { as: 'bob' })
    expect(unload.error).toMatchObject({ code: status.PERMISSION_DENIED })
    const caller = await client.call('RepositoryModelUnload', { model_name: 'alice~m' }, { as: 'carol' })
    expect(caller.error).toMatchObject({ code: status.PERMISSION_DENIED })
  })

  test('names a version that is there', async () => {
    const { client } = await house({ unattestedClients: true })
    expect((await client.call('ModelInfer', { ...REQUEST, model_version: '1' })).response).toMatchObject({
      model_version: '1',
    })
    const { status: end } = await client.call('ModelInfer', { ...REQUEST, model_version: '2' })
    expect(end).toMatchObject({ code: status.NOT_FOUND })
    expect(end.metadata.get('x-blindai-error')).toEqual(['VERSION_NOT_FOUND'])
  })

  test('over http/1.1, and with another media type, is told what the path takes', async () => {
    const { tls } = await house({ unattestedClients: true })
    const socket = await socketTo(tls)
    const path = '/inference.GRPCInferenceService/ServerLive'
    expect(await ask1(socket, 'POST', path, { 'content-type': 'application/grpc' }, new Uint8Array(5))).toMatchObject({
      status: 415,
      headers: { 'x-blindai-error': 'GRPC_EXPECTED' },
    })
    socket.destroy()
    const session = await sessionTo(tls)
    for (const type of ['application/json', 'application/grpc-web', 'application/grpc+json', 'application/grpcx']) {
      expect(await ask2(session, 'POST', path, { 'content-type': type }, new Uint8Array(5))).toMatchObject({
        status: 415,
      })
    }
    for (const type of ['application/grpc', 'application/grpc+proto', 'application/grpc; charset=utf-8']) {
      expect(
        (await callRaw(session, 'ServerLive', new Uint8Array(5), { 'content-type': type })).trailers,
      ).toMatchObject({
        'grpc-status': '0',
      })
    }
    session.destroy()
  })

  test('cannot reach a method through the paths of HTTP, nor the other way', async () => {
    const { ask, tls } = await house({ unattestedClients: true })
    const path = '/inference.GRPCInferenceService/ServerMetadata'
    expect(await ask('POST', path, { as: 'alice', channel: { kind: 'ohttp' } })).toMatchObject({ status: 415 })
    expect(await ask('POST', path, { as: 'alice', channel: { kind: 'plain' } })).toMatchObject({ status: 404 })
    const session = await sessionTo(tls)
    expect((await callRaw(session, '/v2/models/m', new Uint8Array(5))).trailers).toMatchObject({ 'grpc-status': '12' })
    session.destroy()
  })
})
