import { utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import { type BinaryResponse, encapsulateStream } from '../src/index.ts'
import {
  admitted,
  codeOf,
  flipped,
  gatewayAt,
  gather,
  inPieces,
  NOW,
  pattern,
  post,
  streamOf,
} from './support/messages.ts'

const CHUNK = 65_536
const HEAD = 7 + 1120

/** What crosses the network for one chunked exchange with these bodies. */
async function exchange(requestBody: Uint8Array, responseBody: Uint8Array) {
  const { gateway, configs } = await gatewayAt({ now: NOW })
  const sent = await encapsulateStream(configs, post(inPieces(requestBody, 10_000)), { now: NOW })
  const requestBytes = await gather(sent.body)
  const opened = await admitted(gateway, sent.contentType, inPieces(requestBytes, 7000))
  const received = await gather(opened.request.body)
  const response: BinaryResponse = { status: 200, headers: [['x', 'y']], body: inPieces(responseBody, 999) }
  const sealed = opened.sealResponse(response)
  return { sent, requestBytes, received, sealed, responseBytes: await gather(sealed.body) }
}

/** Where each chunk's length stands, and where the chunk ends. */
function chunkBounds(bytes: Uint8Array, from: number): number[] {
  const bounds = [from]
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = from
  while (bytes[at] !== 0) {
    at += 4 + (view.getUint32(at) & 0x3fff_ffff)
    bounds.push(at)
  }
  return bounds
}

describe('a chunked exchange', async () => {
  const { sent, requestBytes, received, sealed, responseBytes } = await exchange(pattern(150_000), pattern(100_000))

  test('carries both bodies', async () => {
    expect(received).toEqual(pattern(150_000))
    const response = await sent.openResponse(inPieces(responseBytes, 1234))
    expect(response).toMatchObject({ status: 200, headers: [['x', 'y']] })
    expect(await gather(response.body)).toEqual(pattern(100_000))
  })

  test('has its own media types and no length', () => {
    expect(sent.contentType).toBe('message/ohttp-chunked-req')
    expect(sealed).toMatchObject({ contentType: 'message/ohttp-chunked-res', contentLength: undefined })
  })

  test('shows chunks of one size only, as many as the padded message has', () => {
    const requestChunks = chunkBounds(requestBytes, HEAD)
    expect(requestChunks.map((at) => at - HEAD)).toEqual([0, 1, 2, 3].map((n) => n * (CHUNK + 16 + 4)))
    expect(requestBytes.byteLength).toBe(HEAD + 3 * (CHUNK + 20) + 1 + CHUNK + 16)
    expect(responseBytes.byteLength).toBe(16 + (CHUNK + 20) + 1 + CHUNK + 16)
  })

  test('hides the size of a small stream as a whole message does', async () => {
    for (const [length, padded] of [
      [0, 1024],
      [10, 1024],
      [900, 2048],
      [30_000, 32_768],
    ] as const) {
      const { requestBytes: request, responseBytes: response } = await exchange(pattern(length), pattern(length))
      expect(request.byteLength).toBe(HEAD + 1 + padded + 16)
      expect(response.byteLength - (16 + 1 + 16)).toBe(length === 900 ? 1024 : padded)
    }
  })

  test('allows a body in memory on either side', async () => {
    const { gateway, configs } = await gatewayAt({ now: NOW })
    const small = await encapsulateStream(configs, post(utf8('input')), { now: NOW })
    const { request, sealResponse } = await admitted(gateway, small.contentType, small.body)
    expect(await gather(request.body)).toEqual(utf8('input'))
    const response = await small.openResponse(sealResponse({ status: 200, headers: [], body: utf8('output') }).body)
    expect(await gather(response.body)).toEqual(utf8('output'))
  })

  test('hands out the head of a request before its body has come', async () => {
    const { gateway, configs } = await gatewayAt({ now: NOW })
    const large = await encapsulateStream(configs, post(pattern(300_000)), { now: NOW })
    let pulled = 0
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const piece of large.body) {
        pulled += piece.byteLength
        yield piece
      }
    }
    const { request } = await admitted(gateway, large.contentType, counted())
    expect(request.path).toBe('/v2/models/m/infer?trace=1')
    expect(pulled).toBeLessThan(2 * CHUNK)
    expect((await gather(request.body)).byteLength).toBe(300_000)
  })

  test('stops pulling when the reader stops reading', async () => {
    const { gateway, configs } = await gatewayAt({ now: NOW })
    const large = await encapsulateStream(configs, post(pattern(300_000)), { now: NOW })
    let wasClosed = false
    async function* watched(): AsyncGenerator<Uint8Array> {
      try {
        yield* large.body
      } finally {
        wasClosed = true
      }
    }
    const { request } = await admitted(gateway, large.contentType, watched())
    for await (const _ of request.body instanceof Uint8Array ? [] : request.body) break
    expect(wasClosed).toBe(true)
  })
})

