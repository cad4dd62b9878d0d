import { concatBytes, fromBase64Url, toBase64Url, unixSeconds } from '@blindai/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type EvidenceResult, parsePolicy, verifyEvidence } from '../src/index.ts'
import { type Capture, capture } from './support/captures.ts'

const real = capture('TDX 1.5 in a version 4 quote')
const policy = parsePolicy(real.policy)

/** Where the parts of this quote stand. */
const SIGNED_BYTES = 48 + 584
const PADDING_BYTES = 70
const LENGTH = real.quote.byteLength - PADDING_BYTES

function judge(change: Partial<Capture>): Promise<EvidenceResult> {
  const { quote, endorsements, now } = { ...real, ...change }
  return verifyEvidence({ format: 'tdx', bytes: quote, endorsements }, policy, { now })
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  return bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
}

const settings = (runs: number) => ({ numRuns: runs, seed: 20261123 })

describe('a real quote', () => {
  test('is accepted as it is, and without its padding', async () => {
    expect(await judge({})).toMatchObject({ status: 'warning', claims: { paddingBytes: PADDING_BYTES } })
    const bare = await judge({ quote: real.quote.slice(0, LENGTH) })
    expect(bare).toMatchObject({ status: 'warning', claims: { paddingBytes: 0 } })
  })
  test('is refused wherever it is cut', async () => {
    for (let length = 0; length < LENGTH; length += 7) {
      const result = await judge({ quote: real.quote.slice(0, length) })
      expect(result, `${length} bytes`).toMatchObject({
        status: 'none',
        failed: { code: 'evidence.form', error: { code: 'TRUNCATED', answer: 'malformed' } },
      })
    }
  })
  test('is refused with anything after it but zeros', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 64 }), async (more) => {
        const result = await judge({ quote: concatBytes(real.quote, more) })
        const zeros = more.every((byte) => byte === 0)
        expect(result.failed?.error?.code).toBe(zeros ? 'MEASUREMENT_NOT_CHECKED' : 'TRAILING_BYTES')
      }),
      settings(50),
    )
  })
  test('is refused with any one bit of what is signed flipped', async () => {
    for (let byte = 0; byte < SIGNED_BYTES; byte += 3) {
      const result = await judge({ quote: flipped(real.quote, 8 * byte + (byte % 8)) })
      expect(result.status, `byte ${byte}`).toBe('none')
    }
  })
  test('is refused with any one bit of its signature data or padding flipped', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 8 * SIGNED_BYTES, max: 8 * real.quote.byteLength - 1 }), async (bit) => {
        expect((await judge({ quote: flipped(real.quote, bit) })).status).toBe('none')
      }),
      settings(300),
    )
  })
})

describe('real endorsements', () => {
  for (const member of ['rootCaCrl', 'pckCrl'] as const) {
    const bytes = fromBase64Url(member, real.endorsements[member])
    const changed = (list: Uint8Array) => ({ endorsements: { ...real.endorsements, [member]: toBase64Url(list) } })
    test(`are refused with any one bit of ${member} flipped`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 0, max: 8 * bytes.byteLength - 1 }), async (bit) => {
          expect((await judge(changed(flipped(bytes, bit)))).status).toBe('none')
        }),
        settings(100),
      )
    })
    test(`are refused with ${member} cut or followed by anything`, async () => {
      for (let length = 0; length < bytes.byteLength; length += 11) {
        const result = await judge(changed(bytes.slice(0, length)))
        expect(result.failed).toMatchObject({ code: 'endorsements.form', error: { code: 'NOT_DER' } })
      }
      const result = await judge(changed(concatBytes(bytes, new Uint8Array(1))))
      expect(result.failed).toMatchObject({ code: 'endorsements.form', error: { code: 'NOT_DER' } })
    })
  }
  for (const member of ['tcbInfo', 'qeIdentity'] as const) {
    const text = real.endorsements[member]
    const signed = text.indexOf('},"signature"') + 1
    test(`are refused with any one character of what is signed of ${member} changed`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 0, max: signed - 1 }),
          fc.constantFrom('0', '1', ' ', '"', 'x'),
          async (at, c) => {
            const changed = text.slice(0, at) + c + text.slice(at + 1)
            if (changed === text) return
            expect((await judge({ endorsements: { ...real.endorsements, [member]: changed } })).status).toBe('none')
          },
        ),
        settings(150),
      )
    })
  }
  test('are refused wherever a chain is cut', async () => {
    for (const member of ['pckCrlIssuerChain', 'tcbInfoIssuerChain', 'qeIdentityIssuerChain'] as const) {
      const chain = real.endorsements[member]
      for (let length = 0; length < chain.trimEnd().length; length += 37) {
        const result = await judge({ endorsements: { ...real.endorsements, [member]: chain.slice(0, length) } })
        expect(result.status, `${member} ${length}`).toBe('none')
      }
    }
  })
})

describe('each window', () => {
  // The list of the PCK authority runs out first of all.
  const last = 1_752_919_235
  test('is open in its last second', async () => {
    expect(await judge({ now: unixSeconds(last) })).toMatchObject({ status: 'warning' })
  })
  test('is closed one second later, and the result says which it was', async () => {
    expect(await judge({ now: unixSeconds(last + 1) })).toMatchObject({
      status: 'none',
      failed: {
        error: { code: 'ENDORSEMENT_EXPIRED', details: { subject: 'PCK CRL', notAfter: last, now: last + 1 } },
      },
    })
  })
})
