import { toHex, utf8 } from '@blindai/core'
import { describe, expect, test } from 'vitest'
import vectors from '../../../vectors/crypto/bhttp/rfc9292.json' with { type: 'json' }
import { joinPadded } from '../src/binary-http-encode.ts'
import {
  type BinaryRequest,
  type BinaryResponse,
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  type MessagePieces,
} from '../src/index.ts'
import { encodeVarint } from '../src/varint.ts'
import { codeOf, gather, hex, inPieces, LIMITS, pattern, post, streamOf } from './support/messages.ts'

async function joined(pieces: MessagePieces): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const piece of pieces) parts.push(piece)
  return gather(streamOf(...parts))
}

/** Control data, header section and what follows, from hexadecimal and text. */
const GET = '03474554' + '056874747073' + '00' + '012f'
const message = (...parts: (string | Uint8Array)[]): Uint8Array => {
  const bytes = parts.map((part) => (typeof part === 'string' ? hex(part) : part))
  return Uint8Array.from(bytes.flatMap((part) => [...part]))
}
const field = (name: string, value: string): Uint8Array =>
  message(encodeVarint(name.length), utf8(name), encodeVarint(value.length), utf8(value))
/** A known-length GET with one header section and nothing else. */
const withFields = (...fields: Uint8Array[]): Uint8Array => {
  const section = message(...fields)
  return message('00', GET, encodeVarint(section.byteLength), section)
}

describe('the examples of RFC 9292', () => {
  const fields = [
    ['user-agent', 'curl/7.16.3 libcurl/7.16.3 OpenSSL/0.9.7l zlib/1.2.3'],
    ['host', 'www.example.com'],
    ['accept-language', 'en, mi'],
  ]
  const expected = {
    method: 'GET',
    scheme: 'https',
    authority: '',
    path: '/hello.txt',
    headers: fields,
    body: new Uint8Array(),
  }

  test('are read: a request of known length', async () => {
    expect(await decodeRequest(hex(vectors.knownLengthRequest), LIMITS)).toEqual(expected)
  })
  test('are read: a request of indeterminate length, with padding', async () => {
    expect(await decodeRequest(hex(vectors.indeterminateLengthRequest), LIMITS)).toEqual(expected)
  })
  test('are read without the bytes that may be left out', async () => {
    for (const cut of [1, 2]) {
      expect(await decodeRequest(hex(vectors.knownLengthRequest.slice(0, -2 * cut)), LIMITS)).toEqual(expected)
    }
    for (let cut = 1; cut <= 12; cut++) {
      expect(await decodeRequest(hex(vectors.indeterminateLengthRequest.slice(0, -2 * cut)), LIMITS)).toEqual(expected)
    }
  })
  test('are written: a request of known length', async () => {
    const request: BinaryRequest = { ...expected, scheme: 'https', headers: fields.map(([n = '', v = '']) => [n, v]) }
    expect(toHex(await joined(encodeRequest(request)))).toBe(vectors.knownLengthRequest)
  })
  test('are read: a response after two informational ones, which are dropped', async () => {
    const response = await decodeResponse(hex(vectors.indeterminateLengthResponse), LIMITS)
    expect(response.status).toBe(200)
    expect(response.headers).toHaveLength(8)
    expect(response.headers[0]).toEqual(['date', 'Mon, 27 Jul 2009 12:28:53 GMT'])
    expect(await gather(response.body)).toEqual(utf8('Hello World! My content includes a trailing CRLF.\r\n'))
  })
  test('are refused where they have trailers, which no part of ours reads', async () => {
    await expect(decodeResponse(hex(vectors.responseWithTrailers), LIMITS)).rejects.toMatchObject({
      code: 'BINARY_HTTP_MALFORMED',
      details: { field: 'Trailer Section' },
    })
  })
})

