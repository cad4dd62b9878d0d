import {
  combineNonces,
  type EvidenceSource,
  fromBase64Url,
  fromUtf8,
  MAX_SHARED_NONCES,
  reportData,
  toBase64Url,
  unixSeconds,
} from '@blindai/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Attester, createAttester } from '../../src/attester/attester.ts'
import {
  CONFIG,
  endorsements,
  keyset,
  nonce,
  parseDocument,
  SOFTWARE,
  START,
  TestClock,
  TestDevice,
} from './fixtures.ts'

async function start(source: EvidenceSource, clock = new TestClock()): Promise<Attester> {
  return createAttester({ source, keyset: await keyset(), config: CONFIG, software: SOFTWARE, clock: clock.read })
}

async function proves(attester: Attester, document: Uint8Array): Promise<boolean> {
  const parsed = parseDocument(document)
  const bound = await reportData(fromBase64Url('nonce', parsed.nonce), attester.statement)
  return parsed.evidence.bytes === toBase64Url(bound) && parsed.statement === toBase64Url(attester.statement)
}

describe('cached evidence', () => {
  test('vouches for the statement with an empty nonce, and the device is asked once', async () => {
    const device = new TestDevice()
    const attester = await start(device)
    const first = await attester.document()
    expect(await attester.document(new Uint8Array())).toBe(first)
    expect(parseDocument(first)).toMatchObject({ nonce: '', evidence: { format: 'simulated' } })
    expect(parseDocument(first)).not.toHaveProperty('nonces')
    expect(parseDocument(first)).not.toHaveProperty('endorsements')
    expect(await proves(attester, first)).toBe(true)
    expect(device.collected).toHaveLength(1)
  })

  test('is renewed before its endorsements go stale', async () => {
    const device = new TestDevice()
    const clock = new TestClock()
    device.nextEndorsements = () => endorsements(unixSeconds(START + 1800), 'first')
    const attester = await start(device, clock)
    device.nextEndorsements = () => endorsements(unixSeconds(START + 90_000), 'second')
    clock.advance(1199)
    expect(parseDocument(await attester.document()).endorsements).toMatchObject({ pckCrlIssuerChain: 'first' })
    clock.advance(1)
    expect(parseDocument(await attester.document()).endorsements).toMatchObject({ pckCrlIssuerChain: 'second' })
  })

  test('is renewed after an hour, however long its endorsements hold, by one collection for all who ask', async () => {
    const device = new TestDevice()
    const clock = new TestClock()
    device.nextEndorsements = () => endorsements(unixSeconds(START + 2_592_000))
    const attester = await start(device, clock)
    clock.advance(3600)
    await Promise.all([attester.document(), attester.document(), attester.document()])
    expect(device.collected).toHaveLength(2)
  })

  test('serves on while the device fails, until its endorsements are stale', async () => {
    const device = new TestDevice()
    const clock = new TestClock()
    device.nextEndorsements = () => endorsements(unixSeconds(START + 7200))
    const attester = await start(device, clock)
    const first = await attester.document()
    device.failure = new Error('no device')
    clock.advance(7199)
    expect(await attester.document()).toBe(first)
    clock.advance(60)
    await expect(attester.document()).rejects.toMatchObject({ code: 'EVIDENCE_UNAVAILABLE' })
    device.failure = undefined
    device.nextEndorsements = () => endorsements(unixSeconds(START + 90_000))
    expect(await proves(attester, await attester.document())).toBe(true)
  })
})

