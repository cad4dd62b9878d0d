import { concatBytes, fromBase64Url } from '@blindai/core'
import { encodeGrpcInferRequest } from '@blindai/protocol'
import {
  digestBody,
  digestStream,
  digestStreamBody,
  RECEIPT_HEADER,
  RECEIPT_SALT_HEADER,
  type ReceiptExpectation,
  type ReceiptKeys,
  verifyReceipt,
} from '@blindai/receipts'
import { describe, expect, test } from 'vitest'
import { TENSOR } from '../fixtures/fake-engines.ts'
import { callRaw, frame, type RawAnswer } from '../fixtures/grpc.ts'
import { grpcHouses } from '../fixtures/grpc-house.ts'
import { NOW } from '../fixtures/house.ts'
import { make } from '../fixtures/tenants.ts'

const openGrpc = grpcHouses()

async function house(options: Parameters<typeof openGrpc>[0] = {}) {
  const opened = await openGrpc(options)
  const sha256 = await opened.upload('alice', new Uint8Array(10).fill(1), '?name=m')
  await opened.upload('alice', new Uint8Array(10).fill(2), '?name=other')
  const { attester, signer } = opened
  const keys: ReceiptKeys = {
    statementSha256: Buffer.from(attester.statementSha256).toString('hex'),
    receiptsKey: signer.publicJwk,
    notBefore: NOW,
    notAfter: NOW,
  }
  const streamOf = (
    messages: readonly Uint8Array[],
    fields: Readonly<Record<string, string>> = WANTED,
  ): Promise<RawAnswer> =>
    callRaw(opened.session, 'ModelStreamInfer', concatBytes(...messages.map((message) => frame(message))), fields)
  return { ...opened, sha256, keys, streamOf }
}

const WANTED = { [RECEIPT_HEADER]: '1' }

function message(model: string, id: string): Uint8Array {
  const inputs = [{ ...TENSOR, name: 'x' }]
  return concatBytes(...encodeGrpcInferRequest({ model, version: '', id, inputs, binaryOutputsByDefault: true }))
}

const THREE = ['1', '2', '3'].map((id) => message('m', id))

/** What is shown of an answer with a receipt, unless a test shows something else. */
async function shown({ body, trailers }: RawAnswer, requests: readonly Uint8Array[]): Promise<ReceiptExpectation> {
  const salt = fromBase64Url('salt', String(trailers[RECEIPT_SALT_HEADER]))
  const bodies = { request: await digestStream(requests), response: await digestStreamBody(body) }
  return { operation: 'run', salt, ...bodies }
}

