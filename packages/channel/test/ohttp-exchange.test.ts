import { unixSeconds, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import {
  type BinaryResponse,
  encapsulateRequest,
  encapsulateStream,
  isPostQuantum,
  OhttpGateway,
  RequestRefused,
} from '../src/index.ts'
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

const OK: BinaryResponse<Uint8Array> = {
  status: 200,
  headers: [['content-type', 'application/json']],
  body: utf8('{}'),
}

describe('a whole request', async () => {
  const { gateway, configs } = await gatewayAt({ now: NOW })

  test('arrives with its query string, its fields, a Date and its body', async () => {
    const sent = await encapsulateRequest(configs, post(utf8('input')), { now: NOW })
    expect(sent.contentType).toBe('message/ohttp-req')
    const { request } = await admitted(gateway, sent.contentType, sent.body)
    expect(request).toMatchObject({
      method: 'POST',
      scheme: 'https',
      authority: 'blindai.invalid',
      path: '/v2/models/m/infer?trace=1',
    })
    expect(request.headers).toEqual([
      ['content-type', 'application/octet-stream'],
      ['authorization', 'Bearer secret'],
      ['date', 'Tue, 24 Nov 2026 06:00:00 GMT'],
    ])
    expect(await gather(request.body)).toEqual(utf8('input'))
  })

  test('goes to the post-quantum key first', async () => {
    const sent = await encapsulateRequest(configs, post(utf8('input')), { now: NOW })
    expect(isPostQuantum(sent.suite.kem)).toBe(true)
    expect((await gateway.open(sent.contentType, sent.body)).suite).toEqual(sent.suite)
  })

  test('goes to the classic key where the list has no other', async () => {
    const classic = configs.filter(({ kem }) => !isPostQuantum(kem))
    const sent = await encapsulateRequest(classic, post(utf8('input')), { now: NOW })
    const { request, suite } = await admitted(gateway, sent.contentType, sent.body)
    expect(suite.kem).toBe(0x20)
    expect(await gather(request.body)).toEqual(utf8('input'))
  })

  test('gets its response, 204 without content too', async () => {
    for (const response of [OK, { status: 204, headers: [], body: new Uint8Array() }]) {
      const sent = await encapsulateRequest(configs, post(utf8('input')), { now: NOW })
      const { sealResponse } = await gateway.open(sent.contentType, sent.body)
      const sealed = sealResponse(response)
      expect(sealed.contentType).toBe(sent.responseContentType)
      const bytes = await gather(sealed.body)
      expect(bytes.byteLength).toBe(sealed.contentLength)
      expect(await sent.openResponse(bytes)).toEqual(response)
    }
  })

  test('is padded, and so is its response: only the power of two shows', async () => {
    const overhead = 7 + 1120 + 16
    for (const [length, padded] of [
      [0, 1024],
      [600, 1024],
      [1024, 2048],
      [600_000, 1 << 20],
      [1 << 20, (1 << 20) + 65_536],
    ] as const) {
      const sent = await encapsulateRequest(configs, post(pattern(length)), { now: NOW })
      expect(sent.body.byteLength - overhead).toBe(padded)
      const { request, sealResponse } = await admitted(gateway, sent.contentType, sent.body)
      expect(await gather(request.body)).toEqual(pattern(length))
      const bytes = await gather(sealResponse({ ...OK, body: pattern(length) }).body)
      expect(bytes.byteLength - 16 - 16).toBe(padded)
    }
  })

  test('is refused with any bit of it turned', async () => {
    const classic = configs.filter(({ kem }) => !isPostQuantum(kem))
    const sent = await encapsulateRequest(classic, post(utf8('input')), { now: NOW })
    for (let bit = 0; bit < sent.body.byteLength * 8; bit += 37) {
      const code = await codeOf(gateway.open(sent.contentType, flipped(sent.body, bit)))
      expect(code).toMatch(bit < 56 ? /^(KEY_ID_UNKNOWN|SUITE_UNSUPPORTED)$/ : /^DECRYPT_FAILED$/)
    }
    expect(await codeOf(gateway.open(sent.contentType, sent.body))).toBeUndefined()
  })

  test('is refused wherever it is cut, and with a byte more', async () => {
    const sent = await encapsulateRequest(configs, post(utf8('input')), { now: NOW })
    for (let length = 0; length < sent.body.byteLength; length += 41) {
      expect(await codeOf(gateway.open(sent.contentType, sent.body.subarray(0, length)))).toBe('STREAM_TRUNCATED')
    }
    const longer = new Uint8Array(sent.body.byteLength + 1)
    longer.set(sent.body)
    expect(await codeOf(gateway.open(sent.contentType, longer))).toBe('STREAM_TRUNCATED')
  })

  test('is refused before it is held when it is too large', async () => {
    const small = await gatewayAt({ now: NOW }, { maxRequestBytes: 4096 })
    const sent = await encapsulateRequest(small.configs, post(pattern(4096)), { now: NOW })
    let pulled = 0
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const piece of inPieces(sent.body, 512)) {
        pulled += piece.byteLength
        yield piece
      }
    }
    await expect(small.gateway.open(sent.contentType, counted())).rejects.toMatchObject({
      code: 'TOO_LARGE',
      details: { field: 'encapsulated request', limit: 4096 },
    })
    expect(pulled).toBeLessThan(4096 + 1024)
  })

  test('opens the response of no other request', async () => {
    const [one, two] = [
      await encapsulateRequest(configs, post(utf8('1')), { now: NOW }),
      await encapsulateRequest(configs, post(utf8('2')), { now: NOW }),
    ]
    const { sealResponse } = await gateway.open(one.contentType, one.body)
    const bytes = await gather(sealResponse(OK).body)
    expect(await codeOf(two.openResponse(bytes))).toBe('DECRYPT_FAILED')
  })

  test('refuses a response with a bit turned or a piece missing', async () => {
    const sent = await encapsulateRequest(configs, post(utf8('input')), { now: NOW })
    const bytes = await gather((await gateway.open(sent.contentType, sent.body)).sealResponse(OK).body)
    for (let bit = 0; bit < bytes.byteLength * 8; bit += 61) {
      expect(await codeOf(sent.openResponse(flipped(bytes, bit)))).toBe('DECRYPT_FAILED')
    }
    for (let length = 0; length < bytes.byteLength; length += 41) {
      expect(await codeOf(sent.openResponse(bytes.subarray(0, length)))).toBe('STREAM_TRUNCATED')
    }
  })

  test('has a streamed response gathered, padded and sealed whole', async () => {
    const sent = await encapsulateRequest(configs, post(utf8('input')), { now: NOW })
    const { sealResponse } = await gateway.open(sent.contentType, sent.body)
    const sealed = sealResponse({ ...OK, body: streamOf('{', '}') })
    expect(sealed).toMatchObject({ contentType: 'message/ohttp-res', contentLength: undefined })
    const bytes = await gather(sealed.body)
    expect(bytes.byteLength).toBe(16 + 1024 + 16)
    expect(await sent.openResponse(bytes)).toEqual(OK)
  })
})