describe('fresh evidence', () => {
  test("answers one caller with the caller's own nonce", async () => {
    const device = new TestDevice()
    const attester = await start(device)
    const document = await attester.document(nonce(7))
    expect(parseDocument(document).nonce).toBe(toBase64Url(nonce(7)))
    expect(parseDocument(document)).not.toHaveProperty('nonces')
    expect(await proves(attester, document)).toBe(true)
  })

  test('is shared by callers that wait while evidence is being collected, in the order of their calls', async () => {
    const device = new TestDevice()
    const attester = await start(device)
    device.hold()
    const alone = attester.document(nonce(1))
    await device.release().then(() => device.hold())
    const first = parseDocument(await alone)
    expect(first.nonce).toBe(toBase64Url(nonce(1)))

    const running = attester.document(nonce(2))
    while (device.running === 0) await new Promise((resolve) => setImmediate(resolve))
    const waiting = [3, 4, 5].map((fill) => attester.document(nonce(fill)))
    await device.open()
    expect(parseDocument(await running).nonce).toBe(toBase64Url(nonce(2)))
    const documents = await Promise.all(waiting)
    for (const document of documents) {
      expect(parseDocument(document)).toMatchObject({
        nonce: toBase64Url(await combineNonces([nonce(3), nonce(4), nonce(5)])),
        nonces: [nonce(3), nonce(4), nonce(5)].map(toBase64Url),
      })
      expect(await proves(attester, document)).toBe(true)
    }
    expect(device.collected).toHaveLength(4)
    expect(device.mostRunning).toBe(1)
  })

  test('is never collected twice at once, and every caller finds its nonce in an answer that proves', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 5 }), { maxLength: 5 }),
        async (bursts) => {
          const device = new TestDevice()
          const attester = await start(device)
          const calls: Promise<boolean>[] = []
          for (const burst of bursts) {
            for (const fill of burst) {
              calls.push(
                attester.document(nonce(fill)).then(async (document) => {
                  const { nonce: own, nonces = [own] } = parseDocument(document)
                  return nonces.includes(toBase64Url(nonce(fill))) && (await proves(attester, document))
                }),
              )
            }
            await new Promise((resolve) => setImmediate(resolve))
          }
          expect(await Promise.all(calls)).toEqual(calls.map(() => true))
          expect(device.mostRunning).toBe(1)
        },
      ),
      { numRuns: 30 },
    )
  })

  test('copies the nonce at the door', async () => {
    const attester = await start(new TestDevice())
    const given = nonce(9)
    const document = attester.document(given)
    given.fill(0)
    expect(parseDocument(await document).nonce).toBe(toBase64Url(nonce(9)))
  })

  test("carries the source's log and endorsements, which are asked for once an hour", async () => {
    const device = new TestDevice()
    device.nextEndorsements = () => endorsements(unixSeconds(START + 90_000), 'e')
    const log = new Uint8Array([1, 2, 3])
    const attester = await start({
      format: 'tdx',
      collect: async (bound) => ({ bytes: bound, log }),
      endorsements: () => device.endorsements(),
    })
    expect(parseDocument(await attester.document(nonce(1)))).toMatchObject({
      evidence: { format: 'tdx', log: toBase64Url(log) },
      endorsements: { pckCrlIssuerChain: 'e' },
    })
    await attester.document(nonce(2))
    expect(device.endorsementRequests).toBe(1)
  })

  test('refuses a nonce of another length as misuse', async () => {
    const attester = await start(new TestDevice())
    await expect(attester.document(new Uint8Array(31))).rejects.toThrow(RangeError)
    await expect(attester.document(new Uint8Array(33))).rejects.toThrow(RangeError)
  })
})

