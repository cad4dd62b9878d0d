import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { joinPadded } from '../src/binary-http-encode.ts'
import { ByteSource } from '../src/byte-source.ts'
import {
  type BinaryRequest,
  type BinaryResponse,
  ChannelError,
  decodeRequest,
  decodeResponse,
  encapsulateRequest,
  encapsulateStream,
  encodeRequest,
  encodeResponse,
  isChannelError,
  OHTTP_AUTHORITY,
  paddedLength,
} from '../src/index.ts'
import { encodeVarint } from '../src/varint.ts'
import { admitted, codeOf, flipped, gatewayAt, gather, inPieces, LIMITS, NOW } from './support/messages.ts'

const TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz".split('')
const FIELDS = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'date',
  'host',
  'expect',
])
const ascii = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => String.fromCharCode(from + i))

const name = fc.string({ unit: fc.constantFrom(...TOKEN), minLength: 1, maxLength: 20 }).filter((n) => !FIELDS.has(n))
const value = fc
  .string({ unit: fc.constantFrom(...ascii(0x20, 0x7e), '\t'), maxLength: 40 })
  .map((v) => v.replace(/^[ \t]+|[ \t]+$/g, ''))
const headers = fc.array(fc.tuple(name, value), { maxLength: 8 })
const path = fc.webPath().map((p) => (p.startsWith('/') && !p.startsWith('//') ? p : '/'))
const query = fc.webQueryParameters()
const body = fc.uint8Array({ maxLength: 3000 })
const request = fc
  .record({ method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD'), path, query, headers, body })
  .map(
    (r): BinaryRequest<Uint8Array> => ({
      method: r.method,
      scheme: 'https',
      authority: OHTTP_AUTHORITY,
      path: `${r.path}?${r.query}`,
      headers: r.headers,
      body: r.body,
    }),
  )
const response = fc.record({
  status: fc.integer({ min: 200, max: 599 }).filter((s) => ![204, 205, 304].includes(s)),
  headers,
  body,
})

const pieces = fc.integer({ min: 1, max: 700 })

async function whole(message: ReturnType<typeof encodeRequest>): Promise<Uint8Array> {
  if (!(Symbol.asyncIterator in message)) return joinPadded(message)
  const parts: number[] = []
  for await (const piece of message) parts.push(...piece)
  return Uint8Array.from(parts)
}

describe('any number', () => {
  const source = (bytes: Uint8Array, size: number): ByteSource =>
    new ByteSource(inPieces(bytes, size), {
      name: 'test',
      limit: 100,
      truncated: (field) => new ChannelError('BINARY_HTTP_MALFORMED', { field, expected: 'complete' }),
    })

  test('comes back from its encoding, in pieces too', async () => {
    await fc.assert(
      fc.asyncProperty(fc.maxSafeNat(), fc.integer({ min: 1, max: 8 }), async (n, size) => {
        expect(await source(encodeVarint(n), size).varint('n', Number.MAX_SAFE_INTEGER)).toBe(n)
      }),
    )
  })

  test('changes its length where QUIC says', () => {
    const lengths = [0, 63, 64, 16_383, 16_384, 2 ** 30 - 1, 2 ** 30, Number.MAX_SAFE_INTEGER]
    expect(lengths.map((n) => encodeVarint(n).byteLength)).toEqual([1, 1, 2, 2, 4, 4, 8, 8])
    for (const n of [-1, 0.5, 2 ** 53, Number.NaN]) expect(() => encodeVarint(n)).toThrowError(RangeError)
  })

  test('past what JavaScript counts is refused, not rounded', async () => {
    for (const bytes of [
      [0xc0, 0x20, 0, 0, 0, 0, 0, 0],
      [0xff, 255, 255, 255, 255, 255, 255, 255],
    ]) {
      expect(await codeOf(source(Uint8Array.from(bytes), 8).varint('n', Number.MAX_SAFE_INTEGER))).toBe('TOO_LARGE')
    }
  })
})

describe('any message', () => {
  test('comes back from Binary HTTP', async () => {
    await fc.assert(
      fc.asyncProperty(request, response, pieces, async (q, r, size) => {
        expect(await decodeRequest(await whole(encodeRequest(q)), LIMITS)).toEqual(q)
        const streamed = await whole(encodeResponse({ ...r, body: inPieces(r.body, size) }))
        const decoded: BinaryResponse = await decodeResponse(inPieces(streamed, size), LIMITS)
        expect({ ...decoded, body: await gather(decoded.body) }).toEqual(r)
      }),
      { numRuns: 60 },
    )
  })

  test('of random bytes is read or refused by name, never crashed on', async () => {
    const read = async (bytes: Uint8Array): Promise<void> => {
      await gather((await decodeRequest(bytes, LIMITS)).body)
      await gather((await decodeResponse(bytes, LIMITS)).body)
    }
    const like = fc.tuple(request, fc.nat(), fc.integer({ min: 0, max: 255 }))
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), like, async (random, [q, at, byte]) => {
        const damaged = (await whole(encodeRequest(q))).slice()
        damaged[at % damaged.byteLength] = byte
        for (const bytes of [random, damaged]) {
          const error = await read(bytes).catch((thrown: unknown) => thrown)
          expect(error === undefined || isChannelError(error)).toBe(true)
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('any exchange', async () => {
  const { gateway, configs } = await gatewayAt({ now: NOW }, { replayCapacity: 100_000 })

  test('comes back, whole and chunked, hybrid and classic', async () => {
    await fc.assert(
      fc.asyncProperty(request, response, pieces, fc.integer({ min: 0, max: 1 }), async (q, r, size, skipped) => {
        const usable = configs.slice(skipped)
        const one = await encapsulateRequest(usable, q, { now: NOW })
        const two = await encapsulateStream(usable, { ...q, body: inPieces(q.body, size) }, { now: NOW })
        for (const sent of [one, two]) {
          const opened = await admitted(gateway, sent.contentType, inPieces(await gather(sent.body), size))
          expect(opened.request.headers.slice(0, -1)).toEqual(q.headers)
          expect(await gather(opened.request.body)).toEqual(q.body)
          const answer = await sent.openResponse(await gather(opened.sealResponse(r).body))
          expect({ ...answer, body: await gather(answer.body) }).toEqual(r)
        }
      }),
      { numRuns: 15 },
    )
  })

  test('is refused with any bit turned or any end missing', async () => {
    await fc.assert(
      fc.asyncProperty(request, fc.nat(), fc.nat(), async (q, bit, cut) => {
        const sent = await encapsulateRequest(configs, q, { now: NOW })
        const stream = await encapsulateStream(configs, q, { now: NOW })
        for (const [type, bytes] of [
          [sent.contentType, sent.body],
          [stream.contentType, await gather(stream.body)],
        ] as const) {
          const read = async (damaged: Uint8Array): Promise<unknown> =>
            gather((await admitted(gateway, type, damaged)).request.body)
          expect(await codeOf(read(flipped(bytes, bit % (bytes.byteLength * 8))))).toBeTypeOf('string')
          expect(await codeOf(read(bytes.subarray(0, cut % bytes.byteLength)))).toBeTypeOf('string')
        }
      }),
      { numRuns: 40 },
    )
  })
})

describe('any padded length', () => {
  test('is at least the length, at most twice it past 1 KiB, and a length that padding keeps', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1 << 28 }), (length) => {
        const padded = paddedLength(length)
        expect(padded).toBeGreaterThanOrEqual(length)
        expect(padded).toBeLessThan(Math.max(1025, 2 * length))
        expect(paddedLength(padded)).toBe(padded)
        if (length > 1 << 20) expect(padded % 65_536).toBe(0)
      }),
    )
  })

  test('has its steps where the design puts them', () => {
    const steps = [
      0,
      1,
      1024,
      1025,
      2048,
      2049,
      600_000,
      1 << 20,
      (1 << 20) + 1,
      (1 << 20) + 65_536,
      (1 << 20) + 65_537,
    ]
    expect(steps.map(paddedLength)).toEqual([
      1024,
      1024,
      1024,
      2048,
      2048,
      4096,
      1 << 20,
      1 << 20,
      17 * 65_536,
      17 * 65_536,
      18 * 65_536,
    ])
  })
})