describe('a gateway', async () => {
  const { gateway, configs, keys } = await gatewayAt({ now: NOW })

  test('refuses what is not an encapsulated request', async () => {
    for (const type of ['application/json', 'message/ohttp-req; x=1', 'message/ohttp-res', '']) {
      expect(await codeOf(gateway.open(type, new Uint8Array()))).toBe('MEDIA_TYPE_UNSUPPORTED')
    }
  })

  test('refuses a request to keys of another boot', async () => {
    const other = await gatewayAt({ now: NOW })
    const sent = await encapsulateRequest(other.configs, post(utf8('input')), { now: NOW })
    expect(['KEY_ID_UNKNOWN', 'SUITE_UNSUPPORTED', 'DECRYPT_FAILED']).toContain(
      await codeOf(gateway.open(sent.contentType, sent.body)),
    )
  })

  test('refuses a chunked request that calls itself whole, and the reverse', async () => {
    const whole = await encapsulateRequest(configs, post(utf8('input')), { now: NOW })
    expect(await codeOf(gateway.open('message/ohttp-chunked-req', whole.body))).toMatch(
      /TOO_LARGE|DECRYPT_FAILED|STREAM_TRUNCATED/,
    )
    const stream = await encapsulateStream(configs, post(utf8('input')), { now: NOW })
    expect(await codeOf(gateway.open('message/ohttp-req', stream.body))).toMatch(/DECRYPT_FAILED|STREAM_TRUNCATED/)
  })

  test('refuses a Date outside its window, and seals the refusal', async () => {
    for (const now of [unixSeconds(NOW - 61), unixSeconds(NOW + 61)]) {
      const sent = await encapsulateRequest(configs, post(utf8('input')), { now })
      const refused = await gateway.open(sent.contentType, sent.body).catch((error: unknown) => error)
      expect(refused).toMatchObject({
        code: 'DATE_OUTSIDE_WINDOW',
        details: { date: now, now: NOW, windowSeconds: 60 },
      })
      if (!(refused instanceof RequestRefused)) throw new Error('not refused after opening')
      const bytes = await gather(refused.sealResponse({ status: 400, headers: [], body: utf8('late') }).body)
      expect(await sent.openResponse(bytes)).toEqual({ status: 400, headers: [], body: utf8('late') })
    }
  })

  test('refuses another origin, Host and Expect', async () => {
    const hostile = [
      { ...post(utf8('')), authority: 'example.com' },
      { ...post(utf8('')), headers: [['host', 'example.com']] as const },
      { ...post(utf8('')), headers: [['expect', '100-continue']] as const },
    ]
    for (const request of hostile) {
      const sent = await encapsulateRequest(configs, request, { now: NOW })
      expect(await codeOf(gateway.open(sent.contentType, sent.body))).toBe('TARGET_REFUSED')
    }
  })

  test('can demand the post-quantum suite', async () => {
    const strict = new OhttpGateway({
      keys,
      clock: () => NOW,
      replayCapacity: 10,
      dateWindowSeconds: 60,
      maxRequestBytes: 4096,
      requirePostQuantum: true,
    })
    const sent = await encapsulateRequest(configs.slice(1), post(utf8('')), { now: NOW })
    await expect(strict.open(sent.contentType, sent.body)).rejects.toMatchObject({
      code: 'POST_QUANTUM_REQUIRED',
      details: { missing: 'request' },
    })
    const hybrid = await encapsulateRequest(configs, post(utf8('')), { now: NOW })
    expect(await codeOf(strict.open(hybrid.contentType, hybrid.body))).toBeUndefined()
  })

  test('shows nothing of its keys', () => {
    expect(JSON.parse(JSON.stringify(keys))).toEqual({ keyConfigListBytes: keys.keyConfigList.byteLength })
  })
})
