import { connect, constants } from 'node:http2'
import { deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { settle, TENSOR } from '../fixtures/fake-engines.ts'
import { callRaw, frame, GRPC_FIELDS, inferFrame, StockClient } from '../fixtures/grpc.ts'
import { grpcHouses } from '../fixtures/grpc-house.ts'
import { ask2, sessionTo } from '../fixtures/listening.ts'

const openGrpc = grpcHouses()

async function house(options: Parameters<typeof openGrpc>[0] = {}) {
  const opened = await openGrpc(options)
  await opened.upload('alice', new Uint8Array(10).fill(1), '?name=m')
  return opened
}

const EMPTY = frame(new Uint8Array())
/** 20 MB of nothing. */
const BOMB = frame(gzipSync(new Uint8Array(20_000_000)), { flag: 1 })
const INFER = inferFrame('m', [{ ...TENSOR, name: 'x' }])

describe('a call is refused, and the connection lives on', () => {
  // biome-ignore format: one row a call
  test.each<[string, string, Uint8Array, Readonly<Record<string, string | undefined>>, string, string]>([
    ['without a message', 'ServerLive', new Uint8Array(), {}, '3', 'GRPC_MESSAGE_INVALID'],
    ['with two messages', 'ServerLive', Buffer.concat([EMPTY, EMPTY]), {}, '3', 'GRPC_MESSAGE_INVALID'],
    ['with a byte too many', 'ServerLive', Buffer.concat([EMPTY, new Uint8Array(1)]), {}, '3', 'GRPC_MESSAGE_INVALID'],
    ['with many messages', 'ModelInfer', Buffer.concat(new Array(100).fill(INFER)), {}, '3', 'GRPC_MESSAGE_INVALID'],
    ['with a prefix that is cut', 'ServerLive', EMPTY.subarray(0, 4), {}, '3', 'BODY_TRUNCATED'],
    ['with a message that is cut', 'ModelInfer', INFER.subarray(0, -1), {}, '3', 'BODY_TRUNCATED'],
    ['with a message that says it is compressed', 'ServerLive', frame(new Uint8Array(), { flag: 1 }), {}, '13', 'GRPC_COMPRESSION_UNANNOUNCED'],
    ['with a flag that is none', 'ServerLive', frame(new Uint8Array(), { flag: 2 }), {}, '3', 'GRPC_MESSAGE_INVALID'],
    ['with a length of 2^32 - 1', 'ModelInfer', frame(new Uint8Array(), { length: 2 ** 32 - 1 }), {}, '8', 'BODY_TOO_LARGE'],
    ['with a length of 2^31', 'ServerLive', frame(new Uint8Array(9), { length: 2 ** 31 }), {}, '8', 'BODY_TOO_LARGE'],
    ['with 64 KiB and one where names go', 'ModelReady', frame(new Uint8Array(65_537)), {}, '8', 'BODY_TOO_LARGE'],
    ['with what is no protobuf', 'ModelInfer', frame(Uint8Array.of(0x0b)), {}, '3', 'NOT_PROTOBUF'],
    ['with fields of another message', 'ModelReady', frame(Uint8Array.of(0x08, 1)), {}, '3', 'NOT_PROTOBUF'],
    ['with a message that has no model', 'ModelInfer', EMPTY, {}, '5', 'MODEL_NOT_FOUND'],
    ['with a compression that is none', 'ServerLive', frame(Uint8Array.of(1, 2, 3), { flag: 1 }), { 'grpc-encoding': 'gzip' }, '3', 'BODY_ENCODING_INVALID'],
    ['with a compression that is cut', 'ModelInfer', frame(gzipSync(INFER).subarray(0, -9), { flag: 1 }), { 'grpc-encoding': 'gzip' }, '3', 'BODY_ENCODING_INVALID'],
    ['with little that becomes much', 'ModelInfer', BOMB, { 'grpc-encoding': 'gzip' }, '8', 'BODY_EXPANDS_TOO_MUCH'],
    ['with little that becomes too much for names', 'ModelReady', frame(gzipSync(new Uint8Array(65_537)), { flag: 1 }), { 'grpc-encoding': 'gzip' }, '8', 'BODY_TOO_LARGE'],
    ['with an encoding that is none', 'ModelInfer', INFER, { 'grpc-encoding': 'br' }, '12', 'GRPC_ENCODING_UNSUPPORTED'],
    ['without te: trailers', 'ServerLive', EMPTY, { te: undefined }, '3', 'HEADER_INVALID'],
    ['with a time that is none', 'ModelInfer', INFER, { 'grpc-timeout': '10' }, '3', 'HEADER_INVALID'],
    ['with a time of nine digits', 'ModelInfer', INFER, { 'grpc-timeout': '123456789S' }, '3', 'HEADER_INVALID'],
    ['with no time left', 'ModelInfer', INFER, { 'grpc-timeout': '0n' }, '4', 'DEADLINE_EXCEEDED'],
    ['as an encoded body', 'ServerLive', EMPTY, { 'content-encoding': 'gzip' }, '3', 'CONTENT_ENCODING_UNSUPPORTED'],
    ['with a receipt of no kind that is known', 'ModelInfer', INFER, { 'blindai-receipt': '2' }, '3', 'HEADER_INVALID'],
    ['for a method that is none', 'Nothing', EMPTY, {}, '12', 'NOT_FOUND'],
  ])('%s', async (_, method, body, fields, status, code) => {
    const { engines, session } = await house()
    const { headers, trailers } = await callRaw(session, method, body, fields)
    expect(headers).toMatchObject({ ':status': 200, 'content-type': 'application/grpc', 'grpc-accept-encoding': 'identity,gzip,deflate' })
    expect(trailers).toMatchObject({ 'grpc-status': status, 'x-blindai-error': code })
    expect(trailers['grpc-message']).toMatch(/^[ -~]+$/)
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
    expect(engines.runs).toEqual([])
    expect((await callRaw(session, 'ModelInfer', INFER)).trailers).toMatchObject({ 'grpc-status': '0' })
  })

  test('with more fields, or larger ones, than are taken', async () => {
    const { session } = await house()
    const many = Object.fromEntries(Array.from({ length: 62 }, (_, i) => [`x-${i}`, 'a']))
    const answer = await callRaw(session, 'ServerLive', EMPTY, many).catch((error: unknown) => error)
    expect(answer).toMatchObject({ headers: { ':status': 431, 'x-blindai-error': 'HEADERS_TOO_LARGE' } })
  })

  test('with metadata of 100 kB', async () => {
    const { session, tls } = await house()
    const answer = await callRaw(session, 'ServerLive', EMPTY, { 'x-large': 'a'.repeat(100_000) }).catch(
      () => 'refused',
    )
    expect(answer).toBe('refused')
    const again = await sessionTo(tls)
    expect((await callRaw(again, 'ServerLive', EMPTY)).trailers).toMatchObject({ 'grpc-status': '0' })
    again.destroy()
  })
})

describe('a compressed message', () => {
  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
  ])('of %s is taken, and so is one beside it that is not compressed', async (encoding, compress) => {
    const { engines, session } = await house()
    const compressed = frame(compress(INFER.subarray(5)), { flag: 1 })
    for (const body of [compressed, INFER]) {
      const { headers, trailers } = await callRaw(session, 'ModelInfer', body, { 'grpc-encoding': encoding })
      expect(trailers).toMatchObject({ 'grpc-status': '0' })
      expect(headers).not.toHaveProperty('grpc-encoding')
    }
    expect(engines.runs.map(({ inputs }) => inputs)).toEqual([[{ ...TENSOR, name: 'x' }], [{ ...TENSOR, name: 'x' }]])
  })
})