describe('the receipt of a stream', () => {
  test('comes with its end, and is of all messages of both sides', async () => {
    const { streamOf, keys, sha256 } = await house()
    const answer = await streamOf(THREE)
    expect(answer.trailers).toMatchObject({ 'grpc-status': '0' })
    const expected = { ...(await shown(answer, THREE)), modelSha256: sha256 }
    const receipt = await verifyReceipt(String(answer.trailers[RECEIPT_HEADER]), keys, expected)
    expect(receipt).toMatchObject({ sequence: 1, request: { messages: 3 }, response: { messages: 3 } })
  })

  test('holds what was refused, too', async () => {
    const { streamOf, keys, engines } = await house()
    const requests = [message('m', '1'), message('nothing', '2'), Uint8Array.of(0x0b)]
    const answer = await streamOf(requests)
    const token = String(answer.trailers[RECEIPT_HEADER])
    expect(engines.runs).toHaveLength(1)
    await expect(verifyReceipt(token, keys, await shown(answer, requests))).resolves.toMatchObject({
      response: { messages: 3 },
    })
  })

  test.each<[string, string, (requests: readonly Uint8Array[]) => readonly Uint8Array[]]>([
    ['that was cut', 'RECEIPT_MESSAGES_MISMATCH', (all) => all.slice(0, -1)],
    ['with a message more', 'RECEIPT_MESSAGES_MISMATCH', (all) => [...all, message('m', '4')]],
    [
      'with two messages that became one',
      'RECEIPT_MESSAGES_MISMATCH',
      ([a = TENSOR.data, b = TENSOR.data, c = TENSOR.data]) => [a, concatBytes(b, c)],
    ],
    ['in another order', 'RECEIPT_REQUEST_MISMATCH', (all) => all.toReversed()],
    [
      'with bytes that moved from one message to the next',
      'RECEIPT_REQUEST_MISMATCH',
      ([a = TENSOR.data, b = TENSOR.data, c = TENSOR.data]) => [a, b.subarray(0, -1), concatBytes(b.subarray(-1), c)],
    ],
    [
      'with another message',
      'RECEIPT_REQUEST_MISMATCH',
      ([a = TENSOR.data, b = TENSOR.data]) => [a, b, message('m', '4')],
    ],
    [
      'with a message that is shorter',
      'RECEIPT_BODY_LENGTH_MISMATCH',
      ([a = TENSOR.data, b = TENSOR.data, c = TENSOR.data]) => [a, b, c.subarray(1)],
    ],
  ])('is not of a stream %s', async (_, code, change) => {
    // biome-ignore format: one case a line
    const { streamOf, keys } = await house()
    const answer = await streamOf(THREE)
    const expected = await shown(answer, change(THREE))
    await expect(verifyReceipt(String(answer.trailers[RECEIPT_HEADER]), keys, expected)).rejects.toMatchObject({ code })
  })

  test('is not of one body with the same bytes, and that of one body not of a stream', async () => {
    const { streamOf, keys, session } = await house()
    const answer = await streamOf(THREE)
    const request = await digestBody(concatBytes(...THREE.map((each) => frame(each))))
    const token = String(answer.trailers[RECEIPT_HEADER])
    const code = 'RECEIPT_MESSAGES_MISMATCH'
    await expect(verifyReceipt(token, keys, { ...(await shown(answer, THREE)), request })).rejects.toMatchObject({
      code,
      message: 'the request is one body; the receipt is of a stream of 3 messages',
    })
    const single = await callRaw(session, 'ModelInfer', frame(message('m', '1')), WANTED)
    const expected = await shown(single, [message('m', '1')])
    await expect(verifyReceipt(String(single.trailers[RECEIPT_HEADER]), keys, expected)).rejects.toMatchObject({ code })
  })

  test('names one model, so another one is refused in its place and the stream goes on', async () => {
    const { streamOf, keys, sha256, engines } = await house()
    const requests = [message('m', '1'), message('other', '2'), message('m', '3')]
    const answer = await streamOf(requests)
    expect(engines.runs).toHaveLength(2)
    expect(Buffer.from(answer.body).toString('latin1')).toContain('HEADER_INVALID')
    const expected = { ...(await shown(answer, requests)), modelSha256: sha256 }
    await expect(verifyReceipt(String(answer.trailers[RECEIPT_HEADER]), keys, expected)).resolves.toBeDefined()
    const without = await streamOf(requests, {})
    expect(Buffer.from(without.body).toString('latin1')).not.toContain('HEADER_INVALID')
  })

  test('is not given to who did not ask, where no model ran, or where the stream failed', async () => {
    const opened = await house({ nowMs: () => 0 })
    for (const answer of [
      await opened.streamOf(THREE, {}),
      await opened.streamOf([message('nothing', '1')]),
      await opened.streamOf([]),
    ]) {
      expect(answer.trailers).toMatchObject({ 'grpc-status': '0' })
      expect(answer.trailers).not.toHaveProperty(RECEIPT_HEADER)
    }
    const key = await make(opened, 'clinic', { quotas: { maxRequestsPerMinute: 1 } })
    const limited = await opened.streamOf([message('nothing', '1'), message('nothing', '2')], {
      ...WANTED,
      authorization: `Bearer ${key}`,
    })
    expect(limited.trailers).toMatchObject({ 'grpc-status': '8' })
    expect(limited.trailers).not.toHaveProperty(RECEIPT_HEADER)
  })
})

describe('the body of a stream', () => {
  test.each<[string, Uint8Array, number]>([
    ['half of a prefix', Uint8Array.of(0, 0, 0), 0],
    ['a message that is compressed', Uint8Array.of(1, 0, 0, 0, 0), 0],
    ['a message that is cut', Uint8Array.of(0, 0, 0, 0, 1, 9, 0, 0, 0, 0, 2, 9), 12],
  ])('is refused with %s', async (_, body, at) => {
    await expect(digestStreamBody(body)).rejects.toMatchObject({ code: 'RECEIPT_STREAM_INVALID', details: { at } })
  })
})