describe('a device in trouble', () => {
  test('gives every waiting caller a typed error, and the next call works', async () => {
    const device = new TestDevice()
    const attester = await start(device)
    device.failure = new Error('secret path')
    const calls = await Promise.allSettled([1, 2, 3].map((fill) => attester.document(nonce(fill))))
    for (const call of calls) {
      expect(call).toMatchObject({
        status: 'rejected',
        reason: { code: 'EVIDENCE_UNAVAILABLE', details: { format: 'simulated' } },
      })
    }
    device.failure = undefined
    expect(await proves(attester, await attester.document(nonce(4)))).toBe(true)
  })

  test('keeps its own words out of the message', async () => {
    const device = new TestDevice()
    const attester = await start(device)
    device.failure = new Error('secret path')
    await expect(attester.document(nonce(1))).rejects.toThrow(/^the source of simulated evidence failed$/)
  })

  test('is not started with', async () => {
    const device = new TestDevice()
    device.failure = new Error('no device')
    await expect(start(device)).rejects.toMatchObject({ name: 'AttesterError', code: 'EVIDENCE_UNAVAILABLE' })
  })

  test('gives no document with endorsements that it could not renew in time', async () => {
    const device = new TestDevice()
    const clock = new TestClock()
    device.nextEndorsements = () => endorsements(unixSeconds(START + 700))
    const attester = await start(device, clock)
    device.nextEndorsements = () => {
      throw new Error('no network')
    }
    clock.advance(699)
    expect(await proves(attester, await attester.document(nonce(1)))).toBe(true)
    clock.advance(61)
    await expect(attester.document(nonce(2))).rejects.toMatchObject({ code: 'EVIDENCE_UNAVAILABLE' })
  })

  test(`lets ${MAX_SHARED_NONCES} callers wait and tells the next to try again`, async () => {
    const device = new TestDevice()
    const attester = await start(device)
    device.hold()
    const running = attester.document(nonce(0))
    while (device.running === 0) await new Promise((resolve) => setImmediate(resolve))
    const waiting = Array.from({ length: MAX_SHARED_NONCES }, (_, index) => attester.document(nonce(index % 256)))
    await expect(attester.document(nonce(1))).rejects.toMatchObject({
      code: 'ATTESTER_BUSY',
      details: { waiting: MAX_SHARED_NONCES, limit: MAX_SHARED_NONCES },
    })
    await expect(attester.document()).resolves.toBeInstanceOf(Uint8Array)
    await device.open()
    await running
    const documents = await Promise.all(waiting)
    expect(new Set(documents).size).toBe(1)
    expect(parseDocument(documents[0] ?? new Uint8Array()).nonces).toHaveLength(MAX_SHARED_NONCES)
  })
})

describe('evidence of a platform that was updated', () => {
  test('gets its own endorsements at once, and none of before', async () => {
    const device = new TestDevice()
    device.endorsedUnder = 'firmware 1'
    device.nextEndorsements = () => endorsements(unixSeconds(START + 90_000), 'first')
    const attester = await start(device)
    await attester.document(nonce(1))
    expect(device.endorsementRequests).toBe(1)
    device.endorsedUnder = 'firmware 2'
    device.nextEndorsements = () => endorsements(unixSeconds(START + 90_000), 'second')
    const document = await attester.document(nonce(2))
    expect(parseDocument(document).endorsements).toMatchObject({ pckCrlIssuerChain: 'second' })
    await attester.document(nonce(3))
    expect(device.endorsementRequests).toBe(2)
  })

  test('gets none rather than those of before', async () => {
    const device = new TestDevice()
    device.endorsedUnder = 'firmware 1'
    device.nextEndorsements = () => endorsements(unixSeconds(START + 90_000), 'first')
    const attester = await start(device)
    device.endorsedUnder = 'firmware 2'
    device.nextEndorsements = () => {
      throw new Error('no network')
    }
    await expect(attester.document(nonce(1))).rejects.toMatchObject({ code: 'EVIDENCE_UNAVAILABLE' })
  })
})

describe('a closed attester', () => {
  test('refuses callers that wait and those that come', async () => {
    const device = new TestDevice()
    const attester = await start(device)
    device.hold()
    const running = attester.document(nonce(1))
    while (device.running === 0) await new Promise((resolve) => setImmediate(resolve))
    const waiting = attester.document(nonce(2))
    attester.close()
    await expect(waiting).rejects.toMatchObject({ code: 'ATTESTER_CLOSED' })
    await expect(attester.document()).rejects.toMatchObject({ code: 'ATTESTER_CLOSED' })
    await device.open()
    expect(await proves(attester, await running)).toBe(true)
    expect(device.collected).toHaveLength(2)
  })
})

describe("an attester's statement", () => {
  test('is the bytes whose digest it gives', async () => {
    const attester = await start(new TestDevice())
    const expected = await crypto.subtle.digest('SHA-256', new Uint8Array(attester.statement))
    expect(attester.statementSha256).toEqual(new Uint8Array(expected))
    expect(JSON.parse(fromUtf8('statement', attester.statement))).toMatchObject({ version: 1, software: SOFTWARE })
  })
})