describe('a message past the limit', () => {
  test('is refused by its length, before any of it is kept', async () => {
    const { session } = await house({ limits: { maxRequestBytes: 1024 } })
    expect((await callRaw(session, 'ModelInfer', frame(new Uint8Array(1025)))).trailers).toMatchObject({
      'grpc-status': '8',
      'x-blindai-error': 'BODY_TOO_LARGE',
    })
  })

  test('of all bodies together is refused, and says when to come back', async () => {
    const { session } = await house({ limits: { maxBodyMemoryBytes: 1024 } })
    const holding = session.request({
      ':method': 'POST',
      ':path': '/inference.GRPCInferenceService/ModelInfer',
      ...GRPC_FIELDS,
    })
    holding.on('error', () => undefined)
    holding.write(frame(new Uint8Array(1000)).subarray(0, 100))
    await expect
      .poll(async () => (await callRaw(session, 'ModelInfer', frame(new Uint8Array(500)))).trailers)
      .toMatchObject({
        'grpc-status': '14',
        'x-blindai-error': 'BODY_MEMORY_FULL',
        'retry-after': '1',
        'grpc-retry-pushback-ms': '1000',
      })
    holding.destroy()
  })

  test('that all memory for bodies could not hold is refused, and not told to come back', async () => {
    const { session } = await house({ limits: { maxBodyMemoryBytes: 1024 } })
    const { trailers } = await callRaw(session, 'ModelInfer', frame(new Uint8Array(2048)))
    expect(trailers).toMatchObject({ 'grpc-status': '8', 'x-blindai-error': 'BODY_TOO_LARGE_FOR_MEMORY' })
    expect(trailers).not.toHaveProperty('retry-after')
  })
})