describe('a chunked message that was cut', async () => {
  const { gateway, configs } = await gatewayAt({ now: NOW })
  const { sent, responseBytes } = await exchange(pattern(10), pattern(100_000))

  /** Reads a response to its end. */
  const readResponse = async (bytes: Uint8Array): Promise<Uint8Array> => gather((await sent.openResponse(bytes)).body)

  test('never looks complete, wherever the cut is', async () => {
    const bounds = chunkBounds(responseBytes, 16)
    const cuts = [0, 1, 15, 16, 17, ...bounds.flatMap((at) => [at - 1, at, at + 1, at + 2, at + 17, at + 1000])]
    for (const cut of cuts) {
      expect(await codeOf(readResponse(responseBytes.subarray(0, cut)))).toBe('STREAM_TRUNCATED')
    }
    expect((await readResponse(responseBytes)).byteLength).toBe(100_000)
  })

  test('gives its first bytes and then fails: the error comes from the body', async () => {
    const response = await sent.openResponse(responseBytes.subarray(0, responseBytes.byteLength - 1))
    let received = 0
    const read = async (): Promise<void> => {
      for await (const piece of response.body instanceof Uint8Array ? [] : response.body) received += piece.byteLength
    }
    expect(await codeOf(read())).toBe('STREAM_TRUNCATED')
    expect(received).toBeGreaterThan(0)
    expect(received).toBeLessThan(100_000)
  })

  test('is refused when its last chunk but one is made the final one', async () => {
    const [start = 0, end = 0] = chunkBounds(responseBytes, 16)
    const forged = new Uint8Array(end - 3)
    forged.set(responseBytes.subarray(0, start))
    forged.set(responseBytes.subarray(start + 4, end), start + 1)
    expect(await codeOf(readResponse(forged))).toBe('DECRYPT_FAILED')
  })

  test('is refused as a request too, whole chunks missing or not', async () => {
    const request = await encapsulateStream(configs, post(pattern(100_000)), { now: NOW })
    const bytes = await gather(request.body)
    const read = async (cut: number): Promise<Uint8Array> =>
      gather((await admitted(gateway, request.contentType, bytes.subarray(0, cut))).request.body)
    const [start = 0, end = 0] = chunkBounds(bytes, HEAD)
    for (const cut of [0, 6, 7, HEAD - 1, start, start + 1, end - 1]) {
      expect(await codeOf(read(cut))).toBe('STREAM_TRUNCATED')
    }
    expect(await codeOf(read(end))).toBe('STREAM_TRUNCATED')
    // It was admitted when its head was read: what failed must be encapsulated anew.
    expect(await codeOf(read(bytes.byteLength))).toBe('REPLAYED')
  })

  test('passes on the failure of the body that was being sealed', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield pattern(70_000)
      throw new Error('the engine died')
    }
    const fresh = await encapsulateStream(configs, post(utf8('')), { now: NOW })
    const { sealResponse } = await gateway.open(fresh.contentType, fresh.body)
    const sealed = sealResponse({ status: 200, headers: [], body: failing() })
    const sentBytes: Uint8Array[] = []
    const send = async (): Promise<void> => {
      for await (const piece of sealed.body) sentBytes.push(piece)
    }
    await expect(send()).rejects.toThrowError('the engine died')
    const response = await fresh.openResponse(streamOf(...sentBytes))
    expect(await codeOf(gather(response.body))).toBe('STREAM_TRUNCATED')
  })
})

describe('a chunked message that was altered', async () => {
  const { sent, responseBytes } = await exchange(pattern(10), pattern(180_000))
  const [first = 0, second = 0, third = 0] = chunkBounds(responseBytes, 16)
  const readResponse = async (bytes: Uint8Array): Promise<Uint8Array> => gather((await sent.openResponse(bytes)).body)

  test('is refused with any bit of nonce or chunks turned', async () => {
    for (const bit of [0, 127, (first + 4) * 8, (first + 5000) * 8 + 3, (second - 1) * 8 + 7, (second + 4) * 8]) {
      expect(await codeOf(readResponse(flipped(responseBytes, bit)))).toBe('DECRYPT_FAILED')
    }
    expect(await codeOf(readResponse(flipped(responseBytes, responseBytes.byteLength * 8 - 1)))).toBe('DECRYPT_FAILED')
  })

  test('is refused with its chunks in another order, or one missing or twice', async () => {
    const [nonce, one, two, rest] = [
      responseBytes.subarray(0, first),
      responseBytes.subarray(first, second),
      responseBytes.subarray(second, third),
      responseBytes.subarray(third),
    ]
    for (const pieces of [
      [nonce, two, one, rest],
      [nonce, two, rest],
      [nonce, one, rest],
      [nonce, one, one, two, rest],
    ]) {
      expect(await codeOf(readResponse(await gather(streamOf(...pieces))))).toBe('DECRYPT_FAILED')
    }
  })

  test('is refused with a chunk of a length that nobody sends', async () => {
    const huge = Uint8Array.of(0xff, 255, 255, 255, 255, 255, 255, 255)
    const declared = await gather(streamOf(responseBytes.subarray(0, first), huge, responseBytes.subarray(first + 4)))
    await expect(readResponse(declared)).rejects.toMatchObject({
      code: 'TOO_LARGE',
      details: { field: 'chunk length' },
    })
    for (const length of [1, 15]) {
      const short = await gather(streamOf(responseBytes.subarray(0, first), Uint8Array.of(length), pattern(length)))
      expect(await codeOf(readResponse(short))).toBe('DECRYPT_FAILED')
    }
    const endless = await gather(streamOf(responseBytes.subarray(0, first), Uint8Array.of(0), pattern(CHUNK + 17)))
    expect(await codeOf(readResponse(endless))).toBe('TOO_LARGE')
  })

  test('is refused past the limit of the stream', async () => {
    const { gateway, configs } = await gatewayAt({ now: NOW }, { maxStreamBytes: 200_000 })
    const large = await encapsulateStream(configs, post(pattern(300_000)), { now: NOW })
    const { request } = await admitted(gateway, large.contentType, large.body)
    await expect(gather(request.body)).rejects.toMatchObject({ code: 'TOO_LARGE', details: { limit: 200_000 } })
  })
})