describe('a binary HTTP message', () => {
  const response: BinaryResponse<Uint8Array> = { status: 200, headers: [['a', 'b c\td']], body: utf8('body') }

  test('comes back whole, padded or not', async () => {
    const pieces = encodeRequest(post(utf8('body'), '/v2/models?a=1&b=%20'))
    expect(await decodeRequest(await joined(pieces), LIMITS)).toEqual(post(utf8('body'), '/v2/models?a=1&b=%20'))
    const padded = joinPadded(pieces)
    expect(padded.byteLength).toBe(1024)
    expect(await decodeRequest(padded, LIMITS)).toEqual(post(utf8('body'), '/v2/models?a=1&b=%20'))
  })

  test('comes back from a stream in pieces of any size', async () => {
    const bytes = await joined(encodeResponse({ ...response, body: streamOf('bo', '', 'd', 'y') }))
    for (const size of [1, 2, 3, 7, 100]) {
      const decoded = await decodeResponse(inPieces(bytes, size), LIMITS)
      expect(decoded).toMatchObject({ status: 200, headers: response.headers })
      expect(await gather(decoded.body)).toEqual(utf8('body'))
    }
    expect(await decodeResponse(bytes, LIMITS)).toEqual(response)
  })

  test('has no content where the status allows none', async () => {
    for (const status of [204, 205, 304]) {
      const empty = { status, headers: [], body: new Uint8Array() }
      expect(await decodeResponse(await joined(encodeResponse(empty)), LIMITS)).toEqual(empty)
      expect(() => encodeResponse({ ...empty, body: utf8('x') })).toThrowError(
        expect.objectContaining({ code: 'BINARY_HTTP_MALFORMED' }),
      )
      expect(await codeOf(decodeResponse(message('01', encodeVarint(status), '000178'), LIMITS))).toBe(
        'BINARY_HTTP_MALFORMED',
      )
    }
  })

  test('holds as much content as Content-Length says', async () => {
    const announcing = (length: string, body: Uint8Array | AsyncIterable<Uint8Array>): BinaryRequest => ({
      ...post(body),
      headers: [['content-length', length]],
    })
    expect(await joined(encodeRequest(announcing('4', utf8('body'))))).toBeInstanceOf(Uint8Array)
    for (const length of ['3', '5', '04', '-4', '4.0', '4, 4', '']) {
      expect(() => encodeRequest(announcing(length, utf8('body')))).toThrowError(
        expect.objectContaining({ code: 'BINARY_HTTP_MALFORMED' }),
      )
    }
    expect(await codeOf(joined(encodeRequest(announcing('3', streamOf('bo', 'dy')))))).toBe('BINARY_HTTP_MALFORMED')
    for (const length of ['0', '2', '9']) {
      const lying = message(withFields(field('content-length', length)), '0178')
      await expect(decodeRequest(lying, LIMITS)).rejects.toMatchObject({
        code: 'BINARY_HTTP_MALFORMED',
        details: { field: 'Content', expected: `${length} bytes long` },
      })
    }
    expect(
      await codeOf(decodeRequest(message(withFields(field('content-length', '1')), '0178'), LIMITS)),
    ).toBeUndefined()
    const twice = message(withFields(field('content-length', '1'), field('content-length', '1')), '0178')
    expect(await codeOf(decodeRequest(twice, LIMITS))).toBe('BINARY_HTTP_MALFORMED')
  })

  test('hands out nothing past its Content-Length, while it comes', async () => {
    const bytes = message('02', GET, field('content-length', '2'), '00', '026162', '0163', '0000')
    const { body } = await decodeRequest(inPieces(bytes, 1), LIMITS)
    const received: number[] = []
    const read = async (): Promise<void> => {
      for await (const piece of body instanceof Uint8Array ? [] : body) received.push(...piece)
    }
    expect(await codeOf(read())).toBe('BINARY_HTTP_MALFORMED')
    expect(received).toEqual([0x61, 0x62])
  })

  test('may spell its numbers in more bytes than they need', async () => {
    const wide = message(
      'c000000000000000',
      '4003474554',
      '80000005' + '6874747073',
      '4000',
      '012f',
      '4000',
      '4000',
      '4000',
    )
    expect(await decodeRequest(wide, LIMITS)).toMatchObject({ method: 'GET', path: '/' })
  })

  test('has padding of zeros only', async () => {
    for (const size of [1, 4, 5, 1000]) {
      const base = message('00', GET, '000000')
      const padded = message(base, new Uint8Array(size))
      expect(await codeOf(decodeRequest(padded, LIMITS))).toBeUndefined()
      for (const at of new Set([0, 1, size >> 1, size - 1])) {
        if (at >= size) continue
        const dirty = new Uint8Array(padded)
        dirty[base.byteLength + at] = 0x80
        await expect(decodeRequest(dirty, LIMITS)).rejects.toMatchObject({
          code: 'PADDING_INVALID',
          details: { offset: base.byteLength + at },
        })
      }
    }
  })

  test('is refused when it is cut anywhere else than before an empty rest', async () => {
    const bytes = await joined(encodeRequest(post(utf8('body'))))
    const contentAt = bytes.byteLength - 1 - 4 - 1
    const allowed = new Set([contentAt, bytes.byteLength - 1])
    // Before the header section, too: everything after the path would be empty.
    const headersAt = bytes.findIndex((_, i) => toHex(bytes.subarray(i, i + 4)) === toHex(utf8('e=1@')))
    allowed.add(headersAt + 3)
    for (let length = 0; length < bytes.byteLength; length++) {
      const code = await codeOf(decodeRequest(bytes.subarray(0, length), LIMITS))
      expect([length, code]).toEqual([length, allowed.has(length) ? undefined : 'BINARY_HTTP_MALFORMED'])
    }
  })

  test('is refused when its chunks or its fields lack their end', async () => {
    expect(await codeOf(decodeRequest(message('02', GET, '00', '0161', '0162'), LIMITS))).toBe('BINARY_HTTP_MALFORMED')
    expect(await codeOf(decodeRequest(message('02', GET, field('a', 'b')), LIMITS))).toBe('BINARY_HTTP_MALFORMED')
    expect(await codeOf(decodeRequest(message('02', GET), LIMITS))).toBeUndefined()
  })
})