describe('a client that misbehaves', () => {
  test('and sends a byte now and then is refused in time', async () => {
    const { session } = await house({ limits: { bodyGraceMs: 100 } })
    const stream = session.request({
      ':method': 'POST',
      ':path': '/inference.GRPCInferenceService/ModelInfer',
      ...GRPC_FIELDS,
    })
    const trailers = new Promise((resolve) => stream.once('trailers', resolve))
    stream.write(INFER.subarray(0, 7))
    stream.resume()
    expect(await trailers).toMatchObject({ 'grpc-status': '4', 'x-blindai-error': 'BODY_TOO_SLOW' })
    expect(await ask2(session, 'GET', '/v2/health/live')).toMatchObject({ status: 200 })
  })

  test('and leaves a stream idle is told so, and its stream ended', async () => {
    const { session } = await house({ limits: { connectionIdleMs: 1000 } })
    const stream = session.request({
      ':method': 'POST',
      ':path': '/inference.GRPCInferenceService/ModelStreamInfer',
      ...GRPC_FIELDS,
    })
    const trailers = new Promise((resolve) => stream.once('trailers', resolve))
    const closed = new Promise((resolve) => stream.once('close', resolve))
    stream.resume()
    stream.write(INFER)
    expect(await trailers).toMatchObject({ 'grpc-status': '4', 'x-blindai-error': 'BODY_TOO_SLOW' })
    await closed
  })

  test('and breaks a stream off in a message leaves nothing behind', async () => {
    const { session, cuts } = await house()
    const stream = session.request({
      ':method': 'POST',
      ':path': '/inference.GRPCInferenceService/ModelStreamInfer',
      ...GRPC_FIELDS,
    })
    stream.on('error', () => undefined)
    stream.write(INFER.subarray(0, 20))
    await new Promise((resolve) => stream.once('response', resolve))
    stream.close(constants.NGHTTP2_CANCEL)
    await settle()
    expect((await callRaw(session, 'ModelInfer', INFER)).trailers).toMatchObject({ 'grpc-status': '0' })
    expect(cuts).toEqual([])
  })

  test('and never takes its answers is cut off, and others are served', async () => {
    const { tls, session, engines } = await house({ limits: { bodyGraceMs: 300, minBodyBytesPerSecond: 1024 ** 2 } })
    engines.onRun = (run) => run.answer([{ ...TENSOR, shape: [262_144], data: new Uint8Array(1_048_576) }])
    const lazy = connect(`https://127.0.0.1:${tls.port}`, {
      rejectUnauthorized: false,
      settings: { initialWindowSize: 0 },
    })
    const stream = lazy.request({
      ':method': 'POST',
      ':path': '/inference.GRPCInferenceService/ModelStreamInfer',
      ...GRPC_FIELDS,
    })
    const closed = new Promise((resolve) => stream.once('close', resolve))
    stream.on('error', () => undefined)
    stream.write(INFER)
    expect((await callRaw(session, 'ModelInfer', INFER)).trailers).toMatchObject({ 'grpc-status': '0' })
    await closed
    lazy.destroy()
  })
})

