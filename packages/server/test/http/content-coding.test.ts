import { deflateRawSync, deflateSync, gzipSync, inflateSync, unzipSync } from 'node:zlib'
import { fromBase64Url } from '@blindai/core'
import { encodeInferRequest } from '@blindai/protocol'
import { digestBody, RECEIPT_HEADER, RECEIPT_SALT_HEADER, verifyReceipt } from '@blindai/receipts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BodyMemory } from '../../src/http/body-memory.ts'
import { acceptedCoding, type ContentCoding, decodeBody, encodeResponse } from '../../src/http/content-coding.ts'
import { type Ask, buildHouse, NOW } from '../fixtures/house.ts'

const MIB = 1024 * 1024
const BODY = Buffer.from('{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}')
const pack = { gzip: gzipSync, deflate: deflateSync }

async function houseWithModel(limits = {}) {
  const house = await buildHouse({ limits })
  const sha256 = await house.upload('alice', new Uint8Array([1, 2, 3]), '?name=m')
  const infer = (how: Ask) => house.ask('POST', '/v2/models/m/infer', { as: 'alice', ...how })
  const send = (coding: string, body: Uint8Array) => infer({ body, headers: { 'content-encoding': coding } })
  return { ...house, infer, send, sha256 }
}

async function* piecesOf(bytes: Uint8Array, length: number) {
  for (let at = 0; at < bytes.byteLength; at += length) yield bytes.subarray(at, at + length)
}

/** Decodes, and says how much was held and how much was sent until it was refused. */
async function decodeCounting(coding: ContentCoding, body: Uint8Array, limits: { maxBytes: number; maxRatio: number }) {
  let [held, sent] = [0, 0]
  async function* counted() {
    for await (const piece of piecesOf(body, 1024)) {
      sent += piece.byteLength
      yield piece
    }
  }
  const outcome = await decodeBody(counted(), coding, limits, (bytes) => {
    held += bytes
  }).then(
    () => 'decoded',
    (error: { readonly code: string }) => error.code,
  )
  return { outcome, held, sent }
}