describe('a hostile binary HTTP message', () => {
  const refuse = async (bytes: Uint8Array, code: string, details: object): Promise<void> => {
    await expect(decodeRequest(bytes, LIMITS)).rejects.toMatchObject({ code, details })
  }

  test('is refused for a framing indicator of another kind', async () => {
    for (const indicator of ['01', '03', '04', '3f', '4004', 'ffffffffffffffff']) {
      expect(await codeOf(decodeRequest(message(indicator, GET, '000000'), LIMITS))).toMatch(
        /BINARY_HTTP_MALFORMED|TOO_LARGE/,
      )
    }
    expect(await codeOf(decodeResponse(message('00', '40c8', '000000'), LIMITS))).toBe('BINARY_HTTP_MALFORMED')
  })

  test('is refused for a declared length past its limit, before anything is allocated', async () => {
    for (const length of ['80100000', 'bfffffff', 'c000000100000000', 'ffffffffffffffff']) {
      await refuse(message('00', length), 'TOO_LARGE', { field: 'Method Length', limit: LIMITS.maxHeaderBytes })
      await refuse(message('00', GET, length), 'TOO_LARGE', { field: 'Header Section Length' })
      await refuse(message('02', GET, length), 'TOO_LARGE', { field: 'Name Length' })
      await refuse(message('02', GET, '0161', length), 'TOO_LARGE', { field: 'Value Length' })
    }
    await refuse(message('00', GET, '00', 'ffffffffffffffff'), 'TOO_LARGE', { field: 'Content Length' })
    await refuse(message('02', GET, '00', 'ffffffffffffffff'), 'TOO_LARGE', { field: 'Chunk Length' })
  })

  test('is refused for a length within its limit that nothing follows', async () => {
    await refuse(message('00', '50'), 'BINARY_HTTP_MALFORMED', { field: 'Method Length', expected: 'complete' })
    await refuse(message('00', GET, '4fff'), 'BINARY_HTTP_MALFORMED', { field: 'Header Section' })
    await refuse(message('00', GET, '00', '800fffff'), 'BINARY_HTTP_MALFORMED', { field: 'Content' })
  })

  test('is refused for content in crumbs where it is read at once, and only there', async () => {
    const crumbs = (count: number): Uint8Array => {
      const content = new Uint8Array(2 * count + 2)
      for (let i = 0; i < count; i++) content[2 * i] = 1
      return message('02', GET, '00', content)
    }
    expect((await decodeRequest(crumbs(1024), LIMITS)).body).toHaveLength(1024)
    expect(await codeOf(decodeRequest(crumbs(1025), LIMITS))).toBe('TOO_LARGE')
    const streamed = await decodeRequest(streamOf(crumbs(1025)), LIMITS)
    expect(await gather(streamed.body)).toHaveLength(1025)
  })
  test('is handed out in pieces of what has come, not of its crumbs, while it comes', async () => {
    const content = pattern(60_000)
    for (const spelled of [(length: number) => encodeVarint(length), (length: number) => Uint8Array.of(0x40, length)]) {
      const crumbs = streamOf(...Array.from(content, (byte) => message(spelled(1), Uint8Array.of(byte))))
      const bytes = message('02', GET, '00', await gather(crumbs), '00')
      const request = await decodeRequest(inPieces(bytes, 10_000), LIMITS)
      const pieces: Uint8Array[] = []
      for await (const piece of request.body instanceof Uint8Array ? [] : request.body) pieces.push(piece)
      expect(await gather(streamOf(...pieces))).toEqual(content)
      // At most one more at each seam, where a crumb is not there whole.
      expect(pieces.length).toBeLessThanOrEqual(2 * Math.ceil(bytes.byteLength / 10_000))
    }
  })

  test('is refused for too many field lines, or too large a section', async () => {
    const many = Array.from({ length: 17 }, () => field('a', 'b'))
    await refuse(withFields(...many), 'TOO_LARGE', { field: 'Field Lines', limit: 16 })
    await refuse(message('02', GET, ...many, '00'), 'TOO_LARGE', { field: 'Field Lines', limit: 16 })
    const large = [field('a', 'b'.repeat(3000)), field('a', 'b'.repeat(3000))]
    await refuse(withFields(...large), 'TOO_LARGE', { field: 'Header Section Length' })
    await refuse(message('02', GET, ...large, '00'), 'TOO_LARGE', { field: 'Header Section', limit: 4096 })
  })

  test('is refused for more informational responses than anybody sends', async () => {
    const interim = hex('406600')
    const response = (count: number): Uint8Array =>
      message('01', ...Array.from({ length: count }, () => interim), '40c8')
    expect(await codeOf(decodeResponse(response(8), LIMITS))).toBeUndefined()
    expect(await codeOf(decodeResponse(response(9), LIMITS))).toBe('TOO_LARGE')
  })

  test('is refused for a status that is none', async () => {
    for (const status of ['00', '4063', '4258', '7fff']) {
      expect(await codeOf(decodeResponse(message('01', status, '000000'), LIMITS))).toMatch(
        /BINARY_HTTP_MALFORMED|TOO_LARGE/,
      )
    }
  })

  test('is refused for field names that another reader takes for something else', async () => {
    for (const name of [
      '',
      'Content-Type',
      'a b',
      'a:',
      ':path',
      ':status',
      'a\r\nb',
      'a\0',
      'ä',
      'connection',
      'transfer-encoding',
      'upgrade',
      'te',
    ]) {
      expect(await codeOf(decodeRequest(withFields(field(name, 'x')), LIMITS))).toBe('BINARY_HTTP_MALFORMED')
      expect(() => encodeRequest({ ...post(utf8('')), headers: [[name, 'x']] })).toThrowError(
        expect.objectContaining({ code: 'BINARY_HTTP_MALFORMED' }),
      )
    }
  })

  test('is refused for field values that end a line or hide at its ends', async () => {
    for (const value of ['a\r\nb: c', 'a\n', '\r', 'a\0b', ' a', 'a ', '\ta', '\x7f', 'ä', '😀']) {
      expect(
        await codeOf(
          decodeRequest(withFields(message('0161', encodeVarint(utf8(value).byteLength), utf8(value))), LIMITS),
        ),
      ).toBe('BINARY_HTTP_MALFORMED')
      expect(() => encodeRequest({ ...post(utf8('')), headers: [['a', value]] })).toThrowError(
        expect.objectContaining({ code: 'BINARY_HTTP_MALFORMED' }),
      )
    }
    for (const value of ['', 'a', 'a b', 'a\tb', '"~!']) {
      expect(await codeOf(decodeRequest(withFields(field('a', value)), LIMITS))).toBeUndefined()
    }
  })

  test('is refused for control data that leads elsewhere', async () => {
    const bad = [
      { method: 'get' },
      { method: 'CONNECT' },
      { method: '' },
      { method: 'GET /' },
      { authority: 'user@host' },
      { authority: 'HOST' },
      { authority: 'a/b' },
      { path: '' },
      { path: 'x' },
      { path: '*' },
      { path: '//evil.example/' },
      { path: '/\\evil' },
      { path: '/a b' },
      { path: '/a#b' },
      { path: '/a\r\nb' },
      { path: '/ä' },
    ]
    for (const change of bad) {
      const request = { ...post(utf8('')), ...change }
      expect(() => encodeRequest(request)).toThrowError(expect.objectContaining({ code: 'BINARY_HTTP_MALFORMED' }))
      const control = [request.method, request.scheme, request.authority, request.path].flatMap((text) => {
        const bytes = utf8(text)
        return [encodeVarint(bytes.byteLength), bytes]
      })
      expect(await codeOf(decodeRequest(message('00', ...control, '000000'), LIMITS))).toBe('BINARY_HTTP_MALFORMED')
    }
    const http = message('00', '03474554', '0468747470', '00', '012f', '000000')
    await refuse(http, 'BINARY_HTTP_MALFORMED', { field: 'Scheme' })
  })

  test('is refused past the limit of the whole', async () => {
    const bytes = message('02', GET, '00', '4400', new Uint8Array(1024), '4400', new Uint8Array(1024), '0000')
    await expect(decodeRequest(bytes, { ...LIMITS, maxMessageBytes: 1500 })).rejects.toMatchObject({
      code: 'TOO_LARGE',
    })
  })
})