describe('a client that goes away', () => {
  test('has its run given up, and its engine killed', async () => {
    const { tls, engines, closeWith } = await house({ limits: { cancelGraceMs: 10 } })
    engines.onRun = () => undefined
    const client = new StockClient(tls.port)
    closeWith(client)
    const call = client.begin('ModelInfer', {
      model_name: 'm',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1] }],
      raw_input_contents: [Buffer.alloc(4)],
    })
    const run = await begun(engines)
    call.cancel()
    expect((await call.answer).error).toMatchObject({ code: 1 })
    await run.engine.exited
    expect(run.engine.isDead).toBe(true)
  })

  test('out of a stream does the same', async () => {
    const { tls, engines, closeWith } = await house({ limits: { cancelGraceMs: 10 } })
    engines.onRun = () => undefined
    const client = new StockClient(tls.port)
    closeWith(client)
    const stream = client.stream()
    stream.on('error', () => undefined)
    stream.write({
      model_name: 'm',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1] }],
      raw_input_contents: [Buffer.alloc(4)],
    })
    const run = await begun(engines)
    stream.cancel()
    await run.engine.exited
    expect(run.engine.isDead).toBe(true)
  })

  test('and gave a deadline is answered when it is over, and its run is given up', async () => {
    const { session, engines } = await house({ limits: { cancelGraceMs: 10 } })
    engines.onRun = () => undefined
    const answer = callRaw(session, 'ModelInfer', INFER, { 'grpc-timeout': '200m' })
    const run = await begun(engines)
    expect((await answer).trailers).toMatchObject({ 'grpc-status': '4', 'x-blindai-error': 'DEADLINE_EXCEEDED' })
    await run.engine.exited
  })

  test('cannot have longer than the server gives', async () => {
    const { session, engines } = await house({ limits: { requestDeadlineMs: 5000 } })
    await callRaw(session, 'ModelInfer', INFER, { 'grpc-timeout': '99999999H' })
    expect(engines.runs[0]?.deadlineMs).toBeLessThanOrEqual(5000)
  })
})

describe('a server that goes away', () => {
  test('ends a stream after the answer that it owes', async () => {
    const server = { isEnding: false }
    const { session, engines } = await house({ isEnding: () => server.isEnding })
    engines.onRun = () => undefined
    const stream = session.request({
      ':method': 'POST',
      ':path': '/inference.GRPCInferenceService/ModelStreamInfer',
      ...GRPC_FIELDS,
    })
    const trailers = new Promise((resolve) => stream.once('trailers', resolve))
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.write(INFER)
    const run = await begun(engines)
    server.isEnding = true
    run.answer()
    expect(await trailers).toMatchObject({ 'grpc-status': '14', 'x-blindai-error': 'SERVER_DRAINING' })
    expect(Buffer.concat(chunks).byteLength).toBeGreaterThan(10)
  })
})

/** The first run, however long the connection takes. */
async function begun({ runs }: Awaited<ReturnType<typeof house>>['engines']) {
  for (;;) {
    const [run] = runs
    if (run !== undefined) return run
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