describe('a compressed request', () => {
  test.each(['gzip', 'deflate', 'GZIP', 'x-gzip'] as const)('in %s is the request that is in it', async (coding) => {
    const { engines, send } = await houseWithModel()
    const packed = pack[coding === 'deflate' ? 'deflate' : 'gzip'](BODY)
    expect(await send(coding, packed)).toMatchObject({ status: 200 })
    expect(engines.runs[0]?.inputs[0]).toMatchObject({ name: 'x', datatype: 'FP32' })
  })

  test('may have a binary part, whose length is that of the content', async () => {
    const { infer } = await houseWithModel()
    const input = { name: 'x', datatype: 'FP32', shape: [1], data: new Uint8Array(4) } as const
    const { body, headerLength } = encodeInferRequest(
      { inputs: [input], binaryOutputsByDefault: true },
      { binary: true },
    )
    const headers = { 'content-encoding': 'gzip', 'inference-header-content-length': String(headerLength) }
    expect(await infer({ body: gzipSync(body), headers })).toMatchObject({ status: 200 })
  })

  test.each([
    ['br', BODY, 415, 'CONTENT_ENCODING_UNSUPPORTED'],
    ['gzip, gzip', gzipSync(gzipSync(BODY)), 415, 'CONTENT_ENCODING_UNSUPPORTED'],
    ['gzip', BODY, 400, 'BODY_ENCODING_INVALID'],
    ['gzip', deflateSync(BODY), 400, 'BODY_ENCODING_INVALID'],
    ['deflate', gzipSync(BODY), 400, 'BODY_ENCODING_INVALID'],
    ['deflate', deflateRawSync(BODY), 400, 'BODY_ENCODING_INVALID'],
    ['gzip', new Uint8Array(), 400, 'BODY_ENCODING_INVALID'],
    ['gzip', Buffer.concat([gzipSync(BODY), gzipSync(BODY)]), 400, 'BODY_ENCODING_INVALID'],
    ['gzip', Buffer.concat([gzipSync(BODY), new Uint8Array(1)]), 400, 'BODY_ENCODING_INVALID'],
  ])('said to be %s is refused when it is not that, and only that', async (coding, body, status, code) => {
    const { send } = await houseWithModel()
    expect(await send(coding, body)).toMatchObject({ status, json: { code } })
  })

  test('in a coding that is not known is told which are', async () => {
    const { send } = await houseWithModel()
    expect((await send('zstd', BODY)).headers['accept-encoding']).toBe('gzip, deflate')
  })

  test('is not taken for a model, whose digest is of the bytes that are sent', async () => {
    const { ask } = await buildHouse()
    const headers = { 'content-encoding': 'gzip' }
    const answer = await ask('PUT', `/v1/models/${'ab'.repeat(32)}`, { as: 'alice', body: gzipSync(BODY), headers })
    expect(answer).toMatchObject({ status: 415, headers: { 'accept-encoding': 'identity' } })
  })

  test.each(['gzip', 'deflate'] as const)(
    'in %s is refused at each truncation and with each byte after it',
    async (coding) => {
      const packed = pack[coding](BODY)
      const limits = { maxBytes: MIB, maxRatio: 256 }
      for (let length = 0; length < packed.byteLength; length++) {
        const { outcome } = await decodeCounting(coding, packed.subarray(0, length), limits)
        expect(outcome, `${length} bytes`).toBe('BODY_ENCODING_INVALID')
      }
      for (const junk of [0, 0x1f, 0x78]) {
        const { outcome } = await decodeCounting(coding, Buffer.concat([packed, Buffer.of(junk)]), limits)
        expect(outcome).toBe('BODY_ENCODING_INVALID')
      }
    },
  )

  test('of any content in any pieces comes out as it went in', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 5000 }),
        fc.constantFrom<ContentCoding>('gzip', 'deflate'),
        fc.integer({ min: 1, max: 700 }),
        async (content, coding, length) => {
          const pieces = piecesOf(pack[coding](content), length)
          const decoded = await decodeBody(pieces, coding, { maxBytes: 10_000, maxRatio: 256 }, () => undefined)
          expect(Buffer.from(decoded).equals(Buffer.from(content))).toBe(true)
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('a compressed body that holds far more than was sent', () => {
  const zeros = Buffer.alloc(64 * MIB)

  test.each(['gzip', 'deflate'] as const)(
    'in %s is refused at the limit of its path, before more is held',
    async (coding) => {
      const bomb = pack[coding](zeros)
      const { outcome, held, sent } = await decodeCounting(coding, bomb, { maxBytes: 2 * MIB, maxRatio: 1100 })
      expect(outcome).toBe('BODY_TOO_LARGE')
      expect(held).toBeLessThanOrEqual(2 * MIB)
      expect(sent).toBeLessThan(bomb.byteLength / 8)
    },
  )

  test.each(['gzip', 'deflate'] as const)('in %s is refused by the ratio long before the limit', async (coding) => {
    const { outcome, held } = await decodeCounting(coding, pack[coding](zeros), { maxBytes: 64 * MIB, maxRatio: 256 })
    expect(outcome).toBe('BODY_EXPANDS_TOO_MUCH')
    expect(held).toBeLessThanOrEqual(MIB)
  })

  test.each(['gzip', 'deflate'] as const)('in %s counts twice where its pieces become one', async (coding) => {
    for (const [length, times] of [
      [64 * 1024, 1],
      [64 * 1024 + 1, 2],
      [MIB, 2],
    ] as const) {
      const packed = pack[coding](Buffer.alloc(length))
      const { outcome, held } = await decodeCounting(coding, packed, { maxBytes: 2 * MIB, maxRatio: 1100 })
      expect([length, outcome, held]).toEqual([length, 'decoded', times * length])
    }
  })

  test('is refused where there is memory for its pieces and not for the whole', async () => {
    const packed = gzipSync(Buffer.concat([BODY, Buffer.alloc(2 * MIB, ' ')]))
    const tight = await houseWithModel({ maxBodyMemoryBytesPerTenant: 3 * MIB, maxDecompressionRatio: 1100 })
    expect(await tight.send('gzip', packed)).toMatchObject({ status: 413, json: { code: 'BODY_TOO_LARGE_FOR_MEMORY' } })
    const wide = await houseWithModel({ maxBodyMemoryBytesPerTenant: 5 * MIB, maxDecompressionRatio: 1100 })
    expect(await wide.send('gzip', packed)).toMatchObject({ status: 200 })
  })

  test('in a short body may be zeros', async () => {
    const packed = gzipSync(Buffer.alloc(MIB))
    expect((await decodeCounting('gzip', packed, { maxBytes: 2 * MIB, maxRatio: 256 })).outcome).toBe('decoded')
  })

  test('is refused by the memory of its tenant, which gets all of it back', async () => {
    const { send } = await houseWithModel({ maxBodyMemoryBytesPerTenant: 3 * MIB, maxDecompressionRatio: 1100 })
    const bomb = gzipSync(zeros)
    for (let time = 0; time < 3; time++) {
      expect(await send('gzip', bomb)).toMatchObject({ status: 413, json: { code: 'BODY_TOO_LARGE_FOR_MEMORY' } })
    }
    expect(await send('gzip', gzipSync(BODY))).toMatchObject({ status: 200 })
  })

  test('is a bomb inside of a bomb only once: what is inside is content', async () => {
    const { send } = await houseWithModel()
    expect(await send('gzip', gzipSync(gzipSync(zeros)))).toMatchObject({ status: 400, json: { code: 'NOT_UTF8' } })
  })

  test('counts what was sent, too: a long body that holds nothing is no way around the limit', async () => {
    const empty = Buffer.from([0x00, 0x00, 0x00, 0xff, 0xff])
    const endless = Buffer.concat([Buffer.of(0x78, 0x9c), ...Array<Buffer>(1000).fill(empty)])
    expect((await decodeCounting('deflate', endless, { maxBytes: 2000, maxRatio: 256 })).outcome).toBe('BODY_TOO_LARGE')
  })
})

describe('an answer', () => {
  test('is compressed when that is asked for', async () => {
    const { infer } = await houseWithModel()
    const plain = await infer({ body: BODY })
    expect(plain.headers).not.toHaveProperty('content-encoding')
    expect(plain.headers.vary).toBe('accept-encoding')
    const gzip = await infer({ body: BODY, headers: { 'accept-encoding': 'gzip' } })
    expect(gzip.headers['content-encoding']).toBe('gzip')
    expect(unzipSync(gzip.bytes).equals(Buffer.from(plain.bytes))).toBe(true)
    const deflate = await infer({ body: BODY, headers: { 'accept-encoding': 'deflate' } })
    expect(deflate.headers['content-encoding']).toBe('deflate')
    expect(inflateSync(deflate.bytes).equals(Buffer.from(plain.bytes))).toBe(true)
  })

  test('keeps the length of its JSON part, which is that of the content', async () => {
    const { infer } = await houseWithModel()
    const body = Buffer.from(BODY.toString().replace('{', '{"parameters":{"binary_data_output":true},'))
    const { headers, bytes } = await infer({ body, headers: { 'accept-encoding': 'gzip' } })
    const json = unzipSync(bytes).subarray(0, Number(headers['inference-header-content-length']))
    expect(JSON.parse(json.toString())).toMatchObject({ outputs: [{ parameters: { binary_data_size: 4 } }] })
  })

  test('that is larger than is compressed stays as it is', async () => {
    const { infer } = await houseWithModel({ maxCompressedAnswerBytes: 16 })
    const { headers } = await infer({ body: BODY, headers: { 'accept-encoding': 'gzip' } })
    expect(headers).not.toHaveProperty('content-encoding')
  })

  test.each([
    ['of its tenant', { maxBodyMemoryBytesPerTenant: 3 * MIB }],
    ['of all', { maxBodyMemoryBytes: 3 * MIB }],
  ])('for which the memory %s has no room to compress it leaves as it is: its run is done', async (_, limits) => {
    const { engines, infer } = await houseWithModel(limits)
    engines.onRun = (run) =>
      run.answer([{ name: 'y', datatype: 'UINT8', shape: [2 * MIB], data: Buffer.alloc(2 * MIB) }])
    const body = Buffer.from(BODY.toString().replace('{', '{"parameters":{"binary_data_output":true},'))
    const { status, headers, bytes } = await infer({ body, headers: { 'accept-encoding': 'gzip' } })
    expect(status).toBe(200)
    expect(headers).not.toHaveProperty('content-encoding')
    expect(headers.vary).toBe('accept-encoding')
    expect(bytes.byteLength).toBeGreaterThan(2 * MIB)
    expect(engines.runs).toHaveLength(1)
  })

  test('is not compressed at the price of what others have half sent', async () => {
    const memory = new BodyMemory({ maxBodyMemoryBytes: 1000, maxBodyMemoryBytesPerTenant: 1000 })
    const stranger = memory.lease('')
    stranger.offer(() => expect.unreachable())
    stranger.growBody(900)
    const answer = { status: 200, headers: {}, body: [new Uint8Array(100)] }
    const asked = { 'accept-encoding': 'gzip' }
    const alice = memory.lease('alice')
    expect((await encodeResponse(answer, asked, 1000, alice)).headers).toEqual({ vary: 'accept-encoding' })
    expect(memory.bytes).toBe(900)
    stranger.end()
    expect((await encodeResponse(answer, asked, 1000, alice)).headers).toHaveProperty('content-encoding', 'gzip')
  })

  test('of an error, and of a path that says nothing long, is not compressed', async () => {
    const { ask, infer } = await houseWithModel()
    const headers = { 'accept-encoding': 'gzip' }
    expect((await infer({ body: '{}', headers })).headers).not.toHaveProperty('content-encoding')
    expect((await ask('GET', '/v2', { as: 'alice', headers })).headers).not.toHaveProperty('content-encoding')
  })

  test('has a receipt of its content, and of that of the request, whatever their codings', async () => {
    const { attester, infer, sha256, signer } = await houseWithModel()
    const headers = { [RECEIPT_HEADER]: '1', 'content-encoding': 'gzip', 'accept-encoding': 'gzip' }
    const answer = await infer({ body: gzipSync(BODY), headers })
    const keys = {
      statementSha256: Buffer.from(attester.statementSha256).toString('hex'),
      receiptsKey: signer.publicJwk,
      notBefore: NOW,
      notAfter: NOW,
    }
    const receipt = await verifyReceipt(answer.headers[RECEIPT_HEADER] ?? '', keys, {
      operation: 'run',
      modelSha256: sha256,
      salt: fromBase64Url('salt', answer.headers[RECEIPT_SALT_HEADER] ?? ''),
      request: await digestBody(BODY),
      response: await digestBody(unzipSync(answer.bytes)),
    })
    expect(receipt.sequence).toBe(1)
  })

  test.each([
    [undefined, undefined],
    ['', undefined],
    ['*', undefined],
    ['identity', undefined],
    ['br', undefined],
    ['gzip;q=0', undefined],
    ['gzip;q=0.000', undefined],
    ['gzip; q=x', undefined],
    ['gzip;level=9', undefined],
    ['gzip', 'gzip'],
    ['GZip', 'gzip'],
    ['x-gzip', 'gzip'],
    ['deflate', 'deflate'],
    ['deflate, gzip', 'deflate'],
    ['gzip, deflate, br, zstd', 'gzip'],
    ['gzip;q=0.5 , deflate;q=0.8', 'deflate'],
    ['gzip;q=0, deflate;q=0.001', 'deflate'],
  ])('to a client that accepts %j is in %s', (accepted, coding) => {
    expect(acceptedCoding({ 'accept-encoding': accepted })).toBe(coding)
  })
})
